//! The pages of a column, unpacked one after the other.

use bytes::{Buf, Bytes};
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;
use zstd::bulk::Decompressor;

use super::thrift::Thrift;

/// Bytes of a page, unpacked: a page is closed at 1 MiB, and one more batch of values may follow.
const BYTES_MAX: usize = 4 << 20;

/// Values of a page; ours have 20,000. Equal ones take next to no bytes in the file, but do in memory.
const VALUES_MAX: usize = 1 << 18;

/// A page, unpacked.
pub(super) struct Page {
    pub(super) is_dictionary: bool,
    /// Values in it, those that are not there included.
    pub(super) count: usize,
    pub(super) encoding: Encoding,
    pub(super) bytes: Vec<u8>,
}

/// How values are written: the ways that Rumormill uses, by their numbers in the format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoding {
    Plain,
    Dictionary,
    Delta,
}

/// The pages of a column that are still to come.
pub(super) struct Pages {
    rest: Bytes,
    unpacker: Option<Decompressor<'static>>,
}

/// What a page's header says.
struct Header {
    is_dictionary: bool,
    unpacked: usize,
    packed: usize,
    count: usize,
    encoding: Encoding,
}

impl Pages {
    pub(super) fn open(file: &Bytes, chunk: &ColumnChunkMetaData) -> Result<Self, String> {
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let range = usize::try_from(start).ok().zip(end.and_then(|end| usize::try_from(end).ok()));
        let (start, end) = range
            .filter(|&(start, end)| start <= end && end <= file.len())
            .ok_or("a column lies outside of the file")?;
        let unpacker = match chunk.compression() {
            Compression::UNCOMPRESSED => None,
            Compression::ZSTD(_) => Some(Decompressor::new().map_err(|error| error.to_string())?),
            other => return Err(format!("packed with {other}; only zstd is read")),
        };
        Ok(Self { rest: file.slice(start..end), unpacker })
    }

    /// Passes over pages of values as long as they have no more than `rows` rows together; says how many
    /// these had. Stops before a dictionary.
    pub(super) fn skip(&mut self, rows: usize) -> Result<usize, String> {
        let mut skipped = 0;
        while !self.rest.is_empty() {
            let (header, length) = self.peek()?;
            if header.is_dictionary || skipped + header.count > rows {
                break;
            }
            self.rest.advance(length + header.packed);
            skipped += header.count;
        }
        Ok(skipped)
    }

    /// The next page's header and how long that is.
    fn peek(&self) -> Result<(Header, usize), String> {
        let mut reader = Thrift(&self.rest);
        let header = Header::read(&mut reader)?;
        let length = self.rest.len() - reader.0.len();
        if header.packed > reader.0.len() {
            return Err("a page is longer than its column".into());
        }
        Ok((header, length))
    }

    pub(super) fn next(&mut self) -> Result<Option<Page>, String> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (header, length) = self.peek()?;
        self.rest.advance(length);
        let packed = self.rest.split_to(header.packed);
        let bytes = match &mut self.unpacker {
            None => packed.to_vec(),
            Some(unpacker) => unpacker
                .decompress(&packed, header.unpacked)
                .map_err(|error| format!("a page does not unpack: {error}"))?,
        };
        if bytes.len() != header.unpacked {
            return Err("a page is not as long as it says".into());
        }
        let Header { is_dictionary, count, encoding, .. } = header;
        Ok(Some(Page { is_dictionary, count, encoding, bytes }))
    }
}

impl Header {
    /// Reads Parquet's `PageHeader`. The numbers are those of its fields and enums.
    fn read(reader: &mut Thrift<'_>) -> Result<Self, String> {
        let page = reader.read().ok_or("a page header is damaged")?;
        let size =
            |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok()).ok_or("a page header is damaged");
        let (is_dictionary, details) = match (page.ints[1], page.inner) {
            (Some(0), Some((5, details))) => (false, details),
            (Some(2), Some((7, details))) => (true, details),
            (kind, _) => return Err(format!("a page of kind {kind:?}; only data and dictionaries are read")),
        };
        let encoding = match details[2] {
            Some(0) => Encoding::Plain,
            Some(2) if is_dictionary => Encoding::Plain,
            Some(2 | 8) => Encoding::Dictionary,
            Some(5) => Encoding::Delta,
            other => return Err(format!("values in encoding {other:?}, which is not read")),
        };
        let header = Self {
            is_dictionary,
            unpacked: size(page.ints[2])?,
            packed: size(page.ints[3])?,
            count: size(details[1])?,
            encoding,
        };
        if header.unpacked > BYTES_MAX || header.count > VALUES_MAX {
            let (values, bytes) = (header.count, header.unpacked);
            return Err(format!(
                "a page of {values} values in {bytes} bytes; at most {VALUES_MAX} in {BYTES_MAX} are read"
            ));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header: kind of page, sizes, the field for details, number of values, encoding.
    fn header(kind: u8, unpacked: u64, packed: u64, field: u8, count: u64, encoding: u8) -> Vec<u8> {
        let varint = |value: u64| {
            let (mut value, mut bytes) = (value << 1, Vec::new());
            while value >= 0x80 {
                bytes.push(value as u8 | 0x80);
                value >>= 7;
            }
            bytes.push(value as u8);
            bytes
        };
        let parts =
            [vec![0x15, kind << 1, 0x15], varint(unpacked), vec![0x15], varint(packed), vec![(field - 3) << 4 | 12]];
        [parts.concat(), vec![0x15], varint(count), vec![0x15, encoding << 1, 0, 0]].concat()
    }

    fn error(bytes: Vec<u8>) -> String {
        let mut pages = Pages { rest: bytes.into(), unpacker: None };
        pages.next().err().unwrap()
    }

    #[test]
    fn pages_come_one_after_the_other_and_each_lie_is_named() {
        let bytes = [header(2, 8, 8, 7, 1, 0), vec![7; 8], header(0, 3, 3, 5, 9, 8), vec![1; 3]].concat();
        let mut pages = Pages { rest: bytes.into(), unpacker: None };
        let dictionary = pages.next().unwrap().unwrap();
        assert_eq!((dictionary.is_dictionary, dictionary.count, dictionary.encoding), (true, 1, Encoding::Plain));
        let page = pages.next().unwrap().unwrap();
        assert_eq!(
            (page.is_dictionary, page.count, page.encoding, page.bytes),
            (false, 9, Encoding::Dictionary, vec![1; 3])
        );
        assert!(pages.next().unwrap().is_none());

        assert!(error(header(0, 1 << 30, 3, 5, 9, 0)).contains("at most"));
        assert!(error(header(0, 3, 3, 5, 1 << 30, 0)).contains("at most"));
        assert!(error(header(0, 3, 3, 5, 9, 0)).contains("longer than its column"));
        assert!(error([header(0, 4, 3, 5, 9, 0), vec![0; 3]].concat()).contains("not as long as it says"));
        assert!(error(header(0, 3, 3, 5, 9, 9)).contains("encoding"));
        assert!(error(header(3, 3, 3, 8, 9, 0)).contains("only data and dictionaries"));
        assert!(error(vec![0x15]).contains("damaged"));
    }
}
