//! One run as the list of runs and the page's header show it.

use std::collections::BTreeMap;

use rumormill_core::Outcome;
use rumormill_trace::{Messages, RunFile, Target};
use serde::Serialize;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Asked for, but no peer runs yet.
    Starting,
    /// Under way.
    Running,
    /// Over: see the outcome.
    Ended,
}

/// One run, live or recorded, as the list of runs shows it.
#[derive(Clone, Debug, Serialize)]
pub struct RunLine {
    /// Name in addresses: `r1`, `r2` and so on while live, the folder's name when recorded.
    pub id: String,
    /// Name for a person.
    pub name: String,
    /// Name of the experiment; empty for runs without one.
    pub experiment: String,
    /// Title of the experiment.
    pub title: String,
    /// `sim`, `processes` or `reporter`.
    pub mode: String,
    /// Seed of all randomness.
    pub seed: u64,
    /// Number of peers.
    pub peers: u32,
    /// How far it is.
    pub state: State,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it began, as RFC 3339 in UTC.
    pub started: String,
    /// Seconds on the run's own clock.
    pub virtual_seconds: f64,
    /// Seconds on the wall's clock.
    pub wall_seconds: f64,
    /// Events so far.
    pub events: u64,
    /// Messages so far.
    pub messages: Messages,
    /// Targets by name.
    pub targets: BTreeMap<String, Target>,
    /// Digest of a simulated run that has ended.
    pub digest: Option<String>,
    /// Where it is recorded.
    pub folder: Option<String>,
    /// Process ids of real peers.
    pub pids: Vec<u32>,
    /// Why it failed.
    pub error: Option<String>,
    /// Events that were not told to the lab because they came too fast.
    pub trace_dropped: u64,
    /// Is it one of this lab's own, rather than a recording?
    pub live: bool,
}

/// The part of a [`RunLine`] that changes, as frames carry it.
#[derive(Serialize)]
pub(super) struct RunNow<'a> {
    state: State,
    outcome: Option<Outcome>,
    peers: u32,
    done: u32,
    virtual_seconds: f64,
    wall_seconds: f64,
    events: u64,
    messages: Messages,
    targets: &'a BTreeMap<String, Target>,
    digest: Option<&'a str>,
    error: Option<&'a str>,
    trace_dropped: u64,
    /// How much of a recording has been read, 0 to 1; absent when all is.
    #[serde(skip_serializing_if = "Option::is_none")]
    loading: Option<f64>,
}

impl RunLine {
    /// A run as its file tells, for what is recorded.
    #[must_use]
    pub fn recorded(file: &RunFile, folder: String) -> Self {
        let interrupted = file.state == rumormill_trace::State::Interrupted;
        let state = if file.state == rumormill_trace::State::Running { State::Running } else { State::Ended };
        let error = interrupted.then(|| "interrupted: whoever recorded this run ended before it did".to_owned());
        Self {
            id: file.name.clone(),
            name: file.name.clone(),
            experiment: file.experiment.clone(),
            title: file.title.clone(),
            mode: file.mode.name().to_owned(),
            seed: file.seed,
            peers: file.peers,
            state,
            outcome: file.outcome.or(interrupted.then_some(Outcome::Failed)),
            started: file.started.clone(),
            virtual_seconds: file.virtual_seconds,
            wall_seconds: file.wall_seconds,
            events: file.events,
            messages: file.messages,
            targets: file.targets.clone(),
            digest: file.digest.clone(),
            folder: Some(folder),
            pids: file.pids.clone(),
            error: file.error.clone().or(error),
            trace_dropped: file.trace_dropped,
            live: false,
        }
    }

    /// Takes over how the run ended.
    pub fn end(&mut self, file: &RunFile) {
        self.state = State::Ended;
        self.outcome = file.outcome;
        self.virtual_seconds = file.virtual_seconds;
        self.wall_seconds = file.wall_seconds;
        self.events = file.events;
        self.messages = file.messages;
        self.targets.clone_from(&file.targets);
        self.digest.clone_from(&file.digest);
        self.error.clone_from(&file.error);
        self.trace_dropped = file.trace_dropped;
    }

    pub(super) fn now(&self, done: u32, loading: Option<f64>) -> RunNow<'_> {
        RunNow {
            state: self.state,
            outcome: self.outcome,
            peers: self.peers,
            done,
            virtual_seconds: self.virtual_seconds,
            wall_seconds: self.wall_seconds,
            events: self.events,
            messages: self.messages,
            targets: &self.targets,
            digest: self.digest.as_deref(),
            error: self.error.as_deref(),
            trace_dropped: self.trace_dropped,
            loading,
        }
    }
}
