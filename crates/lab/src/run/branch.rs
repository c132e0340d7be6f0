//! A run that goes on from a moment of another one, with something done to it there.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::plan::{Fault, Timed};
use rumormill_core::{Instant, Parameters, Value};
use rumormill_sim::SettingsError;
use rumormill_trace::{Parent, RunFile};
use serde_json::Value as Json;

use super::order::parameter_problem;
use super::{Mode, Order, Resolved, Speed, Workbench, limits};
use crate::experiment::{Experiment, Kind, Parameter, Problem, Problems, Setup, Stop, Values};
use crate::rewind::At;

/// Where an order's run branches off another.
#[derive(Clone, Debug, PartialEq)]
pub struct Branched {
    /// The other run, as the new one's file will name it.
    pub parent: Parent,
    /// When: up to there the new run goes at full speed.
    pub at: Duration,
    /// How much of its plan was done by hand.
    pub by_hand: u32,
}

/// What to do differently from a moment on.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What happens then, in this order.
    pub faults: Vec<Fault>,
    /// Parameters that have other values from then on.
    pub values: Values,
    /// In place of the parent's time limit.
    pub time_limit: Option<Duration>,
}

impl Workbench {
    /// The run that is `parent` up to `at`, and then differs: nothing but the parent's file is asked, so it
    /// does not matter what became of its experiment. Up to there it goes at full speed. With no change it
    /// is the parent once more, with its digest.
    ///
    /// # Errors
    /// When the parent was no simulation, or the change makes no run: each with its field.
    pub fn branch(&self, parent: &RunFile, at: Duration, change: &Change) -> Result<Resolved, Problems> {
        if parent.mode != rumormill_trace::Mode::Sim {
            let message = format!("{} ran as {}, and only a simulation can be branched", parent.name, parent.mode);
            return Err(Problem::new(message).next("run the experiment as sim").into());
        }
        let protocol = self.registry.get(&parent.protocol).ok_or_else(|| {
            Problem::new(format!("there is no protocol \"{}\" in this program", parent.protocol))
                .next("branch it with the program that recorded it")
        })?;
        let experiment = experiment_of(parent);
        let mut setup = setup_of(parent);
        if let Some(time_limit) = change.time_limit {
            setup.stop.time_limit = time_limit;
        }
        let planned = setup.plan.faults.len();
        let parameters = changed(&experiment, parent, &change.values)?;
        let set = (!parameters.0.is_empty()).then_some(Fault::Set { parameters });
        let added = set.into_iter().chain(change.faults.iter().cloned());
        setup.plan.faults.extend(added.map(|fault| Timed { at, fault }));
        let order = Order {
            values: values_of(parent),
            mode: Mode::Sim,
            seed: parent.seed,
            threads: parent.threads.max(1),
            speed: Speed::Max,
            check: Some(parent.checks.clone()),
            branch: Some(Branched {
                parent: Parent { run: parent.name.clone(), at_s: at.as_secs_f64() },
                at,
                by_hand: parent.by_hand + (setup.plan.faults.len() - planned) as u32,
            }),
            ..Order::new(parent.experiment.clone())
        };
        let resolved = Resolved { order, experiment, setup };
        limits::check(&resolved, protocol.state_bytes())?;
        protocol.check(&resolved.setup.parameters).map_err(|error| parameter_problem(&error))?;
        protocol.check_settings(&resolved.settings()).map_err(|error| fault_problem(&error, planned))?;
        Ok(resolved)
    }

    /// When something happens that is done to a run right after this moment, so that all that a person saw
    /// happen there has happened: the moment itself, or a nanosecond later.
    ///
    /// # Errors
    /// When the run was no simulation, or has ended before.
    pub fn branch_time(&self, parent: &RunFile, after: Duration) -> Result<Duration, Problem> {
        let protocol = self.registry.get(&parent.protocol);
        let protocol = protocol.filter(|_| parent.mode == rumormill_trace::Mode::Sim).ok_or_else(|| {
            Problem::new(format!("{} cannot be run again here", parent.name)).next("only a simulation can be branched")
        })?;
        let ended = parent.outcome.is_some() && after.as_secs_f64() > parent.virtual_seconds;
        if ended {
            let message = format!("the run ended after {} s", parent.virtual_seconds);
            return Err(Problem::field("at", message).next("choose an earlier moment"));
        }
        let simulation = protocol.rewind(&parent.parameters, super::settings_of(parent, 1));
        let mut simulation =
            simulation.map_err(|error| Problem::new(format!("{} cannot run: {error}", parent.name)))?;
        let at = simulation.fault_time(At::Time(Instant::ZERO + after), Instant::MAX);
        at.map(|at| at.since(Instant::ZERO)).map_err(|error| Problem::field("at", error.to_string()))
    }
}

/// The experiment as it was when the parent ran; its file may have changed since.
fn experiment_of(parent: &RunFile) -> Experiment {
    // Files beside an experiment are not kept: what came of them is in the plan.
    let read = Experiment::read(&parent.experiment, parent.source.as_str(), None).ok();
    let experiment = read.filter(|read| read.protocol == parent.protocol);
    experiment.unwrap_or_else(|| Experiment {
        name: parent.experiment.clone(),
        title: parent.title.clone(),
        about: String::new(),
        protocol: parent.protocol.clone(),
        modes: Mode::ALL.to_vec(),
        parameters: Vec::new(),
        check: parent.checks.clone(),
        network: String::new(),
        faults: Vec::new(),
        stop: String::new(),
        source: parent.source.as_str().into(),
        path: None,
    })
}

fn setup_of(parent: &RunFile) -> Setup {
    let totals = parent.parameters.0.iter().filter_map(|(name, value)| match value {
        Value::PerPeer(values) => Some((name.clone(), values.iter().sum())),
        _ => None,
    });
    let settings = super::settings_of(parent, 1);
    Setup {
        totals: totals.collect(),
        parameters: parent.parameters.clone(),
        peers: parent.peers,
        topology: parent.topology,
        plan: parent.plan.clone(),
        stop: Stop {
            targets_met: settings.stop == rumormill_sim::StopRule::TargetsMet,
            time_limit: settings.time_limit,
        },
    }
}

fn values_of(parent: &RunFile) -> Values {
    let values = parent.values.as_object().into_iter().flatten();
    values.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The parameters that get other values than the parent gave them.
fn changed(experiment: &Experiment, parent: &RunFile, values: &Values) -> Result<Parameters, Problems> {
    let (mut changes, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, value) in values {
        match read(experiment, parent, name, value) {
            Ok(value) if parent.parameters.0.get(name) == Some(&value) => {}
            Ok(value) => _ = changes.insert(name.clone(), value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(Parameters(changes)) } else { Err(Problems(problems)) }
}

/// A value that a person gave, of the type that the parameter has.
fn read(experiment: &Experiment, parent: &RunFile, name: &str, value: &Json) -> Result<Value, Problem> {
    let Some(known) = parent.parameters.0.get(name) else {
        let known: Vec<&str> = parent.parameters.0.keys().map(String::as_str).collect();
        let problem = Problem::field(name, "the run has no such parameter");
        return Err(problem.next(format!("it has: {}", known.join(", "))));
    };
    let parameter = experiment.parameter(name).cloned().unwrap_or_else(|| of_type(name, known));
    match parameter.read(value)? {
        Value::Text(_) if parameter.kind == Kind::Expression => {
            Ok(Value::PerPeer(parameter.evaluate(value, parent.peers, &parent.parameters.0)?))
        }
        value => Ok(value),
    }
}

/// A parameter of which nothing is known but a value.
fn of_type(name: &str, value: &Value) -> Parameter {
    let kind = match value {
        Value::Count(_) => Kind::Count,
        Value::Number(_) => Kind::Number,
        Value::Flag(_) => Kind::Flag,
        Value::Span(_) => Kind::Span,
        Value::PerPeer(_) => Kind::Expression,
        _ => Kind::Text,
    };
    Parameter {
        name: name.into(),
        kind,
        default: Json::Null,
        help: String::new(),
        min: None,
        max: None,
        choices: Vec::new(),
        variables: vec!["peerid".into()],
    }
}

/// What is wrong with what was added to the plan, by the field in which it was given.
fn fault_problem(error: &SettingsError, planned: usize) -> Problem {
    let said = error.to_string();
    let why = said.strip_prefix(&format!("{}: ", error.field())).unwrap_or(&said).to_string();
    let place = error.field().strip_prefix("plan.faults[").and_then(|rest| rest.split_once(']'));
    let place = place.and_then(|(place, rest)| Some((place.parse::<usize>().ok()?.checked_sub(planned)?, rest)));
    match place {
        Some((_, rest)) if rest.starts_with(".parameters.") => Problem::field(&rest[".parameters.".len()..], why),
        // The protocol names the parameter itself.
        Some((_, "")) if why.contains(": ") => {
            let (name, why) = why.split_once(": ").unwrap_or(("values", &why));
            Problem::field(name, why)
        }
        Some((place, rest)) => Problem::field(format!("faults[{place}]{rest}"), why),
        None => Problem::field(error.field(), why),
    }
}

#[cfg(test)]
mod tests;
