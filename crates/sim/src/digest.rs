//! What a run did, in 128 bits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A fingerprint of everything that happened in a run.
///
/// Every event of the run is hashed with its time, peer and place in that peer's order, and the hashes
/// are summed. A sum does not depend on the order of its terms, so shards add up their own and the total
/// is the same for any number of them. Not for security.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u64; 2]);

/// The text is no digest: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 32 hexadecimal digits")]
pub struct DigestError;

/// What a term of the digest is about, so that two kinds of events never hash alike.
#[derive(Clone, Copy)]
#[repr(u64)]
pub(crate) enum Entry {
    Boot = 1,
    Message,
    Timer,
    Request,
    Send,
    Progress,
    Done,
    Write,
    Crash,
    Fault,
}

impl Digest {
    /// Adds one event: `place` is the peer in the upper and its own count in the lower half.
    #[inline]
    pub(crate) fn add(&mut self, entry: Entry, time: u64, place: u64, content: u64) {
        let when = fold(time ^ 0xa076_1d64_78bd_642f, place ^ 0xe703_7ed1_a0b4_28db);
        let what = content.wrapping_add((entry as u64).wrapping_mul(0x8ebc_6af0_9c88_c6e3));
        let low = fold(when ^ what, 0x5899_65cc_7537_4cc3);
        let high = fold(low ^ 0x1d8e_4e27_c47d_124f, when ^ what.rotate_left(29));
        self.0[0] = self.0[0].wrapping_add(low);
        self.0[1] = self.0[1].wrapping_add(high);
    }

    /// The digest of two parts of one run.
    pub(crate) fn join(self, other: Self) -> Self {
        Self([self.0[0].wrapping_add(other.0[0]), self.0[1].wrapping_add(other.0[1])])
    }
}

/// Both halves of the 128-bit product, folded (as in wyhash and its descendants).
#[inline]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A hash of bytes for the digest.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0x2d35_8dcc_aa6c_78a5 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = fold(hash ^ u64::from_le_bytes(word), 0x8bb8_4b93_962e_acc9);
    }
    hash
}

/// A hash of what is written to a disk.
pub(crate) fn hash_write((key, value): &(Vec<u8>, Option<Vec<u8>>)) -> u64 {
    hash_bytes(key) ^ value.as_ref().map_or(1, |value| hash_bytes(value).rotate_left(23))
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}{:016x}", self.0[0], self.0[1]))
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DigestError);
        }
        let half = |range| u64::from_str_radix(&text[range], 16).map_err(|_| DigestError);
        Ok(Self([half(0..16)?, half(16..32)?]))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_events_does_not_matter_and_everything_else_does() {
        let event = |entry, time, place, content| {
            let mut digest = Digest::default();
            digest.add(entry, time, place, content);
            digest
        };
        let (one, other) = (event(Entry::Send, 1, 2, 3), event(Entry::Timer, 1, 2, 3));
        assert_eq!(one.join(other), other.join(one));
        let all = [one, other, event(Entry::Send, 2, 2, 3), event(Entry::Send, 1, 3, 3), event(Entry::Send, 1, 2, 4)];
        for (index, left) in all.iter().enumerate() {
            for right in &all[index + 1..] {
                assert!(left.0[0] != right.0[0] && left.0[1] != right.0[1]);
            }
        }
    }

    #[test]
    fn a_digest_survives_being_text() {
        let digest = Digest([1, u64::MAX - 5]);
        assert_eq!(digest.to_string(), "0000000000000001fffffffffffffffa");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert_eq!("1".parse::<Digest>(), Err(DigestError));
        assert_eq!("+000000000000001fffffffffffffffa".parse::<Digest>(), Err(DigestError));
    }
}
