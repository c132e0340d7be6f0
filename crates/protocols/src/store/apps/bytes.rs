//! Keys and values: bytes of any kind, short ones without an allocation.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;

/// Bytes of any kind, mostly text. Up to 23 of them lie in the value itself.
///
/// People are shown text: a serializer for them gets a string, in which bytes that are no UTF-8 are replaced.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(SmallVec<[u8; 23]>);

impl Bytes {
    /// No bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Ordered and compared as its bytes are, so that maps can be asked with a slice.
impl Borrow<[u8]> for Bytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= 23 { Self::from(bytes.as_slice()) } else { Self(SmallVec::from_vec(bytes)) }
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

/// As its decimal digits.
impl From<i64> for Bytes {
    fn from(number: i64) -> Self {
        let (mut digits, mut first, mut rest) = ([0; 20], 20, number.unsigned_abs());
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            first -= 1;
            digits[first] = b'-';
        }
        Self::from(&digits[first..])
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(self) }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(BytesVisitor)
        } else {
            deserializer.deserialize_bytes(BytesVisitor)
        }
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes or text")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Bytes;

    proptest! {
        #[test]
        fn bytes_travel_and_compare_as_they_are(one: Vec<u8>, other: Vec<u8>) {
            let bytes = Bytes::from(one.as_slice());
            let sent = postcard::to_stdvec(&bytes).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Bytes>(&sent).unwrap(), bytes.clone());
            prop_assert_eq!(bytes.cmp(&Bytes::from(other.clone())), one.cmp(&other));
        }

        #[test]
        fn a_number_is_its_digits(number: i64) {
            let text = number.to_string();
            prop_assert_eq!(&*Bytes::from(number), text.as_bytes());
        }
    }
}
