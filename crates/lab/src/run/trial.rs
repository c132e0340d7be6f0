//! One run that nobody watches: what exploring, shrinking and sweeping are made of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Wall};

use rumormill_core::{Instant, Outcome};
use rumormill_sim::Report;
use rumormill_trace::{Messages, RunFile, Target, Violation};

use super::{Mode, Order, Resolved, Workbench};
use crate::checks::{Checked, recorded};
use crate::experiment::Setup;

/// How far a simulation goes before it looks whether it is cancelled: virtual time.
const SLICE: Duration = Duration::from_millis(100);

/// How often a run as processes is looked at.
const TICK: Duration = Duration::from_millis(20);

/// How a run went.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) outcome: Outcome,
    /// Seconds on the run's clock.
    pub(crate) virtual_seconds: f64,
    /// Seconds on the person's clock.
    pub(crate) wall_seconds: f64,
    pub(crate) events: u64,
    pub(crate) messages: Messages,
    pub(crate) targets: BTreeMap<String, Target>,
    pub(crate) violations: Vec<Violation>,
}

impl Workbench {
    /// Runs with this seed on this thread (a simulation) or waits for the processes. None when it was
    /// cancelled, and when it cannot run: that shows nothing.
    pub(super) fn trial(&self, resolved: &Resolved, setup: &Setup, seed: u64, cancel: &AtomicBool) -> Option<Trial> {
        let order = Order { seed, record: None, ..resolved.order.clone() };
        let resolved = Resolved { order, experiment: resolved.experiment.clone(), setup: setup.clone() };
        match resolved.order.mode {
            Mode::Sim => self.simulate_alone(&resolved, cancel),
            Mode::Processes => self.wait_for(resolved, cancel).map(|file| Trial::of_file(&file)),
        }
    }

    fn simulate_alone(&self, resolved: &Resolved, cancel: &AtomicBool) -> Option<Trial> {
        let began = Wall::now();
        let protocol = self.registry.get(&resolved.experiment.protocol)?;
        let names = resolved.checks(&protocol.properties()).ok()?;
        let checked = Checked { names: &names, exactly_from: None };
        let parameters = &resolved.setup.parameters;
        let mut simulation = protocol.simulate_checked(parameters, resolved.settings(), None, checked).ok()?;
        let mut until = Instant::ZERO;
        loop {
            until = until + SLICE;
            match simulation.run_until(until) {
                Some(_) => return Some(Trial::of_report(&simulation.report(), began.elapsed())),
                None if cancel.load(Ordering::Relaxed) => return None,
                None => {}
            }
        }
    }

    /// Starts a run and waits for its end; it is stopped when this is cancelled.
    pub(crate) fn wait_for(&self, resolved: Resolved, cancel: &AtomicBool) -> Option<RunFile> {
        let handle = self.start(resolved, Box::new(())).ok()?;
        while !handle.is_ended() {
            if cancel.load(Ordering::Relaxed) {
                handle.stop();
                break;
            }
            std::thread::sleep(TICK);
        }
        let file = handle.wait();
        (!cancel.load(Ordering::Relaxed)).then_some(file)
    }
}

impl Trial {
    fn of_report(report: &Report, wall: Duration) -> Self {
        let rumormill_sim::Messages { sent, delivered, dropped, bytes, .. } = report.messages;
        let target =
            |target: &rumormill_sim::TargetReport| Target { met: target.met.into(), peers: target.peers.into() };
        Self {
            outcome: report.outcome,
            virtual_seconds: report.virtual_time.as_secs_f64(),
            wall_seconds: wall.as_secs_f64(),
            events: report.events,
            messages: Messages { sent, delivered, dropped, bytes },
            targets: report.targets.iter().map(|(name, of)| (name.clone(), target(of))).collect(),
            violations: report.violations.iter().map(recorded).collect(),
        }
    }

    fn of_file(file: &RunFile) -> Self {
        Self {
            outcome: file.outcome.unwrap_or(Outcome::Failed),
            virtual_seconds: file.virtual_seconds,
            wall_seconds: file.wall_seconds,
            events: file.events,
            messages: file.messages,
            targets: file.targets.clone(),
            violations: file.violations.clone(),
        }
    }

    /// The property that did not hold, when one did not.
    pub(super) fn property(&self) -> Option<&str> {
        self.violations.first().map(|violation| violation.property.as_str())
    }
}
