//! A small client of the Redis protocol: one connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The longest that an answer may take: more than a front end tries for.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects; that somebody listens is expected.
    pub fn to(address: &str) -> Self {
        Self::connect(address).unwrap()
    }

    /// Connects.
    pub fn connect(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Sends a command and reads the answer, as [`read`](Self::read) has it.
    pub fn ask(&mut self, words: &[&str]) -> String {
        self.try_ask(words).unwrap()
    }

    /// Sends a command and reads the answer; an error when the connection breaks.
    pub fn try_ask(&mut self, words: &[&str]) -> io::Result<String> {
        self.send(words)?;
        self.read()
    }

    /// Sends a command.
    pub fn send(&mut self, words: &[&str]) -> io::Result<()> {
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.get_mut().write_all(text.as_bytes())
    }

    /// Reads an answer: a bulk string as its text, null as `(nil)`, an array as its parts with commas, anything
    /// else as it is written (`+OK`, `:1`, `-ERR ...`).
    pub fn read(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_string();
        let count = |line: &str| line[1..].parse::<i64>().map_err(io::Error::other);
        match line.as_bytes().first() {
            Some(b'$') => match usize::try_from(count(&line)?) {
                Err(_) => Ok("(nil)".into()),
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    self.stream.read_exact(&mut bytes)?;
                    bytes.truncate(length);
                    String::from_utf8(bytes).map_err(io::Error::other)
                }
            },
            Some(b'*') => {
                let parts: io::Result<Vec<String>> = (0..count(&line)?).map(|_| self.read()).collect();
                Ok(parts?.join(","))
            }
            _ => Ok(line),
        }
    }
}
