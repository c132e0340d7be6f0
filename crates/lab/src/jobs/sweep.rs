//! A sweep, as pages see it: every point with what was measured so far.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::Job;
use crate::run::{RunOfSweep, Sweep, Workbench};

/// The most points of one job.
pub(crate) const POINTS_MAX: usize = 200;

/// What is known of a sweep.
pub(crate) struct Sweeping {
    sweep: Sweep,
    /// Runs done, in any order; at most [`RUNS_MAX`](crate::run::RUNS_MAX).
    runs: Mutex<Vec<RunOfSweep>>,
}

impl Sweeping {
    /// A sweep that has not begun.
    pub(crate) fn new(sweep: Sweep) -> Self {
        Self { sweep, runs: Mutex::default() }
    }

    /// Runs done, and runs asked for.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let seeds = (self.sweep.seeds.end() - self.sweep.seeds.start()).saturating_add(1);
        (self.lock().len() as u64, seeds.saturating_mul(self.sweep.points.len() as u64))
    }

    /// Runs it all.
    ///
    /// # Errors
    /// Says why it could not go on.
    pub(crate) fn go(&self, job: &Job, bench: &Workbench) -> Result<(), String> {
        let hear = |run: &RunOfSweep| self.lock().push(run.clone());
        bench.sweep(&self.sweep, super::threads(), hear, job.cancel()).map_err(|problems| problems.to_string())?;
        Ok(())
    }

    /// What a page is told.
    pub(crate) fn json(&self, job: &Job) -> Value {
        let runs = self.lock().clone();
        let swept = self.sweep.summary(&runs, job.state() == super::State::Stopped);
        let mut told = serde_json::to_value(swept).unwrap_or_default();
        told["job"] = job.id().into();
        told["values"] = json!(self.sweep.order.values);
        told["state"] = json!(job.state());
        told["error"] = json!(job.error());
        told["csv"] = format!("/api/sweeps/{}/csv", job.id()).into();
        told
    }

    /// The runs so far as a table.
    pub(crate) fn csv(&self) -> String {
        let runs = self.lock().clone();
        self.sweep.csv(&runs)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RunOfSweep>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
