//! Runs that stop at any time.

use rumormill_core::trace::Event;
use rumormill_core::{Instant, Rng};
use rumormill_sim::{Report, Settings, Simulation};

use crate::determinism::rough;
use crate::gossip::{Gossip, config};
use crate::snapshots::slow_disk;

/// Everything that a person can see of a run.
fn seen<S: rumormill_core::trace::Sink>(simulation: &Simulation<Gossip, S>, peers: u32) -> (Report, Vec<String>) {
    let peer = |id| format!("{:?} {}", simulation.state(id), simulation.is_up(id));
    (simulation.report(), (1..=peers).map(peer).collect())
}

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

#[test]
fn a_run_stops_after_exactly_what_happens_by_then() {
    let new = |settings: &Settings| {
        Simulation::<Gossip, _>::recorded(config(settings), settings.clone(), Vec::new()).unwrap()
    };
    let settings = slow_disk(5, 1);
    let mut whole = new(&settings);
    let end = whole.run().virtual_time.as_nanos() as u64;
    let events: Vec<Event> = whole.into_sink();
    let mut rng = Rng::new(1);
    // Also right at events, and right before them.
    let on = |rng: &mut Rng| events[rng.below(events.len() as u64) as usize].time.as_nanos();
    let mut times: Vec<u64> = (0..25).map(|_| rng.below(end)).collect();
    times.extend((0..25).map(|_| on(&mut rng)));
    times.extend((0..10).map(|_| on(&mut rng).saturating_sub(1)));
    times.sort_unstable();
    for threads in [1, 2] {
        let settings = Settings { threads, ..settings.clone() };
        let mut paced = new(&settings);
        for &time in &times {
            assert_eq!(paced.run_until(at(time)), None);
            assert_eq!(paced.now(), at(time));
            let mut fresh = new(&settings);
            fresh.run_until(at(time));
            assert_eq!(seen(&paced, 40), seen(&fresh, 40), "{time} ns, {threads} threads");
            let by_then = events.iter().take_while(|event| event.time <= at(time));
            assert!(fresh.into_sink().iter().eq(by_then), "{time} ns, {threads} threads");
        }
        paced.run();
        assert_eq!(paced.into_sink(), events);
    }
}

#[test]
fn a_run_that_is_stored_in_the_middle_of_a_window_goes_on_alike() {
    let settings = slow_disk(9, 1);
    let report = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap().run();
    let mut rng = Rng::new(2);
    for _ in 0..20 {
        let time = rng.below(report.virtual_time.as_nanos() as u64);
        let mut simulation = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap();
        simulation.run_until(at(time));
        let bytes = simulation.save().unwrap();
        for threads in [1, 2] {
            let mut loaded = Simulation::<Gossip>::load(config(&settings), &bytes, threads).unwrap();
            assert_eq!(loaded.now(), at(time));
            assert_eq!(loaded.run(), report, "{time} ns");
        }
    }
}

#[test]
fn the_time_limit_is_the_end_however_a_run_is_stopped() {
    for limit_ns in [1, 400_000_000, 400_000_001, 5_000_000] {
        let mut settings = rough(3, 20);
        settings.time_limit = std::time::Duration::from_nanos(limit_ns);
        let report = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap().run();
        let mut paced = Simulation::<Gossip>::new(config(&settings), settings).unwrap();
        let mut until = 0;
        while paced.run_until(at(until)).is_none() {
            assert!(until < limit_ns);
            until = limit_ns.min(until + 1_234_567);
        }
        assert_eq!(paced.report(), report);
    }
}
