//! The same seed gives the same run.

use std::time::Duration;

use rumormill_core::plan::{Churn, Conditions, DiskFate, Fault, Peers, Timed};
use rumormill_core::trace::Event;
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{Report, Settings, Simulation};

use crate::gossip::{Gossip, config};

/// A run in which everything goes wrong that can.
pub fn rough(seed: u64, peers: u32) -> Settings {
    let mut settings = Settings::new(seed, peers);
    let millis = Duration::from_millis;
    settings.plan.network.conditions = Conditions {
        loss: 0.1,
        duplication: 0.05,
        reordering: 0.1,
        reordering_by: millis(30),
        delay: millis(1),
        bandwidth: Some(200_000),
    };
    let half = || Peers::Share { from: 0.0, to: 0.5 };
    let some = |draw| Peers::Random { count: 3, draw };
    let all = [
        (200, Fault::Partition { groups: vec![half()] }),
        (250, Fault::Pause { peers: some(1) }),
        (300, Fault::Clock { peers: some(2), offset_ns: -50_000_000, drift_ppm: 100_000 }),
        (350, Fault::Slow { peers: some(3), by: millis(2) }),
        (400, Fault::Crash { peers: some(4) }),
        (500, Fault::Heal),
        (550, Fault::Resume { peers: some(1) }),
        (600, Fault::Restart { peers: some(4), disk: DiskFate::Kept }),
        (700, Fault::Cut { from: half(), to: some(5), both: false }),
        (800, Fault::Join { peers: Peers::Numbers(vec![2, peers]) }),
        (900, Fault::Slow { peers: some(3), by: Duration::ZERO }),
        (1_000, Fault::Heal),
    ];
    settings.plan.faults = all.into_iter().map(|(at, fault)| Timed { at: millis(at), fault }).collect();
    settings.plan.churn = Some(Churn::Exponential {
        mean_up: millis(800),
        mean_down: millis(300),
        peers: Peers::Share { from: 0.5, to: 0.7 },
        disk: DiskFate::Kept,
        until: Duration::from_secs(2),
    });
    settings
}

pub fn run(settings: Settings) -> Report {
    Simulation::<Gossip>::new(config(&settings), settings).unwrap().run()
}

fn run_recorded(settings: Settings) -> (Report, Vec<Event>) {
    let mut simulation = Simulation::<Gossip, _>::recorded(config(&settings), settings, Vec::new()).unwrap();
    (simulation.run(), simulation.into_sink())
}

#[test]
fn the_digest_is_pinned() {
    let report = run(rough(7, 40));
    assert_eq!(report.outcome, Outcome::Completed, "{report:?}");
    assert_eq!((report.targets["heard"].met, report.up, report.done), (40, 40, 40));
    assert_eq!(report.digest.to_string(), "4102e5e2c3e37a0838cb64b49ff64ed3");
}

#[test]
fn another_seed_is_another_run() {
    assert_ne!(run(rough(7, 40)).digest, run(rough(8, 40)).digest);
}

#[test]
fn threads_and_recording_change_nothing() {
    for seed in 0..6 {
        let alone = run(rough(seed, 40));
        let (recorded, events) = run_recorded(rough(seed, 40));
        assert_eq!(alone, recorded, "seed {seed}");
        for threads in [2, 3, 4] {
            let settings = Settings { threads, ..rough(seed, 40) };
            assert_eq!(alone, run(settings.clone()), "seed {seed}, {threads} threads");
            let (recorded, others) = run_recorded(settings);
            assert_eq!(alone, recorded, "seed {seed}, {threads} threads, recorded");
            assert_eq!(events, others, "seed {seed}, {threads} threads");
        }
    }
}

#[test]
fn pacing_changes_nothing() {
    for threads in [1, 3] {
        let settings = Settings { threads, ..rough(3, 30) };
        let mut paced = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
        let mut until = Instant::ZERO;
        while paced.run_until(until).is_none() {
            assert_eq!(paced.now(), until);
            until = until + Duration::from_micros(7_300);
        }
        assert_eq!(paced.report(), run(settings));
    }
}

#[test]
fn messages_add_up() {
    let report = run(rough(5, 40));
    let messages = report.messages;
    assert!(messages.dropped > 0 && messages.duplicated > 0, "{messages:?}");
    assert!(messages.delivered + messages.dropped <= messages.sent + messages.duplicated, "{messages:?}");
}

#[test]
fn every_message_survives_its_codec() {
    let settings = Settings { check_codec: true, ..rough(7, 40) };
    assert_eq!(run(settings).digest, run(rough(7, 40)).digest);
}
