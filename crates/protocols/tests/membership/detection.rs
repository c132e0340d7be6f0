//! What the papers measured, as shapes with bounds: how long a crash goes unnoticed, and what that costs.

use rumormill_core::Value;
use rumormill_core::plan::{DiskFate, Fault, Peers};

use crate::world::{Group, PERIOD, Seen};

/// A group in which one peer after the other crashes, and comes back long after that was noticed.
struct Crashes {
    group: Group,
    /// Who, and when.
    crashes: Vec<(u32, f64)>,
}

/// The first crash, in seconds: all have joined.
const FIRST: f64 = 40.0;

/// From one crash to the next.
const EVERY: f64 = 26.3;

impl Crashes {
    fn new(group: Group, count: u32) -> Self {
        let crashes: Vec<(u32, f64)> =
            (0..count).map(|nth| (2 + nth % (group.peers - 1), FIRST + f64::from(nth) * EVERY)).collect();
        let seconds = (FIRST + f64::from(count) * EVERY) as u64 + 20;
        let group = crashes.iter().fold(Group { seconds, ..group }, |group, &(peer, at)| {
            let peers = Peers::Numbers(vec![peer]);
            let back = Fault::Restart { peers: peers.clone(), disk: DiskFate::Kept };
            group.crash(at, peers).at(at + EVERY - 1.0, back)
        });
        Self { group, crashes }
    }

    /// From every crash to the first and to the last report of this kind about it; it must be by all others.
    fn delays(&self, what: &str, seen: &Seen) -> Vec<(f64, f64)> {
        let delays = self.crashes.iter().map(|&(peer, at)| {
            let reports = seen.reports(what, peer, at);
            let times: Vec<f64> = reports.values().map(|time| time - at).filter(|&delay| delay < EVERY - 1.0).collect();
            assert_eq!(times.len() as u32, self.group.peers - 1, "peer {peer} at {at}: {what} by {reports:?}");
            (times.iter().copied().fold(f64::INFINITY, f64::min), times.iter().copied().fold(0.0, f64::max))
        });
        delays.collect()
    }
}

fn mean(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// SWIM as it was published, without suspicion: what its section 3 analyses.
fn base(peers: u32) -> Group {
    Group::new(peers, 0).lifeguard(false).flag("suspicion", false)
}

/// The whole periods from a crash to its first detection have the mean e/(e - 1) = 1.58 (SWIM, section 3.1), whatever
/// the number of members; nobody notices it later than after 2N - 1 periods and a period for the verdict.
#[test]
fn the_first_detection_takes_as_long_however_many_there_are() {
    let expected = std::f64::consts::E / (std::f64::consts::E - 1.0);
    for (peers, seeds) in [(16, 10), (64, 8), (256, 4)] {
        let crashes = Crashes::new(base(peers), 15);
        let delays: Vec<(f64, f64)> =
            (0..seeds).flat_map(|seed| crashes.delays("Failed", &crashes.group.run(seed))).collect();
        let periods = mean(delays.iter().map(|(first, _)| (first / PERIOD).floor()));
        // The deviation of a single one is 0.96 periods: this is three of the mean's.
        let near = 3.0 * 0.96 / (delays.len() as f64).sqrt();
        assert!((periods - expected).abs() < near, "{peers} peers: {periods} periods, {near} would be near");
        let longest = delays.iter().map(|(first, _)| *first).fold(0.0, f64::max);
        assert!(longest < f64::from(2 * peers) * PERIOD, "{peers} peers: {longest} s");
    }
}

/// News of a failure is with all others a few times the logarithm of their number in periods later (section 4.1).
#[test]
fn everybody_hears_of_it_after_a_logarithm_of_periods() {
    for (peers, most) in [(16, 6.0), (64, 8.0), (256, 10.0)] {
        let crashes = Crashes::new(base(peers), 8);
        let spread: Vec<f64> =
            crashes.delays("Failed", &crashes.group.run(5)).into_iter().map(|(first, last)| last - first).collect();
        assert!(spread.iter().all(|&spread| spread < most * PERIOD), "{peers} peers: {spread:.1?}");
        assert!(mean(spread.iter().copied()) > 1.0, "news does not travel at once: {spread:.1?}");
    }
}

/// A member sends a ping and an answer a period, and what it takes to ask others (section 3.2): however many there are.
#[test]
fn the_load_of_a_member_does_not_depend_on_how_many_there_are() {
    let rates: Vec<f64> = [16, 64, 256]
        .into_iter()
        .map(|peers| {
            let group = Group::new(peers, 120).loss(0.01).with("sync_every", Value::Span(std::time::Duration::ZERO));
            let mut seen = group.run(3);
            let bytes = seen.simulation.sink().bytes_max;
            assert!(bytes < 128 || peers > 16, "{bytes} bytes");
            let busiest = *seen.simulation.sink().sent.values().max().unwrap() as f64;
            let rate = seen.report.messages.sent as f64 / f64::from(peers) / 120.0 * PERIOD;
            assert!(busiest / 120.0 < 2.0 * rate, "{peers} peers: the busiest sends {busiest}, on average {rate}");
            rate
        })
        .collect();
    assert!(rates.iter().all(|rate| (1.9..2.7).contains(rate)), "{rates:.2?}");
    assert!(rates.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.25), "{rates:.2?}");
}

/// With heartbeats and phi accrual a crash is noticed as soon as by the next look after the threshold.
#[test]
fn silence_is_noticed_by_its_phi() {
    let group = Group::new(24, 0).with("detector", Value::Text("heartbeats".into())).flag("suspicion", false);
    let crashes = Crashes::new(group, 12);
    for seed in 0..3 {
        let seen = crashes.group.run(seed);
        let delays = crashes.delays("Failed", &seen);
        let first = mean(delays.iter().map(|(first, _)| *first));
        // The next heartbeat was due half a period later on average; phi is 8 some 0.6 periods after that.
        assert!((0.6..1.6).contains(&first), "seed {seed}: {first} s of {delays:.2?}");
        assert!(delays.iter().all(|(first, _)| *first < 2.5), "seed {seed}: {delays:.2?}");
        let down: Vec<u32> = crashes.crashes.iter().map(|(peer, _)| *peer).collect();
        assert_eq!(seen.false_failures(&down), 0, "seed {seed}");
    }
}
