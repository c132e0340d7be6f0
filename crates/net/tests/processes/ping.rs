//! A protocol for nodes: answers pings, and counts them on its disk.

use rumormill_core::{Context, Instant, Launch, Link, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

/// The key under which a node counts the pings that it answered.
const ANSWERED: &[u8] = b"answered";

/// A node.
#[derive(Debug)]
pub struct Ping {
    number: u32,
    answered: u64,
}

/// What nodes send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Asks for a pong.
    Ping(u64),
    /// Answers, when the ping is counted on disk.
    Pong { number: u64, answered: u64 },
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Self::Ping(_) => "ping",
            Self::Pong { .. } => "pong",
        }
    }
}

/// What the layer above asks for.
#[derive(Debug)]
pub enum Ask {
    /// A pong from this node.
    Ping(PeerId, u64),
    /// So many indications at once.
    Chatter(u64),
    /// Whom the node knows.
    Neighbors,
    /// An end.
    Panic,
}

/// What the layer above hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The node booted: its number, how many pings its disk says that it answered, and when.
    Booted { number: u32, answered: u64, at: Instant },
    /// A pong came, from a node that has answered so many.
    Pong { from: PeerId, number: u64, answered: u64 },
    /// A link came up or went down.
    Link(PeerId, Link),
    /// One of many.
    Chatter(u64),
    /// Whom the node knows.
    Neighbors(Vec<PeerId>),
}

impl Launch for Ping {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer(_: &(), seat: Seat) -> Self {
        Self { number: seat.peerid, answered: 0 }
    }
}

impl Protocol for Ping {
    type Config = ();
    type Message = Message;
    type Timer = ();
    type Request = Ask;
    type Indication = Said;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let stored = cx.stored(ANSWERED).and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
        self.answered = stored.unwrap_or(0);
        cx.indicate(Said::Booted { number: self.number, answered: self.answered, at: cx.now });
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Ping(number) => {
                self.answered += 1;
                cx.persist(ANSWERED, &self.answered.to_be_bytes());
                cx.send(from, Message::Pong { number, answered: self.answered });
            }
            Message::Pong { number, answered } => cx.indicate(Said::Pong { from, number, answered }),
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Ask) {
        match request {
            Ask::Ping(to, number) => cx.send(to, Message::Ping(number)),
            Ask::Chatter(count) => (0..count).for_each(|number| cx.indicate(Said::Chatter(number))),
            Ask::Neighbors => cx.indicate(Said::Neighbors(cx.neighbors.to_vec())),
            Ask::Panic => panic!("as asked"),
        }
    }

    fn on_link(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, link: Link) {
        cx.indicate(Said::Link(peer, link));
    }
}
