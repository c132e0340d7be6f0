//! One run as the list of runs and the page's header show it.

use std::collections::BTreeMap;

use rumormill_core::Outcome;
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

/// Messages of a run, in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// Left a peer.
    pub sent: u64,
    /// Arrived and were handled.
    pub delivered: u64,
    /// Were lost.
    pub dropped: u64,
    /// Bytes of the bodies of those that were sent.
    pub bytes: u64,
}

/// How many peers have met a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetCount {
    /// Peers that have met it.
    pub met: u32,
    /// Peers that have it.
    pub peers: u32,
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
    pub targets: BTreeMap<String, TargetCount>,
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
    targets: &'a BTreeMap<String, TargetCount>,
    digest: Option<&'a str>,
    error: Option<&'a str>,
    trace_dropped: u64,
}

impl RunLine {
    pub(super) fn now(&self, done: u32) -> RunNow<'_> {
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
        }
    }
}
