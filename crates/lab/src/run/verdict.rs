//! What a run says about its properties.

use std::time::Duration;

use rumormill_check::Judge;
use rumormill_core::Outcome;
use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, PeerId};
use rumormill_sim::Report;
use rumormill_trace::Violation;

use super::start::{End, Outlets, Running};
use crate::checks::{Checked, recorded};

/// How far a run goes the second time before it looks whether somebody stops it: virtual time.
const SLICE: Duration = Duration::from_millis(100);

impl Running {
    /// What did not hold in a simulation. Where all peers were looked at only now and then, it is run again
    /// from its beginning, to find the very event after which they were no longer all right.
    pub(super) fn violations(&self, report: &Report) -> Vec<Violation> {
        let coarse = || report.violations.iter().map(recorded).collect();
        let Some(well_at) = report.well_at else { return coarse() };
        let mut settings = self.resolved.settings();
        settings.plan = self.file.plan.clone();
        let checked = Checked { names: &self.file.checks, exactly_from: Some(well_at + 1) };
        let parameters = &self.resolved.setup.parameters;
        let Ok(mut again) = self.protocol.simulate_checked(parameters, settings, None, checked) else {
            return coarse();
        };
        let mut until = Instant::ZERO + SLICE;
        while again.run_until(until).is_none() {
            if self.control.is_stopped() {
                return coarse();
            }
            until = until + SLICE;
        }
        let exact = again.report().violations;
        if exact.is_empty() { coarse() } else { exact.iter().map(recorded).collect() }
    }

    /// A judge of real peers: of the properties that are about the trace. The others are not checked.
    pub(super) fn call_judge(&mut self) {
        let judge = self.protocol.judge(&self.file.checks);
        self.file.checks = judge.names().map(String::from).collect();
        if !self.file.checks.is_empty() {
            self.outlets.lock().bench = Some(Bench { judge, count: 0 });
        }
    }

    /// The end of a run of real peers, once it is judged. Of a trace with gaps nothing can be said.
    pub(super) fn judged(&mut self, end: End) -> End {
        let Some(mut bench) = self.outlets.lock().bench.take() else { return end };
        if self.control.lock().progress.trace_dropped > 0 {
            self.file.checks.clear();
            return end;
        }
        if let Outcome::Completed | Outcome::TimeLimit = end.outcome {
            let told = bench.end();
            told.iter().for_each(|event| self.outlets.event(event));
        }
        self.file.violations = bench.judge.violations().iter().map(recorded).collect();
        let outcome = if self.file.violations.is_empty() { end.outcome } else { Outcome::Violated };
        End { outcome, ..end }
    }
}

impl Outlets {
    /// Did a property not hold?
    pub(super) fn is_violated(&self) -> bool {
        self.lock().bench.as_ref().is_some_and(|bench| !bench.judge.violations().is_empty())
    }
}

/// Where a trace of real peers is judged.
pub(super) struct Bench {
    judge: Judge,
    /// Violations told.
    count: u64,
}

/// Violations are numbered from here on among the events of the run as a whole: its faults and measures
/// never come so far.
const FIRST_VIOLATION: u64 = 1 << (EventId::COUNT_BITS - 1);

impl Bench {
    /// Reads an event; those to tell after it, when it violates something.
    pub(super) fn read(&mut self, event: &Event) -> Vec<Event> {
        let new = self.judge.read(event).to_vec();
        new.iter().map(|violation| self.tell(violation, event.time)).collect()
    }

    fn end(&mut self) -> Vec<Event> {
        let known = self.judge.violations().len();
        self.judge.end();
        let new = self.judge.violations()[known..].to_vec();
        new.iter().map(|violation| self.tell(violation, violation.time)).collect()
    }

    fn tell(&mut self, violation: &rumormill_core::property::Violation, time: Instant) -> Event {
        let id = EventId::new(0, FIRST_VIOLATION + self.count);
        self.count += 1;
        let mut event = Event::new(id, time, PeerId(0), Kind::Violated);
        event.other = (violation.peer > 0).then(|| PeerId(violation.peer.into()));
        event.cause = violation.event;
        event.name = violation.property.clone().into();
        event.text.clone_from(&violation.text);
        event
    }
}

#[cfg(test)]
mod tests {
    use rumormill_core::property::{Monitor, Property};
    use rumormill_protocols::Flood;

    use super::*;

    /// Nobody times out, and somebody is done.
    #[derive(Default)]
    struct Rules {
        is_done: bool,
    }

    impl Monitor for Rules {
        fn event(&mut self, event: &Event) -> Result<(), String> {
            self.is_done |= event.kind == Kind::Done;
            if event.kind == Kind::Timer { Err("it is late".into()) } else { Ok(()) }
        }

        fn end(&mut self) -> Result<(), String> {
            if self.is_done { Ok(()) } else { Err("nobody is done".into()) }
        }
    }

    fn bench() -> Bench {
        let property = |name| Property::<Flood>::on_trace(name, "", Rules::default);
        Bench { judge: Judge::new(&[property("one"), property("two")]), count: 0 }
    }

    fn event(kind: Kind) -> Event {
        Event::new(EventId::new(3, 7), Instant::from_nanos(5), PeerId(3), kind)
    }

    #[test]
    fn what_is_wrong_is_told_once_behind_what_shows_it() {
        let mut bench = bench();
        assert_eq!(bench.read(&event(Kind::Sent)), []);
        let told = bench.read(&event(Kind::Timer));
        assert_eq!(told.iter().map(|told| &*told.name).collect::<Vec<_>>(), ["one", "two"]);
        assert!(told[0].id < told[1].id, "{told:?}");
        let told = &told[0];
        assert_eq!((told.kind, told.cause, told.other), (Kind::Violated, Some(EventId::new(3, 7)), Some(PeerId(3))));
        assert_eq!((&*told.text, told.peer), ("it is late", PeerId(0)));
        assert_eq!(bench.read(&event(Kind::Timer)), [], "each property once");
        assert!(bench.end().is_empty());
    }

    #[test]
    fn the_end_is_told_too() {
        let mut late = bench();
        let told: Vec<_> = late.end().iter().map(|told| (told.name.clone(), told.text.clone(), told.cause)).collect();
        let wrong = |name: &'static str| (name.into(), "nobody is done".to_string(), None);
        assert_eq!(told, [wrong("one"), wrong("two")]);
        let mut done = bench();
        done.read(&event(Kind::Done));
        assert!(done.end().is_empty());
    }
}
