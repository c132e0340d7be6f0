//! The bounds of everything that can wait in a run, and what happens at each.

/// Messages that wait for one paused or slow peer. A further message to it is dropped. Its timers always
/// wait: they are no more than it had set.
pub const WAITING_PER_PEER: usize = 1 << 16;

/// Effects that one peer holds back until its disk has written what came before them. A peer that asks for
/// more crashes, as a process that runs out of memory does.
pub const HELD_PER_PEER: usize = 1 << 16;

/// Bytes that wait before one link of limited bandwidth. A message that would wait behind more is dropped.
pub const QUEUED_BYTES_PER_LINK: u64 = 1 << 20;

/// Neighbors that all peers together may have in a topology: a gigabyte. More is an error of the settings.
pub const NEIGHBORS_TOTAL: u64 = 1 << 27;

/// Peers of a topology in which everybody knows everybody; each activation there costs time in proportion.
/// More is an error of the settings.
pub const PEERS_IN_FULL_TOPOLOGY: u32 = 20_000;

/// Characters of a message, timer or indication in a trace; the rest is cut.
pub const TRACE_TEXT: usize = 240;

/// Threads of one run. More is an error of the settings.
pub const THREADS: u32 = 256;
