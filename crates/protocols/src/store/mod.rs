//! The gossip store: lazy replication, with causal, forced and immediate updates.
//!
//! Ladin, Liskov, Shrira and Ghemawat, "Providing High Availability Using Lazy Replication", ACM TOCS 10(4),
//! 1992. Replicas answer calls by themselves and tell each other of updates later, by gossip. A front end
//! keeps a label for each session: the updates that the session has seen. An update or query carries the
//! label as what it must come after, and each answer adds to it. So sessions never see an effect without its
//! cause, whichever replica they ask.
//!
//! What is replicated is any [`Application`]. Peers 1 to `replicas` are replicas, the next are front ends.

mod application;
pub mod apps;
mod call;
mod config;
mod decree;
mod front;
mod launch;
mod lines;
mod manage;
mod message;
mod parameters;
mod past;
mod properties;
mod replica;
mod request;
mod snapshot;
mod timestamp;
mod token;
mod trail;

use rumormill_core::{Context, Link, PeerId, Protocol, Seat};
use serde::Serialize;

pub use application::{Application, Changed, Exercise, Op, OpOf, Operation, PartError};
pub use call::{Ack, CallId, Order, SessionId, Stamp};
pub use config::{Config, Flaw, Load};
pub use decree::{Decree, Minutes, Ordered, Round};
pub use front::changes::{Change, Verb};
pub use front::{End, Entry, FrontEnd};
pub use lines::Ended;
pub use manage::{Errand, Role, Status};
pub use message::{
    Call, Calls, Gossip, MAX_MESSAGE_BYTES, MAX_OPERATION_BYTES, Message, Record, Refusal, Replicas, Replies, Reply,
    Roam,
};
pub use parameters::council;
pub use replica::{Replica, Seal};
pub use request::{Answered, Ask, Failure, Indication, Request, Service};
pub use snapshot::{Content, Head, Piece, Place};
pub use timestamp::{MAX_SLOTS, Slot, Timestamp};
pub use token::{MAX_TOKEN_BYTES, Token, TokenError};
pub use trail::{Executed, Trail};

/// A peer of a store.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub enum Store<A: Application> {
    /// Holds the state and executes calls.
    Replica(Box<Replica<A>>),
    /// Makes calls for clients.
    FrontEnd(Box<FrontEnd<A>>),
}

/// What a timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// A replica's.
    Replica(replica::Timer),
    /// A front end's.
    FrontEnd(front::Timer),
}

impl<A: Application> Store<A> {
    /// The peer of this number, as it is before it boots.
    #[must_use]
    pub fn new(config: &Config, seat: Seat) -> Self {
        let is_front_end = (config.replicas + 1..=config.replicas + config.front_ends).contains(&seat.peerid);
        if is_front_end {
            Self::FrontEnd(Box::new(FrontEnd::new(config, seat)))
        } else {
            Self::Replica(Box::new(Replica::new(config, seat)))
        }
    }
}

impl<A: Application> Protocol for Store<A> {
    type Config = Config;
    type Message = Message<A>;
    type Timer = Timer;
    type Request = Request<A>;
    type Indication = Indication<A>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        match self {
            Self::Replica(replica) => replica.on_start(cx),
            Self::FrontEnd(front) => front.on_start(cx),
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message<A>) {
        match (self, message) {
            (Self::Replica(replica), Message::Calls(calls)) => replica.on_calls(cx, from, calls),
            (Self::Replica(replica), Message::Gossip(gossip)) => replica.on_gossip(cx, from, *gossip),
            (Self::Replica(replica), Message::Pull { have }) => replica.on_pull(cx, from, &have),
            (Self::Replica(replica), Message::WantPiece { from: line, snapshot, place }) => {
                replica.on_want_piece(cx, from, (line, snapshot), &place);
            }
            (Self::Replica(replica), Message::Piece(piece)) => replica.on_piece(cx, from, piece),
            (Self::Replica(replica), Message::Manage { ticket, errand }) => replica.on_manage(cx, from, ticket, errand),
            (Self::Replica(replica), Message::Council(message)) => replica.on_council(cx, from, *message),
            (Self::Replica(replica), Message::Stop(round)) => replica.on_stop(cx, from, round),
            (Self::Replica(replica), Message::Stopped { round, line, held, time }) => {
                replica.on_stopped(cx, from, round, replica::Standing { line, held, time });
            }
            (Self::Replica(replica), Message::Dismissed { version }) => replica.on_dismissed(cx, from, version),
            (Self::Replica(replica), Message::Alive { at, is_answer }) => replica.on_alive(cx, from, at, is_answer),
            (Self::Replica(replica), Message::Behind) => replica.on_behind(cx, from),
            // Whoever would like to be a member asks everybody.
            (Self::FrontEnd(_), Message::Council(_)) => {}
            (Self::FrontEnd(front), Message::Told { ticket, result, status }) => {
                if front.hear_change(cx, (from, ticket), result, &status) {
                    return;
                }
                cx.indicate(Indication::Told { ticket, result, status });
            }
            (Self::FrontEnd(front), Message::Replies(replies)) => front.on_replies(cx, from, replies),
            (Self::FrontEnd(front), Message::Roam(roam)) => front.on_roam(cx, from, roam),
            (Self::FrontEnd(front), Message::Arrived { client, moves }) => front.on_arrived(cx, client, moves),
            _ => cx.indicate(Indication::Misbehaved { peer: from, why: "a message for another role" }),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match (self, timer) {
            (Self::Replica(replica), Timer::Replica(timer)) => replica.on_timer(cx, timer),
            (Self::FrontEnd(front), Timer::FrontEnd(timer)) => front.on_timer(cx, timer),
            _ => {}
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request<A>) {
        match self {
            Self::Replica(replica) => replica.on_request(cx, request),
            Self::FrontEnd(front) => front.on_request(cx, request),
        }
    }

    fn on_link(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, link: Link) {
        if let (Self::FrontEnd(front), Link::Down) = (self, link) {
            front.on_lost(cx, peer);
        }
    }
}

/// The peer ids of the numbers 1 to `count`: every peer knows all others.
fn numbers<P: Protocol>(cx: &Context<'_, P>, seat: Seat, count: u32) -> Vec<PeerId> {
    let mut all = cx.neighbors.to_vec();
    let place = (seat.peerid as usize).saturating_sub(1).min(all.len());
    all.insert(place, cx.me);
    all.truncate(count as usize);
    all
}
