//! From chosen values to what a run needs.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::{Fault, Latency, Network, Peers, Plan};
use rumormill_core::{MAX_PEERS, Parameters, Topology, Value};

use super::language::{self, LatencyPart, Parts, World};
use super::{Experiment, Kind, Problem, Problems, did_you_mean};

/// Values that a person chose, by parameter: JSON of the right type, or text as typed.
pub type Values = BTreeMap<String, serde_json::Value>;

/// The largest matrix file, in bytes.
const MATRIX_BYTES_MAX: u64 = 32 << 20;

/// Neighbors of each peer when the experiment says nothing.
const DEGREE: u32 = 8;

/// An experiment with all its values: everything that a run needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The parameters for the protocol.
    pub parameters: Parameters,
    /// Number of peers.
    pub peers: u32,
    /// Who knows whom at the start.
    pub topology: Topology,
    /// Network, disk, faults and churn.
    pub plan: Plan,
    /// When the run ends.
    pub stop: Stop,
    /// The sum over all peers of each expression.
    pub totals: BTreeMap<String, u64>,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// When every target is met and every peer done; otherwise only at the time limit.
    pub targets_met: bool,
    /// At the latest after this time on the run's clock.
    pub time_limit: Duration,
}

impl Experiment {
    /// Puts the chosen values and the defaults of the others into the experiment.
    ///
    /// # Errors
    /// Everything that is wrong with the values, or the first thing that is wrong with the world that the
    /// file makes of them.
    pub fn resolve(&self, chosen: &Values) -> Result<Setup, Problems> {
        let parameters = self.parameters(chosen)?;
        let peers = parameters.peers().map_err(|error| Problem::field("peers", error.to_string()))?;
        let file = self.file();
        let world = language::world(&file, &self.source, &parameters.0)?;
        let stop = match world.stop {
            language::Stop::TargetsMet(time_limit) => Stop { targets_met: true, time_limit },
            language::Stop::TimeLimit(time_limit) => Stop { targets_met: false, time_limit },
        };
        let topology = world.topology.unwrap_or(Topology::Random { degree: DEGREE });
        let mut plan = self.plan(world).map_err(|problem| problem.in_file(file.clone()))?;
        for timed in &mut plan.faults {
            if let Fault::Set { parameters: changes } = &mut timed.fault {
                *changes =
                    self.changes(changes, &parameters, peers).map_err(|problem| problem.in_file(file.clone()))?;
            }
        }
        check_peers(&plan, peers)?;
        let totals = parameters.0.iter().filter_map(|(name, value)| match value {
            Value::PerPeer(values) => Some((name.clone(), values.iter().sum())),
            _ => None,
        });
        Ok(Setup { totals: totals.collect(), peers, topology, plan, stop, parameters })
    }

    fn parameters(&self, chosen: &Values) -> Result<Parameters, Problems> {
        let mut problems = Vec::new();
        for name in chosen.keys().filter(|name| self.parameter(name).is_none()) {
            let known = self.parameters.iter().map(|parameter| parameter.name.as_str());
            let next = match did_you_mean(name, known.clone()) {
                Some(meant) => format!("did you mean {meant}?"),
                None => format!("it has: {}", known.collect::<Vec<_>>().join(", ")),
            };
            problems.push(Problem::field(name, format!("{} has no such parameter", self.name)).next(next));
        }
        let mut values = BTreeMap::new();
        let value_of = |name: &str, default| chosen.get(name).unwrap_or(default);
        for parameter in &self.parameters {
            match parameter.read(value_of(&parameter.name, &parameter.default)) {
                Ok(value) => _ = values.insert(parameter.name.clone(), value),
                Err(problem) => problems.push(problem),
            }
        }
        let peers = match values.get("peers") {
            Some(Value::Count(peers)) => u32::try_from(*peers).unwrap_or(0).min(MAX_PEERS),
            _ => 0,
        };
        let others = values.clone();
        for parameter in self.parameters.iter().filter(|parameter| parameter.kind == Kind::Expression) {
            if peers == 0 || !values.contains_key(&parameter.name) {
                continue;
            }
            match parameter.evaluate(value_of(&parameter.name, &parameter.default), peers, &others) {
                Ok(evaluated) => _ = values.insert(parameter.name.clone(), Value::PerPeer(evaluated)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Parameters(values)) } else { Err(Problems(problems)) }
    }

    /// What is set while a run goes on, as the declarations of the parameters have it.
    fn changes(&self, raw: &Parameters, all: &Parameters, peers: u32) -> Result<Parameters, Problem> {
        let read = raw.0.iter().map(|(name, raw)| {
            let known = self.parameter(name).filter(|parameter| parameter.name != "peers");
            let parameter = known.ok_or_else(|| {
                let names = self.parameters.iter().map(|parameter| parameter.name.as_str());
                let others = names.filter(|&name| name != "peers").collect::<Vec<_>>().join(", ");
                Problem::new(format!("set() cannot change \"{name}\"")).next(format!("it can change: {others}"))
            })?;
            let typed = match raw {
                Value::Count(count) => serde_json::Value::from(*count),
                Value::Number(number) => serde_json::Value::from(*number),
                Value::Flag(flag) => serde_json::Value::from(*flag),
                Value::Text(text) => serde_json::Value::from(text.as_str()),
                Value::PerPeer(each) if parameter.kind == Kind::Expression && each.len() == peers as usize => {
                    return Ok((name.clone(), raw.clone()));
                }
                Value::PerPeer(each) => {
                    let message = format!("set(): {name}: {} values for {peers} peers", each.len());
                    return Err(Problem::new(message).next("write an expression, as a text"));
                }
                Value::Span(span) => serde_json::Value::from(humantime::format_duration(*span).to_string()),
                other => serde_json::Value::from(other.to_string()),
            };
            let value = match parameter.kind {
                Kind::Expression => Value::PerPeer(parameter.evaluate(&typed, peers, &all.0)?),
                _ => parameter.read(&typed)?,
            };
            Ok((name.clone(), value))
        });
        read.collect::<Result<_, Problem>>().map(Parameters)
    }

    fn plan(&self, world: World) -> Result<Plan, Problem> {
        let latency = self.latency(&world.network)?;
        let network = Network { latency, conditions: world.network.conditions() };
        Ok(Plan { network, disk: world.disk.unwrap_or_default(), faults: world.faults, churn: world.churn })
    }

    fn latency(&self, network: &Parts) -> Result<Latency, Problem> {
        match &network.latency {
            None => Ok(Latency::default()),
            Some(LatencyPart::Given(latency)) => Ok(latency.clone()),
            Some(LatencyPart::File(name)) => {
                let csv = self.beside(name).map_err(|message| Problem::new(format!("matrix \"{name}\": {message}")))?;
                let matrix = language::matrix(&csv);
                let matrix = matrix.map_err(|message| Problem::new(format!("matrix \"{name}\": {message}")))?;
                Ok(Latency::Matrix(Arc::new(matrix)))
            }
        }
    }

    /// The text of a file in the experiment's own folder, and nowhere else.
    fn beside(&self, name: &str) -> Result<String, String> {
        let folder = self.path.as_ref().and_then(|path| path.parent());
        let folder = folder.ok_or("an experiment inside the program has no files beside it")?;
        if Path::new(name).components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err("only a file in the experiment's own folder can be read".into());
        }
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let path = folder.join(name).canonicalize().map_err(|error| error.to_string())?;
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        if !path.starts_with(&folder) {
            return Err("only a file in the experiment's own folder can be read".into());
        }
        let about = path.metadata().map_err(|error| error.to_string())?;
        if !about.is_file() || about.len() > MATRIX_BYTES_MAX {
            return Err(format!("not a file of at most {} MiB", MATRIX_BYTES_MAX >> 20));
        }
        std::fs::read_to_string(&path).map_err(|error| error.to_string())
    }

    /// The file's name as errors show it.
    pub(crate) fn file(&self) -> String {
        self.path.as_ref().map_or_else(|| format!("{}.star", self.name), |path| path.display().to_string())
    }
}

/// Faults that name no peer of this run would silently do nothing.
fn check_peers(plan: &Plan, peers: u32) -> Result<(), Problem> {
    for timed in &plan.faults {
        for chosen in super::words::peers_of(&timed.fault) {
            if let Peers::Numbers(numbers) = chosen
                && let Some(missing) = numbers.iter().find(|&&number| number > peers)
            {
                let at = rumormill_core::plan::words::span(timed.at);
                let message = format!("the fault at {at} names peer {missing}, but there are only {peers}");
                return Err(Problem::field("peers", message).next("use more peers, or random_peers(n) in the file"));
            }
        }
    }
    Ok(())
}
