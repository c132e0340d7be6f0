//! For fuzzing: a connection without a store.

use std::rc::Rc;

use bytes::BytesMut;
use rumormill_protocols::store::apps::bundle;
use rumormill_protocols::store::apps::kv::Answer;
use rumormill_protocols::store::{Failure, SessionId, Token};

use super::client::Client;
use super::command_line::CommandLine;
use super::commands::{self, Deed};
use super::reply::Reply;
use super::server::Server;
use crate::desk;

/// Takes any bytes as what a client sends: once all of them, and once byte by byte, which must come to the same.
///
/// # Panics
/// When they do not, or when a command or its reply makes it panic.
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    let mut whole = BytesMut::from(bytes);
    let (mut line, mut at_once) = (CommandLine::default(), Vec::new());
    while let Ok(Some(words)) = line.next(&mut whole) {
        at_once.push(words);
    }
    let (mut line, mut read, mut one_by_one) = (CommandLine::default(), BytesMut::new(), Vec::new());
    for &byte in bytes {
        read.extend_from_slice(&[byte]);
        match line.next(&mut read) {
            Ok(words) => one_by_one.extend(words),
            Err(_) => break,
        }
    }
    assert!(at_once.starts_with(&one_by_one) || one_by_one.starts_with(&at_once));

    let server = Rc::new(Server::new(([127, 0, 0, 1], 6_379).into(), || 0));
    let mut client = Client::new(server, SessionId(1));
    let mut out = BytesMut::new();
    for words in at_once.iter().filter(|words| !words.is_empty()) {
        let version = client.version;
        let reply = match commands::deed(words, &mut client) {
            Deed::Reply(reply) => reply,
            Deed::Turn(reply) => reply(&mut client),
            Deed::Quit => Reply::OK,
            Deed::Ask { wait, shape, .. } => {
                let token = client.manner(true, wait).seen;
                let value = Answer::Values(words.iter().map(|word| Some(commands::own(word))).collect());
                let results = [Ok(Some(bundle::Answer::Kv(value))), Ok(None), Err(Failure::Unknown)];
                let result = results.into_iter().nth(words.len() % 3).unwrap_or(Ok(None));
                shape(desk::Answer { token: Token { time: 1, ..token }, result }, &mut client)
            }
        };
        reply.write(version, &mut out);
    }
}
