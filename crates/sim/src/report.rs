//! What a run has done so far, and how it ended.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::property::Violation;
use rumormill_core::{Instant, Outcome};
use serde::{Deserialize, Serialize};

use crate::Digest;

/// How a run ended and what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// How it ended; [`Outcome::Stopped`] when it was asked before its end.
    pub outcome: Outcome,
    /// Why it failed, when it could not go on.
    pub failure: Option<String>,
    /// Virtual time: until the last peer was done, until the time limit, or until now.
    pub virtual_time: Duration,
    /// How many times a protocol was activated: boots, messages, timers and requests.
    pub events: u64,
    /// What travelled.
    pub messages: Messages,
    /// The targets that peers reported, by name.
    pub targets: BTreeMap<String, TargetReport>,
    /// Peers that are up.
    pub up: u32,
    /// Peers that are up, done, and have met all their targets.
    pub done: u32,
    /// Everything that happened, in 128 bits.
    pub digest: Digest,
    /// Properties that did not hold: the one that ended the run, or all that its end showed.
    pub violations: Vec<Violation>,
    /// When all peers are looked at only now and then ([`EXACT_PEERS`](crate::EXACT_PEERS)) and something was
    /// wrong with them: after how many events all was well. Running it again with
    /// [`Checks::exactly_from`](crate::Checks::exactly_from) finds the very event.
    pub well_at: Option<u64>,
}

/// What travelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Messages that protocols sent.
    pub sent: u64,
    /// Messages handed to protocols; one that the network doubled counts twice.
    pub delivered: u64,
    /// Messages lost: on the way, at a bounded queue, or at a peer that was down.
    pub dropped: u64,
    /// Second copies that the network made.
    pub duplicated: u64,
    /// Bytes of the bodies of all messages sent.
    pub bytes: u64,
}

/// One target over all peers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetReport {
    /// Peers that meet it now.
    pub met: u32,
    /// Peers that ever reported it.
    pub peers: u32,
}

/// How far a run is: cheap to ask for, at any time between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// Virtual time.
    pub now: Instant,
    /// See [`Report::events`].
    pub events: u64,
    /// Number of peers of the run.
    pub peers: u32,
    /// Peers that are up.
    pub up: u32,
    /// Peers that are up, done, and have met all their targets.
    pub done: u32,
    /// Peers that must be done for the run to be complete: all but those that are down for good.
    pub expected: u32,
    /// What travelled.
    pub messages: Messages,
    /// The targets that peers reported, by name.
    pub targets: BTreeMap<String, TargetReport>,
}

impl Messages {
    pub(crate) fn join(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            dropped: self.dropped + other.dropped,
            duplicated: self.duplicated + other.duplicated,
            bytes: self.bytes + other.bytes,
        }
    }
}
