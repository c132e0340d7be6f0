//! Membership: who is up, told to whoever embeds it.
//!
//! SWIM (Das, Gupta and Motivala, DSN 2002): once a protocol period a member pings another one, each in its turn of a
//! random order; when there is no answer it asks some others to ping it, and when there is none either it suspects it.
//! News rides on these messages. So the load of a member does not depend on how many there are, and neither does the
//! time until somebody notices that one crashed. A suspected member refutes it with a higher incarnation, in time or
//! it has failed. Lifeguard (Dadgar, Phillips and Currey, DSN Workshops 2018) has slow members doubt themselves before
//! they doubt others; phi accrual ([`phi`]) can take the place of pings.
//!
//! A member joins through any others that it knows, gets all that they know, and leaves by saying so. Members that
//! failed are sought now and then, and any two exchange all they know: so halves of a split group find together again.
//!
//! Nothing here is proof against members that lie. What no correct one sends is reported and ignored.
//!
//! [`Swim`] runs it by itself, for experiments.

mod config;
mod health;
mod heartbeat;
mod join;
mod message;
mod news;
mod order;
pub mod phi;
mod probe;
mod rumors;
mod standing;
mod suspicion;
mod swim;
mod table;

use std::collections::BTreeMap;

use rumormill_core::{Context, Instant, PeerId, Protocol};
use serde::{Deserialize, Serialize};

pub use config::{Config, ConfigError, Detector, Lifeguard};
pub use message::{Body, Message, PAGE_MAX, PIGGYBACK_MAX, Rumor};
pub use phi::PhiConfig;
pub use standing::{Standing, Status};
pub use suspicion::SuspicionTime;
pub use swim::{Swim, SwimConfig, TARGET};

use health::Health;
use heartbeat::Heartbeats;
use order::ProbeOrder;
use probe::{Probe, Relays};
use rumors::Rumors;
use suspicion::Suspicion;
use table::Table;

/// Where the incarnation is on disk.
const KEY: &[u8] = b"incarnation";

/// Peers to join through that are remembered.
const CONTACTS_MAX: usize = 64;

/// A member is a newcomer for so many periods.
const FRESH_PERIODS: u32 = 4;

/// Full states that a member sends in one period, at most. Whoever gets none asks again.
const STATES_PER_PERIOD: u32 = 64;

/// One member.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Membership {
    stage: Stage,
    incarnation: u32,
    /// Timers of earlier stages have lower ones.
    epoch: u32,
    /// The number of the last ping.
    number: u32,
    table: Table,
    order: ProbeOrder,
    rumors: Rumors,
    /// Of every member that is suspect in the table.
    suspicions: BTreeMap<PeerId, Suspicion>,
    probe: Option<Probe>,
    relays: Relays,
    health: Health,
    heartbeats: Heartbeats,
    /// Through whom it joined. At most [`CONTACTS_MAX`].
    contacts: Vec<PeerId>,
    /// Full states sent in this period.
    states: u32,
    /// Until then it is a newcomer, who has most to hear from its contacts and nothing to tell.
    fresh_until: Instant,
}

/// How far a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It was not yet asked to join.
    #[default]
    Outside,
    /// It asks others what they know.
    Joining,
    /// It is a member.
    Inside,
    /// It left.
    Left,
}

/// What a timer hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timer {
    /// A protocol period begins.
    Period(u32),
    /// The ping of this number should have been answered.
    Unanswered(u32),
    /// A ping of this number for somebody else should have been answered.
    Relay(u32),
    /// A suspicion may have had its time.
    Suspicion {
        /// Of this peer.
        peer: PeerId,
        /// In this incarnation.
        incarnation: u32,
    },
    /// Are there heartbeats that did not come?
    Watch(u32),
    /// Exchange all that is known with some member.
    Sync(u32),
    /// Look for somebody who failed.
    Reconnect(u32),
}

/// What the layer above may ask of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Join, also again after leaving.
    Join {
        /// Through any of these; the first 64 of them are remembered. Who founds a group knows nobody.
        contacts: Vec<PeerId>,
    },
    /// Leave, and say so.
    Leave,
}

/// What a member reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// A peer is a member from now on, for the first time or again. This peer itself: it has joined.
    Joined {
        /// Who.
        peer: PeerId,
    },
    /// A member does not answer somebody. It still counts as one.
    Suspected {
        /// Who.
        peer: PeerId,
    },
    /// A member that was suspected is up after all.
    Alive {
        /// Who.
        peer: PeerId,
    },
    /// A member did not refute a suspicion: it is none any more.
    Failed {
        /// Who.
        peer: PeerId,
    },
    /// A member said that it leaves. This peer itself: it has left.
    Left {
        /// Who.
        peer: PeerId,
    },
    /// A peer sent something that no correct peer sends; it was ignored.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

type Cx<'a, 'b> = &'a mut Context<'b, Membership>;

impl Protocol for Membership {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        // Whoever knew it in its last life must hear that this is another one.
        if let Some(last) = cx.stored(KEY).and_then(|bytes| postcard::from_bytes::<u32>(&bytes).ok()) {
            self.incarnation = last.saturating_add(1);
        }
        self.save_incarnation(cx);
        self.health = Health::new(cx.config.lifeguard.health_max);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        if from == cx.me {
            return;
        }
        if let Err(why) = message.is_sound() {
            return cx.indicate(Indication::Misbehaved { peer: from, why });
        }
        match self.stage {
            Stage::Outside => return,
            Stage::Left => return self.say_that_it_left(cx, from, message.body),
            Stage::Joining | Stage::Inside => {}
        }
        if let Some(incarnation) = message.incarnation {
            self.hear(cx, from, Rumor::new(from, Standing::alive(incarnation)));
        }
        match message.body {
            Body::State { .. } => self.hear_of_state(cx, from, message.rumors),
            _ => message.rumors.into_iter().for_each(|rumor| self.hear(cx, from, rumor)),
        }
        match message.body {
            Body::Ping { number } => self.send(cx, from, Body::Ack { number, of: cx.me }),
            Body::Ack { number, of } => self.acknowledged(cx, from, number, of),
            Body::PingReq { number, target } => self.relay(cx, from, number, target),
            Body::Nack { number } => self.no_answer_elsewhere(from, number),
            Body::Join => self.send_state(cx, from, true),
            Body::State { wants } => self.synchronized(cx, from, wants),
            Body::Heartbeat { again } => self.heartbeat(cx, from, again),
            Body::Gossip => {}
        }
        // Pings and joins are answered, and the answers say so too.
        let is_silent = matches!(message.body, Body::Heartbeat { .. } | Body::Ack { .. } | Body::Nack { .. });
        if is_silent && self.table.get(from).is_some_and(|standing| !standing.status.is_live()) {
            self.send(cx, from, Body::Gossip);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Period(epoch) if epoch == self.epoch => self.period(cx),
            Timer::Watch(epoch) if epoch == self.epoch => self.watch(cx),
            Timer::Sync(epoch) if epoch == self.epoch => self.sync(cx),
            Timer::Reconnect(epoch) if epoch == self.epoch => self.reconnect(cx),
            Timer::Period(_) | Timer::Watch(_) | Timer::Sync(_) | Timer::Reconnect(_) => {}
            Timer::Unanswered(number) => self.unanswered(cx, number),
            Timer::Relay(number) => self.relay_unanswered(cx, number),
            Timer::Suspicion { peer, incarnation } => self.suspicion_over(cx, peer, incarnation),
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Join { contacts } => self.join(cx, contacts),
            Request::Leave => self.leave(cx),
        }
    }
}

impl Membership {
    /// How far this peer is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Its own incarnation.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// The other members as far as it knows, suspected ones too, ascending.
    pub fn members(&self) -> impl Iterator<Item = PeerId> {
        self.table.members()
    }

    /// How many these are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.live()
    }

    /// Is another peer a member as far as it knows, suspected or not?
    #[must_use]
    pub fn is_alive(&self, peer: PeerId) -> bool {
        self.table.is_live(peer)
    }

    /// What it holds of another peer; nothing when it never heard of it, or forgot it.
    #[must_use]
    pub fn standing(&self, peer: PeerId) -> Option<Standing> {
        self.table.get(peer)
    }

    /// The members that are suspected, ascending.
    pub fn suspects(&self) -> impl Iterator<Item = PeerId> {
        self.suspicions.keys().copied()
    }

    /// Lifeguard's local health score: 0 when all is well, up to [`Lifeguard::health_max`].
    #[must_use]
    pub fn health(&self) -> u32 {
        self.health.score()
    }

    /// Does it take part, or try to?
    fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Joining | Stage::Inside)
    }

    /// All members with this one.
    fn group(&self) -> usize {
        self.table.live() + 1
    }

    /// Sends something, with news on it.
    fn send(&mut self, cx: Cx<'_, '_>, to: PeerId, body: Body) {
        let rumors = self.piggyback(cx, to);
        self.send_with(cx, to, body, rumors);
    }

    fn send_with(&self, cx: Cx<'_, '_>, to: PeerId, body: Body, rumors: Vec<Rumor>) {
        let incarnation = self.is_active().then_some(self.incarnation);
        cx.send(to, Message { incarnation, body, rumors });
    }

    /// The number of the next ping. After four thousand million they begin again.
    fn next_number(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    fn save_incarnation(&self, cx: Cx<'_, '_>) {
        // A number is always written.
        let bytes = postcard::to_stdvec(&self.incarnation).unwrap_or_default();
        cx.persist(KEY, &bytes);
    }
}

#[cfg(test)]
mod tests;
