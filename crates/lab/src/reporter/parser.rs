//! The reporter's line protocol, from bytes in any chunks to records; no I/O.

use std::fmt;

/// The most bytes of a record, without its `;`.
pub const RECORD_BYTES_MAX: usize = 4096;

/// One thing that a program says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// `CON<id>,<community>`: the peer joined a community.
    Joined {
        /// The peer.
        id: i64,
        /// The community's name.
        community: String,
    },
    /// `COM<from>,<to>,<community>`: one message went from one peer to another.
    Message {
        /// The sender.
        from: i64,
        /// The receiver.
        to: i64,
        /// The community that it belongs to.
        community: String,
    },
    /// `CTM<id>,<target>,<current>,<goal>`: how far the peer is with a target.
    Target {
        /// The peer.
        id: i64,
        /// The target's name.
        target: String,
        /// Where it is.
        current: u64,
        /// Where it shall be.
        goal: u64,
    },
    /// `END<id>`: the peer has nothing left to do and waits for the others.
    End {
        /// The peer.
        id: i64,
    },
}

/// A record that says nothing understandable, and so is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub what: FlawKind,
    /// The beginning of the record.
    pub record: String,
}

/// What can be wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlawKind {
    /// It begins with none of CON, COM, CTM and END.
    Unknown,
    /// It has another number of fields than its kind has.
    Fields,
    /// A field that should be a whole number is none.
    Number,
    /// It is longer than [`RECORD_BYTES_MAX`].
    TooLong,
    /// It is no text.
    NotText,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            FlawKind::Unknown => "a record begins with CON, COM, CTM or END",
            FlawKind::Fields => "wrong number of fields",
            FlawKind::Number => "expected a whole number",
            FlawKind::TooLong => "longer than 4096 bytes, or without its `;`",
            FlawKind::NotText => "not text",
        };
        write!(f, "passed over `{}`: {what}", self.record)
    }
}

/// Puts records together from chunks of bytes.
#[derive(Debug, Default)]
pub struct Parser {
    record: Vec<u8>,
    /// The record is too long: its bytes are dropped up to its end.
    too_long: bool,
}

impl Parser {
    /// The records that end in these bytes. A record may be split over chunks at any byte.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Result<Record, Flaw>> {
        let mut records = Vec::new();
        while let Some(end) = bytes.iter().position(|&byte| byte == b';') {
            self.extend(&bytes[..end]);
            bytes = &bytes[end + 1..];
            let record = std::mem::take(&mut self.record);
            if std::mem::take(&mut self.too_long) {
                records.push(Err(flaw(FlawKind::TooLong, &String::from_utf8_lossy(&record))));
            } else if !record.trim_ascii().is_empty() {
                records.push(parse(&record));
            }
        }
        self.extend(bytes);
        records
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = RECORD_BYTES_MAX - self.record.len();
        self.too_long |= bytes.len() > room;
        self.record.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// For fuzzing: any bytes in any chunks give the same records as all at once, and no panic.
///
/// # Panics
/// When they do not.
pub fn fuzz_reporter(bytes: &[u8]) {
    let (&size, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let whole = Parser::default().push(bytes);
    let mut parser = Parser::default();
    let chunks: Vec<_> = bytes.chunks(usize::from(size) + 1).flat_map(|chunk| parser.push(chunk)).collect();
    assert_eq!(whole, chunks, "records depend on how they are cut");
}

fn parse(record: &[u8]) -> Result<Record, Flaw> {
    let Ok(text) = std::str::from_utf8(record) else {
        return Err(flaw(FlawKind::NotText, &String::from_utf8_lossy(record)));
    };
    let text = text.trim_ascii();
    fields(text).map_err(|what| flaw(what, text))
}

fn fields(text: &str) -> Result<Record, FlawKind> {
    let (kind, rest) = text.split_at_checked(3).ok_or(FlawKind::Unknown)?;
    let fields: Vec<&str> = rest.split(',').map(str::trim_ascii).collect();
    match (kind, fields.as_slice()) {
        ("CON", [id, community]) => Ok(Record::Joined { id: number(id)?, community: (*community).into() }),
        ("COM", [from, to, community]) => {
            Ok(Record::Message { from: number(from)?, to: number(to)?, community: (*community).into() })
        }
        ("CTM", [id, target, current, goal]) => {
            let (id, target) = (number(id)?, (*target).into());
            Ok(Record::Target { id, target, current: number(current)?, goal: number(goal)? })
        }
        ("END", [id]) => Ok(Record::End { id: number(id)? }),
        ("CON" | "COM" | "CTM" | "END", _) => Err(FlawKind::Fields),
        _ => Err(FlawKind::Unknown),
    }
}

fn number<N: std::str::FromStr>(field: &str) -> Result<N, FlawKind> {
    field.parse().map_err(|_| FlawKind::Number)
}

fn flaw(what: FlawKind, record: &str) -> Flaw {
    let shown: String = record.chars().take(60).flat_map(char::escape_debug).collect();
    let dots = if record.chars().nth(60).is_some() { "…" } else { "" };
    Flaw { what, record: shown + dots }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(record: &Record) -> String {
        match record {
            Record::Joined { id, community } => format!("CON{id},{community};"),
            Record::Message { from, to, community } => format!("COM{from},{to},{community};"),
            Record::Target { id, target, current, goal } => format!("CTM{id},{target},{current},{goal};"),
            Record::End { id } => format!("END{id};"),
        }
    }

    fn record() -> impl Strategy<Value = Record> {
        let name = "[A-Za-z][A-Za-z0-9 _-]{0,20}[a-z]";
        prop_oneof![
            (any::<i64>(), name).prop_map(|(id, community)| Record::Joined { id, community }),
            (any::<i64>(), any::<i64>(), name).prop_map(|(from, to, community)| Record::Message {
                from,
                to,
                community
            }),
            (any::<i64>(), name, any::<u64>(), any::<u64>()).prop_map(|(id, target, current, goal)| Record::Target {
                id,
                target,
                current,
                goal
            }),
            any::<i64>().prop_map(|id| Record::End { id }),
        ]
    }

    proptest! {
        #[test]
        fn records_survive_any_chunks(
            records in proptest::collection::vec(record(), 0..20),
            cuts in proptest::collection::vec(1..40_usize, 1..100),
        ) {
            let bytes: String = records.iter().map(text).collect();
            let (mut parser, mut rest, mut found) = (Parser::default(), bytes.as_bytes(), Vec::new());
            for cut in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, later) = rest.split_at(cut.min(rest.len()));
                found.extend(parser.push(chunk));
                rest = later;
            }
            let found: Vec<Record> = found.into_iter().map(|record| record.unwrap()).collect();
            prop_assert_eq!(found, records);
        }

        #[test]
        fn no_bytes_break_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..10_000)) {
            fuzz_reporter(&bytes);
        }

        #[test]
        fn no_almost_records_break_the_parser(text in "\\PC{0,3}(CON|COM|CTM|END|[0-9]{1,30}|,|;|-| |\n){0,60}") {
            fuzz_reporter(text.as_bytes());
        }
    }

    #[test]
    fn flaws_are_named_and_passed_over() {
        let long = format!("CON1,{}", "x".repeat(RECORD_BYTES_MAX));
        let input = format!("XYZ1;CON1;COM1,2;CTM1,m,ten,10;END;EN;{long};\nEND 7 ;;CTM1,m,-1,10;");
        let found = Parser::default().push(input.as_bytes());
        let kinds: Vec<_> = found.iter().map(|record| record.as_ref().map_err(|flaw| flaw.what)).collect();
        use FlawKind::{Fields, Number, TooLong, Unknown};
        let end = Record::End { id: 7 };
        let expected = [
            Err(Unknown),
            Err(Fields),
            Err(Fields),
            Err(Number),
            Err(Number),
            Err(Unknown),
            Err(TooLong),
            Ok(&end),
            Err(Number),
        ];
        assert_eq!(kinds, expected);
        let sentence = found[0].as_ref().unwrap_err().to_string();
        assert_eq!(sentence, "passed over `XYZ1`: a record begins with CON, COM, CTM or END");
    }

    #[test]
    fn a_record_that_never_ends_holds_bounded_memory() {
        let mut parser = Parser::default();
        for _ in 0..1000 {
            assert!(parser.push(&[b'x'; 1000]).is_empty());
        }
        assert!(parser.record.len() <= RECORD_BYTES_MAX);
        assert_eq!(parser.push(b";END1;")[1], Ok(Record::End { id: 1 }));
    }
}
