//! `run.json`: what was asked, fully resolved, and how it ended.

use std::collections::BTreeMap;
use std::fmt;

use rumormill_core::plan::Plan;
use rumormill_core::trace::EventId;
use rumormill_core::{Outcome, Parameters, Topology};
use serde::{Deserialize, Serialize};

/// The contents of a run's `run.json`. Written when the run starts and again when it ends.
///
/// Whoever starts a run fills in what it knows over [`RunFile::default`]; the recorder sets the name, the
/// start, the state, the build and the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFile {
    /// Version of this format: [`RunFile::FORMAT`].
    pub format: u32,
    /// Name of the folder, for example `2026-11-20T03-31-07Z-flood-42`.
    pub name: String,
    /// Name of the experiment, for example `flood`.
    pub experiment: String,
    /// The experiment's title, for a person.
    pub title: String,
    /// Name of the protocol.
    pub protocol: String,
    /// Name of the community that the peers form.
    pub community: String,
    /// The values as they were given, by name, before they were resolved; an object.
    pub values: serde_json::Value,
    /// The parameters that the protocol got.
    #[serde(deserialize_with = "bounded::parameters")]
    pub parameters: Parameters,
    /// What all randomness derives from.
    pub seed: u64,
    /// How the run runs.
    pub mode: Mode,
    /// Threads of a simulation; the result does not depend on them.
    pub threads: u32,
    /// Number of peers.
    pub peers: u32,
    /// Who knows whom at the start.
    pub topology: Topology,
    /// Network, disk, faults and churn.
    pub plan: Plan,
    /// When the run ends at the latest, in seconds on its own clock; `None` for no limit.
    pub time_limit_s: Option<f64>,
    /// When it ends otherwise: `targets-met` or `time-limit`.
    pub stop: String,
    /// Text of the experiment file.
    pub source: String,
    /// What ran it.
    pub build: Build,
    /// Where it ran.
    pub host: Machine,
    /// When it started: RFC 3339, UTC.
    pub started: String,
    /// How far it is.
    pub state: State,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// Seconds on the run's own clock.
    pub virtual_seconds: f64,
    /// Seconds that a person waited.
    pub wall_seconds: f64,
    /// Events that the run handled: deliveries, timers and starts.
    pub events: u64,
    /// Messages of all peers together.
    pub messages: Messages,
    /// Targets by name.
    pub targets: BTreeMap<String, Target>,
    /// Digest of everything that happened in a simulation, in hexadecimal.
    pub digest: Option<String>,
    /// Process ids of the peers of a run with real processes.
    pub pids: Vec<u32>,
    /// Events in the segments.
    pub trace_events: u64,
    /// Events that were not recorded because peers or recorder could not keep up.
    pub trace_dropped: u64,
    /// Most memory that the process used, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Why it failed, or why its trace ends early.
    pub error: Option<String>,
    /// The run that this one branched off, if it did.
    pub parent: Option<Parent>,
    /// Names of the properties that were checked.
    pub checks: Vec<String>,
    /// Properties that did not hold, each where it was seen first.
    pub violations: Vec<Violation>,
    /// How many of the plan's faults were done by hand, while it ran.
    pub by_hand: u32,
}

/// Where a run branched off another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    /// Name of the other run.
    pub run: String,
    /// When, in seconds of both runs: all that happened before is the same.
    pub at_s: f64,
}

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// The property's name.
    pub property: String,
    /// When it was seen, in seconds of the run.
    pub at_s: f64,
    /// The event that showed it; `None` when it is the end of the run.
    pub event: Option<EventId>,
    /// The peer at which it was seen; 0 for the run as a whole.
    pub peer: u32,
    /// What is wrong, for a person.
    pub text: String,
}

impl RunFile {
    /// The version of the format that this crate writes; it reads this one and older ones.
    pub const FORMAT: u32 = 1;

    /// The largest `run.json` that is written or read, in bytes.
    pub const BYTES_MAX: u64 = 32 << 20;

    /// Reads the contents of a `run.json`.
    ///
    /// # Errors
    /// A sentence saying what is wrong: no JSON, of another shape, or of a newer format.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let Version { format } = serde_json::from_slice(bytes).map_err(|error| format!("no run: {error}"))?;
        if format > Self::FORMAT {
            return Err(format!(
                "written in format {format} by a newer version; this one reads up to {}",
                Self::FORMAT
            ));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("not readable: {error}"))
    }
}

impl Default for RunFile {
    fn default() -> Self {
        Self {
            format: Self::FORMAT,
            name: String::new(),
            experiment: String::new(),
            title: String::new(),
            protocol: String::new(),
            community: String::new(),
            values: serde_json::Value::Object(serde_json::Map::new()),
            parameters: Parameters::default(),
            seed: 0,
            mode: Mode::Sim,
            threads: 1,
            peers: 0,
            topology: Topology::Full,
            plan: Plan::default(),
            time_limit_s: None,
            stop: "targets-met".into(),
            source: String::new(),
            build: Build::default(),
            host: Machine::default(),
            started: String::new(),
            state: State::Running,
            outcome: None,
            virtual_seconds: 0.0,
            wall_seconds: 0.0,
            events: 0,
            messages: Messages::default(),
            targets: BTreeMap::new(),
            digest: None,
            pids: Vec::new(),
            trace_events: 0,
            trace_dropped: 0,
            peak_memory_bytes: None,
            error: None,
            parent: None,
            checks: Vec::new(),
            violations: Vec::new(),
            by_hand: 0,
        }
    }
}

/// How a run runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// In the simulator.
    Sim,
    /// As processes on this machine.
    Processes,
    /// As processes on several machines.
    Cluster,
    /// Programs that report over the line protocol.
    Reporter,
}

impl Mode {
    /// The name in files, on the page and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Processes => "processes",
            Self::Cluster => "cluster",
            Self::Reporter => "reporter",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// Somebody is recording it.
    Running,
    /// It ended, and its recording is complete.
    Ended,
    /// Whoever recorded it died before it ended. Found when a run is read, never written.
    Interrupted,
}

impl State {
    /// The name in files and on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The build that ran a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Build {
    /// Version, for example `0.1.0`.
    pub version: String,
    /// `release` or `debug`.
    pub profile: String,
    /// The commit, when the build knows it.
    pub commit: Option<String>,
}

impl Build {
    /// The build of this program.
    #[must_use]
    pub fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.into(),
            commit: option_env!("RUMORMILL_COMMIT").map(Into::into),
        }
    }
}

/// The machine that ran a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Operating system, for example `linux`.
    pub os: String,
    /// Processor architecture, for example `x86_64`.
    pub arch: String,
    /// Processors that the program may use.
    pub cpus: u32,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, |cpus| u32::try_from(cpus.get()).unwrap_or(u32::MAX));
        Self { os: std::env::consts::OS.into(), arch: std::env::consts::ARCH.into(), cpus }
    }
}

/// Messages of all peers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Messages {
    /// That left a peer.
    pub sent: u64,
    /// That were handled.
    pub delivered: u64,
    /// That were lost.
    pub dropped: u64,
    /// Bytes of the bodies of those sent.
    pub bytes: u64,
}

/// How far the peers are with a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Peers that met it.
    pub met: u64,
    /// Peers that have it.
    pub peers: u64,
}

/// Parameters from a file that may be hostile: an expression's values stand in it as (value, how many in a
/// row), so that few bytes can ask for much memory.
mod bounded {
    use std::fmt;

    use rumormill_core::{MAX_PEERS, Parameters, Value};
    use serde::de::{Deserializer, Error, MapAccess, Visitor};

    /// Values of all expressions together: two for each of the most peers there may be.
    const VALUES_MAX: usize = 2 * MAX_PEERS as usize;

    pub fn parameters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
        deserializer.deserialize_map(Bounded)
    }

    struct Bounded;

    impl<'de> Visitor<'de> for Bounded {
        type Value = Parameters;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("parameters by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
            let (mut parameters, mut values) = (Parameters::default(), 0);
            while let Some((name, value)) = map.next_entry::<String, Value>()? {
                values += if let Value::PerPeer(per_peer) = &value { per_peer.len() } else { 0 };
                if values > VALUES_MAX {
                    return Err(A::Error::custom(format!("{name}: more than {VALUES_MAX} values of expressions")));
                }
                parameters.0.insert(name, value);
            }
            Ok(parameters)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Value;

    #[test]
    fn what_is_written_is_read() {
        let file = RunFile {
            name: "2026-11-20T03-31-07Z-flood-42".into(),
            parameters: Parameters([("messages".to_string(), Value::PerPeer([100, 0, 0].into()))].into()),
            mode: Mode::Processes,
            outcome: Some(Outcome::TimeLimit),
            targets: [("messages".to_string(), Target { met: 3, peers: 10 })].into(),
            time_limit_s: Some(60.0),
            ..RunFile::default()
        };
        let json = serde_json::to_vec_pretty(&file).unwrap();
        assert_eq!(RunFile::parse(&json).unwrap(), file);
    }

    #[test]
    fn a_newer_format_is_named_and_unknown_fields_are_passed_over() {
        let newer = RunFile::parse(br#"{"format": 2, "peers": {"now": "a map"}}"#).unwrap_err();
        assert!(newer.contains("format 2 by a newer version"), "{newer}");
        assert_eq!(RunFile::parse(br#"{"format": 1, "peers": 7, "later": [1]}"#).unwrap().peers, 7);
        assert!(RunFile::parse(br#"{"peers": 7}"#).unwrap_err().contains("format"));
    }

    #[test]
    fn few_bytes_cannot_ask_for_much_memory() {
        let entries: Vec<String> = (0..1000).map(|n| format!(r#""p{n}":{{"per_peer":[[0,16000000]]}}"#)).collect();
        let hostile = format!(r#"{{"format":1,"parameters":{{{}}}}}"#, entries.join(","));
        let error = RunFile::parse(hostile.as_bytes()).unwrap_err();
        assert!(error.contains("values of expressions"), "{error}");
    }
}
