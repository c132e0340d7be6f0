//! Runs a recorded simulation again and compares.

use std::sync::atomic::{AtomicBool, Ordering};

use rumormill_core::{Duration, Instant, Outcome};
use rumormill_sim::StopRule;
use rumormill_trace::{Build, RunFile};
use serde::Serialize;

use super::Workbench;
use crate::checks::Checked;
use crate::experiment::{Problem, did_you_mean};

/// What running a simulation again showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Replayed {
    /// Did everything happen again as it did?
    pub same: bool,
    /// The digest then.
    pub recorded: String,
    /// The digest now.
    pub replayed: String,
    /// How it ended then.
    pub recorded_outcome: Option<Outcome>,
    /// How it ended now.
    pub replayed_outcome: Outcome,
    /// Was it recorded by the version that runs now? Another version may well differ.
    pub same_version: bool,
}

impl Workbench {
    /// Runs a recorded simulation again, from what its file says, on `threads` threads. `cancel` ends it
    /// early, `progress` hears the virtual time.
    ///
    /// # Errors
    /// When the run is no complete simulation of a protocol that is known here.
    pub fn replay(
        &self,
        run: &RunFile,
        threads: u32,
        progress: &mut dyn FnMut(Duration),
        cancel: &AtomicBool,
    ) -> Result<Option<Replayed>, Problem> {
        if run.mode != rumormill_trace::Mode::Sim {
            return Err(Problem::new(format!("{} ran as {}", run.name, run.mode))
                .next("only a simulation happens twice the same"));
        }
        let recorded = run.digest.clone().filter(|_| run.outcome != Some(Outcome::Stopped)).ok_or_else(|| {
            Problem::new(format!("{} did not come to its end", run.name)).next("only a complete run can be compared")
        })?;
        let protocol = self.registry.get(&run.protocol).ok_or_else(|| {
            let problem = Problem::new(format!("there is no protocol \"{}\" in this program", run.protocol));
            match did_you_mean(&run.protocol, self.registry.names()) {
                Some(meant) => problem.next(format!("did you mean {meant}?")),
                None => problem.next("replay it with the program that recorded it"),
            }
        })?;
        let checked = Checked { names: &run.checks, exactly_from: None };
        let simulation = protocol.simulate_checked(&run.parameters, settings_of(run, threads), None, checked);
        let mut simulation = simulation.map_err(|error| Problem::new(format!("{} cannot run: {error}", run.name)))?;
        let (mut until, step) = (Instant::ZERO, Duration::from_millis(50));
        let outcome = loop {
            until = until + step;
            match simulation.run_until(until) {
                Some(outcome) => break outcome,
                None if cancel.load(Ordering::Relaxed) => return Ok(None),
                None => progress(simulation.status().now.since(Instant::ZERO)),
            }
        };
        let replayed = simulation.report().digest.to_string();
        Ok(Some(Replayed {
            same: recorded == replayed,
            recorded,
            replayed,
            recorded_outcome: run.outcome,
            replayed_outcome: outcome,
            same_version: run.build.version == Build::this().version && run.build.commit == Build::this().commit,
        }))
    }
}

/// What the simulator needs to run a recorded run again.
pub(crate) fn settings_of(run: &RunFile, threads: u32) -> rumormill_sim::Settings {
    let mut settings = rumormill_sim::Settings::new(run.seed, run.peers);
    settings.topology = run.topology;
    settings.plan = run.plan.clone();
    settings.parameters = run.parameters.clone();
    settings.threads = threads;
    settings.time_limit =
        run.time_limit_s.and_then(|limit| Duration::try_from_secs_f64(limit).ok()).unwrap_or(Duration::MAX);
    settings.stop = if run.stop == "time-limit" { StopRule::TimeLimit } else { StopRule::TargetsMet };
    settings
}
