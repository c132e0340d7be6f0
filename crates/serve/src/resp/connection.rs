//! One connection of a Redis client: commands in, replies out in their order.

use std::io;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use rumormill_protocols::store::Op;
use rumormill_protocols::store::apps::Bundle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::Client;
use super::command_line::CommandLine;
use super::commands::{self, Deed};
use super::replies::Replies;
use super::reply::Reply;
use crate::desk::{Desk, Line, Waiter};

/// Bytes of written replies that wait for the client to read them, at most, but for the last of them: further
/// replies stay with [`Replies`], where they are counted, and no commands are read meanwhile.
const MAX_UNREAD: usize = 1 << 20;

/// Bytes read at once, at most.
const READ_BYTES: usize = 64 << 10;

/// How the taking of commands ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// There is no further whole command.
    All,
    /// There is no room for what a further one answers.
    Some,
    /// The connection is to end when all is answered.
    Last,
    /// The connection is to end at once.
    Attack,
}

/// Serves a connection until the client leaves, says QUIT, or sends what is no command. A client that has only
/// ended its own side gets all its answers.
pub(super) async fn serve(mut stream: TcpStream, mut client: Client, desk: &Desk<Bundle>) -> io::Result<()> {
    let replies = Rc::new(Replies::new());
    let (mut read, mut out) = (BytesMut::with_capacity(READ_BYTES), BytesMut::new());
    let mut line = CommandLine::default();
    let (mut taken, mut ended) = (Taken::All, false);
    loop {
        if taken != Taken::Last {
            taken = take(&mut line, &mut read, &replies, &mut client, desk);
        }
        match taken {
            Taken::Attack => {
                tracing::warn!(client = client.id, "closed: it spoke HTTP, as a page in a browser may be made to");
                return Ok(());
            }
            Taken::All if ended => taken = Taken::Last,
            _ => {}
        }
        let is_all = replies.write(&mut client, &mut out, MAX_UNREAD);
        if !out.is_empty() {
            stream.write_all(&out).await?;
            if out.capacity() > MAX_UNREAD { out = BytesMut::new() } else { out.clear() }
        }
        if !is_all || taken == Taken::Some && replies.has_room() {
            continue;
        }
        if taken == Taken::Last && replies.is_empty() {
            return stream.shutdown().await;
        }
        read.reserve(READ_BYTES);
        tokio::select! {
            () = replies.answered.notified() => {}
            count = stream.read_buf(&mut read), if taken == Taken::All => ended = count? == 0,
        }
    }
}

/// Takes all whole commands for which there is room.
fn take(
    line: &mut CommandLine,
    read: &mut BytesMut,
    replies: &Rc<Replies>,
    client: &mut Client,
    desk: &Desk<Bundle>,
) -> Taken {
    while replies.has_room() {
        let words = match line.next(read) {
            Ok(Some(words)) if words.is_empty() => continue,
            Ok(Some(words)) => words,
            Ok(None) => return Taken::All,
            Err(error) => {
                replies.ready(client.version, Reply::Error(error.to_string()));
                return Taken::Last;
            }
        };
        if is_http(&words[0]) {
            return Taken::Attack;
        }
        let deed = commands::deed(&words, client);
        let version = client.version;
        match deed {
            Deed::Reply(reply) => replies.ready(version, reply),
            Deed::Turn(reply) => replies.turn(version, reply),
            Deed::Ask { op, wait, shape } => {
                let number = replies.open(version, shape, words.iter().map(Bytes::len).sum());
                let waiter = Waiter::Line(Rc::clone(replies) as Rc<dyn Line<Bundle>>, number);
                let manner = client.manner(matches!(op, Op::Update(_)), wait);
                desk.ask(op, manner, waiter);
            }
            Deed::Quit => {
                replies.ready(version, Reply::OK);
                return Taken::Last;
            }
        }
    }
    Taken::Some
}

/// Does a command begin as a line of HTTP does? A page on any site can have a browser send such lines here, and
/// commands behind them. Redis ends the connection by the same words.
fn is_http(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"post") || word.eq_ignore_ascii_case(b"host:")
}
