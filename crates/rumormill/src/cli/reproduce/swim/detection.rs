//! How long crashes go unnoticed, and what noticing them costs.

use super::mean_and_error;
use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Cell, Table, Unit, deviation};

/// Whole periods until a member that crashed is pinged, and so detected, by any of the others, on average, when each
/// pings a random one in each period: goes to e/(e-1) = 1.58 as there are more.
fn expected(peers: u32) -> f64 {
    let others = f64::from(peers - 1);
    1.0 / (1.0 - (1.0 - 1.0 / others).powf(others))
}

/// Further from it than so many standard errors is another time.
const ERRORS: f64 = 3.0;

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
        if quick { &[(16, 12), (32, 10), (64, 8)] } else { &[(16, 24), (32, 24), (64, 20), (128, 12), (256, 8)] };
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
        let (peers, expected) = (group[0].0.peers, expected(group[0].0.peers));
        let crashes: Vec<_> = group.iter().flat_map(|(_, tally)| &tally.crashes).collect();
        let firsts: Vec<f64> = crashes.iter().filter_map(|crash| crash.first()).collect();
        let spreads: Vec<f64> = crashes.iter().filter_map(|crash| crash.spread(peers - 1)).collect();
        let whole: Vec<f64> = firsts.iter().map(|first| first.floor()).collect();
        let (mean, error) = mean_and_error(&whole);
        let longest = firsts.iter().copied().fold(0.0, f64::max);
        let bound = f64::from(2 * peers - 1) + VERDICT;
        near &= (mean - expected).abs() <= ERRORS * error;
        bounded &= longest <= bound && firsts.len() == crashes.len();
        // One who was restarting itself may hear of it too late.
        known &= spreads.len() * 10 >= crashes.len() * 9;
        means.push((mean, error));
        table.row([
            Cell::from(u64::from(peers)),
            (group.len() as u64).into(),
            (crashes.len() as u64).into(),
            mean.into(),
            error.into(),
            expected.into(),
            deviation(mean, expected).into(),
            mean_and_error(&firsts).0.into(),
            longest.into(),
            bound.into(),
            mean_and_error(&spreads).0.into(),
        ]);
    }
    table.claim(&format!("within {ERRORS} standard errors of the paper's, which goes to e/(e-1) = 1.58"), near);
    table.claim(
        "it does not depend on the number of peers: no two means differ by more than their errors",
        alike(&means),
    );
    table.claim("no crash goes unnoticed for longer than 2N-1 periods, and two for the verdict", bounded);
    table.claim("nine crashes in ten are known to every single other peer before the next", known);
    table
}

/// Does no mean differ from another one by more than chance explains?
fn alike(means: &[(f64, f64)]) -> bool {
    let differ = |one: &(f64, f64), other: &(f64, f64)| {
        (one.0 - other.0).abs() > ERRORS * (one.1 * one.1 + other.1 * other.1).sqrt()
    };
    !means.iter().any(|one| means.iter().any(|other| differ(one, other)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_the_papers() {
        assert_eq!(expected(2), 1.0, "one member pings the other in each period");
        assert!((expected(16) - 1.551).abs() < 1e-3, "{}", expected(16));
        assert!((expected(100_000) - 1.582).abs() < 1e-3, "{}", expected(100_000));
    }

    #[test]
    fn times_that_grow_with_the_peers_are_seen() {
        assert!(alike(&[(1.5, 0.05), (1.6, 0.05), (1.65, 0.1)]));
        assert!(!alike(&[(1.5, 0.05), (1.6, 0.05), (2.0, 0.1)]));
    }
}
