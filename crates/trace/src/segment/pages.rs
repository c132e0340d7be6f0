//! Looks over a column's pages before they are decoded: the decoder trusts the sizes in their headers, so
//! a few hostile bytes could ask it for any amount of memory.
//!
//! A page header is a struct in Thrift's compact protocol; only its sizes are read here.

/// Bytes of a page, unpacked: a page is closed at 1 MiB, and one more batch of values may follow.
pub(crate) const PAGE_BYTES_MAX: u64 = 4 << 20;

/// Structs within structs in a header; real ones have three.
const DEPTH_MAX: u32 = 8;

/// What a header says of the size of its page.
#[derive(Debug, Default, PartialEq)]
struct Sizes {
    unpacked: u64,
    packed: u64,
    values: u64,
    is_dictionary: bool,
}

/// Checks every page of a column chunk; says what is wrong.
pub(crate) fn check(mut chunk: &[u8], rows: u64) -> Result<(), String> {
    let mut values = 0_u64;
    while !chunk.is_empty() {
        let mut header = Thrift(chunk);
        let page = header.page().ok_or("a page header is damaged")?;
        let Thrift(rest) = header;
        if page.unpacked > PAGE_BYTES_MAX {
            return Err(format!("a page of {} bytes; at most {PAGE_BYTES_MAX} are read", page.unpacked));
        }
        // A value takes at least four bytes in a dictionary: a text's length.
        if page.is_dictionary && page.values > page.unpacked / 4 {
            return Err(format!("a dictionary of {} values in {} bytes", page.values, page.unpacked));
        }
        values += if page.is_dictionary { 0 } else { page.values };
        if values > rows {
            return Err(format!("more values than the {rows} rows"));
        }
        let packed = usize::try_from(page.packed).ok().filter(|&packed| packed <= rest.len());
        chunk = &rest[packed.ok_or("a page is longer than its column")?..];
    }
    if values == rows { Ok(()) } else { Err(format!("{values} values for {rows} rows")) }
}

/// A reader of Thrift's compact protocol; `None` where the bytes are none.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    fn page(&mut self) -> Option<Sizes> {
        let mut sizes = Sizes::default();
        let mut field = 0;
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (2, Kind::Int) => sizes.unpacked = self.size()?,
                (3, Kind::Int) => sizes.packed = self.size()?,
                (5 | 7 | 8, Kind::Struct) => {
                    sizes.values = self.values()?;
                    sizes.is_dictionary = field == 7;
                }
                _ => self.skip(kind, DEPTH_MAX)?,
            }
        }
        Some(sizes)
    }

    /// The number of values: the first field of each kind of page header.
    fn values(&mut self) -> Option<u64> {
        let (mut field, mut values) = (0, 0);
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (1, Kind::Int) => values = self.size()?,
                _ => self.skip(kind, DEPTH_MAX)?,
            }
        }
        Some(values)
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
            Kind::Byte => self.take(1),
            Kind::Int => self.varint().map(drop),
            Kind::Double => self.take(8),
            Kind::Binary => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.take(length)
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
            if kind == Kind::Flag { self.take(1)? } else { self.skip(kind, depth)? }
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn take(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
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

    fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn size(&mut self) -> Option<u64> {
        u64::try_from(self.signed()?).ok()
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

    /// A header with these sizes for a page with as many bytes of nothing behind it.
    fn page(form: u8, unpacked: u64, packed: u64, values: u64) -> Vec<u8> {
        let varint = |value: u64| {
            let mut value = value << 1;
            let mut bytes = Vec::new();
            while value >= 0x80 {
                bytes.push(value as u8 | 0x80);
                value >>= 7;
            }
            bytes.push(value as u8);
            bytes
        };
        let mut bytes = vec![0x15, 0x00, 0x15];
        bytes.extend(varint(unpacked));
        bytes.push(0x15);
        bytes.extend(varint(packed));
        bytes.extend([((form - 3) << 4) | 0x0c, 0x15]);
        bytes.extend(varint(values));
        bytes.extend([0x11, 0, 0]);
        bytes.extend(vec![0; packed as usize]);
        bytes
    }

    #[test]
    fn sound_pages_pass_and_each_lie_is_named() {
        let sound = [page(7, 80, 60, 10), page(5, 300, 200, 100), page(8, 30, 20, 50)].concat();
        assert_eq!(check(&sound, 150), Ok(()));
        assert!(check(&sound, 149).unwrap_err().contains("more values"));
        assert!(check(&sound, 151).unwrap_err().contains("150 values for 151"));
        assert!(check(&sound[..sound.len() - 1], 150).unwrap_err().contains("longer than its column"));
        assert!(check(&page(5, PAGE_BYTES_MAX + 1, 10, 1), 1).unwrap_err().contains("at most"));
        assert!(check(&page(7, 80, 10, 21), 0).unwrap_err().contains("a dictionary of 21"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_sound(bytes: Vec<u8>, rows: u64) {
            let _ = check(&bytes, rows);
        }
    }
}
