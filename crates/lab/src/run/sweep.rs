//! Sweeps: one parameter over several values, each with several seeds, and what it does to every measure.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rumormill_core::Outcome;
use serde::Serialize;

use super::trial::Trial;
use super::{Mode, Order, Resolved, Workbench};
use crate::experiment::{Problem, Problems};

/// The most runs of one sweep: points times seeds.
pub const RUNS_MAX: u64 = 20_000;

/// What to sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The experiment, its other values, and how to run it.
    pub order: Order,
    /// The parameter that changes.
    pub parameter: String,
    /// Its values.
    pub points: Vec<serde_json::Value>,
    /// The seeds with which each is run.
    pub seeds: RangeInclusive<u64>,
}

/// A sweep as far as it went.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Swept {
    /// The experiment's name.
    pub experiment: String,
    /// How it ran.
    #[serde(rename = "as")]
    pub mode: Mode,
    /// The parameter that changes.
    pub parameter: String,
    /// First and last seed.
    pub seeds: [u64; 2],
    /// Every value of the parameter, in the order asked for.
    pub points: Vec<Point>,
    /// Names of all measures.
    pub measures: Vec<String>,
    /// Was it cancelled before all was run?
    pub cancelled: bool,
}

/// One value of the parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Point {
    /// The value.
    pub value: serde_json::Value,
    /// Runs asked for.
    pub runs: u64,
    /// Runs done.
    pub done: u64,
    /// How many ended how.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Seeds whose run did not complete, ascending.
    pub failing: Vec<u64>,
    /// What was measured, by name.
    pub measures: BTreeMap<String, Measure>,
}

/// A measure over the seeds of a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measure {
    /// What it counts: `s`, `messages`, `bytes`, `events`, or `share` for 0 to 1.
    pub unit: &'static str,
    /// The arithmetic mean.
    pub mean: f64,
    /// The sample standard deviation; 0 for a single value.
    pub sd: f64,
    /// The least.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// The greatest.
    pub max: f64,
    /// Every run's, by seed; those that have none are left out.
    pub values: Vec<f64>,
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RunOfSweep {
    /// Which point it belongs to.
    pub point: usize,
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured: name, unit and value.
    pub measures: Vec<(String, &'static str, f64)>,
}

impl Workbench {
    /// Finds out whether a sweep can run, every point of it.
    ///
    /// # Errors
    /// Everything that is wrong, with the point it is wrong at.
    pub fn check_sweep(&self, sweep: &Sweep) -> Result<Vec<Resolved>, Problems> {
        if sweep.points.is_empty() || sweep.seeds.is_empty() {
            let field = if sweep.points.is_empty() { "points" } else { "seeds" };
            return Err(Problem::field(field, "there is nothing to run").into());
        }
        let seeds = (sweep.seeds.end() - sweep.seeds.start()).saturating_add(1);
        let runs = seeds.saturating_mul(sweep.points.len() as u64);
        if runs > RUNS_MAX {
            let message =
                format!("{} points with {seeds} seeds each are more than {RUNS_MAX} runs", sweep.points.len());
            return Err(Problem::field("seeds", message).next("take fewer of either").into());
        }
        let resolve = |value: &serde_json::Value| {
            let mut order = Order { threads: 1, record: None, ..sweep.order.clone() };
            order.values.insert(sweep.parameter.clone(), value.clone());
            self.resolve(order).map_err(|Problems(problems)| {
                let at = |problem: Problem| Problem {
                    message: format!("at {} = {}: {}", sweep.parameter, shown(value), problem.message),
                    ..problem
                };
                // A parameter that does not exist is not there at any point.
                let unknown = problems.iter().any(|problem| problem.message.ends_with("has no such parameter"));
                if unknown { Problems(problems) } else { Problems(problems.into_iter().map(at).collect()) }
            })
        };
        sweep.points.iter().map(resolve).collect()
    }

    /// Runs a sweep: simulations on this many threads, processes one run after the other. `progress` is
    /// called after each run, from any thread. The runs come in the order of (point, seed).
    ///
    /// # Errors
    /// Everything that is wrong with it, with the point it is wrong at.
    pub fn sweep(
        &self,
        sweep: &Sweep,
        threads: u32,
        progress: impl Fn(&RunOfSweep) + Sync,
        cancel: &AtomicBool,
    ) -> Result<Vec<RunOfSweep>, Problems> {
        let points = self.check_sweep(sweep)?;
        let seeds: Vec<u64> = sweep.seeds.clone().collect();
        let next = AtomicUsize::new(0);
        let runs = Mutex::new(Vec::new());
        let work = || {
            while !cancel.load(Ordering::Relaxed) {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(resolved) = points.get(place / seeds.len()) else { return };
                let (point, seed) = (place / seeds.len(), seeds[place % seeds.len()]);
                let Some(trial) = self.trial(resolved, &resolved.setup, seed, cancel) else { continue };
                let run = RunOfSweep { point, seed, outcome: trial.outcome, measures: measures(resolved, &trial) };
                progress(&run);
                runs.lock().unwrap_or_else(PoisonError::into_inner).push(run);
            }
        };
        let threads = if sweep.order.mode == Mode::Sim { threads.max(1) } else { 1 };
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        let mut runs = runs.into_inner().unwrap_or_else(PoisonError::into_inner);
        runs.sort_by_key(|run: &RunOfSweep| (run.point, run.seed));
        Ok(runs)
    }
}

impl Sweep {
    /// What these runs of it, in any order, come to.
    #[must_use]
    pub fn summary(&self, runs: &[RunOfSweep], cancelled: bool) -> Swept {
        let seeds = [*self.seeds.start(), *self.seeds.end()];
        let of = |(place, value): (usize, &serde_json::Value)| {
            let mut runs: Vec<&RunOfSweep> = runs.iter().filter(|run| run.point == place).collect();
            runs.sort_by_key(|run| run.seed);
            Point::of(value, seeds[1].saturating_sub(seeds[0]).saturating_add(1), &runs)
        };
        let points: Vec<Point> = self.points.iter().enumerate().map(of).collect();
        let mut measures: Vec<String> = points.iter().flat_map(|point| point.measures.keys().cloned()).collect();
        measures.sort_unstable();
        measures.dedup();
        let (experiment, mode) = (self.order.experiment.clone(), self.order.mode);
        Swept { experiment, mode, parameter: self.parameter.clone(), seeds, points, measures, cancelled }
    }

    /// The runs as a table, a line each: the parameter's value, seed, outcome, and every measure (empty
    /// where a run has none).
    #[must_use]
    pub fn csv(&self, runs: &[RunOfSweep]) -> String {
        let mut names: Vec<&str> =
            runs.iter().flat_map(|run| run.measures.iter().map(|(name, ..)| name.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        let mut csv = [&[self.parameter.as_str(), "seed", "outcome"], &names[..]].concat().join(",") + "\n";
        let mut runs: Vec<&RunOfSweep> = runs.iter().collect();
        runs.sort_by_key(|run| (run.point, run.seed));
        for run in runs {
            let value = self.points.get(run.point).map(shown).unwrap_or_default();
            let mut cells = vec![quoted(&value), run.seed.to_string(), run.outcome.to_string()];
            cells.extend(names.iter().map(|name| {
                let found = run.measures.iter().find(|(known, ..)| known == name);
                found.map(|(_, _, value)| value.to_string()).unwrap_or_default()
            }));
            csv += &(cells.join(",") + "\n");
        }
        csv
    }
}

impl Point {
    fn of(value: &serde_json::Value, asked: u64, runs: &[&RunOfSweep]) -> Self {
        let mut outcomes = BTreeMap::new();
        let mut values: BTreeMap<String, (&'static str, Vec<f64>)> = BTreeMap::new();
        for run in runs {
            *outcomes.entry(run.outcome.name()).or_default() += 1;
            for (name, unit, value) in &run.measures {
                values.entry(name.clone()).or_insert_with(|| (unit, Vec::new())).1.push(*value);
            }
        }
        Self {
            value: value.clone(),
            runs: asked,
            done: runs.len() as u64,
            outcomes,
            failing: runs.iter().filter(|run| run.outcome != Outcome::Completed).map(|run| run.seed).collect(),
            measures: values.into_iter().map(|(name, (unit, values))| (name, Measure::of(unit, values))).collect(),
        }
    }
}

impl Measure {
    /// The measure over these values, of which there is at least one.
    fn of(unit: &'static str, values: Vec<f64>) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let sd = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let p50 =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Self { unit, mean, sd, min: sorted[0], p50, max: sorted[sorted.len() - 1], values }
    }
}

/// What is measured of a run. A run that did not complete has no time to completion.
fn measures(resolved: &Resolved, trial: &Trial) -> Vec<(String, &'static str, f64)> {
    let Trial { messages, .. } = trial;
    let peers = f64::from(resolved.setup.peers);
    let mut measures = vec![
        ("wall_seconds".to_string(), "s", trial.wall_seconds),
        ("events".to_string(), "events", trial.events as f64),
        ("messages_sent".to_string(), "messages", messages.sent as f64),
        ("messages_delivered".to_string(), "messages", messages.delivered as f64),
        ("messages_dropped".to_string(), "messages", messages.dropped as f64),
        ("messages_per_peer".to_string(), "messages", messages.sent as f64 / peers),
        ("bytes".to_string(), "bytes", messages.bytes as f64),
        ("bytes_per_peer".to_string(), "bytes", messages.bytes as f64 / peers),
    ];
    if trial.outcome == Outcome::Completed {
        measures.push(("virtual_seconds".to_string(), "s", trial.virtual_seconds));
    }
    for (name, target) in &trial.targets {
        // Of all peers: one that never reported a target does not meet it.
        measures.push((format!("met_{name}"), "share", target.met as f64 / peers));
    }
    measures
}

/// A parameter's value as a person types it.
fn shown(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// A cell of a table (RFC 4180).
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_measure_is_what_the_textbook_says() {
        let measure = Measure::of("s", vec![2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((measure.mean, measure.min, measure.p50, measure.max), (5.0, 2.0, 4.5, 9.0));
        assert!((measure.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12, "{measure:?}");
        let single = Measure::of("s", vec![3.0]);
        assert_eq!((single.mean, single.sd, single.p50), (3.0, 0.0, 3.0));
    }

    #[test]
    fn a_table_survives_what_people_type() {
        let sweep = Sweep {
            order: Order::new("flood"),
            parameter: "messages".into(),
            points: vec![json!("1 if peerid == 1 else 0"), json!("max(1, \"2\")")],
            seeds: 1..=2,
        };
        let run = |point, seed, outcome| RunOfSweep { point, seed, outcome, measures: vec![("x".into(), "s", 1.5)] };
        let runs = [run(1, 2, Outcome::Completed), run(0, 1, Outcome::TimeLimit)];
        let csv = "messages,seed,outcome,x\n1 if peerid == 1 else 0,1,time-limit,1.5\n\"max(1, \"\"2\"\")\",2,completed,1.5\n";
        assert_eq!(sweep.csv(&runs), csv);
        let swept = sweep.summary(&runs, false);
        assert_eq!((swept.points[0].failing.as_slice(), swept.points[0].done, swept.points[0].runs), (&[1][..], 1, 2));
        assert_eq!(swept.measures, ["x"]);
    }
}
