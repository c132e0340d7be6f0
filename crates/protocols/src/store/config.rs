//! What all peers of a store share.

use std::ops::Range;
use std::time::Duration;

use rumormill_core::Instant;

use super::{Ack, Change};
use crate::raft;

/// What all peers of a store share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Founding replicas: the peers with the numbers 1 to this.
    pub replicas: u32,
    /// Front ends: the next numbers.
    pub front_ends: u32,
    /// Replicas that are not members yet: the numbers after.
    pub spares: u32,
    /// A replica that boots with an empty disk before this moment (on its clock) founds the store; later, it
    /// has lost its disk.
    pub founding: Instant,
    /// How often a replica gossips with the others, on average; drawn anew each time, between half and one and
    /// a half of it.
    pub gossip_every: Duration,
    /// The most updates that may come before gossip is sent without waiting for its time.
    pub gossip_after: usize,
    /// δ: copies of a call that are older are refused, so that calls may be forgotten.
    pub delta: Duration,
    /// When updates are answered.
    pub ack: Ack,
    /// The group of replicas that orders forced and immediate calls, and changes who is a member.
    pub council: raft::Config,
    /// A replica that has not heard from the primary for so long takes no updates, so that it may be evicted.
    /// `None`: it always takes them, and whoever evicts a replica vouches that it is dead.
    pub lease: Option<Duration>,
    /// How long a front end waits for an answer before it asks another replica.
    pub retry_after: Duration,
    /// The share of calls that a replica refuses as overloaded, 0 to 1.
    pub overload: f64,
    /// What front ends' made-up clients do; none outside of experiments.
    pub load: Option<Load>,
    /// A known mistake, planted to show that checkers find it.
    pub flaw: Option<Flaw>,
}

/// What made-up clients do.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Clients at each front end, each with a session of its own and one call at a time.
    pub clients: u32,
    /// Calls of each client.
    pub calls: u32,
    /// The share of updates among the calls.
    pub updates: f64,
    /// The share of forced ones among the updates.
    pub forced: f64,
    /// The share of immediate ones among all calls.
    pub immediate: f64,
    /// Keys that the clients use; immediate calls use a quarter as many of their own, so that they can be judged.
    pub keys: u32,
    /// Pause between two calls of a client, on average.
    pub think: Duration,
    /// A client moves to another front end, with its token, after so many calls; 0: never.
    pub roam_after: u32,
    /// Members that come and go meanwhile, one after the other.
    pub changes: Vec<Change>,
}

impl Load {
    /// The keys of immediate calls.
    #[must_use]
    pub fn immediate_keys(&self) -> Range<u32> {
        self.keys..self.keys + self.keys.div_ceil(4)
    }
}

/// Known mistakes in implementations of lazy replication. Each is found by a checker: that is their use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Updates and queries do not wait for what they depend on.
    NoPrev,
    /// Calls are not remembered: copies are executed again.
    NoCallTable,
    /// A copy of a forgotten call is answered with the replica timestamp.
    AnswersReplicaTimestamp,
    /// The timestamp of a duplicate record is not merged into the value timestamp.
    DuplicateNotMerged,
    /// Calls are forgotten sooner than their copies have died out, and late ones are taken.
    DeltaTooShort,
    /// A replica that lost its disk goes on under its old incarnation.
    ReusedIncarnation,
}

impl Flaw {
    /// All of them, with the names that experiments use.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::NoPrev, "no-prev"),
        (Self::NoCallTable, "no-call-table"),
        (Self::AnswersReplicaTimestamp, "answers-replica-timestamp"),
        (Self::DuplicateNotMerged, "duplicate-not-merged"),
        (Self::DeltaTooShort, "delta-too-short"),
        (Self::ReusedIncarnation, "reused-incarnation"),
    ];
}
