//! Answers in words: as people read them in traces.

use std::fmt;

use super::Answer;
use crate::store::apps::Bytes;

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Value(value) => fmt::Debug::fmt(&Found(value.as_ref()), f),
            Self::Values(values) => f.debug_list().entries(values.iter().map(|value| Found(value.as_ref()))).finish(),
            Self::Fields(fields) => f.debug_map().entries(fields.iter().map(|(name, value)| (name, value))).finish(),
            Self::Members(members) => f.debug_set().entries(members).finish(),
            Self::Kind(kind) => f.write_str(kind.name()),
            Self::Page { cursor: 0, keys } => write!(f, "{keys:?}"),
            Self::Page { cursor, keys } => write!(f, "{keys:?}, and more from {cursor} on"),
            Self::Error(error) => fmt::Display::fmt(error, f),
        }
    }
}

/// A value, if there is one.
struct Found<'a>(Option<&'a Bytes>);

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => fmt::Debug::fmt(value, f),
            None => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Error, Kind};
    use super::*;

    #[test]
    fn an_answer_is_read_by_people() {
        let bytes = |text: &str| Bytes::from(text.as_bytes());
        for (answer, words) in [
            (Answer::Value(Some(bytes("5"))), "\"5\""),
            (Answer::Value(None), "nothing"),
            (Answer::Values(vec![Some(bytes("a")), None]), "[\"a\", nothing]"),
            (Answer::Fields(vec![(bytes("year"), bytes("1979"))]), "{\"year\": \"1979\"}"),
            (Answer::Members(vec![bytes("Ash"), bytes("Ripley")]), "{\"Ash\", \"Ripley\"}"),
            (Answer::Number(-7), "-7"),
            (Answer::Kind(Kind::Set), "set"),
            (Answer::Error(Error::Overflow), "ERR increment or decrement would overflow"),
        ] {
            assert_eq!(format!("{answer:?}"), words);
        }
    }
}
