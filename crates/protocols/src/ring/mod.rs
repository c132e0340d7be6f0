//! The ring: a distributed hash table.
//!
//! [`Id`] is the circle, [`Node`] who is where on it, and [`chord`] keeps the circle closed while nodes come and go; a
//! [`Lookup`] finds who owns a key. What a node asks others stands in `questions`, how it keeps its place in `keep`,
//! and what it looks up in `seek`.
//!
//! **Bounds.** Entries of a list: [`SUCCESSORS_MAX`](chord::SUCCESSORS_MAX). Lookups under way at a node:
//! 4,096; questions: one for each of them, and one for each purpose in looking after neighbors.

pub mod chord;
mod config;
mod id;
mod keep;
mod lookup;
mod message;
mod node;
mod properties;
mod questions;
mod request;
mod seek;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rumormill_core::property::Property;
use rumormill_core::{Context, Launch, Link, ParameterError, Parameters, PeerId, Protocol, Seat};
use serde::Serialize;

pub use config::Config;
pub use id::{BITS, Id, IdError};
pub use lookup::{Lookup, Next};
pub use message::{Message, Step};
pub use node::Node;
pub use request::{Indication, Request};

use chord::{Fingers, Surroundings};

/// The name of the target: made-up lookups that are answered.
pub const TARGET: &str = "lookups";

/// A node of a ring.
#[derive(Clone, Debug, Serialize)]
pub struct Ring {
    seat: Seat,
    phase: Phase,
    surroundings: Surroundings,
    fingers: Fingers,
    questions: questions::Questions,
    seeking: seek::Seeking,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Phase {
    /// It has not begun to join, or has left.
    #[default]
    Away,
    /// It looks for its place.
    Joining,
    /// It is a member.
    Member,
}

/// What a timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// Look after successors and fingers.
    Stabilize,
    /// A question is not answered.
    Late(u64),
    /// Join, or try again to.
    Join,
    /// Make the next lookup.
    Think,
}

impl Ring {
    /// What it is.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Those next to it.
    #[must_use]
    pub const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Those far away.
    #[must_use]
    pub const fn fingers(&self) -> &Fingers {
        &self.fingers
    }

    /// What its made-up lookups found, by key.
    #[must_use]
    pub const fn found(&self) -> &BTreeMap<Id, Node> {
        self.seeking.found()
    }

    /// Itself.
    #[must_use]
    pub const fn node(&self) -> Node {
        self.surroundings.me()
    }
}

impl Launch for Ring {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Config::from_parameters(parameters)
    }

    fn peer(config: &Config, seat: Seat) -> Self {
        // Whose node it is, it learns when it boots.
        let surroundings = Surroundings::alone(Node::new(PeerId(seat.peerid.into()), 0), config.successors);
        Self {
            seat,
            phase: Phase::Away,
            surroundings,
            fingers: Fingers::default(),
            questions: questions::Questions::default(),
            seeking: seek::Seeking::default(),
        }
    }

    fn request(text: &str) -> Option<Request> {
        match *text.split_whitespace().collect::<Vec<_>>() {
            ["lookup", key] => Some(Request::Lookup(key.parse().unwrap_or_else(|_| Id::of(key.as_bytes())))),
            ["stabilize"] => Some(Request::Stabilize),
            ["leave"] => Some(Request::Leave),
            ["join"] => Some(Request::Join),
            _ => None,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }
}

impl Protocol for Ring {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.boot(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        // Whoever is no member knows nothing that others should believe: it is silent, as though it were dead.
        let is_member = self.phase == Phase::Member;
        match message {
            Message::Ask { ticket } if is_member => self.tell(cx, from, ticket),
            Message::Find { ticket, key } if is_member => self.point(cx, from, ticket, key),
            Message::Before if is_member => self.hear_before(cx, Node::new(from, 0)),
            Message::Leaving { predecessor, successors } if is_member => {
                self.hear_leaving(cx, Node::new(from, 0), predecessor, &successors);
            }
            Message::Tell { ticket, predecessor, successors } => {
                self.hear_answer(cx, from, ticket, questions::Answer::Neighbors(predecessor, successors));
            }
            Message::Found { ticket, step } => self.hear_answer(cx, from, ticket, questions::Answer::Step(step)),
            Message::Ask { .. } | Message::Find { .. } | Message::Before | Message::Leaving { .. } => {}
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Stabilize => self.tick(cx),
            Timer::Late(ticket) => self.late(cx, ticket),
            Timer::Join => self.join(cx),
            Timer::Think => self.think(cx),
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Lookup(key) => self.seek(cx, key, seek::Purpose::Asked),
            Request::Stabilize => self.stabilize(cx),
            Request::Leave => self.leave(cx),
            Request::Join => self.join(cx),
        }
    }

    fn on_link(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, link: Link) {
        if link == Link::Down {
            self.lost(cx, peer);
        }
    }
}
