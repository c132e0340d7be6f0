//! What the replicas agree on, one after the other: the log of their Raft group ([`crate::raft`]).
//!
//! Forced and immediate updates, and who is a member. Everything else is causal and needs no agreement.

use rumormill_core::PeerId;
use serde::{Deserialize, Serialize};

use super::{Application, CallId, Slot, Timestamp};

/// A round, in which all members stop: the term of the primary that holds it, and its number in that term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Round {
    /// The primary's term.
    pub term: u64,
    /// The how manieth of that term; 0 stands before the first.
    pub number: u64,
}

/// An update that is ordered among all others of its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Ordered<A: Application> {
    /// Its name.
    pub call: CallId,
    /// What it comes after, besides all that was ordered before.
    pub prev: Timestamp,
    /// When it was first sent.
    pub time: u64,
    /// What it does.
    pub update: A::Update,
}

/// What the replicas agree on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Decree<A: Application> {
    /// The next forced update.
    Forced(Box<Ordered<A>>),
    /// All members stopped, and told what they hold.
    Round(Box<Minutes<A>>),
    /// No member stays stopped for this round or one before it.
    Over(Round),
    /// From now on this peer is a member.
    Admit(PeerId),
}

/// What came of a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Minutes<A: Application> {
    /// Which round.
    pub round: Round,
    /// What all members together held: all there was.
    pub held: Timestamp,
    /// The latest stamp's time that any of them had heard of.
    pub time: u64,
    /// Immediate updates: after all that was held, before all that comes.
    pub updates: Vec<Ordered<A>>,
    /// Lines that have ended: nobody adds to them any more, and what is not held of them is lost.
    pub ended: Vec<Slot>,
    /// From now on this peer is no member.
    pub dismissed: Option<PeerId>,
}

impl<A: Application> Decree<A> {
    /// The least time of the calls in it: a floor must not rise beyond, or copies of them might be taken.
    #[must_use]
    pub fn time(&self) -> Option<u64> {
        match self {
            Self::Forced(ordered) => Some(ordered.time),
            Self::Round(minutes) => minutes.updates.iter().map(|update| update.time).min(),
            Self::Over(_) | Self::Admit(_) => None,
        }
    }
}
