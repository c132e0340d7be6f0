//! Going back in a simulated run: its state at any moment, and its messages as they travelled.
//!
//! Nothing of this is recorded. A simulation happens twice the same, so it is run again, from what
//! `run.json` says, and its clones on the way are kept: from the nearest one it is a short way to any
//! moment. [`Rewinder`] does that for one run, [`Rewinds`] keeps the runs that somebody looks at.

mod cache;
pub(crate) mod encode;
mod seen;
mod shelf;
mod tree;

use rumormill_core::Instant;
use rumormill_core::trace::{Event, EventId};
use rumormill_sim::Body;

pub(crate) use cache::Rewinder;
pub(crate) use seen::Seen;
pub(crate) use shelf::{RewindStartError, Rewinds};

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// After everything that happens up to this time.
    Time(Instant),
    /// Right after the activation that recorded this event.
    Event(EventId),
}

/// Why a moment cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RewindError {
    /// Nobody has this number.
    #[error("there is no peer {peer}; they are numbered 1 to {peers}")]
    Peer {
        /// The number.
        peer: u32,
        /// How many there are.
        peers: u32,
    },
    /// The run has no such event, or not yet.
    #[error("the run has no event {}", .event.0)]
    Event {
        /// Its id.
        event: EventId,
    },
    /// The event is about no message.
    #[error("event {} is about no message", .event.0)]
    NoMessage {
        /// Its id.
        event: EventId,
    },
}

/// A run that can be gone back in, whatever its protocol. `latest` is how far the run itself is: beyond
/// that there is nothing to see.
pub(crate) trait Rewind: Send {
    /// A peer at a moment.
    ///
    /// # Errors
    /// When there is no such peer or event.
    fn state(&mut self, peer: u32, at: At, latest: Instant) -> Result<Seen, RewindError>;

    /// The event as it is recorded, and its message.
    ///
    /// # Errors
    /// When there is no such event, or it is about no message.
    fn message(&mut self, event: EventId, latest: Instant) -> Result<(Event, Body), RewindError>;

    /// When a fault happens that comes right after this moment.
    ///
    /// # Errors
    /// When there is no such event.
    fn fault_time(&mut self, at: At, latest: Instant) -> Result<Instant, RewindError>;

    /// How the whole run ended, and how far it went: see [`rumormill_sim::Report`].
    #[cfg(test)]
    fn report(&mut self) -> rumormill_sim::Report;
}

#[cfg(test)]
mod tests;
