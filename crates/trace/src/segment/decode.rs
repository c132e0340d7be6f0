//! Parquet's encodings, as far as Rumormill writes them
//! (<https://parquet.apache.org/docs/file-format/data-pages/encodings/>). Each decoder takes `count` values
//! from the reader; `None` where the bytes are none.

use super::thrift::Thrift;

/// Numbers of 64 bits, one after the other.
pub(super) fn plain(reader: &mut Thrift<'_>, count: usize, values: &mut Vec<u64>) -> Option<()> {
    let bytes = reader.take(count.checked_mul(8)?)?;
    let (numbers, _) = bytes.as_chunks::<8>();
    values.extend(numbers.iter().map(|&number| u64::from_le_bytes(number)));
    Some(())
}

/// Texts, each behind its length: gives where they lie in `bytes`.
pub(super) fn plain_texts(bytes: &[u8], start: usize, count: usize, places: &mut Vec<(u32, u32)>) -> Option<()> {
    let mut reader = Thrift(bytes.get(start..)?);
    for _ in 0..count {
        let length = reader.length()?;
        let start = bytes.len() - reader.0.len();
        reader.take(length)?;
        places.push((u32::try_from(start).ok()?, u32::try_from(start + length).ok()?));
    }
    Some(())
}

/// Small numbers of `width` bits: runs of equal ones, and groups of eight packed ones.
pub(super) fn hybrid(reader: &mut Thrift<'_>, width: u32, count: usize, values: &mut Vec<u32>) -> Option<()> {
    let end = values.len() + count;
    while values.len() < end {
        let head = reader.varint()?;
        let left = end - values.len();
        let length = usize::try_from(head >> 1).ok()?;
        if head & 1 == 0 {
            let bytes = reader.take(width.div_ceil(8) as usize)?;
            let value = bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte));
            values.extend(std::iter::repeat_n(value, length.min(left)));
        } else {
            let bytes = reader.take(length.checked_mul(width as usize)?)?;
            let packed = Bits::new(bytes, width);
            values.extend(packed.take(length.checked_mul(8)?.min(left)).map(|value| value as u32));
        }
    }
    Some(())
}

/// Numbers of 64 bits by their differences, packed in blocks.
pub(super) fn delta(reader: &mut Thrift<'_>, count: usize, values: &mut Vec<u64>) -> Option<()> {
    let block = usize::try_from(reader.varint()?).ok()?;
    let parts = usize::try_from(reader.varint()?).ok()?;
    let total = usize::try_from(reader.varint()?).ok()?;
    let mut value = reader.signed()? as u64;
    let per_part = block.checked_div(parts)?;
    // The format asks for multiples of 32, so that each part ends at a byte.
    if total != count || per_part == 0 || !per_part.is_multiple_of(32) || per_part * parts != block {
        return None;
    }
    if count > 0 {
        values.push(value);
    }
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let least = reader.signed()? as u64;
        for &width in reader.take(parts)? {
            if left == 0 {
                break;
            }
            if width > 64 {
                return None;
            }
            let packed = Bits::new(reader.take((per_part / 8).checked_mul(usize::from(width))?)?, width.into());
            let taken = per_part.min(left);
            values.extend(packed.take(taken).map(|difference| {
                value = value.wrapping_add(least).wrapping_add(difference);
                value
            }));
            left -= taken;
        }
    }
    Some(())
}

/// Numbers of `width` bits, at most 64, packed from the least bit on; zeros for ever when the bytes end.
struct Bits<'a> {
    bytes: &'a [u8],
    width: u32,
    mask: u128,
    /// The bit at which the next number begins.
    next: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8], width: u32) -> Self {
        Self { bytes, width, mask: (1 << width) - 1, next: 0 }
    }
}

impl Iterator for Bits<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        let rest = self.bytes.get(self.next / 8..).unwrap_or_default();
        // 64 bits that begin within a byte reach into nine.
        let window = match rest.first_chunk::<16>() {
            Some(window) => *window,
            None => {
                let mut window = [0; 16];
                window[..rest.len()].copy_from_slice(rest);
                window
            }
        };
        let number = u128::from_le_bytes(window) >> (self.next % 8) & self.mask;
        self.next += self.width as usize;
        Some(number as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Examples worked through in the format's own documentation.
    #[test]
    fn the_documents_examples_decode() {
        let mut values = Vec::new();
        hybrid(&mut Thrift(&[0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010]), 3, 8, &mut values).unwrap();
        assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7]);
        values.clear();
        hybrid(&mut Thrift(&[0x0a, 0x07]), 3, 4, &mut values).unwrap();
        assert_eq!(values, [7, 7, 7, 7], "a run of five, of which four are wanted");

        // 1, 2, 3, 4, 5: first 1, then differences of at least 1, in no bits at all.
        let mut values = Vec::new();
        delta(&mut Thrift(&[0x80, 0x01, 0x04, 0x05, 0x02, 0x02, 0, 0, 0, 0]), 5, &mut values).unwrap();
        assert_eq!(values, [1, 2, 3, 4, 5]);
        // 7, 5, 3, 1, 2, 3, 4, 5: differences of at least -2, in two bits.
        let bytes = [0x80, 0x01, 0x04, 0x08, 0x0e, 0x03, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111, 0, 0, 0, 0, 0, 0];
        let mut values = Vec::new();
        delta(&mut Thrift(&bytes), 8, &mut values).unwrap();
        assert_eq!(values, [7, 5, 3, 1, 2, 3, 4, 5]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_values_asked_for_or_none(bytes: Vec<u8>, width in 0_u32..=32, count in 0_usize..5000) {
            let (mut small, mut large, mut places) = (Vec::new(), Vec::new(), Vec::new());
            if hybrid(&mut Thrift(&bytes), width, count, &mut small).is_some() {
                prop_assert_eq!(small.len(), count);
            }
            if delta(&mut Thrift(&bytes), count, &mut large).is_some() {
                prop_assert_eq!(large.len(), count);
            }
            if plain_texts(&bytes, 0, count, &mut places).is_some() {
                prop_assert!(places.iter().all(|&(start, end)| start <= end && end as usize <= bytes.len()));
            }
        }
    }
}
