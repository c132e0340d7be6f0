//! Flood: a community in which every peer creates its share of messages and every member ends with all
//! of them.
//!
//! A message is pushed to a few neighbors the first time a peer gets it (epidemic push; Demers et al.,
//! PODC 1987, section 1.4), and every second a peer compares what it has with one random neighbor
//! (anti-entropy, section 1.3), so that all messages reach all peers under loss, partition, late join
//! and restart from disk.

mod config;
mod held;
mod message;
mod properties;
mod sync;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::property::Property;
use rumormill_core::{Context, Launch, ParameterError, Parameters, PeerId, Protocol, Seat};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub use config::Config;
pub use held::Held;
pub use message::{Item, ItemId, Message};
pub use sync::{Shelf, Summary};

/// The name of the target: messages held over messages there are.
pub const TARGET: &str = "messages";

/// One member of the community.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flood {
    /// This peer's number in the experiment, which its messages tell.
    peerid: u32,
    /// Messages that this peer creates.
    share: u32,
    /// Which messages this peer has.
    held: Held,
    /// Their content, when they have any (see [`Config::signed`]).
    items: Option<Box<Items>>,
}

/// Messages with content, by id.
type Items = BTreeMap<ItemId, Arc<Item>>;

/// What a timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timer {
    /// Create the next message.
    Create,
    /// Compare with a random neighbor.
    Sync,
}

/// What a member can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Compare with every neighbor, now: `sync`.
    Sync,
}

/// What a member reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// This peer has all messages.
    Complete,
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

impl Launch for Flood {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Config::from_parameters(parameters)
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }

    fn peer(config: &Config, seat: Seat) -> Self {
        Self { peerid: seat.peerid, share: config.share(seat.peerid), ..Self::default() }
    }

    fn request(text: &str) -> Option<Request> {
        (text.trim() == "sync").then_some(Request::Sync)
    }
}

impl Protocol for Flood {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.recover(cx);
        self.report(cx);
        if self.created(cx.me) < self.share {
            cx.set_timer(Duration::ZERO, Timer::Create);
        }
        if cx.config.anti_entropy {
            // The first exchanges are spread, or all peers would talk in step for ever.
            let first = cx.rng.between(Duration::ZERO, cx.config.sync_every);
            cx.set_timer(first, Timer::Sync);
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Push { author, number } => self.learn_bare(cx, from, &[ItemId { author, number }]),
            Message::PushSigned(item) => self.learn_signed(cx, from, &[item]),
            Message::Compare(summary) => self.compare(cx, from, &summary),
            Message::Bare(ids) => self.learn_bare(cx, from, &ids),
            Message::Signed(items) => self.learn_signed(cx, from, &items),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Create => self.create(cx),
            Timer::Sync => {
                if let Some(&neighbor) = cx.rng.choose(cx.neighbors) {
                    let summary = Summary::of(&self.held, &mut cx.rng, true);
                    cx.send(neighbor, Message::Compare(Arc::new(summary)));
                }
                let every = cx.config.sync_every;
                let next = cx.rng.between(every.mul_f64(0.9), every.mul_f64(1.1));
                cx.set_timer(next, Timer::Sync);
            }
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, Request::Sync: Request) {
        let summary = Arc::new(Summary::of(&self.held, &mut cx.rng, true));
        cx.send_all(cx.neighbors.iter().copied(), &Message::Compare(summary));
    }
}

impl Flood {
    /// Which messages this peer has.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// How many of its own messages this peer has created: their numbers have no gaps.
    fn created(&self, me: PeerId) -> u32 {
        self.held.prefix(me)
    }

    /// The content of a message that this peer has.
    fn item(&self, id: &ItemId) -> Option<&Arc<Item>> {
        self.items.as_ref()?.get(id)
    }

    /// Creates this peer's next message, and sets the timer for the one after it.
    fn create(&mut self, cx: &mut Context<'_, Self>) {
        let id = ItemId { author: cx.me, number: self.created(cx.me) + 1 };
        if id.number > self.share {
            return;
        }
        if cx.config.signed {
            let body = format!("message {} of peer {}", id.number, self.peerid).into_bytes();
            let signature = cx.sign(&Item::signed_bytes(id, &body));
            self.keep_signed(cx, &Arc::new(Item { id, body, signature }));
        } else {
            self.keep_bare(cx, id);
        }
        self.push(cx, None, SmallVec::from_slice(&[id]));
        self.report(cx);
        if id.number < self.share {
            cx.set_timer(cx.config.create_every, Timer::Create);
        }
    }

    /// Takes messages without content: huge simulations.
    fn learn_bare(&mut self, cx: &mut Context<'_, Self>, from: PeerId, ids: &[ItemId]) {
        if cx.config.signed {
            cx.indicate(Indication::Misbehaved { peer: from, why: "an unsigned message where all are signed" });
            return;
        }
        let mut fresh: SmallVec<[ItemId; 1]> = SmallVec::new();
        for &id in ids {
            if self.in_range(cx, from, id) && !self.held.contains(id) {
                self.keep_bare(cx, id);
                fresh.push(id);
            }
        }
        self.spread(cx, from, fresh);
    }

    /// Takes messages with content, each signed by its author.
    fn learn_signed(&mut self, cx: &mut Context<'_, Self>, from: PeerId, items: &[Arc<Item>]) {
        if !cx.config.signed {
            cx.indicate(Indication::Misbehaved { peer: from, why: "a signed message where none are" });
            return;
        }
        let mut fresh: SmallVec<[ItemId; 1]> = SmallVec::new();
        for item in items {
            if !self.in_range(cx, from, item.id) || self.held.contains(item.id) {
                continue;
            }
            if cx.verify(item.id.author, &Item::signed_bytes(item.id, &item.body), &item.signature) {
                self.keep_signed(cx, item);
                fresh.push(item.id);
            } else {
                cx.indicate(Indication::Misbehaved { peer: from, why: "a message that its author did not sign" });
            }
        }
        self.spread(cx, from, fresh);
    }

    fn in_range(&self, cx: &mut Context<'_, Self>, from: PeerId, id: ItemId) -> bool {
        let allowed = (1..=cx.config.share_max).contains(&id.number);
        if !allowed {
            cx.indicate(Indication::Misbehaved { peer: from, why: "a message with an impossible number" });
        }
        allowed
    }

    fn keep_bare(&mut self, cx: &mut Context<'_, Self>, id: ItemId) {
        self.held.insert(id);
        if cx.config.durable {
            cx.persist(&id.to_key(), &[]);
        }
    }

    fn keep_signed(&mut self, cx: &mut Context<'_, Self>, item: &Arc<Item>) {
        self.held.insert(item.id);
        self.items.get_or_insert_default().insert(item.id, Arc::clone(item));
        if cx.config.durable {
            cx.persist(&item.id.to_key(), &item.to_value());
        }
    }

    /// Pushes what was new on, and reports.
    fn spread(&mut self, cx: &mut Context<'_, Self>, from: PeerId, fresh: SmallVec<[ItemId; 1]>) {
        if !fresh.is_empty() {
            self.push(cx, Some(from), fresh);
            self.report(cx);
        }
    }

    /// Sends messages to at most [`Config::fanout`] neighbors, not back to where they came from.
    fn push(&self, cx: &mut Context<'_, Self>, from: Option<PeerId>, fresh: SmallVec<[ItemId; 1]>) {
        let neighbors = cx.neighbors;
        let (fanout, signed) = (cx.config.fanout, cx.config.signed);
        let batches: SmallVec<[Message; 1]> = match fresh.as_slice() {
            &[ItemId { author, number }] if !signed => SmallVec::from_buf([Message::Push { author, number }]),
            [id] => self.item(id).map(|item| Message::PushSigned(Arc::clone(item))).into_iter().collect(),
            many => self.batches(signed, many.iter().copied()).into_iter().collect(),
        };
        for message in &batches {
            if neighbors.len() <= fanout {
                cx.send_all(neighbors.iter().copied().filter(|&peer| Some(peer) != from), message);
            } else {
                let chosen = cx.rng.sample(neighbors, fanout);
                cx.send_all(chosen.into_iter().filter(|&peer| Some(peer) != from), message);
            }
        }
    }

    /// Says how far this peer is.
    fn report(&self, cx: &mut Context<'_, Self>) {
        let (held, total) = (self.held.len(), cx.config.total);
        cx.progress(TARGET, held, total);
        if held >= total {
            cx.indicate(Indication::Complete);
            cx.done();
        }
    }

    /// Takes back what the disk kept.
    fn recover(&mut self, cx: &mut Context<'_, Self>) {
        if !cx.config.durable {
            return;
        }
        let (held, items) = (&mut self.held, &mut self.items);
        cx.scan(ItemId::KEY_PREFIX, |key, value| {
            let Some(id) = ItemId::from_key(key) else { return };
            held.insert(id);
            if let Some(item) = Item::from_value(id, value) {
                items.get_or_insert_default().insert(id, Arc::new(item));
            }
        });
    }
}

#[cfg(test)]
mod tests;
