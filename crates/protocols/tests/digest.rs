//! A small flood, simulated: its digest is pinned, so that a change of behavior is noticed, and is the same in
//! debug and in release and for any number of threads. It is the run of the README,
//! `rumormill run flood --peers 10 --messages "100 if peerid == 1 else 0" --seed 7`.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use rumormill_core::{Launch, Outcome, Parameters, Value};
use rumormill_protocols::Flood;
use rumormill_sim::{Report, Settings, Simulation};

/// Behavior changed on purpose: pin the new digest, and say so in CHANGELOG.md.
const PINNED: &str = include_str!("flood.digest");

fn run(seed: u64, threads: u32) -> Report {
    let mut messages = vec![0; 10];
    messages[0] = 100;
    let parameters =
        [("peers", Value::Count(10)), ("messages", Value::PerPeer(messages.into())), ("fanout", Value::Count(10))];
    let parameters = Parameters(parameters.map(|(name, value)| (name.to_string(), value)).into());
    let settings = Settings { threads, ..Settings::new(seed, 10) };
    Simulation::<Flood>::new(Flood::config(&parameters).unwrap(), settings).unwrap().run()
}

#[test]
fn the_digest_is_the_pinned_one_for_any_number_of_threads() {
    for threads in [1, 2, 3] {
        let report = run(7, threads);
        assert_eq!(report.outcome, Outcome::Completed);
        assert_eq!(report.digest.to_string(), PINNED.trim(), "with {threads} threads");
    }
}

#[test]
fn another_seed_has_another_digest() {
    assert_ne!(run(8, 1).digest.to_string(), PINNED.trim());
}
