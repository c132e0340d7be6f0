//! The rows of a segment: its columns, read side by side.

use bytes::Bytes;
use parquet::file::metadata::RowGroupMetaData;
use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::COLUMNS;
use super::column::{Column, Numbers, Texts};
use crate::batch::{Batch, Row};

/// Events that are decoded at once.
const STEP: usize = 4096;

/// Bytes of names and texts that are decoded at once.
const TEXT_BYTES_STEP: usize = 1 << 20;

/// A row group of a file: all columns of some of its rows.
pub(super) struct Group {
    rows_left: usize,
    id: Column<Numbers>,
    time: Column<Numbers>,
    peer: Column<Numbers>,
    community: Column<Texts>,
    kind: Column<Texts>,
    other: Column<Numbers>,
    cause: Column<Numbers>,
    name: Column<Texts>,
    value: Column<Numbers>,
    goal: Column<Numbers>,
    bytes: Column<Numbers>,
    text: Column<Texts>,
}

impl Group {
    pub(super) fn open(
        file: &Bytes,
        group: &RowGroupMetaData,
        places: &[usize; COLUMNS.len()],
    ) -> Result<Self, String> {
        let numbers = |index: usize| Column::<Numbers>::open(file, group.column(places[index]));
        let texts = |index: usize| Column::<Texts>::open(file, group.column(places[index]));
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
        })
    }

    /// Puts the next rows behind those in the batch; says how many.
    pub(super) fn read(&mut self, batch: &mut Batch) -> Result<usize, String> {
        let mut count = 0;
        // Few rows may hold much text.
        while count < self.rows_left.min(STEP) && batch.text_bytes() < TEXT_BYTES_STEP {
            let row = self.row(batch)?;
            batch.rows.push(row);
            count += 1;
        }
        self.rows_left -= count;
        Ok(count)
    }

    fn row(&mut self, batch: &mut Batch) -> Result<Row, String> {
        let kind = self.kind.text()?;
        Ok(Row {
            id: EventId(self.id.number()?.unwrap_or(0)),
            time: Instant::from_nanos(self.time.number()?.unwrap_or(0)),
            peer: PeerId(self.peer.number()?.unwrap_or(0)),
            other: self.other.number()?.map(PeerId),
            cause: self.cause.number()?.map(EventId),
            value: self.value.number()?.unwrap_or(0),
            goal: self.goal.number()?.unwrap_or(0),
            bytes: self.bytes.number()?.unwrap_or(0),
            community: batch.names.number_of(self.community.text()?),
            name: batch.names.number_of(self.name.text()?),
            kind: Kind::from_name(kind).ok_or_else(|| format!("{:?} is no kind of event", cut(kind)))?,
            text: batch.keep(self.text.text()?),
        })
    }
}

/// Enough of a text to recognize it.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}
