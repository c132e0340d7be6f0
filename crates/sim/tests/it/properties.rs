//! Properties: a planted violation is found where it happens, however the run goes, and a run that is checked
//! is the same run.

use std::time::Duration;

use rumormill_core::property::{Monitor, Peer, Property, Violation, World};
use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{Checks, Report, Settings, Simulation};

use crate::beacon::{Beacon, settings};
use crate::determinism::{rough, run};
use crate::gossip::{Gossip, config};

fn checked(settings: Settings, property: Property<Beacon>) -> (Report, Vec<Event>) {
    let checks = Checks::new(vec![property]);
    let mut simulation = Simulation::checked((), settings, &checks, Vec::new()).unwrap();
    (simulation.run(), simulation.into_sink())
}

/// The one violation of a run, which is the same on any number of threads, without a record, and however
/// often the run is stopped; and the event that showed it.
fn violation(property: &Property<Beacon>) -> (Violation, Event) {
    let (report, trace) = checked(settings(), property.clone());
    assert_eq!((report.outcome, report.violations.len()), (Outcome::Violated, 1), "{report:?}");
    let found = report.violations[0].clone();
    for threads in [2, 4] {
        let (threaded, events) = checked(Settings { threads, ..settings() }, property.clone());
        assert_eq!(threaded, report, "with {threads} threads");
        assert_eq!(events, trace, "with {threads} threads");
        let checks = Checks::new(vec![property.clone()]);
        let mut stopped =
            Simulation::checked((), Settings { threads, ..settings() }, &checks, Vec::<Event>::new()).unwrap();
        while stopped.run_for(Duration::from_micros(700)).is_none() {}
        assert_eq!(stopped.report(), report, "stopped often");
        let mut alone = Simulation::checked_only((), Settings { threads, ..settings() }, &checks).unwrap();
        assert_eq!(alone.run(), report, "not recorded");
    }
    let place = trace.iter().position(|event| event.kind == Kind::Violated).unwrap();
    let told = &trace[place];
    assert_eq!((&*told.name, told.cause, &told.text), (&*found.property, found.event, &found.text));
    assert_eq!(told.time, found.time + Duration::from_nanos(1), "right behind what showed it");
    assert_eq!(trace.iter().filter(|event| event.kind == Kind::Violated).count(), 1);
    let last = trace.last().unwrap().time;
    assert!(last <= found.time + Duration::from_millis(20), "the run ended soon: {last:?}");
    let event = trace.iter().find(|event| Some(event.id) == found.event).unwrap().clone();
    (found, event)
}

#[test]
fn a_peer_is_looked_at_after_each_of_its_activations() {
    let property =
        Property::never_each("fifth", "somebody hears the fifth beat of peer 3", |peer: &Peer<'_, Beacon>| {
            peer.state.beats_from(3).contains(&5)
        });
    let (found, event) = violation(&property);
    assert_eq!((found.time, found.peer), (Instant::ZERO + Duration::from_millis(510), 1));
    assert_eq!(found.text, "it happened: somebody hears the fifth beat of peer 3");
    assert_eq!((event.kind, event.peer.0, event.other.unwrap().0), (Kind::Delivered, 1, 3));
    assert_eq!(event.time, found.time);
}

#[test]
fn all_peers_are_looked_at_after_every_activation() {
    let property = Property::always("few", "they tick less than 18 times", |world: &World<'_, Beacon>| {
        let ticks: usize = world.peers().map(|peer| peer.state.ticks.len()).sum();
        if ticks < 18 { Ok(()) } else { Err(format!("{ticks} ticks")) }
    });
    let (found, event) = violation(&property);
    // Each of four peers ticks every 100 ms, one after the other.
    assert_eq!((found.time, found.peer), (Instant::ZERO + Duration::from_millis(500), 2));
    assert_eq!((&*found.text, event.kind, event.peer.0), ("18 ticks", Kind::Timer, 2));
}

/// Nobody hears more than so many messages.
struct Heard {
    left: u32,
}

impl Monitor for Heard {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        self.left -= u32::from(event.kind == Kind::Delivered && event.peer.0 == 2);
        if self.left > 0 { Ok(()) } else { Err("heard enough".into()) }
    }

    fn end(&mut self) -> Result<(), String> {
        Err(format!("could have heard {} more", self.left))
    }
}

#[test]
fn a_trace_is_read_in_order() {
    let (found, event) = violation(&Property::on_trace("heard", "peer 2 hears nine", || Heard { left: 10 }));
    // Three messages at 110 ms, 210 ms and so on: the tenth is the first of the fourth time.
    assert_eq!((found.time, found.peer), (Instant::ZERO + Duration::from_millis(410), 2));
    assert_eq!((event.kind, event.other.unwrap().0, &*found.text), (Kind::Delivered, 1, "heard enough"));
}

#[test]
fn the_end_of_a_run_is_judged() {
    let never = Property::eventually("never", "it never comes to that", |_: &World<'_, Beacon>| false);
    let trace = Property::on_trace("heard", "peer 2 hears a hundred", || Heard { left: 101 });
    let always =
        Property::eventually_each("up", "it has booted", |peer: &Peer<'_, Beacon>| peer.state.booted.is_some());
    let checks = Checks::new(vec![never, trace, always]);
    for threads in [1, 3] {
        let settings = Settings { threads, ..settings() };
        let mut simulation = Simulation::checked((), settings, &checks, Vec::new()).unwrap();
        let report = simulation.run();
        let found: Vec<(&str, &str)> = report.violations.iter().map(|found| (&*found.property, &*found.text)).collect();
        let texts =
            [("never", "it did not come to that: it never comes to that"), ("heard", "could have heard 74 more")];
        assert_eq!((report.outcome, &found[..]), (Outcome::Violated, &texts[..]));
        assert!(report.violations.iter().all(|found| found.event.is_none() && found.peer == 0));
        let trace = simulation.into_sink();
        let told = trace.iter().rev().take_while(|event| event.kind == Kind::Violated).count();
        assert_eq!(told, 2, "they close the trace");
    }
}

#[test]
fn a_run_that_is_stopped_by_a_person_is_not_judged() {
    let never = Property::eventually("never", "it never comes to that", |_: &World<'_, Beacon>| false);
    let mut simulation = Simulation::checked((), settings(), &Checks::new(vec![never]), Vec::new()).unwrap();
    assert_eq!(simulation.run_for(Duration::from_millis(300)), None);
    assert_eq!((simulation.report().outcome, simulation.report().violations), (Outcome::Stopped, Vec::new()));
}

#[test]
fn a_run_that_is_checked_is_the_same_run() {
    for seed in 1..4 {
        let plain = run(rough(seed, 40));
        let properties = || {
            vec![
                Property::always_each("each", "", |_: &Peer<'_, Gossip>| true),
                Property::never("world", "", |world: &World<'_, Gossip>| world.count() != 40),
                Property::eventually("end", "", |world: &World<'_, Gossip>| world.count() == 40),
                Property::on_trace("trace", "", || Heard { left: u32::MAX }),
            ]
        };
        for threads in [1, 2] {
            // The monitor finds fault with the end; the others with nothing.
            for properties in [properties(), properties().drain(..3).collect(), properties().drain(..1).collect()] {
                let finds_fault = properties.len() == 4;
                let settings = Settings { threads, ..rough(seed, 40) };
                let checks = Checks::new(properties);
                let checked = Simulation::checked_only(config(&settings), settings, &checks).unwrap().run();
                assert_eq!(checked.digest, plain.digest);
                assert_eq!((checked.events, checked.messages), (plain.events, plain.messages));
                assert_eq!(checked.outcome == Outcome::Violated, finds_fault);
                assert!(finds_fault || checked == plain);
            }
        }
    }
}

#[test]
fn in_a_large_run_the_very_event_is_found_by_running_again() {
    let settings = Settings { peers: 400, ..settings() };
    let few = |world: &World<'_, Beacon>| {
        let ticks: usize = world.peers().map(|peer| peer.state.ticks.len()).sum();
        if ticks < 777 { Ok(()) } else { Err(format!("{ticks} ticks")) }
    };
    let checks = |exactly_from| Checks { exactly_from, ..Checks::new(vec![Property::always("few", "", few)]) };
    let run = |checks| Simulation::checked((), settings.clone(), &checks, Vec::<Event>::new()).unwrap().run();
    let coarse = run(checks(None));
    let well_at = coarse.well_at.unwrap();
    assert!(coarse.violations[0].text != "777 ticks", "it was looked at only now and then");
    let exact = run(checks(Some(well_at + 1)));
    assert_eq!(exact.violations[0].text, "777 ticks");
    assert_eq!(exact.violations, run(checks(Some(0))).violations);
    assert_eq!(exact.violations[0].peer, 377, "the second tick of 400 peers");
    assert!(exact.well_at.is_none());
}
