//! Who a peer is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a peer: 8 bytes that mean the same on every peer, so that messages may carry it.
///
/// In a simulation it is the peer's number in the experiment, 1 to N. On a real node it is the first
/// 8 bytes of the BLAKE3 hash of its Ed25519 public key, read as big-endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeerId(pub u64);

impl PeerId {
    /// A peer id in its 8 bytes, big-endian, so that byte order is id order.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// The peer id in 8 bytes written by [`PeerId::to_bytes`].
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

/// Ids below 2^32 are numbers in an experiment and shown as such; larger ones are key hashes, in hexadecimal.
impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 <= u64::from(u32::MAX) { write!(f, "{}", self.0) } else { write!(f, "{:016x}", self.0) }
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{self}")
    }
}
