//! Reads a segment, some thousand events at a time. The file may be hostile: whatever it holds, reading ends
//! in events or in an error, within bounded memory.
//!
//! The Parquet library reads the footer. Its decoder of pages trusts the sizes in them and panics on some
//! damaged ones, so the pages are decoded here, in the few encodings that are written.

use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use rumormill_core::Instant;

use super::group::Group;
use super::{BODY, COLUMNS, Column, Need, Shape};
use crate::batch::Batch;
use crate::disk::read_bounded;

/// The largest segment that is read, in bytes: what its events may weigh unpacked, twice.
const FILE_BYTES_MAX: u64 = 128 << 20;

/// The largest footer that is read, in bytes; ours takes 3 KiB.
const FOOTER_BYTES_MAX: u64 = 64 << 10;

/// The end of a file: the footer's length, and what says that it is Parquet.
const TAIL_BYTES: u64 = 8;

/// Rows of a file, at most.
const ROWS_MAX: i64 = 16 << 20;

/// Why a segment cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
#[non_exhaustive]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// What a segment's footer tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stamp {
    /// Time of its first event.
    pub(crate) first: Instant,
    /// Time of its last event.
    pub(crate) last: Instant,
    /// Its events.
    pub(crate) events: u64,
}

impl Stamp {
    /// The stamp of the segment at this path, from its footer alone.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|cause| cause.to_string());
        let stamp = file.and_then(|file| Ok(Self::of(&Footer::new(file)?)));
        stamp.map_err(|why| ReadError { path: path.into(), why })
    }

    fn of<R: ChunkReader + 'static>(footer: &Footer<R>) -> Self {
        let groups = footer.file.metadata().row_groups();
        // What is not told may be anything.
        let span = groups.iter().map(|group| match group.column(footer.places.all[1]).statistics() {
            Some(Statistics::Int64(times)) => (
                times.min_opt().map_or(0, |&time| time.max(0) as u64),
                times.max_opt().map_or(u64::MAX, |&time| time.max(0) as u64),
            ),
            _ => (0, u64::MAX),
        });
        let (first, last): (Vec<u64>, Vec<u64>) = span.unzip();
        Self {
            first: Instant::from_nanos(first.into_iter().min().unwrap_or(0)),
            last: Instant::from_nanos(last.into_iter().max().unwrap_or(0)),
            events: groups.iter().map(|group| group.num_rows() as u64).sum(),
        }
    }
}

/// Reads the events of one segment in order.
pub(crate) struct SegmentReader {
    footer: Footer<Bytes>,
    bytes: Bytes,
    need: Need,
    next_group: usize,
    group: Option<Group>,
}

impl SegmentReader {
    pub(crate) fn open(path: &Path, need: Need) -> Result<Self, ReadError> {
        let bytes = read_bounded(path, FILE_BYTES_MAX).map_err(|cause| cause.to_string());
        let reader = bytes.and_then(|bytes| Self::new(bytes.into(), need));
        reader.map_err(|why| ReadError { path: path.into(), why })
    }

    /// A reader of a segment with these bytes, or what is wrong with them.
    pub(crate) fn new(bytes: Bytes, need: Need) -> Result<Self, String> {
        Ok(Self { footer: Footer::new(bytes.clone())?, bytes, need, next_group: 0, group: None })
    }

    /// How many events there are before this moment.
    pub(crate) fn rows_before(&self, moment: Instant) -> Result<u64, String> {
        let mut rows = 0;
        for metadata in self.footer.file.metadata().row_groups() {
            let before = self.open_group(metadata, Need::TIMES)?.rows_before(moment)? as u64;
            rows += before;
            if before < metadata.num_rows() as u64 {
                break;
            }
        }
        Ok(rows)
    }

    fn open_group(&self, metadata: &RowGroupMetaData, need: Need) -> Result<Group, String> {
        Group::open(&self.bytes, metadata, &self.footer.places, need)
    }

    /// Passes over the next `rows` events.
    pub(crate) fn skip(&mut self, rows: u64) -> Result<(), String> {
        let mut left = usize::try_from(rows).map_err(|_| "no segment has so many events")?;
        while left > 0 {
            if let Some(group) = &mut self.group {
                left -= group.skip(left)?;
            }
            let groups = self.footer.file.metadata().row_groups();
            let Some(metadata) = groups.get(self.next_group).filter(|_| left > 0) else { break };
            self.next_group += 1;
            if metadata.num_rows() as usize <= left {
                left -= metadata.num_rows() as usize;
            } else {
                self.group = Some(self.open_group(metadata, self.need)?);
            }
        }
        Ok(())
    }

    /// Puts the next events into the batch, in place of what is there; none when there are no more. It must
    /// be the same batch each time, as it knows the names.
    pub(crate) fn read(&mut self, batch: &mut Batch) -> Result<(), String> {
        self.read_some(batch, usize::MAX)
    }

    /// The same, with no more than so many events.
    pub(crate) fn read_some(&mut self, batch: &mut Batch, events_max: usize) -> Result<(), String> {
        batch.clear_for_more();
        while batch.is_empty() {
            if let Some(group) = &mut self.group
                && group.read(batch, events_max)? > 0
            {
                break;
            }
            let Some(metadata) = self.footer.file.metadata().row_groups().get(self.next_group) else { break };
            self.group = Some(self.open_group(metadata, self.need)?);
            self.next_group += 1;
        }
        Ok(())
    }
}

/// The end of a file, where its contents are listed, and where each of our columns stands in it.
struct Footer<R: ChunkReader> {
    file: SerializedFileReader<R>,
    places: Places,
}

/// Where each of our columns stands in a file.
pub(super) struct Places {
    pub(super) all: [usize; COLUMNS.len()],
    pub(super) body: Option<usize>,
}

impl<R: ChunkReader + 'static> Footer<R> {
    fn new(reader: R) -> Result<Self, String> {
        let body = reader.len().checked_sub(TAIL_BYTES).ok_or("cut off, or no Parquet file")?;
        let tail = reader.get_bytes(body, TAIL_BYTES as usize).map_err(plain)?;
        let length = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        if tail[4..] != *b"PAR1" || length > body {
            return Err("cut off, or no Parquet file".into());
        }
        if length > FOOTER_BYTES_MAX {
            return Err(format!("a footer of {length} bytes; at most {FOOTER_BYTES_MAX} are read"));
        }
        let file = SerializedFileReader::new(reader).map_err(plain)?;
        let places = places(&file)?;
        if !file.metadata().row_groups().iter().all(|group| is_sound(group, &places)) {
            return Err("the footer is damaged".into());
        }
        Ok(Self { file, places })
    }
}

/// Finds our columns; there may be others, in any order.
fn places<R: ChunkReader + 'static>(file: &SerializedFileReader<R>) -> Result<Places, String> {
    let schema = file.metadata().file_metadata().schema_descr();
    let place = |Column { name, shape, .. }: &Column| {
        let Some(place) = schema.columns().iter().position(|column| column.path().parts() == [*name]) else {
            return Ok(None);
        };
        let column = schema.column(place);
        let physical = if matches!(shape, Shape::Text | Shape::Bytes) { Physical::BYTE_ARRAY } else { Physical::INT64 };
        if column.physical_type() != physical || column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return Err(format!("no events: the column {name} is of another type"));
        }
        Ok(Some(place))
    };
    let mut all = [0; COLUMNS.len()];
    for (found, column) in all.iter_mut().zip(&COLUMNS) {
        *found = place(column)?.ok_or_else(|| format!("no events: there is no column {}", column.name))?;
    }
    Ok(Places { all, body: place(&BODY)? })
}

/// Whether the counts are such that the library does not trip over them.
fn is_sound(group: &RowGroupMetaData, places: &Places) -> bool {
    let columns = group.columns();
    (0..=ROWS_MAX).contains(&group.num_rows())
        && places.all.iter().chain(&places.body).all(|&place| {
            columns.get(place).is_some_and(|chunk| {
                let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
                start >= 0 && chunk.compressed_size() >= 0
            })
        })
}

/// What the library says, without the prefix that says that it is the library.
fn plain(error: ParquetError) -> String {
    match error {
        ParquetError::General(why) | ParquetError::EOF(why) => why,
        other => other.to_string(),
    }
}
