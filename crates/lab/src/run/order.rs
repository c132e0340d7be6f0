//! What a person asks to be run, and what it comes to once everything is filled in.

use std::path::PathBuf;
use std::time::Duration;

use rumormill_sim::StopRule;
use rumormill_trace::RunFile;

use super::branch::Branched;
use super::{Mode, limits};
use crate::Registry;
use crate::checks::{self, PropertyLine};
use crate::experiment::{Experiment, Gallery, Problem, Problems, Setup, Values, did_you_mean};

/// What a person asks to be run.
#[derive(Clone, Debug)]
pub struct Order {
    /// Name of an experiment, or a path to a `.star` file.
    pub experiment: String,
    /// Values of its parameters; the others keep their defaults.
    pub values: Values,
    /// How to run it.
    pub mode: Mode,
    /// What all randomness derives from.
    pub seed: u64,
    /// Threads of a simulation; the result is the same for any number.
    pub threads: u32,
    /// How fast a simulation goes.
    pub speed: Speed,
    /// The folder of runs in which to record it; none to not record.
    pub record: Option<PathBuf>,
    /// The properties to check in place of those that the experiment names; `*` stands for all.
    pub check: Option<Vec<String>>,
    /// In place of the experiment's time limit.
    pub time_limit: Option<Duration>,
    /// Peers in one process of a run with processes; 0 chooses: one process a peer for up to 50 peers, then
    /// as many peers in each as keeps it at 20 processes.
    pub peers_per_process: u32,
    /// The run that it branches off, if it does.
    pub branch: Option<Branched>,
}

impl Order {
    /// A run of this experiment with its default values in the simulator, with seed 1, one thread, at full
    /// speed, not recorded.
    #[must_use]
    pub fn new(experiment: impl Into<String>) -> Self {
        Self {
            experiment: experiment.into(),
            values: Values::new(),
            mode: Mode::Sim,
            seed: 1,
            threads: 1,
            speed: Speed::Max,
            record: None,
            check: None,
            time_limit: None,
            peers_per_process: 0,
            branch: None,
        }
    }
}

/// How fast a simulation goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// As fast as it can.
    #[default]
    Max,
    /// So many seconds of the run in one second of a person's: 1 is real time. When the machine cannot keep
    /// up, it goes as fast as it can.
    Times(f64),
}

impl std::str::FromStr for Speed {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = text.parse::<f64>().ok().filter(|times| (1e-6..=1e6).contains(times));
        let next = "write max, 1 for real time, or a factor such as 0.1";
        times.map(Self::Times).ok_or_else(|| Problem::field("speed", format!("\"{text}\" is no speed")).next(next))
    }
}

/// An order with everything filled in and found possible.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What was asked.
    pub order: Order,
    /// The experiment as it was read.
    pub experiment: Experiment,
    /// Its parameters, topology and plan.
    pub setup: Setup,
}

impl Resolved {
    /// Fills in an order and finds out whether it can run.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn new(order: Order, gallery: &Gallery, registry: &Registry) -> Result<Self, Problems> {
        let experiment = gallery.find(&order.experiment)?;
        Self::of(experiment, order, registry)
    }

    /// The same for an experiment at hand.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn of(experiment: Experiment, order: Order, registry: &Registry) -> Result<Self, Problems> {
        if !experiment.modes.contains(&order.mode) {
            let modes: Vec<_> = experiment.modes.iter().map(|mode| mode.name()).collect();
            let message = format!("{} does not run as {}", experiment.name, order.mode);
            return Err(Problem::field("as", message).next(format!("choose: {}", modes.join(", "))).into());
        }
        let Some(protocol) = registry.get(&experiment.protocol) else {
            let next = match did_you_mean(&experiment.protocol, registry.names()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("there are: {}", registry.names().collect::<Vec<_>>().join(", ")),
            };
            let message = format!("there is no protocol \"{}\"", experiment.protocol);
            return Err(Problem::new(message).next(next).in_file(experiment.file()).into());
        };
        let mut setup = experiment.resolve(&order.values)?;
        if let Some(time_limit) = order.time_limit {
            if time_limit.is_zero() {
                return Err(Problem::field("time-limit", "must be longer than 0").into());
            }
            setup.stop.time_limit = time_limit;
        }
        let resolved = Self { order, experiment, setup };
        limits::check(&resolved, protocol.state_bytes())?;
        protocol.check(&resolved.setup.parameters).map_err(|error| parameter_problem(&error))?;
        resolved.checks(&protocol.properties()).map_err(|problem| match resolved.order.check {
            Some(_) => problem,
            None => problem.in_file(resolved.experiment.file()),
        })?;
        let settings = resolved.settings();
        protocol
            .check_settings(&settings)
            .map_err(|error| Problem::field(settings_field(error.field()), tail(&error.to_string())))?;
        Ok(resolved)
    }

    /// What the simulator needs besides the protocol's configuration.
    #[must_use]
    pub fn settings(&self) -> rumormill_sim::Settings {
        let Self { order, setup, .. } = self;
        let mut settings = rumormill_sim::Settings::new(order.seed, setup.peers);
        settings.topology = setup.topology;
        settings.plan = setup.plan.clone();
        settings.parameters = setup.parameters.clone();
        settings.threads = order.threads;
        settings.time_limit = setup.stop.time_limit;
        settings.stop = if setup.stop.targets_met { StopRule::TargetsMet } else { StopRule::TimeLimit };
        settings
    }

    /// The names of the properties to check, of those that the protocol has.
    ///
    /// # Errors
    /// When it has none of a name.
    pub(super) fn checks(&self, known: &[PropertyLine]) -> Result<Vec<String>, Problem> {
        checks::resolve(self.order.check.as_ref().unwrap_or(&self.experiment.check), known)
    }

    /// What stands in the run's file as it starts.
    #[must_use]
    pub fn run_file(&self) -> RunFile {
        let Self { order, experiment, setup } = self;
        RunFile {
            experiment: experiment.name.clone(),
            title: experiment.title.clone(),
            protocol: experiment.protocol.clone(),
            community: experiment.protocol.clone(),
            values: order.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            parameters: setup.parameters.clone(),
            seed: order.seed,
            mode: order.mode.into(),
            threads: order.threads,
            peers: setup.peers,
            topology: setup.topology,
            plan: setup.plan.clone(),
            time_limit_s: Some(setup.stop.time_limit.as_secs_f64()),
            stop: if setup.stop.targets_met { "targets-met" } else { "time-limit" }.into(),
            source: experiment.source.to_string(),
            parent: order.branch.as_ref().map(|branch| branch.parent.clone()),
            by_hand: order.branch.as_ref().map_or(0, |branch| branch.by_hand),
            ..RunFile::default()
        }
    }
}

/// What a protocol says of its parameters, beside the field that it names.
pub(super) fn parameter_problem(error: &rumormill_core::ParameterError) -> Problem {
    use rumormill_core::ParameterError::{Missing, Range, Type};
    match error {
        Missing { name } | Type { name, .. } | Range { name, .. } => Problem::field(name, tail(&error.to_string())),
        other => Problem::new(other.to_string()),
    }
}

/// `plan.network.conditions.loss` is of no use to a person who filled in a form: what is wrong with the plan
/// is wrong with the experiment.
fn settings_field(path: &str) -> &str {
    if path.starts_with("plan") { "experiment" } else { path }
}

/// A sentence without the `field: ` before it.
fn tail(sentence: &str) -> String {
    sentence.split_once(": ").map_or(sentence, |(_, tail)| tail).into()
}
