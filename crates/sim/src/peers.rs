//! What is kept of each peer: its state, a little bookkeeping, and in side maps what few peers have.

use std::hash::{BuildHasher, Hasher};

use rumormill_core::rng::mix;

pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod gate;
pub(crate) mod keys;
pub(crate) mod neighbors;
pub(crate) mod targets;

/// A peer: everything that an event needs, side by side, and in this order.
#[derive(Clone)]
#[repr(C)]
pub(crate) struct Cell<P> {
    pub(crate) book: Book,
    pub(crate) state: P,
}

/// The bookkeeping of a peer.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[repr(C)]
pub(crate) struct Book {
    /// How many times it was activated, over all its lives: decides its draws.
    pub(crate) activations: u32,
    /// How many messages it sent, over all its lives: decides the network's draws.
    pub(crate) sends: u32,
    /// How many times it crashed. Timers of an earlier life are discarded. Wraps.
    pub(crate) life: u16,
    /// Targets that it reported in this life and does not meet.
    pub(crate) unmet: u16,
    /// A set of the flags below.
    pub(crate) flags: u16,
    /// Where its row of neighbors begins, and how long it is; unless everybody knows everybody.
    #[serde(skip)]
    pub(crate) row: u32,
    #[serde(skip)]
    pub(crate) degree: u32,
}

const _: () = assert!(size_of::<Book>() <= 24);

/// It booted and did not crash since.
pub(crate) const UP: u16 = 1;
/// It crashed, or was taken down before it could boot.
pub(crate) const CRASHED: u16 = 1 << 1;
/// It said that it is done, in this life.
pub(crate) const DONE: u16 = 1 << 2;
/// It is up, done, and meets all targets that it reported.
pub(crate) const FINISHED: u16 = 1 << 3;
/// Its input goes through a gate: it is paused or slow.
pub(crate) const GATED: u16 = 1 << 4;
/// Its clock is not the run's.
pub(crate) const SKEWED: u16 = 1 << 5;
/// Effects of it wait for its disk.
pub(crate) const HELD: u16 = 1 << 6;
/// Churn took it down and will bring it back.
pub(crate) const AWAY: u16 = 1 << 7;
/// Nothing in the plan brings it back.
pub(crate) const GONE: u16 = 1 << 8;

impl Book {
    #[inline]
    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u16, value: bool) {
        if value { self.flags |= flag } else { self.flags &= !flag }
    }
}

/// What few peers have, by index in the shard. Never iterated where the order matters.
pub(crate) type Sparse<T> = hashbrown::HashMap<u64, T, FixedState>;

/// The same hashes in every process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FixedState;

impl BuildHasher for FixedState {
    type Hasher = FixedHasher;

    fn build_hasher(&self) -> FixedHasher {
        FixedHasher(0)
    }
}

/// Mixes 64 bits at a time: keys are numbers.
pub(crate) struct FixedHasher(u64);

impl Hasher for FixedHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word);
    }
}
