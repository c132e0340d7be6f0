//! What a connection's commands wait for: replies in the order of the commands, and how many of them may wait.
//!
//! A client may send commands for as long as it likes without reading a reply. So each that waits is counted, and
//! weighed by what it keeps in memory; of an answer that has not come, that is guessed. When there are too many, no
//! more commands are taken, TCP tells the client to wait, and what was taken is answered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use bytes::BytesMut;
use rumormill_protocols::store::apps::Bundle;
use tokio::sync::Notify;

use super::client::Client;
use super::reply::{Reply, Version};
use super::weight;
use crate::desk::{Answer, Line};

/// Commands that wait for their replies, at most: two chains, of which the front end has one under way.
const MAX_WAITING: usize = 512;

/// Bytes that they keep, at most. As answers may be longer than was guessed, it may be more: at the very worst, when
/// short ones are followed by the longest there are, [`MAX_WAITING`] times the 2 MiB of one answer.
const MAX_BYTES: usize = 8 << 20;

/// As long as this an answer is thought to be before there was one.
const FIRST_GUESS: usize = 64 << 10;

/// What turns an answer of the store into the reply to a command.
pub(super) type Shape = Box<dyn FnOnce(Answer<Bundle>, &mut Client) -> Reply>;

/// Replies in the order of their commands.
pub(super) struct Replies {
    /// The number of the first that waits.
    first: Cell<u64>,
    waiting: RefCell<VecDeque<Place>>,
    /// The weights of all that wait.
    bytes: Cell<usize>,
    /// How long the next answer is thought to be: as the longest of late.
    guess: Cell<usize>,
    /// Told when the first that waits is answered.
    pub answered: Notify,
}

/// What stands in a reply's place.
struct Place {
    /// What it is to be written in.
    version: Version,
    waits: Waits,
    weight: usize,
}

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
        if let Some(place) = self.waiting.borrow_mut().get_mut(place)
            && let Waits::Open(shape) = std::mem::replace(&mut place.waits, Waits::Ready(Reply::Null))
        {
            let weight = weight::of_answer(&answer);
            self.bytes.set(self.bytes.get() - place.weight + weight);
            let guess = self.guess.get();
            self.guess.set(weight.max(guess - guess / 8));
            *place = Place { version: place.version, waits: Waits::Answered(shape, Box::new(answer)), weight };
        }
        if place == 0 {
            self.answered.notify_one();
        }
    }
}

impl Replies {
    pub fn new() -> Self {
        let (first, waiting, bytes) = (Cell::new(0), RefCell::default(), Cell::new(0));
        Self { first, waiting, bytes, guess: Cell::new(FIRST_GUESS), answered: Notify::new() }
    }

    /// Does none wait?
    pub fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    /// May another command be taken? Always when none waits.
    pub fn has_room(&self) -> bool {
        self.waiting.borrow().len() < MAX_WAITING && self.bytes.get() < MAX_BYTES
    }

    /// Writes those that can be and have none before them that cannot, until there are about so many bytes. False
    /// when there are more of them.
    pub fn write(&self, client: &mut Client, out: &mut BytesMut, most: usize) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        while out.len() < most {
            let Some(place) = waiting.pop_front_if(|place| !matches!(place.waits, Waits::Open(_))) else { return true };
            self.first.set(self.first.get() + 1);
            self.bytes.set(self.bytes.get() - place.weight);
            let reply = match place.waits {
                Waits::Ready(reply) => reply,
                Waits::Answered(shape, answer) => shape(*answer, client),
                Waits::Turn(reply) => reply(client),
                Waits::Open(_) => unreachable!("open ones stay"),
            };
            reply.write(place.version, out);
        }
        false
    }

    /// A reply that is known, behind the others.
    pub fn ready(&self, version: Version, reply: Reply) {
        let weight = weight::of_reply(&reply);
        self.push(version, Waits::Ready(reply), weight);
    }

    /// A reply that depends on the answers before it, behind the others.
    pub fn turn(&self, version: Version, reply: fn(&mut Client) -> Reply) {
        self.push(version, Waits::Turn(reply), weight::PLACE);
    }

    /// The reply to a command of so many bytes which the store is asked to carry out, behind the others: its number.
    pub fn open(&self, version: Version, shape: Shape, command: usize) -> u64 {
        self.push(version, Waits::Open(shape), weight::PLACE + command + self.guess.get())
    }

    fn push(&self, version: Version, waits: Waits, weight: usize) -> u64 {
        let mut waiting = self.waiting.borrow_mut();
        self.bytes.set(self.bytes.get() + weight);
        waiting.push_back(Place { version, waits, weight });
        self.first.get() + waiting.len() as u64 - 1
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rumormill_protocols::store::Token;
    use rumormill_protocols::store::apps::bundle;
    use rumormill_protocols::store::apps::kv;

    use super::*;

    const V2: Version = Version::Resp2;

    fn answer(bytes: usize) -> Answer<Bundle> {
        let value = kv::Answer::Value(Some(vec![b'x'; bytes].into()));
        Answer { token: Token::default(), result: Ok(Some(bundle::Answer::Kv(value))) }
    }

    /// Asks for as many as may be: how many.
    fn fill(replies: &Replies) -> Vec<u64> {
        let shape = || -> Shape { Box::new(|_, _| Reply::OK) };
        let ask = |_| replies.has_room().then(|| replies.open(V2, shape(), 20));
        (0..100_000).map_while(ask).collect()
    }

    #[test]
    fn many_short_ones_may_wait_and_few_long_ones() {
        let replies = Replies::new();
        let first = fill(&replies);
        assert!((64..=128).contains(&first.len()), "{}", first.len());
        first.iter().for_each(|&number| replies.answered(number, answer(10)));
        assert_eq!(first.len() + fill(&replies).len(), MAX_WAITING);

        let replies = Replies::new();
        replies.answered(replies.open(V2, Box::new(|_, _| Reply::OK), 20), answer(1 << 20));
        assert!((5..=8).contains(&fill(&replies).len()), "each may be as long as the last");
    }

    #[test]
    fn what_is_answered_and_not_written_is_weighed() {
        let replies = Replies::new();
        let open = fill(&replies);
        open.iter().for_each(|&number| replies.answered(number, answer(200_000)));
        assert!(!replies.has_room() && replies.bytes.get() > open.len() * 200_000);
    }

    #[test]
    fn replies_that_need_no_answer_are_weighed_too() {
        let replies = Replies::new();
        let long = Bytes::from(vec![b'x'; 1 << 20]);
        let echoes = (0..100).take_while(|_| replies.has_room());
        assert_eq!(echoes.map(|_| replies.ready(V2, Reply::Bulk(long.clone()))).count(), 8);
    }
}
