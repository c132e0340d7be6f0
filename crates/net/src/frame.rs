//! Frames: what travels on a link between two peers.
//!
//! ```text
//! length  u32, big-endian: bytes that follow; only on streams, a datagram is one frame
//! version u8 = 1
//! kind    u8: 0 hello, 1 message
//! hello   protocol id u32, boot u64
//! message flags u8 (1: a cause follows), records u8, [cause u64],
//!         records times (length u16, signed peer record), body up to the protocol's limit
//! ```
//!
//! A stream begins with a hello, so messages need not repeat the protocol. All numbers are big-endian.
//! Decoding copies nothing but records and allocates nothing that a sender can choose the size of.

use rumormill_core::trace::EventId;

use crate::record::MAX_RECORD_BYTES;
use crate::{PeerRecord, RecordError};

/// The version of the framing.
pub const VERSION: u8 = 1;

/// The most peer records that travel with one message.
pub const MAX_RECORDS: usize = 16;

/// The most bytes that a frame has on top of its message's body.
pub const OVERHEAD_BYTES: usize = 4 + 8 + MAX_RECORDS * (2 + MAX_RECORD_BYTES);

const HELLO: u8 = 0;
const MESSAGE: u8 = 1;
const HAS_CAUSE: u8 = 1;

/// A decoded frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The first frame of each stream.
    Hello(Hello),
    /// A message of the protocol.
    Message {
        /// The event of its sending, when the sender traces.
        cause: Option<EventId>,
        /// Records of peers that the message mentions; their signatures hold.
        records: Vec<PeerRecord>,
        /// The encoded message.
        body: &'a [u8],
    },
}

/// What the first frame of a stream says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Which protocol the sender speaks: see [`protocol_id`].
    pub protocol: u32,
    /// The sequence number of the sender's own record: grows with each boot.
    pub boot: u64,
}

/// Why bytes are no frame. Whoever sends such bytes is disconnected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Longer than the protocol allows.
    #[error("frame of {bytes} bytes where at most {limit} are allowed")]
    TooLong {
        /// Announced or received.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// It ends too early.
    #[error("frame that ends in the middle")]
    Truncated,
    /// Another version of the framing.
    #[error("frame of version {0}; this is version {VERSION}")]
    Version(u8),
    /// A kind or a flag that this version does not have.
    #[error("frame of unknown kind or with unknown flags")]
    Unknown,
    /// More than [`MAX_RECORDS`] records.
    #[error("frame with {0} peer records where at most {MAX_RECORDS} are allowed")]
    Records(u8),
    /// A record that is not valid.
    #[error("frame with a {0}")]
    Record(#[from] RecordError),
    /// Bytes after the end of a hello.
    #[error("bytes after the end of a frame")]
    Trailing,
}

/// The number of the protocol of this name on the wire: the first 4 bytes of the name's BLAKE3 hash.
#[must_use]
pub fn protocol_id(name: &str) -> u32 {
    let hash = blake3::hash(name.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// The most bytes of a frame whose body has at most `body` bytes.
#[must_use]
pub const fn limit(body: usize) -> usize {
    body + OVERHEAD_BYTES
}

impl Hello {
    /// The encoded frame, with its length.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut frame = Vec::with_capacity(18);
        frame.extend([0, 0, 0, 14, VERSION, HELLO]);
        frame.extend(self.protocol.to_be_bytes());
        frame.extend(self.boot.to_be_bytes());
        frame
    }
}

/// A message's frame, with its length. At most [`MAX_RECORDS`] records are taken.
#[must_use]
pub fn encode_message<'r>(
    cause: Option<EventId>,
    records: impl IntoIterator<Item = &'r PeerRecord>,
    body: &[u8],
) -> Vec<u8> {
    let mut frame = Vec::with_capacity(16 + body.len());
    frame.extend([0, 0, 0, 0, VERSION, MESSAGE, u8::from(cause.is_some()), 0]);
    if let Some(EventId(cause)) = cause {
        frame.extend(cause.to_be_bytes());
    }
    for record in records.into_iter().take(MAX_RECORDS) {
        let length_at = frame.len();
        frame.extend([0, 0]);
        record.encode(&mut frame);
        let length = (frame.len() - length_at - 2) as u16;
        frame[length_at..length_at + 2].copy_from_slice(&length.to_be_bytes());
        frame[7] += 1;
    }
    frame.extend_from_slice(body);
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame
}

impl<'a> Frame<'a> {
    /// The frame in `bytes` (without its length), whose body may have up to `body_limit` bytes.
    ///
    /// # Errors
    /// When the bytes are no frame, or a record in it is not valid.
    pub fn decode(bytes: &'a [u8], body_limit: usize) -> Result<Self, FrameError> {
        if bytes.len() > limit(body_limit) {
            return Err(FrameError::TooLong { bytes: bytes.len(), limit: limit(body_limit) });
        }
        let mut rest = bytes;
        let [version, kind] = take(&mut rest)?;
        if version != VERSION {
            return Err(FrameError::Version(version));
        }
        match kind {
            HELLO => {
                let protocol = u32::from_be_bytes(take(&mut rest)?);
                let boot = u64::from_be_bytes(take(&mut rest)?);
                if rest.is_empty() { Ok(Self::Hello(Hello { protocol, boot })) } else { Err(FrameError::Trailing) }
            }
            MESSAGE => Self::decode_message(rest, body_limit),
            _ => Err(FrameError::Unknown),
        }
    }

    fn decode_message(mut rest: &'a [u8], body_limit: usize) -> Result<Self, FrameError> {
        let [flags, count] = take(&mut rest)?;
        if flags & !HAS_CAUSE != 0 {
            return Err(FrameError::Unknown);
        }
        if usize::from(count) > MAX_RECORDS {
            return Err(FrameError::Records(count));
        }
        let cause = match flags & HAS_CAUSE {
            0 => None,
            _ => Some(EventId(u64::from_be_bytes(take(&mut rest)?))),
        };
        let mut records = Vec::with_capacity(count.into());
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
            let (record, after) = rest.split_at_checked(length).ok_or(FrameError::Truncated)?;
            records.push(PeerRecord::decode(record)?);
            rest = after;
        }
        if rest.len() > body_limit {
            return Err(FrameError::TooLong { bytes: rest.len(), limit: body_limit });
        }
        Ok(Self::Message { cause, records, body: rest })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], FrameError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(FrameError::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

/// For the fuzzer: decodes whatever comes, as one frame and as a stream of them; what decodes must encode to
/// the same bytes.
///
/// # Panics
/// When it does not.
pub fn fuzz_frame(bytes: &[u8]) {
    crate::link::fuzz_stream(bytes);
    let again = match Frame::decode(bytes, 64 * 1024) {
        Err(_) => return,
        Ok(Frame::Hello(hello)) => hello.encode(),
        Ok(Frame::Message { cause, records, body }) => encode_message(cause, &records, body),
    };
    // Records may come in a longer encoding than ours (padded varints), so only frames without any are compared.
    if bytes.get(3) == Some(&0) || bytes.get(1) == Some(&HELLO) {
        assert_eq!(&again[4..], bytes, "a frame that decodes must encode to itself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identity;
    use proptest::prelude::*;

    const LIMIT: usize = 300;

    fn record(seed: u8) -> PeerRecord {
        PeerRecord::new(&Identity::from_seed(&[seed; 32]), seed.into(), &["127.0.0.1:9".parse().unwrap()])
    }

    proptest! {
        #[test]
        fn a_message_comes_back(cause: Option<u64>, count in 0_u8..4, body in proptest::collection::vec(any::<u8>(), 0..LIMIT)) {
            let cause = cause.map(EventId);
            let records: Vec<PeerRecord> = (0..count).map(record).collect();
            let bytes = encode_message(cause, &records, &body);
            prop_assert_eq!(u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize, bytes.len() - 4);
            let frame = Frame::decode(&bytes[4..], LIMIT);
            prop_assert_eq!(frame, Ok(Frame::Message { cause, records, body: &body }));
        }

        #[test]
        fn a_hello_comes_back(protocol: u32, boot: u64) {
            let hello = Hello { protocol, boot };
            let bytes = hello.encode();
            prop_assert_eq!(Frame::decode(&bytes[4..], LIMIT), Ok(Frame::Hello(hello)));
        }

        #[test]
        fn hostile_bytes_are_refused_quietly(mut bytes: Vec<u8>, head in 0_usize..3) {
            let _ = Frame::decode(&bytes, LIMIT);
            // Most random bytes fail at the version: give them a plausible beginning.
            bytes.splice(0..0, [VERSION, MESSAGE, 1, 1].into_iter().take(head + 2));
            let _ = Frame::decode(&bytes, LIMIT);
            fuzz_frame(&bytes);
        }

        #[test]
        fn every_cut_frame_is_refused(cut: prop::sample::Index) {
            let bytes = encode_message(Some(EventId(1)), &[record(1)], &[]);
            let cut = cut.index(bytes.len() - 4);
            prop_assert!(Frame::decode(&bytes[4..4 + cut], LIMIT).is_err());
        }
    }

    #[test]
    fn a_body_above_the_limit_is_refused() {
        let bytes = encode_message(None, [], &[0; LIMIT + 1]);
        assert_eq!(Frame::decode(&bytes[4..], LIMIT), Err(FrameError::TooLong { bytes: LIMIT + 1, limit: LIMIT }));
    }

    #[test]
    fn a_forged_record_spoils_the_frame() {
        let mut bytes = encode_message(None, &[record(1)], &[]);
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(Frame::decode(&bytes[4..], LIMIT), Err(FrameError::Record(RecordError::Signature)));
    }
}
