//! A key-value store with strings, counters, hashes and sets, as in Redis.

mod operation;

pub use operation::{Answer, Error, Kind, Query, Update};

/// The most keys that one [`Query::Scan`] looks at.
pub const MAX_SCAN: u32 = 10_000;
