//! What a disk keeps over a crash, over many seeds.

use std::time::Duration;

use rumormill_core::plan::{Disk, DiskFate, Fault, Latency, Peers, Timed};
use rumormill_core::{Instant, Topology};
use rumormill_sim::{Settings, Simulation, StopRule};

use crate::ledger::{Ledger, Order};

fn server() -> Peers {
    Peers::Numbers(vec![1])
}

/// A server that crashes after 50 to 60 ms and comes back, and one client.
fn settings(seed: u64, disk: Disk, fate: DiskFate) -> Settings {
    let mut settings = Settings { topology: Topology::Full, stop: StopRule::TimeLimit, ..Settings::new(seed, 2) };
    settings.plan.network.latency = Latency::Uniform { min: Duration::from_millis(1), max: Duration::from_millis(3) };
    settings.plan.disk = disk;
    settings.time_limit = Duration::from_millis(100);
    let at = Duration::from_micros(50_000 + seed * 97 % 10_000);
    settings.plan.faults = vec![
        Timed { at, fault: Fault::Crash { peers: server() } },
        Timed { at: Duration::from_millis(80), fault: Fault::Restart { peers: server(), disk: fate } },
    ];
    settings
}

/// What the client holds for written that the server lost, and what the server kept beyond that.
fn lost_and_kept(order: Order, settings: Settings) -> (usize, usize) {
    let mut simulation = Simulation::<Ledger>::new(order, settings).unwrap();
    simulation.run_until(Instant::from_nanos(79_000_000));
    let acknowledged = simulation.state(2).unwrap().entries.clone();
    assert!(acknowledged.len() > 30, "{acknowledged:?}");
    simulation.run_until(Instant::from_nanos(90_000_000));
    let kept = &simulation.state(1).unwrap().entries;
    (acknowledged.difference(kept).count(), kept.difference(&acknowledged).count())
}

fn disk(latency_ms: u64, keeps_unsynced: f64) -> Disk {
    Disk { latency: Duration::from_millis(latency_ms), keeps_unsynced }
}

#[test]
fn what_was_acknowledged_is_never_lost() {
    for order in [Order::WriteFirst, Order::AcknowledgeFirst] {
        let mut kept_more = 0;
        for seed in 0..150 {
            for disk in [disk(5, 0.5), disk(0, 0.0), disk(1, 1.0)] {
                let (lost, kept) = lost_and_kept(order, settings(seed, disk, DiskFate::Kept));
                assert_eq!(lost, 0, "seed {seed}, {disk:?}");
                kept_more += kept;
            }
        }
        assert!(kept_more > 100, "writes that were not acknowledged may stay: {kept_more}");
    }
}

#[test]
fn the_test_finds_a_server_that_does_not_write() {
    let (lost, _) = lost_and_kept(Order::Never, settings(1, disk(1, 0.5), DiskFate::Kept));
    assert!(lost > 30);
}

#[test]
fn a_lost_disk_is_empty() {
    let (lost, kept) = lost_and_kept(Order::WriteFirst, settings(1, disk(1, 0.5), DiskFate::Lost));
    assert!(lost > 30 && kept == 0);
}

#[test]
fn acknowledgements_wait_for_the_disk() {
    let first = |disk| {
        let mut settings = settings(1, disk, DiskFate::Kept);
        settings.plan.network.latency = Latency::Constant(Duration::from_millis(2));
        let mut simulation = Simulation::<Ledger>::new(Order::WriteFirst, settings).unwrap();
        let mut now = Instant::ZERO;
        while simulation.state(2).unwrap().entries.is_empty() {
            now = now + Duration::from_millis(1);
            assert_eq!(simulation.run_until(now), None);
        }
        now.as_nanos() / 1_000_000
    };
    // Sent at 1 ms, there at 3, back at 5 and seen within the window of 2 ms that follows.
    assert!((5..=8).contains(&first(disk(0, 0.0))), "{}", first(disk(0, 0.0)));
    assert_eq!(first(disk(20, 0.0)), first(disk(0, 0.0)) + 20);
}

#[test]
fn a_peer_with_too_slow_a_disk_runs_out_of_memory() {
    let mut settings = settings(1, disk(400_000, 0.0), DiskFate::Kept);
    settings.plan.faults.clear();
    settings.time_limit = Duration::from_secs(40);
    let mut simulation = Simulation::<Ledger>::new(Order::WriteFirst, settings).unwrap();
    simulation.run_until(Instant::from_nanos(30_000_000_000));
    assert!(simulation.is_up(1), "a write and an acknowledgement each millisecond: 60,000 of 65,536");
    simulation.run();
    assert!(!simulation.is_up(1));
    assert!(simulation.state(2).unwrap().entries.is_empty());
}
