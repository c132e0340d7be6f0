//! One connection of a Redis client: commands in, replies out in their order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use bytes::BytesMut;
use rumormill_protocols::store::apps::Bundle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::client::Client;
use super::command_line::CommandLine;
use super::commands::{self, Deed};
use super::reply::{Reply, Version};
use crate::desk::{Answer, Line, Waiter};

/// Commands of one connection that wait for their replies, at most: then no more are read.
const MAX_PIPELINED: usize = 16_384;

/// Bytes of replies that wait to be read by the client, at most: then no more commands are.
const MAX_UNREAD: usize = 4 << 20;

/// Bytes read at once, at most.
const READ_BYTES: usize = 64 << 10;

/// What turns an answer of the store into the reply to a command.
pub(super) type Shape = Box<dyn FnOnce(Answer<Bundle>, &mut Client) -> Reply>;

/// Replies in the order of their commands.
#[derive(Default)]
struct Replies {
    /// The number of the first that waits.
    first: Cell<u64>,
    waiting: RefCell<VecDeque<Place>>,
    /// Told when one that waits is answered.
    answered: Notify,
}

/// What stands in a reply's place, and which version it is to be written in.
struct Place(Version, Waits);

/// What a reply waits for.
enum Waits {
    /// The store has not answered.
    Open(Shape),
    /// It has.
    Answered(Shape, Box<Answer<Bundle>>),
    /// Its turn: it depends on the answers before.
    Turn(fn(&mut Client) -> Reply),
    /// The reply is known.
    Ready(Reply),
}

impl Line<Bundle> for Replies {
    fn answered(&self, number: u64, answer: Answer<Bundle>) {
        let place = number.wrapping_sub(self.first.get()) as usize;
        let mut waiting = self.waiting.borrow_mut();
        if let Some(Place(_, waits)) = waiting.get_mut(place)
            && let Waits::Open(shape) = std::mem::replace(waits, Waits::Ready(Reply::Null))
        {
            *waits = Waits::Answered(shape, Box::new(answer));
        }
        if place == 0 {
            self.answered.notify_one();
        }
    }
}

impl Replies {
    /// Writes all that are ready and have none before them that is not.
    fn write(&self, client: &mut Client, out: &mut BytesMut) {
        let mut waiting = self.waiting.borrow_mut();
        while let Some(Place(version, waits)) = waiting.pop_front_if(|place| !matches!(place.1, Waits::Open(_))) {
            self.first.set(self.first.get() + 1);
            let reply = match waits {
                Waits::Ready(reply) => reply,
                Waits::Answered(shape, answer) => shape(*answer, client),
                Waits::Turn(reply) => reply(client),
                Waits::Open(_) => unreachable!("open ones stay"),
            };
            reply.write(version, out);
        }
    }

    /// Puts a reply, or what it waits for, behind the others; its number.
    fn push(&self, version: Version, waits: Waits) -> u64 {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push_back(Place(version, waits));
        self.first.get() + waiting.len() as u64 - 1
    }
}

/// Serves a connection until the client leaves, says QUIT, or sends what is no command.
pub(super) async fn serve(mut stream: TcpStream, mut client: Client) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let replies = Rc::new(Replies::default());
    let (mut read, mut out) = (BytesMut::with_capacity(READ_BYTES), BytesMut::new());
    let mut line = CommandLine::default();
    let mut leaving = false;
    loop {
        leaving |= !take(&mut line, &mut read, &replies, &mut client);
        replies.write(&mut client, &mut out);
        if !out.is_empty() {
            stream.write_all(&out).await?;
            if out.capacity() > MAX_UNREAD { out = BytesMut::new() } else { out.clear() }
        }
        let waiting = replies.waiting.borrow().len();
        if leaving && waiting == 0 {
            return stream.shutdown().await;
        }
        read.reserve(READ_BYTES);
        tokio::select! {
            () = replies.answered.notified() => {}
            count = stream.read_buf(&mut read), if !leaving && waiting < MAX_PIPELINED => {
                if count? == 0 {
                    leaving = true;
                }
            }
        }
    }
}

/// Takes all whole commands; false when the connection is to end.
fn take(line: &mut CommandLine, read: &mut BytesMut, replies: &Rc<Replies>, client: &mut Client) -> bool {
    while replies.waiting.borrow().len() < MAX_PIPELINED {
        let words = match line.next(read) {
            Ok(Some(words)) if words.is_empty() => continue,
            Ok(Some(words)) => words,
            Ok(None) => return true,
            Err(error) => {
                replies.push(client.version, Waits::Ready(Reply::Error(error.to_string())));
                return false;
            }
        };
        let deed = commands::deed(&words, client);
        let version = client.version;
        match deed {
            Deed::Reply(reply) => drop(replies.push(version, Waits::Ready(reply))),
            Deed::Turn(reply) => drop(replies.push(version, Waits::Turn(reply))),
            Deed::Ask { op, wait, shape } => {
                let number = replies.push(version, Waits::Open(shape));
                let waiter = Waiter::Line(Rc::clone(replies) as Rc<dyn Line<Bundle>>, number);
                let manner = client.manner(wait);
                client.desk.ask(op, manner, waiter);
            }
            Deed::Quit => {
                replies.push(version, Waits::Ready(Reply::OK));
                return false;
            }
        }
    }
    true
}
