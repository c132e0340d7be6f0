//! What happened in a run, in figures.

mod progress;
mod tally;
mod timeline;

use std::collections::BTreeMap;

use rumormill_core::trace::Kind;
use serde::Serialize;

use crate::walk::Walk;
use crate::{Link, Run};

pub(crate) use tally::Tally;
pub use timeline::Activity;

/// What happened in a run. Everything here is counted from its events.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Events read.
    pub events: u64,
    /// Sentences about events that are not counted here, and why.
    pub notes: Vec<String>,
    /// Peers that something happened to.
    pub peers: u64,
    /// Peers that are done at the end.
    pub done: u64,
    /// Time of the last event, in seconds.
    pub last_s: f64,
    /// Time of the first delivery, in seconds.
    pub first_delivery_s: Option<f64>,
    /// Time of the last delivery, in seconds.
    pub last_delivery_s: Option<f64>,
    /// Events by kind, in the order of the kinds; those that happened.
    pub kinds: Vec<(Kind, u64)>,
    /// Messages by name.
    pub messages: BTreeMap<String, MessageCount>,
    /// Lost messages by reason.
    pub lost: BTreeMap<String, u64>,
    /// Targets by name.
    pub targets: BTreeMap<String, TargetCount>,
    /// Faults, crashes and restarts, the first thousand, in order.
    pub faults: Vec<FaultLine>,
    /// The links with the most messages, ten of them.
    pub top_links: Vec<Link>,
    /// How many links carried messages.
    pub links: u64,
    /// Peers that are not done, then those that were done last; ten of them.
    pub slowest: Vec<Slow>,
    /// What happened when.
    pub activity: Activity,
}

/// Messages of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MessageCount {
    /// That left a peer.
    pub sent: u64,
    /// That were handled.
    pub delivered: u64,
    /// That were lost.
    pub dropped: u64,
    /// Bytes of the bodies of those sent.
    pub bytes: u64,
}

/// How far the peers came with a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TargetCount {
    /// Peers that met it.
    pub met: u64,
    /// Peers that have it.
    pub peers: u64,
    /// Sum of the peers' values.
    pub value: u64,
    /// Sum of the peers' goals.
    pub goal: u64,
    /// When a peer met it first, in seconds.
    pub first_met_s: Option<f64>,
    /// When a peer met it last, in seconds.
    pub last_met_s: Option<f64>,
}

/// A fault, a crash or a restart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultLine {
    /// When, in seconds.
    pub at_s: f64,
    /// The peer it happened to; 0 for the network as a whole.
    pub peer: u64,
    /// What happened.
    pub kind: Kind,
    /// Name of the fault.
    pub name: String,
    /// More about it.
    pub text: String,
}

/// A peer that others had to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Slow {
    /// Its number.
    pub peer: u64,
    /// When it was done, in seconds; `None` when it is not.
    pub done_s: Option<f64>,
}

impl Summary {
    /// The summary of a run, from all of its events that can be read.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let (mut walk, mut tally) = (Walk::new(run), Tally::default());
        while let Some(event) = walk.next() {
            tally.add(&event);
        }
        let mut summary = tally.summary();
        summary.notes.splice(0..0, walk.notes);
        summary
    }

    /// How many events of this kind there were.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.kinds.iter().find(|&&(known, _)| known == kind).map_or(0, |&(_, count)| count)
    }
}
