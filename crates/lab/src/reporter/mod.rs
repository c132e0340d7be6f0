//! Programs in any language that tell the lab what they do, over VisualDispersy's line protocol.
//!
//! A program connects, reports what its peers do in records of ASCII text that end in `;`, and says END
//! for each when it has nothing left to do. Once every peer has ended, all are answered `OK`, and the
//! run is over; who connects then begins the next one. A program that leaves without END holds up nobody:
//! its peers count as crashed. `docs/reporter.md` describes it for those who write such programs.

pub(crate) mod gathering;
mod listen;
mod meeting;
pub(crate) mod parser;

pub use listen::CLIENTS_MAX;
pub(crate) use listen::Reporter;
pub use parser::{RECORD_BYTES_MAX, fuzz_reporter};

#[cfg(test)]
mod tests;
