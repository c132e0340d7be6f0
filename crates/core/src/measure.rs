//! Length and hash of an encoded message without encoding it into a buffer.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

use crate::rng::mix;
use crate::wire::Measure;

/// A postcard flavour that keeps nothing but the length and a running hash, eight bytes at a time.
struct Meter {
    hash: u64,
    word: u64,
    bytes: u32,
}

impl Meter {
    #[inline]
    fn absorb(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(32);
    }
}

impl Flavor for Meter {
    type Output = Measure;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.word = (self.word << 8) | u64::from(byte);
        self.bytes += 1;
        if self.bytes.is_multiple_of(8) {
            self.absorb(self.word);
            self.word = 0;
        }
        Ok(())
    }

    #[inline]
    fn finalize(mut self) -> postcard::Result<Measure> {
        // The length goes in too: a partial word of zero bytes must not hash like none.
        self.absorb(self.word ^ (u64::from(self.bytes) << 56));
        Ok(Measure { bytes: self.bytes, hash: mix(self.hash) })
    }
}

#[inline]
pub(crate) fn measure<T: Serialize + ?Sized>(value: &T) -> Measure {
    let meter = Meter { hash: 0x243f_6a88_85a3_08d3, word: 0, bytes: 0 };
    match postcard::serialize_with_flavor(value, meter) {
        Ok(measure) => measure,
        // See `Wire::encode`: only a type of unknown length fails.
        Err(error) => unreachable!("message of unknown length: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::measure;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_measured_length_is_the_encoded_length(value: (u8, u32, Vec<u16>, String, Option<u64>)) {
            let encoded = postcard::to_stdvec(&value).unwrap();
            prop_assert_eq!(measure(&value).bytes as usize, encoded.len());
        }

        #[test]
        fn different_bytes_have_different_hashes(left: Vec<u8>, right: Vec<u8>) {
            prop_assert_eq!(left == right, measure(&left) == measure(&right));
        }
    }
}
