//! What all members share.

use std::time::Duration;

/// Heartbeats within the least time that a follower waits: one or two may be lost.
const BEATS: u32 = 4;

/// What all members share.
#[derive(Clone, Debug)]
pub struct Config {
    /// How long a follower waits for its leader, at least; at most twice as long. Also for how long after a word
    /// from its leader it votes for nobody else.
    pub timeout: Duration,
    /// How often a leader tells that it is there, at least; each time is drawn, up to a quarter sooner.
    pub beat_every: Duration,
    /// Messages with entries under way to one member, at most. What is proposed meanwhile goes together.
    pub window: usize,
    /// Bytes of entries in one message; a single entry may have as many. A message, with what the layer above
    /// puts around it, must stay below its [`rumormill_core::Wire::MAX_BYTES`].
    pub batch_bytes: usize,
    /// Entries that may wait to be committed; at this bound the leader refuses further commands.
    pub uncommitted_max: u64,
    /// A mistake to make on purpose, so that tests and lessons can see it found.
    pub flaw: Option<Flaw>,
}

/// A mistake that implementations of Raft have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The vote is not on disk: a member that reboots votes a second time in a term.
    ForgetsVotes,
    /// Entries of earlier terms are committed by counting who has them (figure 8 of the paper).
    CountsOldTerms,
    /// A peer that lost its disk comes back as the member that it was, and has forgotten what it promised.
    ReusesIncarnations,
}

impl Config {
    /// For a network on which a message and its answer take at most about a third of `timeout`.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            beat_every: timeout / BEATS,
            window: 8,
            batch_bytes: 32 * 1024,
            uncommitted_max: 10_000,
            flaw: None,
        }
    }
}

impl Default for Config {
    /// A timeout of 300 ms.
    fn default() -> Self {
        Self::new(Duration::from_millis(300))
    }
}
