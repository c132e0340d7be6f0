//! Replies, in either version of the protocol: the library writes them.

use bytes::{Bytes, BytesMut};
use redis_protocol::resp2::encode::extend_encode as extend_encode_2;
use redis_protocol::resp2::types::BytesFrame as Frame2;
use redis_protocol::resp3::encode::complete::extend_encode as extend_encode_3;
use redis_protocol::resp3::types::{BytesFrame as Frame3, FrameMap};

/// A version of the protocol: a client begins with the second, and may ask for the third (HELLO 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    #[default]
    Resp2,
    Resp3,
}

/// A reply to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A word such as OK.
    Simple(&'static str),
    /// What went wrong; begins with a word in capitals, ERR for most.
    Error(String),
    /// A number.
    Integer(i64),
    /// Bytes.
    Bulk(Bytes),
    /// Nothing is there.
    Null,
    /// Several.
    Array(Vec<Reply>),
    /// Pairs; in the second version, one after the other.
    Map(Vec<(Reply, Reply)>),
    /// Each once; in the second version, an array.
    Set(Vec<Reply>),
}

impl Reply {
    /// OK.
    pub(crate) const OK: Self = Self::Simple("OK");

    /// Text as bytes.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Bulk(Bytes::from(text.into().into_bytes()))
    }

    /// Appends the encoded reply.
    pub(crate) fn write(self, version: Version, buffer: &mut BytesMut) {
        let written = match version {
            Version::Resp2 => extend_encode_2(buffer, &self.second(), false),
            Version::Resp3 => extend_encode_3(buffer, &self.third(), false),
        };
        // Only frames of a kind that is never made here cannot be encoded.
        debug_assert!(written.is_ok(), "{written:?}");
    }

    fn second(self) -> Frame2 {
        match self {
            Self::Simple(word) => Frame2::SimpleString(Bytes::from_static(word.as_bytes())),
            Self::Error(why) => Frame2::Error(one_line(why).into()),
            Self::Integer(number) => Frame2::Integer(number),
            Self::Bulk(bytes) => Frame2::BulkString(bytes),
            Self::Null => Frame2::Null,
            Self::Array(items) | Self::Set(items) => Frame2::Array(items.into_iter().map(Self::second).collect()),
            Self::Map(pairs) => {
                Frame2::Array(pairs.into_iter().flat_map(|(key, value)| [key.second(), value.second()]).collect())
            }
        }
    }

    fn third(self) -> Frame3 {
        match self {
            Self::Simple(word) => Frame3::SimpleString { data: Bytes::from_static(word.as_bytes()), attributes: None },
            Self::Error(why) => Frame3::SimpleError { data: one_line(why).into(), attributes: None },
            Self::Integer(data) => Frame3::Number { data, attributes: None },
            Self::Bulk(data) => Frame3::BlobString { data, attributes: None },
            Self::Null => Frame3::Null,
            Self::Array(items) => {
                Frame3::Array { data: items.into_iter().map(Self::third).collect(), attributes: None }
            }
            Self::Set(items) => Frame3::Set { data: items.into_iter().map(Self::third).collect(), attributes: None },
            Self::Map(pairs) => Frame3::Map {
                data: pairs.into_iter().map(|(key, value)| (key.third(), value.third())).collect::<FrameMap<_, _>>(),
                attributes: None,
            },
        }
    }
}

/// An error ends with its line.
fn one_line(why: String) -> String {
    if why.contains(['\r', '\n']) { why.replace(['\r', '\n'], " ") } else { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(reply: Reply, version: Version) -> String {
        let mut buffer = BytesMut::new();
        reply.write(version, &mut buffer);
        String::from_utf8(buffer.to_vec()).unwrap()
    }

    #[test]
    fn both_versions_are_written() {
        let map = || Reply::Map(vec![(Reply::text("a"), Reply::Integer(-1))]);
        for (reply, second, third) in [
            (Reply::OK, "+OK\r\n", "+OK\r\n"),
            (Reply::Null, "$-1\r\n", "_\r\n"),
            (Reply::Integer(7), ":7\r\n", ":7\r\n"),
            (Reply::Error("ERR a\r\nb".into()), "-ERR a  b\r\n", "-ERR a  b\r\n"),
            (Reply::text(""), "$0\r\n\r\n", "$0\r\n\r\n"),
            (map(), "*2\r\n$1\r\na\r\n:-1\r\n", "%1\r\n$1\r\na\r\n:-1\r\n"),
            (Reply::Array(vec![]), "*0\r\n", "*0\r\n"),
        ] {
            assert_eq!(written(reply.clone(), Version::Resp2), second);
            assert_eq!(written(reply, Version::Resp3), third);
        }
        assert_eq!(written(Reply::Set(vec![Reply::text("x")]), Version::Resp3), "~1\r\n$1\r\nx\r\n");
    }
}
