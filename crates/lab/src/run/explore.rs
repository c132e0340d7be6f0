//! Tries many seeds of an experiment; the first that fails is made smaller and kept as an experiment file.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rumormill_core::Outcome;
use rumormill_sim::Verdict;
use rumormill_trace::Violation;
use serde::Serialize;

use super::trial::Trial;
use super::{Mode, Order, Workbench};
use crate::experiment::{Problem, Problems};

pub use super::shrink::{Size, TRIES_MAX};

/// Which seeds to try, and how.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The seeds.
    pub seeds: RangeInclusive<u64>,
    /// Threads, a run on each.
    pub threads: u32,
    /// Where the small failing run is kept as an experiment.
    pub folder: &'a Path,
    /// Try every seed, also above one that failed.
    pub all: bool,
}

/// What exploring found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Seeds that completed, below the failing one or of all.
    pub held: u64,
    /// Was it cancelled before all seeds were tried?
    pub cancelled: bool,
    /// The lowest seed that failed.
    pub failure: Option<Failure>,
}

/// A seed that failed, and the smallest run found that fails likewise.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// How its run ended.
    pub outcome: Outcome,
    /// The property that did not hold in the small run, when that is why it failed.
    pub violation: Option<Violation>,
    /// The small run, as an experiment file.
    pub file: PathBuf,
    /// Its number of peers.
    pub peers: u32,
    /// Its faults.
    pub faults: usize,
    /// The run that failed first.
    pub was: Size,
    /// The small run.
    pub now: Size,
    /// Runs tried to make it smaller.
    pub tries: u32,
    /// Does every smaller run that was thought of complete?
    pub minimal: bool,
}

/// How exploring goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// A seed was tried. They come in no particular order.
    Tried {
        /// The seed.
        seed: u64,
        /// How its run ended.
        outcome: Outcome,
    },
    /// This seed failed and is made smaller; so many runs were tried for that, of at most [`TRIES_MAX`].
    Shrinking {
        /// The seed.
        seed: u64,
        /// Runs tried.
        tries: u32,
        /// The run that failed first.
        was: Size,
        /// The smallest run so far that fails likewise.
        now: Size,
    },
}

impl Workbench {
    /// Runs an order with every seed of a range. The lowest seed whose run does not complete is made
    /// smaller and kept. `progress` is called after each run, from any thread.
    ///
    /// # Errors
    /// When the order cannot run, or the file cannot be written.
    pub fn explore(
        &self,
        order: &Order,
        search: &Search<'_>,
        progress: impl Fn(Step) + Sync,
        cancel: &AtomicBool,
    ) -> Result<Found, Problems> {
        if order.mode != Mode::Sim {
            return Err(Problem::field("as", "only simulations can be explored").into());
        }
        let resolved = self.resolve(Order { threads: 1, ..order.clone() })?;
        let failing = Mutex::new(BTreeSet::new());
        let of_seed = |seed| {
            let Some(trial) = self.trial(&resolved, &resolved.setup, seed, cancel) else { return Verdict::Holds };
            progress(Step::Tried { seed, outcome: trial.outcome });
            if trial.outcome == Outcome::Completed {
                return Verdict::Holds;
            }
            failing.lock().unwrap_or_else(PoisonError::into_inner).insert(seed);
            if search.all { Verdict::Holds } else { Verdict::Fails(trial.outcome.name().into()) }
        };
        let found = rumormill_sim::explore(search.seeds.clone(), search.threads.max(1), of_seed, |_| {}, cancel);
        let failing = failing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let held = if search.all { found.held - failing.len() as u64 } else { found.held };
        let failure = match failing.first() {
            Some(&seed) if !(search.all && found.cancelled) => {
                self.shrink(&resolved, seed, search.folder, &progress, cancel)?
            }
            _ => None,
        };
        Ok(Found { held, cancelled: found.cancelled || cancel.load(Ordering::Relaxed), failure })
    }
}

/// What a smaller run must have in common with the one that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symptom {
    pub(super) outcome: Outcome,
    pub(super) property: Option<String>,
}

impl Symptom {
    pub(super) fn of(trial: &Trial) -> Self {
        Self { outcome: trial.outcome, property: trial.property().map(str::to_string) }
    }
}
