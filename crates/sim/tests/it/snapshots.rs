//! Runs that are stored and gone on with.

use std::time::Duration;

use rumormill_core::plan::{Disk, Fault, Peers};
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{LoadError, Settings, Simulation};

use crate::determinism::{rough, run};
use crate::gossip::{Gossip, config};

pub fn slow_disk(seed: u64, threads: u32) -> Settings {
    let mut settings = Settings { threads, ..rough(seed, 40) };
    settings.plan.disk = Disk { latency: Duration::from_millis(60), keeps_unsynced: 0.5 };
    settings
}

#[test]
fn a_branch_goes_on_like_the_run_it_was_taken_from() {
    for (millis, threads) in [(0, 1), (233, 1), (410, 2), (777, 1), (1_200, 3)] {
        let settings = slow_disk(4, threads);
        let mut simulation = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
        assert_eq!(simulation.run_until(Instant::from_nanos(millis * 1_000_000)), None);
        let snapshot = simulation.snapshot();
        let report = simulation.run();
        assert_eq!(report, run(settings));
        assert_eq!(snapshot.branch().run(), report, "{millis} ms");
        simulation.restore(&snapshot);
        assert_eq!(simulation.run(), report, "{millis} ms, restored");
    }
}

#[test]
fn branches_can_differ() {
    let settings = slow_disk(4, 1);
    let mut simulation = Simulation::<Gossip>::new(config(&settings), settings).unwrap();
    simulation.run_until(Instant::from_nanos(500_000_000));
    let snapshot = simulation.snapshot();
    let report = simulation.run();
    let mut other = snapshot.branch();
    other.inject(Fault::Crash { peers: Peers::Numbers(vec![40]) }).unwrap();
    assert_ne!(other.run().digest, report.digest);
}

#[test]
fn a_stored_run_goes_on_with_any_number_of_threads() {
    for (step, threads) in [(0, 1), (1, 2), (2, 3), (3, 1)] {
        let settings = slow_disk(9, threads);
        let mut simulation = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
        simulation.run_until(Instant::from_nanos(10_000_000 + step * 290_000_000));
        let bytes = simulation.save().unwrap();
        let report = simulation.run();
        assert_eq!(report.outcome, Outcome::Completed);
        for threads in [1, 2] {
            let mut loaded = Simulation::<Gossip>::load(config(&settings), &bytes, threads).unwrap();
            assert_eq!(loaded.save().unwrap().len(), bytes.len());
            assert_eq!(loaded.run(), report, "step {step}");
        }
    }
}

#[test]
fn an_ended_run_stays_ended() {
    let settings = rough(3, 30);
    let mut simulation = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
    let report = simulation.run();
    let mut loaded = Simulation::<Gossip>::load(config(&settings), &simulation.save().unwrap(), 1).unwrap();
    assert_eq!(loaded.run(), report);
}

#[test]
fn bytes_that_are_no_run_are_refused() {
    let settings = slow_disk(9, 1);
    let mut simulation = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
    simulation.run_until(Instant::from_nanos(450_000_000));
    let bytes = simulation.save().unwrap();
    let load = |bytes: &[u8]| Simulation::<Gossip>::load(config(&settings), bytes, 1);
    assert!(matches!(load(&[]), Err(LoadError::Inconsistent(_))));
    assert!(matches!(load(&[9]), Err(LoadError::Version { found: 9 })));
    assert!(matches!(load(&[&bytes[..], &[0]].concat()), Err(LoadError::Inconsistent(_))));
    for cut in (1..bytes.len()).step_by(501) {
        assert!(load(&bytes[..cut]).is_err(), "{cut} bytes");
    }
    // Whatever else is wrong in them, it is refused or it runs: it never panics.
    for place in (1..bytes.len()).step_by(41) {
        let mut broken = bytes.clone();
        broken[place] ^= 0x15;
        if let Ok(mut simulation) = load(&broken) {
            simulation.run_until(Instant::from_nanos(600_000_000));
        }
    }
}
