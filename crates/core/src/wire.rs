//! What travels between peers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::PeerId;

/// A message: it can be encoded, decoded, named, and says which other peers it names.
///
/// The encoding is [postcard](https://postcard.jamesmunns.com): derive `Serialize` and `Deserialize`
/// and write `impl Wire for Message {}`.
pub trait Wire: Serialize + DeserializeOwned + Clone + std::fmt::Debug {
    /// The most bytes that an encoded message may have. Longer ones are refused before they are decoded.
    const MAX_BYTES: usize = 64 * 1024;

    /// The name of this kind of message in traces and legends, for example `push`. At most seven kinds
    /// get colours of their own.
    fn kind(&self) -> &'static str {
        "message"
    }

    /// The community that the message belongs to, or `""` for the protocol's own.
    fn community(&self) -> &'static str {
        ""
    }

    /// Calls `visit` for every peer that the message names, so that the runtime can send their signed
    /// peer records along where the receiver may lack them.
    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        let _ = visit;
    }

    /// May a real link lose this message? Such messages can travel as datagrams.
    fn may_be_lost(&self) -> bool {
        false
    }

    /// Appends the encoded message to `buffer`.
    fn encode(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        match postcard::to_extend(self, std::mem::take(buffer)) {
            Ok(full) => *buffer = full,
            // Postcard fails only for types of unknown length (an iterator without a size hint), which is a
            // fault of the message's own `Serialize`: found by the first test that sends one.
            Err(error) => unreachable!("message of unknown length after {start} bytes: {error}"),
        }
    }

    /// The message in `bytes`.
    ///
    /// # Errors
    /// When there are more than [`Wire::MAX_BYTES`], when they are no message, or when some are left over.
    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(WireError::TooLong { bytes: bytes.len(), limit: Self::MAX_BYTES });
        }
        let (message, rest) = postcard::take_from_bytes(bytes)?;
        if rest.is_empty() { Ok(message) } else { Err(WireError::Trailing { bytes: rest.len() }) }
    }

    /// The encoded length and a hash of the encoded bytes, in one pass and without a buffer.
    #[inline]
    fn measure(&self) -> Measure {
        crate::measure::measure(self)
    }
}

/// What [`Wire::measure`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Length of the encoded message in bytes.
    pub bytes: u32,
    /// A 64-bit hash of the encoded bytes; not for security.
    pub hash: u64,
}

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than the message type allows.
    #[error("message of {bytes} bytes where at most {limit} are allowed")]
    TooLong {
        /// Bytes received.
        bytes: usize,
        /// [`Wire::MAX_BYTES`].
        limit: usize,
    },
    /// Bytes after the end of the message.
    #[error("{bytes} bytes after the end of the message")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// Not an encoding of this message type.
    #[error("not a message: {0}")]
    Malformed(#[from] postcard::Error),
}
