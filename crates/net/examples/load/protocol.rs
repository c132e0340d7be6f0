//! What the two nodes do: one sends, the other answers each message or acknowledges many at once.

use std::time::Instant;

use rumormill_core::{Context, Launch, Link, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

/// One-way messages that are acknowledged at once.
const ACKNOWLEDGED_AT_ONCE: u64 = 64;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Work {
    pub to: PeerId,
    /// Messages in all.
    pub count: u64,
    /// Messages that are not answered or acknowledged yet, at most.
    pub window: u64,
    /// Bytes of each message beside a few.
    pub bytes: usize,
    /// The receiver writes each to its disk before it answers.
    pub durable: bool,
    /// The receiver answers each; otherwise it acknowledges some.
    pub answered: bool,
}

/// Either side.
#[derive(Debug, Default)]
pub struct Load {
    work: Option<Work>,
    sent: u64,
    returned: u64,
    received: u64,
    begun: Vec<Instant>,
    latencies_ns: Vec<u64>,
}

/// What the sides send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Work: its number and ballast.
    One { number: u64, durable: bool, answered: bool, last: bool, ballast: Ballast },
    /// The answer to one.
    Answer(u64),
    /// So many have come.
    Come(u64),
}

/// Bytes that are written and read at once.
#[derive(Clone, Debug)]
pub struct Ballast(pub Vec<u8>);

impl Serialize for Ballast {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ballast {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
    }
}

impl Wire for Message {}

/// What the layer above asks for.
#[derive(Debug)]
pub enum Ask {
    /// All of this, driven by the protocol.
    Work(Work),
    /// One answer from this node.
    Call(PeerId, u64),
}

/// What the layer above hears.
#[derive(Debug)]
pub enum Said {
    /// The work is done.
    Done {
        /// Of each message that was answered, in nanoseconds and in order of their length.
        latencies_ns: Vec<u64>,
    },
    /// A call was answered.
    Answered(u64),
    /// The link to the other is up.
    Up,
}

impl Launch for Load {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self::default()
    }
}

impl Load {
    fn fill(&mut self, cx: &mut Context<'_, Self>) {
        let Some(work) = &self.work else { return };
        while self.sent < work.count && self.sent - self.returned < work.window {
            let (number, last) = (self.sent, self.sent + 1 == work.count);
            let ballast = Ballast(vec![7; work.bytes]);
            self.begun[number as usize % work.window as usize] = Instant::now();
            cx.send(work.to, Message::One { number, durable: work.durable, answered: work.answered, last, ballast });
            self.sent += 1;
        }
    }

    fn returned(&mut self, cx: &mut Context<'_, Self>) {
        if self.work.as_ref().is_some_and(|work| work.count == self.returned) {
            self.work = None;
            self.latencies_ns.sort_unstable();
            cx.indicate(Said::Done { latencies_ns: std::mem::take(&mut self.latencies_ns) });
        } else {
            self.fill(cx);
        }
    }
}

impl Protocol for Load {
    type Config = ();
    type Message = Message;
    type Timer = ();
    type Request = Ask;
    type Indication = Said;

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::One { number, durable, answered, last, ballast } => {
                if durable {
                    cx.persist(&number.to_be_bytes(), &ballast.0);
                }
                if number == 0 {
                    self.received = 0;
                }
                self.received += 1;
                if answered {
                    cx.send(from, Message::Answer(number));
                } else if last || self.received.is_multiple_of(ACKNOWLEDGED_AT_ONCE) {
                    cx.send(from, Message::Come(self.received));
                }
            }
            Message::Answer(number) if self.work.is_none() => cx.indicate(Said::Answered(number)),
            Message::Answer(number) => {
                let place = number as usize % self.begun.len();
                self.latencies_ns.push(self.begun[place].elapsed().as_nanos() as u64);
                self.returned += 1;
                self.returned(cx);
            }
            Message::Come(count) => {
                self.returned = count;
                self.returned(cx);
            }
        }
    }

    fn on_link(&mut self, cx: &mut Context<'_, Self>, _: PeerId, link: Link) {
        if link == Link::Up {
            cx.indicate(Said::Up);
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, ask: Ask) {
        let work = match ask {
            Ask::Work(work) => work,
            Ask::Call(to, number) => {
                let ballast = Ballast(vec![7; 100]);
                return cx.send(to, Message::One { number, durable: false, answered: true, last: false, ballast });
            }
        };
        (self.sent, self.returned) = (0, 0);
        self.begun = vec![Instant::now(); work.window as usize];
        self.work = Some(work);
        self.fill(cx);
    }
}
