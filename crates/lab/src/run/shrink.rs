//! Makes a failing run smaller: fewer peers, fewer messages, fewer faults; what is left is kept as an
//! experiment file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rumormill_core::plan::Plan;
use rumormill_sim::{Shrunk, lighter_plans};
use serde::Serialize;

use super::explore::{Failure, Step, Symptom};
use super::trial::Trial;
use super::{Resolved, Workbench};
use crate::experiment::{Experiment, Kind, Parameter, Problem, Setup, Values};

/// Runs tried to make a failure smaller.
pub const TRIES_MAX: u32 = 300;

/// The most files of one name, apart from a number at its end.
const NAMESAKES_MAX: u32 = 1_000;

/// How large a run is, for a person who watches it shrink.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Size {
    /// Peers.
    pub peers: u32,
    /// Faults of its plan.
    pub faults: usize,
    /// What all its expressions come to over all peers, for example messages to create.
    pub total: u64,
    /// Seconds on the run's clock until it failed.
    pub seconds: f64,
}

/// A run that fails, on its way to a smaller one.
#[derive(Clone)]
struct Case {
    values: Values,
    plan: Plan,
    setup: Setup,
}

impl Case {
    fn size(&self, seconds: f64) -> Size {
        let Setup { peers, plan, totals, .. } = &self.setup;
        Size { peers: *peers, faults: plan.faults.len(), total: totals.values().sum(), seconds }
    }
}

impl Workbench {
    /// Makes the run of this seed smaller as long as it fails likewise. None when it was cancelled before
    /// it was known how the run fails.
    pub(super) fn shrink(
        &self,
        resolved: &Resolved,
        seed: u64,
        folder: &Path,
        progress: &impl Fn(Step),
        cancel: &AtomicBool,
    ) -> Result<Option<Failure>, Problem> {
        let setup = resolved.setup.clone();
        let Some(mut best) = self.trial(resolved, &setup, seed, cancel) else { return Ok(None) };
        let symptom = Symptom::of(&best);
        let case = Case { values: resolved.order.values.clone(), plan: setup.plan.clone(), setup };
        let was = case.size(best.virtual_seconds);
        let (mut tries, mut now) = (0, was);
        let fails = |case: &Case| {
            tries += 1;
            let tried = self.trial(resolved, &case.setup, seed, cancel);
            let alike = tried.filter(|trial| Symptom::of(trial) == symptom);
            let fails = alike.is_some();
            if let Some(trial) = alike {
                now = case.size(trial.virtual_seconds);
                best = trial;
            }
            progress(Step::Shrinking { seed, tries, was, now });
            fails
        };
        let shrunk = rumormill_sim::shrink(case, |case| smaller(resolved, case, cancel), fails, TRIES_MAX);
        let file = keep(resolved, seed, &best, &shrunk, folder)?;
        Ok(Some(Failure {
            seed,
            outcome: symptom.outcome,
            violation: best.violations.into_iter().next(),
            file,
            peers: now.peers,
            faults: now.faults,
            was,
            now,
            tries: shrunk.tries,
            minimal: shrunk.minimal && !cancel.load(Ordering::Relaxed),
        }))
    }
}

/// Smaller cases, the boldest first; none once it is cancelled. The time limit stays: with less time,
/// everything fails.
fn smaller(resolved: &Resolved, case: &Case, cancel: &AtomicBool) -> Vec<Case> {
    if cancel.load(Ordering::Relaxed) {
        return Vec::new();
    }
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
    trial: &Trial,
    shrunk: &Shrunk<Case>,
    folder: &Path,
) -> Result<PathBuf, Problem> {
    let name = &resolved.experiment.name;
    let ends = match trial.violations.first() {
        Some(violation) => format!("violates {}: {}", violation.property, violation.text),
        None => format!("ends as {}", trial.outcome),
    };
    // In a gallery it stands beside the experiment that it comes from.
    let small = Experiment {
        title: format!("{}: seed {seed}", resolved.experiment.title),
        about: format!("The smallest run found that {ends}."),
        ..resolved.experiment.clone()
    };
    let written = |stem: &str, file: &Path| {
        let head = format!(
            "{name} with seed {seed} {ends}\n\
             This is the smallest run found that does ({} tried).\n\
             rumormill run {} --seed {seed}",
            shrunk.tries,
            file.display()
        );
        small.write(&head, stem, &shrunk.case.values, &shrunk.case.setup)
    };
    // What somebody has made of an earlier find is not overwritten; the same find is the same file.
    for number in 1..=NAMESAKES_MAX {
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        let stem = format!("{name}-seed-{seed}{end}");
        let file = folder.join(format!("{stem}.star"));
        let written = written(&stem, &file);
        if std::fs::read_to_string(&file).is_ok_and(|text| text == written.text) {
            return Ok(file);
        }
        if !file.exists() {
            write(folder, &stem, &file, &written)
                .map_err(|error| Problem::new(format!("{}: cannot be written: {error}", file.display())))?;
            return Ok(file);
        }
    }
    Err(Problem::new(format!("{} holds {NAMESAKES_MAX} finds of {name} with seed {seed}", folder.display()))
        .next("delete those that are no longer needed"))
}

fn write(folder: &Path, stem: &str, file: &Path, written: &crate::experiment::Written) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    if let Some((name, text)) = &written.matrix {
        std::fs::write(folder.join(name), text)?;
    }
    let draft = folder.join(format!(".{stem}.star.tmp"));
    std::fs::write(&draft, &written.text)?;
    std::fs::rename(&draft, file)
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
