//! A run in the simulator, at the speed asked for.

use std::time::{Duration, Instant as Wall};

use rumormill_core::plan::Timed;
use rumormill_core::{Instant, Outcome};
use rumormill_sim::Status;
use rumormill_trace::{Messages, Target};

use super::handle::{InjectError, Wish};
use super::start::{End, Running};
use super::{Progress, Speed, limits};
use crate::checks::Checked;
use crate::registry::Simulated;

/// How long a slice of a run at full speed should take on the person's clock: so late does it hear of a stop.
const SLICE: Duration = Duration::from_millis(40);

/// How often a paced run goes on.
const TICK: Duration = Duration::from_millis(20);

impl Running {
    /// Simulates to the end.
    pub(super) fn simulate(&mut self) -> End {
        let sink =
            self.wants_events.then(|| Box::new(self.outlets.clone()) as Box<dyn rumormill_core::trace::Sink + Send>);
        let parameters = &self.resolved.setup.parameters;
        let checked = Checked { names: &self.file.checks, exactly_from: None };
        let simulation = self.protocol.simulate_checked(parameters, self.resolved.settings(), sink, checked);
        let mut simulation = match simulation {
            Ok(simulation) => simulation,
            Err(error) => return End { outcome: Outcome::Failed, digest: None, error: Some(error.to_string()) },
        };
        let (outcome, error) = self.drive(&mut *simulation);
        let report = simulation.report();
        self.file.violations = self.violations(&report);
        let mut progress = self.progress(&simulation.status());
        progress.virtual_seconds = report.virtual_time.as_secs_f64();
        self.publish(Instant::ZERO + report.virtual_time, progress);
        End { outcome, digest: Some(report.digest.to_string()), error }
    }

    fn drive(&mut self, simulation: &mut dyn Simulated) -> (Outcome, Option<String>) {
        let order = &self.resolved.order;
        let from = order.branch.as_ref().map_or(Instant::ZERO, |branch| Instant::ZERO + branch.at);
        let mut pace = Pace::new(order.speed, from);
        loop {
            for Wish { fault, answer } in self.control.take_faults() {
                let injected = simulation.inject(fault.clone()).map_err(|error| InjectError::of(&error));
                let timed = injected.map(|at| Timed { at, fault });
                timed.iter().for_each(|timed| self.note_fault(timed));
                // Whoever wished it may have gone.
                let _ = answer.send(timed);
            }
            if self.control.is_stopped() {
                return (Outcome::Stopped, None);
            }
            let begun = Wall::now();
            let ended = simulation.run_until(pace.next());
            let status = simulation.status();
            self.publish(status.now, self.progress(&status));
            if let Some(outcome) = ended {
                let error = (outcome == Outcome::Failed).then(|| "no peer is left that could go on".to_string());
                return (outcome, error);
            }
            if let Some(error) = limits::out_of_memory() {
                return (Outcome::Failed, Some(error));
            }
            if let Some(rest) = pace.after(begun.elapsed()) {
                self.control.sleep(rest);
            }
        }
    }

    fn progress(&self, status: &Status) -> Progress {
        Progress {
            virtual_seconds: status.now.as_secs_f64(),
            wall_seconds: self.began.elapsed().as_secs_f64(),
            events: status.events,
            messages: messages(status.messages),
            targets: status.targets.iter().map(|(name, target)| (name.clone(), of(*target))).collect(),
            peers: status.peers,
            up: status.up,
            done: status.done,
            pids: Vec::new(),
            trace_dropped: 0,
        }
    }
}

fn of(target: rumormill_sim::TargetReport) -> Target {
    Target { met: target.met.into(), peers: target.peers.into() }
}

fn messages(messages: rumormill_sim::Messages) -> Messages {
    let rumormill_sim::Messages { sent, delivered, dropped, bytes, .. } = messages;
    Messages { sent, delivered, dropped, bytes }
}

/// How far the next step goes.
struct Pace {
    speed: Speed,
    /// Up to here it goes as fast as it can.
    from: Instant,
    /// When it got there.
    began: Option<Wall>,
    until: Instant,
    slice: Duration,
}

impl Pace {
    fn new(speed: Speed, from: Instant) -> Self {
        Self { speed, from, began: None, until: Instant::ZERO, slice: Duration::from_millis(1) }
    }

    fn is_fast(&self) -> bool {
        self.speed == Speed::Max || self.until < self.from
    }

    fn next(&mut self) -> Instant {
        self.until = match self.speed {
            Speed::Times(times) if self.until >= self.from => {
                let began = *self.began.get_or_insert_with(Wall::now);
                self.from + began.elapsed().mul_f64(times)
            }
            Speed::Times(_) => (self.until + self.slice).min(self.from),
            Speed::Max => self.until + self.slice,
        };
        self.until
    }

    /// Learns how long the step took; how long to rest before the next.
    fn after(&mut self, took: Duration) -> Option<Duration> {
        if !self.is_fast() {
            return TICK.checked_sub(took);
        }
        if took < SLICE / 2 {
            self.slice = (self.slice * 2).min(Duration::from_secs(3600));
        } else if took > SLICE * 2 {
            self.slice = (self.slice / 2).max(Duration::from_micros(10));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_at_full_speed_learns_how_much_it_can_do_in_a_slice() {
        let mut pace = Pace::new(Speed::Max, Instant::ZERO);
        for _ in 0..10 {
            pace.next();
            assert_eq!(pace.after(Duration::ZERO), None);
        }
        assert_eq!(pace.slice, Duration::from_millis(1024));
        pace.after(Duration::from_secs(1));
        assert_eq!(pace.slice, Duration::from_millis(512));
    }

    #[test]
    fn a_paced_run_follows_the_clock() {
        let mut pace = Pace::new(Speed::Times(0.0), Instant::ZERO);
        assert_eq!(pace.next(), Instant::ZERO);
        assert_eq!(pace.after(Duration::from_millis(5)), Some(Duration::from_millis(15)));
        assert_eq!(pace.after(Duration::from_millis(50)), None);
    }

    #[test]
    fn a_branch_is_fast_up_to_where_it_differs() {
        let from = Instant::from_nanos(5_000_000);
        let mut pace = Pace::new(Speed::Times(0.0), from);
        let mut reached = pace.next();
        while reached < from {
            assert_eq!(pace.after(Duration::ZERO), None);
            reached = pace.next();
        }
        assert_eq!((reached, pace.after(Duration::ZERO)), (from, Some(TICK)));
        assert_eq!(pace.next(), from);
    }
}
