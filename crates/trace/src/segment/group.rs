//! The rows of a segment: its columns, read side by side.

use std::sync::Arc;

use bytes::Bytes;
use parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::serialized_reader::SerializedPageReader;
use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::read::plain;
use super::{COLUMNS, pages};
use crate::batch::{Batch, Row};

/// Events that are decoded at once.
const STEP: usize = 4096;

type Numbers = Values<Int64Type>;
type Texts = Values<ByteArrayType>;

/// A row group of a file: all columns of some of its rows.
pub(super) struct Group {
    rows_left: usize,
    id: Numbers,
    time: Numbers,
    peer: Numbers,
    community: Texts,
    kind: Texts,
    other: Numbers,
    cause: Numbers,
    name: Texts,
    value: Numbers,
    goal: Numbers,
    bytes: Numbers,
    text: Texts,
}

impl Group {
    pub(super) fn open(
        file: &Arc<Bytes>,
        group: &RowGroupMetaData,
        places: &[usize; COLUMNS.len()],
    ) -> Result<Self, String> {
        Ok(Self {
            rows_left: group.num_rows() as usize,
            id: Values::open(file, group, places[0])?,
            time: Values::open(file, group, places[1])?,
            peer: Values::open(file, group, places[2])?,
            community: Values::open(file, group, places[3])?,
            kind: Values::open(file, group, places[4])?,
            other: Values::open(file, group, places[5])?,
            cause: Values::open(file, group, places[6])?,
            name: Values::open(file, group, places[7])?,
            value: Values::open(file, group, places[8])?,
            goal: Values::open(file, group, places[9])?,
            bytes: Values::open(file, group, places[10])?,
            text: Values::open(file, group, places[11])?,
        })
    }

    /// Puts the next rows behind those in the batch; says how many.
    pub(super) fn read(&mut self, batch: &mut Batch) -> Result<usize, String> {
        let count = self.rows_left.min(STEP);
        self.rows_left -= count;
        let Self { id, time, peer, other, cause, value, goal, bytes, .. } = self;
        for numbers in [id, time, peer, other, cause, value, goal, bytes] {
            numbers.read(count)?;
        }
        for texts in [&mut self.community, &mut self.kind, &mut self.name, &mut self.text] {
            texts.read(count)?;
        }
        for _ in 0..count {
            let row = self.row(batch)?;
            batch.rows.push(row);
        }
        Ok(count)
    }

    fn row(&mut self, batch: &mut Batch) -> Result<Row, String> {
        let kind = self.kind.text()?;
        Ok(Row {
            id: EventId(self.id.number()),
            time: Instant::from_nanos(self.time.number()),
            peer: PeerId(self.peer.number()),
            other: self.other.next().map(|&other| PeerId(other as u64)),
            cause: self.cause.next().map(|&cause| EventId(cause as u64)),
            value: self.value.number(),
            goal: self.goal.number(),
            bytes: self.bytes.number(),
            community: batch.names.number_of(self.community.text()?),
            name: batch.names.number_of(self.name.text()?),
            kind: Kind::from_name(kind).ok_or_else(|| format!("{:?} is no kind of event", cut(kind)))?,
            text: batch.keep(self.text.text()?),
        })
    }
}

/// Some values of a column.
struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    /// The values that are there.
    values: Vec<T::T>,
    /// One for each row of an optional column: 1 where a value is.
    levels: Option<Vec<i16>>,
    next_value: usize,
    next_level: usize,
}

impl<T: DataType> Values<T> {
    fn open(file: &Arc<Bytes>, group: &RowGroupMetaData, place: usize) -> Result<Self, String> {
        let (chunk, rows) = (group.column(place), group.num_rows() as usize);
        let (start, length) = chunk.byte_range();
        let range = start as usize..(start as usize).saturating_add(length as usize);
        pages::check(file.get(range).ok_or("a column lies outside of the file")?, rows as u64)?;
        let pages = SerializedPageReader::new(Arc::clone(file), chunk, rows, None).map_err(plain)?;
        Ok(Self {
            reader: get_typed_column_reader(get_column_reader(chunk.column_descr_ptr(), Box::new(pages))),
            values: Vec::new(),
            levels: (chunk.column_descr().max_def_level() > 0).then(Vec::new),
            next_value: 0,
            next_level: 0,
        })
    }

    /// Reads the values of the next `count` rows in place of those that are here.
    fn read(&mut self, count: usize) -> Result<(), String> {
        self.values.clear();
        (self.next_value, self.next_level) = (0, 0);
        if let Some(levels) = &mut self.levels {
            levels.clear();
        }
        let (rows, values, levels) =
            self.reader.read_records(count, self.levels.as_mut(), None, &mut self.values).map_err(plain)?;
        let is_whole = rows == count && values == self.values.len() && levels == count;
        if is_whole { Ok(()) } else { Err("a column is shorter than the others".into()) }
    }

    /// The next row's value, when it has one.
    fn next(&mut self) -> Option<&T::T> {
        if let Some(levels) = &self.levels {
            self.next_level += 1;
            if levels.get(self.next_level - 1) != Some(&1) {
                return None;
            }
        }
        self.next_value += 1;
        self.values.get(self.next_value - 1)
    }
}

impl Numbers {
    fn number(&mut self) -> u64 {
        self.next().map_or(0, |&number| number as u64)
    }
}

impl Texts {
    fn text(&mut self) -> Result<&str, String> {
        let bytes = self.next().map_or(&[][..], ByteArray::data);
        std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8".into())
    }
}

/// Enough of a text to recognize it.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}
