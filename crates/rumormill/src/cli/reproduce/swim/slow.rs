//! Members that are well and are held to have failed, because others are slow.

use super::mean_and_error;
use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Cell, Table, Unit};

/// So many times fewer is what Lifeguard is to show here at least. The paper has more than 50 times.
const FEWER: f64 = 10.0;

/// Peers of a group.
const PEERS: u32 = 32;

/// What of Lifeguard is on: probes, suspicions, buddies.
const VARIANTS: [(&str, [bool; 3]); 5] = [
    ("SWIM", [false, false, false]),
    ("with LHA-Probe", [true, false, false]),
    ("with LHA-Suspicion", [false, true, false]),
    ("with buddy system", [false, false, true]),
    ("Lifeguard", [true, true, true]),
];

/// The runs.
pub(super) fn runs(quick: bool) -> Vec<Setting> {
    let (seeds, cycles) = if quick { (3, 4) } else { (16, 8) };
    let of = |[lha_probe, lha_suspicion, buddy]: [bool; 3], run| Setting {
        suspicion: true,
        lha_probe,
        lha_suspicion,
        buddy,
        cycles,
        ..Setting::new(PEERS, run)
    };
    VARIANTS.iter().flat_map(|(_, on)| (0..seeds).map(move |run| of(*on, run))).collect()
}

/// The table.
pub(super) fn table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "Reports of failures of peers that are up, while 4 of 32 peers are slow (on average of runs)",
        &[
            ("", Unit::Plain),
            ("seeds", Unit::Plain),
            ("about peers that are well", Unit::Number),
            ("± error", Unit::Number),
            ("of SWIM's", Unit::Number),
            ("about slow peers", Unit::Number),
            ("messages /period", Unit::Number),
        ],
    );
    let rows: Vec<&[(Setting, Tally)]> = measured.chunks(measured.len() / VARIANTS.len()).collect();
    let about_well = |row: &[(Setting, Tally)]| {
        mean_and_error(&row.iter().map(|(_, tally)| tally.false_about_well as f64).collect::<Vec<_>>())
    };
    let swim = about_well(rows[0]).0;
    for ((name, _), row) in VARIANTS.iter().zip(&rows) {
        let (well, error) = about_well(row);
        let slow: Vec<f64> = row.iter().map(|(_, tally)| tally.false_about_slow as f64).collect();
        let loads: Vec<f64> = row.iter().map(|(_, tally)| tally.load(PEERS)).collect();
        table.row([
            Cell::from(*name),
            (row.len() as u64).into(),
            well.into(),
            error.into(),
            (well / swim.max(f64::MIN_POSITIVE)).into(),
            mean_and_error(&slow).0.into(),
            mean_and_error(&loads).0.into(),
        ]);
    }
    let lifeguard = rows.last().map_or(swim, |row| about_well(row).0);
    table.claim("slow members make SWIM take others for failed", swim >= 1.0);
    table.claim(
        &format!("Lifeguard has at least {FEWER} times fewer false failures of peers that are well"),
        lifeguard * FEWER <= swim,
    );
    table
}
