//! Writes a segment.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnPath;
use rumormill_core::trace::Kind;

use super::{SCHEMA, SCHEMA_WITH_BODY};
use crate::batch::{Batch, Row};
use crate::disk::write_atomically;

/// Values handed to a column at once: more than the cost of a call, less than a cache.
const STEP: usize = 4096;

/// Values after which a column looks whether its page is full; with texts of 8 KiB, a page overshoots by 2 MiB.
const LOOK: usize = 256;

static PROPERTIES: LazyLock<WriterPropertiesPtr> = LazyLock::new(|| {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("rumormill ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_write_batch_size(LOOK)
        // A scan by time can skip segments; within one, pages are small enough.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    // Numbers that hardly repeat: differences are small where values are large.
    for name in ["id", "time_ns", "cause"] {
        let column = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for name in ["text", "body"] {
        properties = properties.set_column_statistics_enabled(name.into(), EnabledStatistics::None);
    }
    // Hardly any two are alike.
    properties = properties.set_column_dictionary_enabled("body".into(), false);
    Arc::new(properties.build())
});

/// Writes the batch as the file at `path`: complete or not at all. `with_bodies` adds a column for bodies even
/// when there are none, as other tools want the same columns in all files of a run.
pub(crate) fn write_segment(path: &Path, batch: &Batch, with_bodies: bool) -> io::Result<()> {
    let with_bodies = with_bodies || !batch.bodies.is_empty();
    write_atomically(path, |file| write(file, batch, with_bodies).map_err(into_io))
}

fn write(file: &mut File, batch: &Batch, with_bodies: bool) -> Result<(), ParquetError> {
    let schema = if with_bodies { &SCHEMA_WITH_BODY } else { &SCHEMA };
    let mut writer = SerializedFileWriter::new(file, Arc::clone(schema), Arc::clone(&PROPERTIES))?;
    write_columns(writer.next_row_group()?, batch, with_bodies)?;
    writer.close()?;
    Ok(())
}

fn write_columns(
    group: SerializedRowGroupWriter<'_, &mut File>,
    batch: &Batch,
    with_bodies: bool,
) -> Result<(), ParquetError> {
    let text = Bytes::copy_from_slice(batch.text.as_bytes());
    let names: Vec<ByteArray> = batch.names.all().iter().map(|name| name.as_bytes().to_vec().into()).collect();
    let kinds = Kind::ALL.map(|kind| ByteArray::from(Bytes::from_static(kind.name().as_bytes())));
    let name = |number: u32| names[number as usize].clone();

    let mut columns = Columns { group, rows: &batch.rows };
    columns.numbers(|row| row.id.0)?;
    // Beyond 292 years the sign would turn; nobody can tell the difference.
    columns.numbers(|row| row.time.as_nanos().min(i64::MAX as u64))?;
    columns.numbers(|row| row.peer.0)?;
    columns.texts(|row| name(row.community))?;
    columns.texts(|row| kinds[row.kind as usize].clone())?;
    columns.optional(|row| row.other.map(|other| other.0))?;
    columns.optional(|row| row.cause.map(|cause| cause.0))?;
    columns.texts(|row| name(row.name))?;
    columns.numbers(|row| row.value)?;
    columns.numbers(|row| row.goal)?;
    columns.numbers(|row| row.bytes)?;
    columns.texts(|row| text.slice(row.text.0 as usize..row.text.1 as usize).into())?;
    if with_bodies {
        let bodies = Bytes::copy_from_slice(&batch.bodies);
        columns
            .bodies(|row| (row.body.0 < row.body.1).then(|| bodies.slice(row.body.0 as usize..row.body.1 as usize)))?;
    }
    columns.group.close()?;
    Ok(())
}

/// Writes one column of the rows after the other.
struct Columns<'a, 'g, 'f> {
    group: SerializedRowGroupWriter<'g, &'f mut File>,
    rows: &'a [Row],
}

impl Columns<'_, '_, '_> {
    fn numbers(&mut self, value: impl Fn(&Row) -> u64) -> Result<(), ParquetError> {
        let mut column = self.group.next_column()?.ok_or_else(none_left)?;
        let mut values = Vec::with_capacity(STEP);
        for rows in self.rows.chunks(STEP) {
            values.clear();
            values.extend(rows.iter().map(|row| value(row) as i64));
            column.typed::<Int64Type>().write_batch(&values, None, None)?;
        }
        column.close()
    }

    fn optional(&mut self, value: impl Fn(&Row) -> Option<u64>) -> Result<(), ParquetError> {
        let mut column = self.group.next_column()?.ok_or_else(none_left)?;
        let (mut values, mut levels) = (Vec::with_capacity(STEP), Vec::with_capacity(STEP));
        for rows in self.rows.chunks(STEP) {
            values.clear();
            values.extend(rows.iter().filter_map(|row| Some(value(row)? as i64)));
            levels.clear();
            levels.extend(rows.iter().map(|row| i16::from(value(row).is_some())));
            column.typed::<Int64Type>().write_batch(&values, Some(&levels), None)?;
        }
        column.close()
    }

    fn bodies(&mut self, value: impl Fn(&Row) -> Option<Bytes>) -> Result<(), ParquetError> {
        let mut column = self.group.next_column()?.ok_or_else(none_left)?;
        for rows in self.rows.chunks(STEP) {
            let values: Vec<ByteArray> = rows.iter().filter_map(|row| value(row).map(Into::into)).collect();
            let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.body.0 < row.body.1)).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
        }
        column.close()
    }

    fn texts(&mut self, value: impl Fn(&Row) -> ByteArray) -> Result<(), ParquetError> {
        let mut column = self.group.next_column()?.ok_or_else(none_left)?;
        let mut values = Vec::with_capacity(STEP);
        for rows in self.rows.chunks(STEP) {
            values.clear();
            values.extend(rows.iter().map(&value));
            column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
        column.close()
    }
}

fn none_left() -> ParquetError {
    ParquetError::General("the schema has fewer columns than are written".into())
}

/// The file's own error where there is one, so that "no space left" stays recognizable.
fn into_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
