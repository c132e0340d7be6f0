//! The rows of a segment: its columns, read side by side.

use bytes::Bytes;
use parquet::file::metadata::RowGroupMetaData;
use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::column::{Column, Numbers, Texts, Values};
use super::read::Places;
use super::{COLUMNS, Need};
use crate::batch::{Batch, Names, Row};

/// Events that are decoded at once.
const STEP: usize = 4096;

/// Bytes of names and texts that are decoded at once.
const TEXT_BYTES_STEP: usize = 1 << 20;

/// A row group of a file: the columns of some of its rows, `None` where nobody needs them.
pub(super) struct Group {
    rows_left: usize,
    id: Option<Column<Numbers>>,
    time: Option<Column<Numbers>>,
    peer: Option<Column<Numbers>>,
    community: Option<Column<Texts>>,
    kind: Option<Column<Texts>>,
    other: Option<Column<Numbers>>,
    cause: Option<Column<Numbers>>,
    name: Option<Column<Texts>>,
    value: Option<Column<Numbers>>,
    goal: Option<Column<Numbers>>,
    bytes: Option<Column<Numbers>>,
    text: Option<Column<Texts>>,
    body: Option<Column<Texts>>,
}

impl Group {
    pub(super) fn open(file: &Bytes, group: &RowGroupMetaData, places: &Places, need: Need) -> Result<Self, String> {
        fn open<V: Values>(
            file: &Bytes,
            group: &RowGroupMetaData,
            place: Option<usize>,
        ) -> Result<Option<Column<V>>, String> {
            place.map(|place| Column::open(file, group.column(place))).transpose()
        }
        let place = |index: usize| need.has(index).then_some(places.all[index]);
        let numbers = |index| open::<Numbers>(file, group, place(index));
        let texts = |index| open::<Texts>(file, group, place(index));
        Ok(Self {
            rows_left: group.num_rows() as usize,
            id: numbers(0)?,
            time: numbers(1)?,
            peer: numbers(2)?,
            community: texts(3)?,
            kind: texts(4)?,
            other: numbers(5)?,
            cause: numbers(6)?,
            name: texts(7)?,
            value: numbers(8)?,
            goal: numbers(9)?,
            bytes: numbers(10)?,
            text: texts(11)?,
            body: open::<Texts>(file, group, places.body.filter(|_| need.has(COLUMNS.len())))?,
        })
    }

    /// Passes over so many rows, or those that are left; says how many.
    pub(super) fn skip(&mut self, rows: usize) -> Result<usize, String> {
        fn skip<V: Values>(column: &mut Option<Column<V>>, rows: usize) -> Result<(), String> {
            column.as_mut().map_or(Ok(()), |column| column.skip(rows))
        }
        let rows = rows.min(self.rows_left);
        for numbers in [&mut self.id, &mut self.time, &mut self.peer, &mut self.other, &mut self.cause] {
            skip(numbers, rows)?;
        }
        for numbers in [&mut self.value, &mut self.goal, &mut self.bytes] {
            skip(numbers, rows)?;
        }
        for texts in [&mut self.community, &mut self.kind, &mut self.name, &mut self.text, &mut self.body] {
            skip(texts, rows)?;
        }
        self.rows_left -= rows;
        Ok(rows)
    }

    /// How many rows come before this moment, of those that are left; reads them.
    pub(super) fn rows_before(mut self, moment: Instant) -> Result<usize, String> {
        let mut rows = 0;
        while rows < self.rows_left && number(&mut self.time)?.unwrap_or(0) < moment.as_nanos() {
            rows += 1;
        }
        Ok(rows)
    }

    /// Puts the next rows, no more than so many, behind those in the batch; says how many.
    pub(super) fn read(&mut self, batch: &mut Batch, rows_max: usize) -> Result<usize, String> {
        let rows_max = rows_max.min(self.rows_left).min(STEP);
        let mut count = 0;
        // Few rows may hold much text.
        while count < rows_max && batch.text_bytes() < TEXT_BYTES_STEP {
            let row = self.row(batch)?;
            batch.rows.push(row);
            count += 1;
        }
        self.rows_left -= count;
        Ok(count)
    }

    fn row(&mut self, batch: &mut Batch) -> Result<Row, String> {
        let id = EventId(number(&mut self.id)?.unwrap_or(0));
        Ok(Row {
            id,
            time: Instant::from_nanos(number(&mut self.time)?.unwrap_or(0)),
            peer: number(&mut self.peer)?.map_or(PeerId(id.peerid().into()), PeerId),
            other: number(&mut self.other)?.map(PeerId),
            cause: number(&mut self.cause)?.map(EventId),
            value: number(&mut self.value)?.unwrap_or(0),
            goal: number(&mut self.goal)?.unwrap_or(0),
            bytes: number(&mut self.bytes)?.unwrap_or(0),
            community: name(&mut self.community, batch)?,
            name: name(&mut self.name, batch)?,
            kind: self.kind.as_mut().map_or(Ok(Kind::Note), kind)?,
            text: batch.keep(self.text.as_mut().map_or(Ok(""), Column::text)?),
            body: batch.keep_body(self.body.as_mut().map_or(Ok(&[][..]), Column::bytes)?),
        })
    }
}

/// The next row's number, when it has one and somebody needs it.
fn number(column: &mut Option<Column<Numbers>>) -> Result<Option<u64>, String> {
    column.as_mut().map_or(Ok(None), Column::number)
}

/// The number in the batch of the next row's name.
fn name(column: &mut Option<Column<Texts>>, batch: &mut Batch) -> Result<u32, String> {
    let Some(column) = column else { return Ok(Names::NONE) };
    let epoch = batch.names.epoch();
    column.code(epoch, |name| Ok(batch.names.number_of(name)))
}

/// The next row's kind.
fn kind(column: &mut Column<Texts>) -> Result<Kind, String> {
    let place = column.code(0, |name| {
        let place = Kind::ALL.iter().position(|kind| kind.name() == name);
        place.map(|place| place as u32).ok_or_else(|| format!("{:?} is no kind of event", cut(name)))
    })?;
    Ok(Kind::ALL[place as usize])
}

/// Enough of a text to recognize it.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}
