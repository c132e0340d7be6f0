//! Bytes to commands: finds where one ends, has it decoded, and refuses what no client sends.
//!
//! A command is an array of bulk strings (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), or a
//! line of words. The library decodes it; before, it is made sure that it is flat and of bounded size, because
//! the library follows nested arrays as deep as they go.

use bytes::{Buf as _, Bytes, BytesMut};
use redis_protocol::resp2::decode::decode_bytes;
use redis_protocol::resp2::types::BytesFrame;

/// The most words of one command.
pub(crate) const MAX_WORDS: usize = 1 << 16;

/// The most bytes of one command.
pub(crate) const MAX_COMMAND_BYTES: usize = 1 << 20;

/// The most bytes of a command that is a line of words.
const MAX_LINE_BYTES: usize = 1 << 16;

/// Bytes that are no command; the connection ends with these words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ERR Protocol error: {0}")]
pub(crate) struct ProtocolError(String);

/// Takes commands from what has been read so far.
#[derive(Debug, Default)]
pub(crate) struct CommandLine {
    /// With fewer bytes the next command is not whole: no use to look again.
    needed: usize,
    /// How much of the next command was looked at: a client that sends it byte by byte must not cost its square.
    looked: Looked,
}

/// How much of a command was looked at, and is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Looked {
    /// So many bytes.
    at: usize,
    /// So many words of an array are to come, once its head is read.
    left: usize,
}

impl CommandLine {
    /// The next whole command, its words; `None` until more is read. An empty line is a command without words.
    pub(crate) fn next(&mut self, read: &mut BytesMut) -> Result<Option<Vec<Bytes>>, ProtocolError> {
        if read.is_empty() || read.len() < self.needed {
            return Ok(None);
        }
        let extent = if read[0] == b'*' { array(read, &mut self.looked)? } else { line(read, &mut self.looked)? };
        match extent {
            Extent::Whole(length) => {
                *self = Self::default();
                let command = read.split_to(length).freeze();
                words(command).map(Some)
            }
            Extent::Needs(length) => {
                self.needed = length;
                Ok(None)
            }
        }
    }
}

/// How far a command goes.
enum Extent {
    /// So many bytes.
    Whole(usize),
    /// At least so many, more than there are.
    Needs(usize),
}

/// Where the array that `bytes` begins with ends.
fn array(bytes: &[u8], looked: &mut Looked) -> Result<Extent, ProtocolError> {
    if looked.at == 0 {
        let Some((count, at)) = header(bytes, 0)? else { return Ok(Extent::Needs(bytes.len() + 1)) };
        let left = usize::try_from(count).unwrap_or(0);
        if left > MAX_WORDS {
            return Err(ProtocolError("invalid multibulk length".into()));
        }
        *looked = Looked { at, left };
    }
    while looked.left > 0 {
        let at = looked.at;
        match bytes.get(at) {
            None => return Ok(Extent::Needs(at + 1)),
            Some(b'$') => {}
            Some(&other) => return Err(ProtocolError(format!("expected '$', got '{}'", other.escape_ascii()))),
        }
        let Some((length, body)) = header(bytes, at)? else { return Ok(Extent::Needs(bytes.len() + 1)) };
        let length = usize::try_from(length).ok().filter(|&length| body + length <= MAX_COMMAND_BYTES);
        let Some(length) = length else { return Err(ProtocolError("invalid bulk length".into())) };
        let end = body + length + 2;
        if end > bytes.len() {
            return Ok(Extent::Needs(end));
        }
        if &bytes[end - 2..end] != b"\r\n" {
            return Err(ProtocolError("a bulk string longer than it says".into()));
        }
        *looked = Looked { at: end, left: looked.left - 1 };
    }
    Ok(Extent::Whole(looked.at))
}

/// The number after the type byte at `at`, and where the line ends; `None` until the line is whole.
fn header(bytes: &[u8], at: usize) -> Result<Option<(i64, usize)>, ProtocolError> {
    const LONGEST: usize = 24;
    let line = &bytes[at + 1..bytes.len().min(at + 1 + LONGEST)];
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        return if line.len() < LONGEST { Ok(None) } else { Err(ProtocolError("a length that is too long".into())) };
    };
    let number = std::str::from_utf8(&line[..end]).ok().and_then(|digits| digits.parse().ok());
    match number {
        Some(number) => Ok(Some((number, at + 1 + end + 2))),
        None => Err(ProtocolError("invalid length".into())),
    }
}

/// Where the line that `bytes` begins with ends.
fn line(bytes: &[u8], looked: &mut Looked) -> Result<Extent, ProtocolError> {
    let ends = bytes.len().min(MAX_LINE_BYTES);
    match bytes[looked.at..ends].iter().position(|&byte| byte == b'\n') {
        Some(end) => Ok(Extent::Whole(looked.at + end + 1)),
        None if bytes.len() >= MAX_LINE_BYTES => Err(ProtocolError("too big inline request".into())),
        None => {
            looked.at = ends;
            Ok(Extent::Needs(bytes.len() + 1))
        }
    }
}

/// The words of a whole command.
fn words(mut command: Bytes) -> Result<Vec<Bytes>, ProtocolError> {
    if command[0] != b'*' {
        let is_space = |byte: &u8| byte.is_ascii_whitespace();
        let mut words = Vec::new();
        while command.has_remaining() {
            let spaces = command.iter().take_while(|byte| is_space(byte)).count();
            command.advance(spaces);
            let length = command.iter().take_while(|byte| !is_space(byte)).count();
            if length > 0 {
                words.push(command.split_to(length));
            }
        }
        return Ok(words);
    }
    match decode_bytes(&command) {
        Ok(Some((BytesFrame::Array(items), _))) => items
            .into_iter()
            .map(|item| match item {
                BytesFrame::BulkString(word) => Ok(word),
                _ => Err(ProtocolError("expected bulk strings".into())),
            })
            .collect(),
        Ok(Some((BytesFrame::Null, _))) => Ok(Vec::new()),
        Ok(_) => Err(ProtocolError("not a command".into())),
        Err(error) => Err(ProtocolError(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redis_protocol::resp2::encode::extend_encode;

    use super::*;

    fn encoded(words: &[Vec<u8>]) -> BytesMut {
        let items = words.iter().map(|word| BytesFrame::BulkString(word.clone().into())).collect();
        let mut bytes = BytesMut::new();
        extend_encode(&mut bytes, &BytesFrame::Array(items), false).unwrap();
        bytes
    }

    proptest! {
        #[test]
        fn commands_come_out_as_they_went_in(
            commands in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6), 1..6),
            cuts in prop::collection::vec(1..60_usize, 1..40),
        ) {
            let all: Vec<u8> = commands.iter().flat_map(|command| encoded(command).to_vec()).collect();
            let (mut read, mut line, mut out) = (BytesMut::new(), CommandLine::default(), Vec::new());
            let (mut rest, mut cuts) = (&all[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                read.extend_from_slice(piece);
                rest = after;
                while let Some(words) = line.next(&mut read).unwrap() {
                    out.push(words.iter().map(|word| word.to_vec()).collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(out, commands);
            prop_assert!(read.is_empty());
        }

        #[test]
        fn any_bytes_are_commands_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            super::super::fuzz(&bytes);
        }
    }

    #[test]
    fn a_line_of_words_is_a_command() {
        let mut read = BytesMut::from(&b"SET  a 1\r\n\r\nget a\n"[..]);
        let mut line = CommandLine::default();
        let mut next = || line.next(&mut read).unwrap().unwrap();
        assert_eq!(next(), ["SET", "a", "1"]);
        assert!(next().is_empty());
        assert_eq!(next(), ["get", "a"]);
    }

    #[test]
    fn what_no_client_sends_ends_the_connection() {
        let nested: Vec<u8> = b"*1\r\n".repeat(50_000);
        for (bytes, why) in [
            (&nested[..], "expected '$', got '*'"),
            (b"*1\r\n:5\r\n", "expected '$', got ':'"),
            (b"*99999999999\r\n", "invalid multibulk length"),
            (b"*1\r\n$-5\r\n", "invalid bulk length"),
            (b"*1\r\n$99999999999\r\n", "invalid bulk length"),
            (b"*x\r\n", "invalid length"),
            (b"*1\r\n$1\r\nabc\r\n", "a bulk string longer than it says"),
        ] {
            let error = CommandLine::default().next(&mut BytesMut::from(bytes)).unwrap_err();
            assert_eq!(error.to_string(), format!("ERR Protocol error: {why}"));
        }
    }

    #[test]
    fn what_was_looked_at_is_not_looked_at_again() {
        let mut line = CommandLine::default();
        let mut read = BytesMut::from(&b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n"[..]);
        assert_eq!(line.next(&mut read).unwrap(), None);
        assert_eq!(line.looked, Looked { at: read.len(), left: 1 });
        read.extend_from_slice(b"$1\r\nb\r\nGET a");
        assert_eq!(line.next(&mut read).unwrap().unwrap(), ["SET", "a", "b"]);
        assert_eq!((line.next(&mut read).unwrap(), line.looked.at), (None, 5));
        read.extend_from_slice(b"b\n");
        assert_eq!(line.next(&mut read).unwrap().unwrap(), ["GET", "ab"]);
    }

    #[test]
    fn a_long_value_is_looked_at_once_it_is_there() {
        let mut line = CommandLine::default();
        let mut read = BytesMut::from(&b"*2\r\n$3\r\nGET\r\n$500000\r\n"[..]);
        assert_eq!(line.next(&mut read).unwrap(), None);
        assert_eq!(line.needed, read.len() + 500_002);
    }
}
