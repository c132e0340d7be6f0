//! Thrift's compact protocol, as far as the header of a page needs it.

/// Structs within structs; a page header has three.
const DEPTH_MAX: u32 = 8;

/// Fields of a struct whose numbers are kept.
pub(super) const FIELDS: usize = 9;

/// A reader of Thrift's compact protocol; `None` where the bytes are none.
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

/// A struct: its fields by number, as far as they are integers, and the structs in it.
#[derive(Default)]
pub(super) struct Struct {
    pub(super) ints: [Option<i64>; FIELDS],
    pub(super) inner: Option<(usize, [Option<i64>; FIELDS])>,
}

impl Thrift<'_> {
    /// A struct, with the integers of the last struct that it holds.
    pub(super) fn read(&mut self) -> Option<Struct> {
        let (mut whole, mut field) = (Struct::default(), 0);
        while let Some(kind) = self.field(&mut field)? {
            let place = usize::try_from(field).ok().filter(|&place| place < FIELDS);
            match (kind, place) {
                (Kind::Int, Some(place)) => whole.ints[place] = Some(self.signed()?),
                (Kind::Struct, Some(place)) => whole.inner = Some((place, self.ints()?)),
                _ => self.skip(kind, DEPTH_MAX)?,
            }
        }
        Some(whole)
    }

    fn ints(&mut self) -> Option<[Option<i64>; FIELDS]> {
        let (mut ints, mut field) = ([None; FIELDS], 0);
        while let Some(kind) = self.field(&mut field)? {
            match usize::try_from(field).ok().and_then(|place| ints.get_mut(place)) {
                Some(int) if kind == Kind::Int => *int = Some(self.signed()?),
                _ => self.skip(kind, DEPTH_MAX)?,
            }
        }
        Some(ints)
    }

    /// The next field's kind, its number put into `field`; inner `None` at the end of the struct.
    fn field(&mut self, field: &mut i64) -> Option<Option<Kind>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *field = match head >> 4 {
            0 => self.signed()?,
            step => field.checked_add(i64::from(step))?,
        };
        Kind::of(head & 0x0f).map(Some)
    }

    fn skip(&mut self, kind: Kind, depth: u32) -> Option<()> {
        match kind {
            Kind::Flag => Some(()),
            Kind::Byte => self.take(1).map(drop),
            Kind::Int => self.varint().map(drop),
            Kind::Double => self.take(8).map(drop),
            Kind::Binary => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length).map(drop)
            }
            Kind::List => self.skip_list(depth.checked_sub(1)?),
            Kind::Struct => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth.checked_sub(1)?)?;
                }
                Some(())
            }
        }
    }

    fn skip_list(&mut self, depth: u32) -> Option<()> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        let kind = Kind::of(head & 0x0f)?;
        for _ in 0..count {
            // In a list, unlike in a field, a flag takes a byte; so every element takes one, and the loop ends.
            if kind == Kind::Flag { self.take(1).map(drop)? } else { self.skip(kind, depth)? }
        }
        Some(())
    }
}

/// Integers as Parquet's pages have them too.
impl<'a> Thrift<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        let bytes = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Flag,
    Byte,
    Int,
    Double,
    Binary,
    List,
    Struct,
}

impl Kind {
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            1 | 2 => Self::Flag,
            3 => Self::Byte,
            4..=6 => Self::Int,
            7 => Self::Double,
            8 => Self::Binary,
            9 | 10 => Self::List,
            12 => Self::Struct,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_header_is_read_and_what_is_not_needed_is_passed_over() {
        // 1: 0, 2: 80, 3: 60, 5: {1: 10, 2: 8, 5: {1: binary "ab", 2: true}, 6: [1, 2] as bytes}, 20: 1.5
        let double = 1.5_f64.to_le_bytes();
        let mut bytes = vec![0x15, 0, 0x15, 0xa0, 0x01, 0x15, 0x78, 0x2c];
        bytes.extend([0x15, 20, 0x15, 16, 0x3c, 0x18, 2, b'a', b'b', 0x11, 0, 0x19, 0x23, 1, 2, 0]);
        bytes.extend([0x07, 40]);
        bytes.extend(double);
        bytes.extend([0, 0xff]);
        let mut reader = Thrift(&bytes);
        let page = reader.read().unwrap();
        assert_eq!((page.ints[1], page.ints[2], page.ints[3]), (Some(0), Some(80), Some(60)));
        let (place, details) = page.inner.unwrap();
        assert_eq!((place, details[1], details[2], details[3]), (5, Some(10), Some(8), None));
        assert_eq!(reader.0, [0xff], "what comes behind is left");
        for end in 0..bytes.len() - 1 {
            assert!(Thrift(&bytes[..end]).read().is_none(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_struct_or_none(bytes: Vec<u8>) {
            let _ = Thrift(&bytes).read();
        }
    }
}
