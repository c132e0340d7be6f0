//! What can be seen of one peer of a run, besides its state.

use rumormill_core::{Instant, PeerId};

/// What a run keeps of one peer besides its state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspection {
    /// Is it up, and does it get its input?
    pub status: PeerStatus,
    /// How many times it was activated, over all its lives.
    pub activations: u32,
    /// How many events a recording has of it; 0 where nobody counts.
    pub recorded: u64,
    /// Its clock.
    pub clock: Clock,
    /// Timers that it has set, soonest first.
    pub timers: Listed<Pending>,
    /// Messages on their way to it, soonest first.
    pub inbox: Listed<Pending>,
    /// What has arrived and waits because the peer is paused or slow, first come first.
    pub waiting: Listed<Pending>,
    /// Its disk.
    pub disk: DiskView,
}

/// How a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerStatus {
    /// It runs.
    Up,
    /// It is frozen: what arrives waits.
    Paused,
    /// It runs, and takes its time for each input.
    Slow,
    /// It crashed.
    Down,
    /// Churn took it down and will bring it back.
    Away,
    /// It has not booted yet.
    Absent,
}

impl PeerStatus {
    /// The name on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Paused => "paused",
            Self::Slow => "slow",
            Self::Down => "down",
            Self::Away => "away",
            Self::Absent => "absent",
        }
    }
}

/// A peer's clock, beside the run's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Nanoseconds that it shows more than the run's (less when negative).
    pub offset_ns: i64,
    /// Parts per million by which it runs faster (slower when negative).
    pub drift_ppm: i32,
}

/// The first of several things, and how many more there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The first ones.
    pub items: Vec<T>,
    /// How many are left out.
    pub more: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: 0 }
    }
}

impl<T> Listed<T> {
    /// At most `limit` of these.
    pub(crate) fn of(mut all: impl Iterator<Item = T>, limit: usize) -> Self {
        let items = all.by_ref().take(limit).collect();
        Self { items, more: all.count() as u64 }
    }
}

/// Something that will reach a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// When; none for what waits for the peer itself.
    pub at: Option<Instant>,
    /// What it is.
    pub what: What,
    /// The sender of a message.
    pub from: Option<PeerId>,
    /// Kind of message, or name of the timer.
    pub name: String,
    /// In words.
    pub text: String,
    /// Bytes of a message's body.
    pub bytes: u32,
}

/// What reaches a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A message of another peer.
    Message,
    /// A timer of its own.
    Timer,
    /// Somebody asks something.
    Request,
}

/// A peer's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskView {
    /// What is being written, then what is durable by key.
    pub entries: Listed<DiskEntry>,
    /// Bytes of all durable keys and values.
    pub bytes: u64,
}

/// A key on a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskEntry {
    /// The key.
    pub key: Vec<u8>,
    /// Its value; none where the key is being removed.
    pub value: Option<Vec<u8>>,
    /// When what is being written will be durable; none when it is.
    pub durable_at: Option<Instant>,
}
