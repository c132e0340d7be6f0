//! Two runs side by side: where they begin to differ.

mod by_event;
mod by_peer;

use rumormill_core::trace::Event;
use serde::Serialize;

use crate::{Mode, Run};

/// Events before the difference that are told, at most.
const BEFORE_MAX: usize = 5;

/// What comparing two runs showed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// How their events were put side by side.
    pub aligned: Aligned,
    /// Events that agree: up to the difference, or of all peers together.
    pub same: u64,
    /// Where they differ first; `None` when they do not.
    pub difference: Option<Difference>,
    /// Sentences about what was not compared, and why.
    pub notes: Vec<String>,
}

/// The first event that differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// Events that agree before it: of the run, or of its peer.
    pub n: u64,
    /// The left run's event; `None` when it has no more.
    pub left: Option<Event>,
    /// The right run's event; `None` when it has no more.
    pub right: Option<Event>,
    /// The last events that agree, oldest first, as the left run has them; at most five.
    pub before: Vec<Event>,
}

/// How the events of two runs are put side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Aligned {
    /// In the run's order, with everything that is recorded of them: two simulations.
    #[serde(rename = "event by event")]
    Events,
    /// Each peer's in their order, by kind, name and other peer: at least one of the runs is real, where
    /// times, sizes and contents may differ, and what happens to different peers at about the same time has no order.
    #[serde(rename = "peer by peer")]
    Peers,
}

impl Aligned {
    /// The name for a person.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "event by event",
            Self::Peers => "peer by peer",
        }
    }
}

/// Finds where two runs begin to differ.
///
/// Two simulations are compared event by event. Otherwise each peer's events are compared in their order, by
/// kind, name and other peer, without times; of the peers' first differences, the one that comes first in the
/// left run is told, so that none of the others can have caused it. What the network, the recorder and the
/// supervisor say (losses, faults, notes, readings) and progress, which real peers tell in larger steps, are
/// not compared then. Takes memory for the events by which one run is ahead of the other at its peers, two
/// million at most.
#[must_use]
pub fn compare(left: &Run, right: &Run) -> Comparison {
    if left.file().mode == Mode::Sim && right.file().mode == Mode::Sim {
        by_event::compare(left, right)
    } else {
        by_peer::compare(left, right)
    }
}
