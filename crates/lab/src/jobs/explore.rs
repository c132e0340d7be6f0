//! Exploring many seeds, as pages see it: a letter a seed, the first failing one made smaller, recorded and
//! kept.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rumormill_core::Outcome;
use serde_json::{Value, json};

use super::Job;
use crate::experiment::Values;
use crate::run::{Failure, Order, Search, Size, Step, Workbench};

/// The most seeds of one job.
pub(crate) const SEEDS_MAX: u64 = 10_000;

/// The letter of a seed that has not been tried.
const NOT_YET: u8 = b'.';

/// What is known of an exploration.
pub(crate) struct Exploring {
    values: Values,
    seeds: (u64, u64),
    told: Mutex<Told>,
}

struct Told {
    outcomes: Vec<u8>,
    done: u64,
    shrink: Option<Shrink>,
    found: Option<Value>,
}

struct Shrink {
    tries: u32,
    was: Size,
    now: Size,
    is_over: bool,
}

/// Where an exploration leaves what it finds.
pub(crate) struct Places {
    /// The folder of experiments.
    pub(crate) experiments: PathBuf,
    /// The folder of recorded runs.
    pub(crate) runs: PathBuf,
}

impl Exploring {
    /// An exploration of these seeds, at most [`SEEDS_MAX`], that has not begun.
    pub(crate) fn new(values: Values, seeds: (u64, u64)) -> Self {
        let count = usize::try_from((seeds.1 - seeds.0).saturating_add(1).min(SEEDS_MAX)).unwrap_or(0);
        let told = Told { outcomes: vec![NOT_YET; count], done: 0, shrink: None, found: None };
        Self { values, seeds, told: Mutex::new(told) }
    }

    /// Seeds tried, and seeds asked for.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let told = self.lock();
        (told.done, told.outcomes.len() as u64)
    }

    /// Goes through all seeds, shrinks the lowest failing one, records and keeps it.
    ///
    /// # Errors
    /// Says why it could not go on.
    pub(crate) fn go(&self, job: &Job, bench: &Workbench, order: &Order, places: &Places) -> Result<(), String> {
        let seeds = self.seeds.0..=self.seeds.1;
        let search = Search { seeds, threads: super::threads(), folder: &places.experiments, all: true };
        let found = bench.explore(order, &search, |step| self.hear(step), job.cancel());
        let found = found.map_err(|problems| problems.to_string())?;
        if let Some(shrink) = &mut self.lock().shrink {
            shrink.is_over = true;
        }
        if let Some(failure) = found.failure {
            self.show(job, bench, &failure, places);
        }
        Ok(())
    }

    fn hear(&self, step: Step) {
        let told = &mut *self.lock();
        match step {
            Step::Tried { seed, outcome } => {
                let place = usize::try_from(seed - self.seeds.0).unwrap_or(usize::MAX);
                if let Some(letter) = told.outcomes.get_mut(place) {
                    *letter = letter_of(outcome);
                    told.done += 1;
                }
            }
            Step::Shrinking { tries, was, now, .. } => {
                told.shrink = Some(Shrink { tries, was, now, is_over: false });
            }
        }
    }

    /// Records the small run, so that it can be opened at the event that shows what is wrong.
    fn show(&self, job: &Job, bench: &Workbench, failure: &Failure, places: &Places) {
        let order = Order {
            seed: failure.seed,
            record: Some(places.runs.clone()),
            ..Order::new(failure.file.display().to_string())
        };
        let file = bench.resolve(order).ok().and_then(|resolved| bench.wait_for(resolved, job.cancel()));
        let violation = file.as_ref().and_then(|file| file.violations.first());
        let text = match (violation, failure.outcome) {
            (Some(violation), _) => format!("{}: {}", violation.property, violation.text),
            (None, Outcome::TimeLimit) => "not every target was met when the time was up".into(),
            (None, outcome) => format!("ends as {outcome}"),
        };
        let event = violation.and_then(|violation| violation.event);
        let name = failure.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.lock().found = Some(json!({
            "seed": failure.seed,
            "outcome": failure.outcome,
            "experiment": name,
            "file": failure.file.display().to_string(),
            "run": file.as_ref().map(|file| &file.name),
            "event": event.map(|event| event.0.to_string()),
            "at_s": violation.map(|violation| violation.at_s),
            "property": violation.map(|violation| &violation.property),
            "text": text,
            "minimal": failure.minimal,
        }));
    }

    /// What a page is told.
    pub(crate) fn json(&self, job: &Job) -> Value {
        let told = self.lock();
        let failing = |(&letter, seed): (&u8, u64)| (letter != NOT_YET && letter != b'c').then_some(seed);
        let failing: Vec<u64> = told.outcomes.iter().zip(self.seeds.0..).filter_map(failing).collect();
        json!({
            "job": job.id(),
            "experiment": job.experiment(),
            "values": self.values,
            "state": job.state(),
            "seeds": [self.seeds.0, self.seeds.1],
            "done": told.done,
            "outcomes": String::from_utf8_lossy(&told.outcomes),
            "failing": failing,
            "shrink": told.shrink.as_ref().map(Shrink::json),
            "found": told.found,
            "error": job.error(),
            "stopping": job.cancel().load(Ordering::Relaxed),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shrink {
    fn json(&self) -> Value {
        let Self { tries, was, now, is_over } = self;
        json!({
            "tries": tries,
            "tries_max": crate::run::TRIES_MAX,
            "state": if *is_over { "ended" } else { "running" },
            "faults": [was.faults, now.faults],
            "peers": [was.peers, now.peers],
            "messages": [was.total, now.total],
            "seconds": [was.seconds, now.seconds],
        })
    }
}

fn letter_of(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Completed => b'c',
        Outcome::TimeLimit => b't',
        Outcome::Violated => b'v',
        Outcome::Stopped => b's',
        _ => b'f',
    }
}
