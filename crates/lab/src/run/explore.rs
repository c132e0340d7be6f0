//! Tries many seeds of an experiment; the first that fails is made smaller and kept as an experiment file.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rumormill_core::plan::Plan;
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{Explored, Shrunk, Verdict, lighter_plans};
use serde::Serialize;

use super::{Order, Resolved, Workbench};
use crate::experiment::{Kind, Parameter, Problem, Problems, Setup, Values};

/// Runs tried to make a failure smaller.
const TRIES_MAX: u32 = 300;

/// What exploring found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Seeds that completed, below the failing one.
    pub held: u64,
    /// Was it cancelled before all seeds were tried?
    pub cancelled: bool,
    /// The lowest seed that failed.
    pub failure: Option<Failure>,
}

/// A seed that failed, and the smallest run found that fails likewise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// How its run ended.
    pub outcome: Outcome,
    /// The small run, as an experiment file.
    pub file: PathBuf,
    /// Its number of peers.
    pub peers: u32,
    /// Its faults.
    pub faults: usize,
    /// Runs tried to make it smaller.
    pub tries: u32,
    /// Does every smaller run that was thought of complete?
    pub minimal: bool,
}

/// How exploring goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Seeds are tried.
    Exploring(Explored),
    /// This seed failed and is made smaller; so many runs were tried for that.
    Shrinking {
        /// The seed.
        seed: u64,
        /// Runs tried.
        tries: u32,
    },
}

/// A run that fails, on its way to a smaller one.
#[derive(Clone)]
struct Case {
    values: Values,
    plan: Plan,
    setup: Setup,
}

impl Workbench {
    /// Runs an order with every seed of a range on `threads` threads. The lowest seed whose run does not
    /// complete is made smaller and written into `folder`. `progress` is called after each run, from any
    /// thread.
    ///
    /// # Errors
    /// When the order cannot run, or the file cannot be written.
    pub fn explore(
        &self,
        order: &Order,
        seeds: RangeInclusive<u64>,
        threads: u32,
        folder: &Path,
        progress: impl Fn(Step) + Sync,
        cancel: &AtomicBool,
    ) -> Result<Found, Problems> {
        if order.mode != super::Mode::Sim {
            return Err(Problem::field("as", "only simulations can be explored").into());
        }
        let resolved = self.resolve(Order { threads: 1, ..order.clone() })?;
        let of_seed = |seed| match self.outcome(&resolved, &resolved.setup, seed, cancel) {
            None | Some(Outcome::Completed) => Verdict::Holds,
            Some(outcome) => Verdict::Fails(outcome.name().into()),
        };
        let explored = |step| progress(Step::Exploring(step));
        let found = rumormill_sim::explore(seeds, threads.max(1), of_seed, explored, cancel);
        let Some((seed, _)) = found.failing else {
            return Ok(Found { held: found.held, cancelled: found.cancelled, failure: None });
        };
        let failure = self.shrink(&resolved, seed, folder, &progress, cancel)?;
        Ok(Found { held: found.held, cancelled: found.cancelled, failure: Some(failure) })
    }

    /// How a run with this seed ends; none when it was cancelled.
    fn outcome(&self, resolved: &Resolved, setup: &Setup, seed: u64, cancel: &AtomicBool) -> Option<Outcome> {
        let order = Order { seed, ..resolved.order.clone() };
        let resolved = Resolved { order, experiment: resolved.experiment.clone(), setup: setup.clone() };
        let protocol = self.registry.get(&resolved.experiment.protocol)?;
        let simulation = protocol.simulate(&resolved.setup.parameters, resolved.settings(), None);
        // What cannot run shows nothing.
        let mut simulation = simulation.ok()?;
        let mut until = Instant::ZERO;
        loop {
            until = until + std::time::Duration::from_millis(500);
            match simulation.run_until(until) {
                Some(outcome) => return Some(outcome),
                None if cancel.load(Ordering::Relaxed) => return None,
                None => {}
            }
        }
    }

    fn shrink(
        &self,
        resolved: &Resolved,
        seed: u64,
        folder: &Path,
        progress: &impl Fn(Step),
        cancel: &AtomicBool,
    ) -> Result<Failure, Problem> {
        let setup = resolved.setup.clone();
        let outcome = self.outcome(resolved, &setup, seed, &AtomicBool::new(false)).unwrap_or(Outcome::Failed);
        let case = Case { values: resolved.order.values.clone(), plan: setup.plan.clone(), setup };
        let mut tries = 0;
        let fails = |case: &Case| {
            tries += 1;
            progress(Step::Shrinking { seed, tries });
            !cancel.load(Ordering::Relaxed) && self.outcome(resolved, &case.setup, seed, cancel) == Some(outcome)
        };
        let shrunk = rumormill_sim::shrink(case, |case| smaller(resolved, case), fails, TRIES_MAX);
        let file = keep(resolved, seed, outcome, &shrunk, folder)?;
        let setup = shrunk.case.setup;
        let minimal = shrunk.minimal && !cancel.load(Ordering::Relaxed);
        Ok(Failure {
            seed,
            outcome,
            file,
            peers: setup.peers,
            faults: setup.plan.faults.len(),
            tries: shrunk.tries,
            minimal,
        })
    }
}

/// Smaller cases, the boldest first. The time limit stays: with less time, everything fails.
fn smaller(resolved: &Resolved, case: &Case) -> Vec<Case> {
    let of = |values: Values, plan: &Plan| {
        let mut setup = resolved.experiment.resolve(&values).ok()?;
        setup.stop = resolved.setup.stop;
        setup.plan = plan.clone();
        Some(Case { values, plan: plan.clone(), setup })
    };
    let with = |parameter: &Parameter, value: serde_json::Value| {
        let mut values = case.values.clone();
        values.insert(parameter.name.clone(), value);
        of(values, &case.plan)
    };
    let mut cases = Vec::new();
    for parameter in &resolved.experiment.parameters {
        let value = case.values.get(&parameter.name).unwrap_or(&parameter.default);
        cases.extend(simpler(parameter, value).into_iter().filter_map(|value| with(parameter, value)));
    }
    cases.extend(lighter_plans(&case.plan).iter().filter_map(|plan| of(case.values.clone(), plan)));
    cases
}

/// Simpler values of a parameter: fewer peers, fewer messages.
fn simpler(parameter: &Parameter, value: &serde_json::Value) -> Vec<serde_json::Value> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    match parameter.kind {
        Kind::Count if parameter.name == "peers" => {
            let Ok(peers) = text.parse::<u64>() else { return Vec::new() };
            let least = parameter.min.map_or(1, |min| min as u64).max(1);
            let mut fewer = vec![least, peers / 4, peers / 2, peers * 3 / 4, peers.saturating_sub(1)];
            fewer.retain(|&fewer| fewer >= least && fewer < peers);
            fewer.dedup();
            fewer.into_iter().map(Into::into).collect()
        }
        Kind::Expression => {
            let simplest = ["1 if peerid == 1 else 0", "1"];
            match simplest.iter().position(|simple| *simple == text) {
                Some(place) => simplest[..place].iter().map(|&simple| simple.into()).collect(),
                None => simplest.iter().map(|&simple| simple.into()).collect(),
            }
        }
        _ => Vec::new(),
    }
}

/// Writes the small case down.
fn keep(
    resolved: &Resolved,
    seed: u64,
    outcome: Outcome,
    shrunk: &Shrunk<Case>,
    folder: &Path,
) -> Result<PathBuf, Problem> {
    let name = &resolved.experiment.name;
    let stem = format!("{name}-seed-{seed}");
    let file = folder.join(format!("{stem}.star"));
    let head = format!(
        "{name} with seed {seed} ends as {outcome}; this is the smallest run found that does ({} tried).\n\
         rumormill run {} --seed {seed}",
        shrunk.tries,
        file.display()
    );
    let written = resolved.experiment.write(&head, &stem, &shrunk.case.values, &shrunk.case.setup);
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        if let Some((name, text)) = &written.matrix {
            std::fs::write(folder.join(name), text)?;
        }
        let draft = folder.join(format!(".{stem}.star.tmp"));
        std::fs::write(&draft, &written.text)?;
        std::fs::rename(&draft, &file)
    };
    write().map_err(|error| Problem::new(format!("{}: cannot be written: {error}", file.display())))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_simpler_and_then_no_simpler() {
        let flood = crate::experiment::Gallery::new().find("flood").unwrap();
        let of = |name: &str, value| simpler(flood.parameter(name).unwrap(), &value);
        assert_eq!(of("peers", json!("20")), [json!(1), json!(5), json!(10), json!(15), json!(19)]);
        assert_eq!(of("peers", json!(2)), [json!(1)]);
        assert!(of("peers", json!(1)).is_empty());
        assert_eq!(of("messages", json!("5")), [json!("1 if peerid == 1 else 0"), json!("1")]);
        assert!(of("messages", json!("1 if peerid == 1 else 0")).is_empty());
        assert!(of("degree", json!(8)).is_empty());
    }
}
