//! What people ask of replicas through a front end: how far they are, and whether to answer calls.

use rumormill_core::PeerId;
use serde::{Deserialize, Serialize};

use super::{Service, Timestamp};

/// What a front end passes on to a replica for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// Say how far you are.
    Status,
    /// Answer calls, or do not.
    Switch(Service),
    /// Tell the others the news now.
    Gossip,
    /// Take this peer in as a replica. Only the primary can; it is done when a [`Status`] has it among the members,
    /// and the peer's own says that it is not fenced.
    Add(PeerId),
    /// Let this replica go, with all that it holds. Only the primary can.
    Remove(PeerId),
    /// Go on without this replica, which does not answer. What only it held is lost. Only the primary can.
    Evict(PeerId),
}

/// What a peer of a store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Holds the state and executes calls.
    #[default]
    Replica,
    /// Makes calls for clients.
    FrontEnd,
}

/// How far a replica or a front end is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What it is.
    pub role: Role,
    /// What it holds.
    pub replica_timestamp: Timestamp,
    /// What it has executed.
    pub value_timestamp: Timestamp,
    /// Updates in its log.
    pub log: u64,
    /// Sessions in its call table; a front end's sessions.
    pub calls: u64,
    /// Calls that wait for updates, or for answers.
    pub waiting: u64,
    /// Gossip messages sent.
    pub gossip_sent: u64,
    /// Gossip messages received.
    pub gossip_received: u64,
    /// Updates executed; a front end's answered updates.
    pub executed: u64,
    /// Queries answered.
    pub queries: u64,
    /// Does it answer calls?
    pub service: Service,
    /// Members of the store, as it knows them.
    pub members: Vec<PeerId>,
    /// How often the members have changed, as it knows.
    pub version: u64,
    /// Of a replica: it takes no calls, because it is no member, or has lost its disk and not caught up yet.
    pub fenced: bool,
    /// Of a replica: it takes no calls, because it has not reached the primary for so long that it may have been
    /// evicted.
    pub out_of_touch: bool,
    /// Of a replica: it takes no calls for a moment, because an immediate call is being ordered.
    pub stopped: bool,
    /// Who orders forced updates, as it knows.
    pub primary: Option<PeerId>,
}
