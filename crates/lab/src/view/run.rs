//! One run as the list of runs and the page's header show it.

use std::collections::BTreeMap;

use rumormill_core::Outcome;
use rumormill_trace::{Messages, Parent, RunFile, Target, Violation};
use serde::Serialize;

/// The most violations that a frame tells of; `run.json` has them all.
const VIOLATIONS_MAX: usize = 20;

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
    /// The run that it branched off, if it did.
    pub parent: Option<Parent>,
    /// Names of the properties that are checked.
    pub checks: Vec<String>,
    /// Properties that did not hold.
    pub violations: Vec<ViolationLine>,
    /// How many of its faults were done by hand.
    pub by_hand: u32,
}

/// A property that did not hold, for the page: ids exceed what its numbers hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ViolationLine {
    /// The property's name.
    pub property: String,
    /// When it was seen, in seconds of the run.
    pub at_s: f64,
    /// The id in decimal of the event that showed it; `None` when it is the end of the run.
    pub event: Option<String>,
    /// The peer at which it was seen; 0 for the run as a whole.
    pub peer: u32,
    /// What is wrong, for a person.
    pub text: String,
}

impl From<&Violation> for ViolationLine {
    fn from(violation: &Violation) -> Self {
        Self {
            property: violation.property.clone(),
            at_s: violation.at_s,
            event: violation.event.map(|id| id.0.to_string()),
            peer: violation.peer,
            text: violation.text.clone(),
        }
    }
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
    violations: &'a [ViolationLine],
    by_hand: u32,
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
            parent: file.parent.clone(),
            checks: file.checks.clone(),
            violations: file.violations.iter().map(ViolationLine::from).collect(),
            by_hand: file.by_hand,
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
        self.checks.clone_from(&file.checks);
        self.violations = file.violations.iter().map(ViolationLine::from).collect();
        self.by_hand = file.by_hand;
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
            violations: &self.violations[..self.violations.len().min(VIOLATIONS_MAX)],
            by_hand: self.by_hand,
            loading,
        }
    }
}
