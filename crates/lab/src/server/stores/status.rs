//! How far a store's replicas are, as a front end says it and the page hears it.

use rumormill_protocols::store::Service;
use serde::{Deserialize, Serialize};

/// All replicas of a store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    replicas: Vec<Replica>,
}

/// One replica. Of one that is not reached nothing else is known.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Replica {
    replica: u32,
    reached: bool,
    /// Is it a member, or a spare? None: nobody could be asked.
    #[serde(default)]
    member: Option<bool>,
    /// It takes no calls: no member, or without its state.
    #[serde(default)]
    fenced: bool,
    /// It takes no calls: it may have been evicted.
    #[serde(default)]
    out_of_touch: bool,
    /// It takes no calls for a moment.
    #[serde(default)]
    stopped: bool,
    /// How often the members have changed, as it knows.
    #[serde(default)]
    version: u64,
    /// How long after the question it answered, milliseconds.
    #[serde(default)]
    after_ms: Option<f64>,
    #[serde(default)]
    service: Option<Service>,
    /// Its timestamps.
    #[serde(default)]
    lines: Vec<Line>,
    /// Updates in its log.
    #[serde(default)]
    log: u64,
    /// Sessions in its call table.
    #[serde(default)]
    sessions: u64,
    /// Calls that wait.
    #[serde(default)]
    waiting: u64,
    #[serde(default)]
    gossip_sent: u64,
    #[serde(default)]
    gossip_received: u64,
    /// Updates executed and queries answered, since it started.
    #[serde(default)]
    executed: u64,
    #[serde(default)]
    queries: u64,
    /// Who orders forced updates, as it knows.
    #[serde(default)]
    primary: Option<u32>,
}

/// A line of updates: how many of it a replica holds, and how many it has executed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Whose line it is; none: the forced updates.
    replica: Option<u32>,
    #[serde(default)]
    forced: bool,
    incarnation: u32,
    held: u64,
    executed: u64,
}
