//! How long crashes go unnoticed, and what noticing them costs.

use std::f64::consts::E;

use super::mean_and_error;
use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Cell, Table, Unit, deviation};

/// Whole periods until a member that crashed is pinged, and so detected, by any other one, on average.
const EXPECTED: f64 = E / (E - 1.0);

/// Further from it than so many standard errors is another time.
const ERRORS: f64 = 3.0;

/// Groups whose means differ by more than this, in hundredths of the paper's, depend on their size.
const ALIKE: f64 = 25.0;

/// A period for the verdict, and one for a period that the crash falls into.
const VERDICT: f64 = 2.0;

/// Messages of a member in a period: its ping, and an answer to somebody else's.
const MESSAGES: f64 = 2.0;

/// Loads further from that, in hundredths, are others.
const NEAR: f64 = 15.0;

/// Crashes in a run.
const CRASHES: u32 = 15;

/// The runs: groups of several sizes, each several times.
pub(super) fn runs(quick: bool) -> Vec<Setting> {
    let sizes: &[(u32, u64)] =
        if quick { &[(16, 4), (32, 3), (64, 2)] } else { &[(16, 14), (32, 12), (64, 10), (128, 6), (256, 4)] };
    let of = |peers, run| Setting { crashes: CRASHES, ..Setting::new(peers, run) };
    sizes.iter().flat_map(|&(peers, runs)| (0..runs).map(move |run| of(peers, run))).collect()
}

/// The table of times until a crash is detected.
pub(super) fn table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "First detection of a crash, in protocol periods",
        &[
            ("peers", Unit::Plain),
            ("seeds", Unit::Plain),
            ("crashes", Unit::Plain),
            ("ours", Unit::Number),
            ("± error", Unit::Number),
            ("paper", Unit::Number),
            ("deviation", Unit::Deviation),
            ("on the clock", Unit::Number),
            ("longest", Unit::Number),
            ("bound", Unit::Number),
            ("all know after", Unit::Number),
        ],
    );
    let (mut near, mut bounded, mut known, mut means) = (true, true, true, Vec::new());
    for group in measured.chunk_by(|one, other| one.0.peers == other.0.peers) {
        let peers = group[0].0.peers;
        let crashes: Vec<_> = group.iter().flat_map(|(_, tally)| &tally.crashes).collect();
        let firsts: Vec<f64> = crashes.iter().filter_map(|crash| crash.first()).collect();
        let spreads: Vec<f64> = crashes.iter().filter_map(|crash| crash.spread(peers - 1)).collect();
        let whole: Vec<f64> = firsts.iter().map(|first| first.floor()).collect();
        let (mean, error) = mean_and_error(&whole);
        let longest = firsts.iter().copied().fold(0.0, f64::max);
        let bound = f64::from(2 * peers - 1) + VERDICT;
        near &= (mean - EXPECTED).abs() <= ERRORS * error;
        bounded &= longest <= bound && firsts.len() == crashes.len();
        // One who was restarting itself may hear of it too late.
        known &= spreads.len() * 10 >= crashes.len() * 9;
        means.push(mean);
        table.row([
            Cell::from(u64::from(peers)),
            (group.len() as u64).into(),
            (crashes.len() as u64).into(),
            mean.into(),
            error.into(),
            EXPECTED.into(),
            deviation(mean, EXPECTED).into(),
            mean_and_error(&firsts).0.into(),
            longest.into(),
            bound.into(),
            mean_and_error(&spreads).0.into(),
        ]);
    }
    let (least, most) =
        means.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), &mean| (least.min(mean), most.max(mean)));
    table.claim(&format!("within {ERRORS} standard errors of e/(e-1) = 1.58, with every number of peers"), near);
    table.claim(
        &format!("it does not depend on the number of peers: means differ by less than {ALIKE} %"),
        (most - least) / EXPECTED * 100.0 <= ALIKE,
    );
    table.claim("no crash goes unnoticed for longer than 2N-1 periods, and two for the verdict", bounded);
    table.claim("nine crashes in ten are known to every single other peer before the next", known);
    table
}

/// The table of messages.
pub(super) fn load_table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "Messages that a peer sends in a period",
        &[("peers", Unit::Plain), ("ours", Unit::Number), ("paper", Unit::Number), ("deviation", Unit::Deviation)],
    );
    let (mut near, mut loads) = (true, Vec::new());
    for group in measured.chunk_by(|one, other| one.0.peers == other.0.peers) {
        let peers = group[0].0.peers;
        let rates: Vec<f64> = group.iter().map(|(_, tally)| tally.load(peers)).collect();
        let (load, _) = mean_and_error(&rates);
        let off = deviation(load, MESSAGES);
        near &= off.abs() <= NEAR;
        loads.push(load);
        table.row([Cell::from(u64::from(peers)), load.into(), MESSAGES.into(), off.into()]);
    }
    let grows = loads.last().zip(loads.first()).is_some_and(|(last, first)| deviation(*last, *first) > NEAR);
    table.claim(&format!("within {NEAR} % of a ping and an answer"), near);
    table.claim("it does not grow with the number of peers", !grows);
    table
}
