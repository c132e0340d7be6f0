//! One segment: a Parquet file of events, complete in itself.

mod column;
mod decode;
mod group;
mod pages;
mod read;
mod thrift;
mod write;

use std::sync::{Arc, LazyLock};

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::schema::types::{Type, TypePtr};

pub use read::ReadError;
pub(crate) use read::{SegmentReader, Stamp};
pub(crate) use write::write_segment;

/// Events of a segment, at most.
pub(crate) const EVENTS_MAX: usize = 200_000;

/// Bytes of names and texts after which a segment is closed.
pub(crate) const TEXT_BYTES_MAX: usize = 32 << 20;

/// The name of the segment of this number.
pub(crate) fn file_name(number: u32) -> String {
    format!("events-{number:05}.parquet")
}

/// The number of the segment of this file name.
pub(crate) fn number(file_name: &str) -> Option<u32> {
    let digits = file_name.strip_prefix("events-")?.strip_suffix(".parquet")?;
    (digits.len() >= 5 && digits.bytes().all(|digit| digit.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// A column: its name, how it is stored, and whether it may be empty.
struct Column {
    name: &'static str,
    shape: Shape,
    optional: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// 64 bits, no sign: ids, whose high bits hold the peer.
    Id,
    /// 64 bits with a sign, so that differences in a query may be negative.
    Number,
    /// UTF-8.
    Text,
    /// Any bytes.
    Bytes,
}

const fn column(name: &'static str, shape: Shape, optional: bool) -> Column {
    Column { name, shape, optional }
}

/// The columns that every file has, in the order in which they stand in it.
const COLUMNS: [Column; 12] = [
    column("id", Shape::Id, false),
    column("time_ns", Shape::Number, false),
    column("peer", Shape::Number, false),
    column("community", Shape::Text, false),
    column("kind", Shape::Text, false),
    column("other", Shape::Number, true),
    column("cause", Shape::Id, true),
    column("name", Shape::Text, false),
    column("value", Shape::Number, false),
    column("goal", Shape::Number, false),
    column("bytes", Shape::Number, false),
    column("text", Shape::Text, false),
];

/// The last column of runs whose peers keep the first bytes of what they send: real ones.
const BODY: Column = column("body", Shape::Bytes, true);

/// Which columns somebody needs; what is in the others stays empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need(u16);

impl Need {
    /// All of them.
    pub(crate) const ALL: Self = Self(u16::MAX);
    /// When.
    pub(crate) const TIMES: Self = Self(1 << 1);
    /// Which.
    pub(crate) const IDS: Self = Self(1);
    /// What happened when, and why: id, time, cause.
    pub(crate) const CAUSES: Self = Self(1 << 0 | 1 << 1 | 1 << 6);
    /// Messages and their two ends: id, time, kind, other, cause.
    pub(crate) const MESSAGES: Self = Self(Self::CAUSES.0 | 1 << 4 | 1 << 5);
    /// The same with what they are called and how long they are.
    pub(crate) const NAMED: Self = Self(Self::MESSAGES.0 | 1 << 7 | 1 << 10);
    /// The same with what they say.
    pub(crate) const TEXTS: Self = Self(Self::NAMED.0 | 1 << 11);
    /// What happened when, in which community, and what it is called.
    pub(crate) const STATES: Self = Self(Self::CAUSES.0 | 1 << 3 | 1 << 4 | 1 << 7);

    /// Whether the column at this place in [`COLUMNS`] is among them.
    const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// The schema that is written.
static SCHEMA: LazyLock<TypePtr> = LazyLock::new(|| schema(COLUMNS.iter()));

/// The schema of runs whose peers keep bodies.
static SCHEMA_WITH_BODY: LazyLock<TypePtr> = LazyLock::new(|| schema(COLUMNS.iter().chain([&BODY])));

fn schema(columns: impl Iterator<Item = &'static Column>) -> TypePtr {
    let fields = columns.map(|column| Arc::new(field(column))).collect();
    let schema = Type::group_type_builder("event").with_fields(fields).build();
    Arc::new(schema.expect("the schema is fixed, and a test builds it"))
}

fn field(column: &Column) -> Type {
    let (physical, logical) = match column.shape {
        Shape::Id => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Shape::Number => (Physical::INT64, None),
        Shape::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Shape::Bytes => (Physical::BYTE_ARRAY, None),
    };
    let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
        .expect("the columns are fixed, and a test builds them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_sound_and_names_come_back() {
        assert_eq!(SCHEMA.get_fields().len(), COLUMNS.len());
        assert_eq!(SCHEMA_WITH_BODY.get_fields().len(), COLUMNS.len() + 1);
        assert_eq!(number(&file_name(0)), Some(0));
        assert_eq!(number(&file_name(123_456)), Some(123_456));
        for other in
            [".events-00000.parquet.tmp", "events-0.parquet", "events-0000a.parquet", "events-99999999999.parquet"]
        {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
