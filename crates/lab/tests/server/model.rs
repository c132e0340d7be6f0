//! What a run looks like after its first events, counted as simply as can be, and what a page was told.

use std::collections::BTreeMap;

use rumormill_core::trace::{Event, Kind};
use serde_json::{Value, json};

/// A peer: status, done, targets (name, value, goal) as they are told.
pub type PeerNow = (u64, bool, Vec<(String, u64, u64)>);

/// A link: sender, receiver, kind of message.
pub type Link = (u64, u64, String);

/// What a run looks like at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub peers: BTreeMap<u64, PeerNow>,
    /// Messages, bytes, lost.
    pub links: BTreeMap<Link, [u64; 3]>,
    pub sent: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub done: u64,
    pub clock: f64,
}

impl Model {
    /// After these events, in a run of so many peers.
    pub fn of(peers: u64, events: &[Event]) -> Self {
        let mut model = Self { peers: (1..=peers).map(|peer| (peer, PeerNow::default())).collect(), ..Self::default() };
        events.iter().for_each(|event| model.take(event));
        model.done = model.peers.values().filter(|peer| peer.1).count() as u64;
        model
    }

    fn take(&mut self, event: &Event) {
        self.clock = event.time.as_secs_f64();
        let peer = self.peers.entry(event.peer.0).or_default();
        match event.kind {
            Kind::Started | Kind::Restarted => (peer.0, peer.1) = (1, false),
            Kind::Crashed => (peer.0, peer.1) = (2, false),
            Kind::Done => peer.1 = true,
            Kind::Progress => {
                let now = (event.name.to_string(), event.value, event.goal);
                match peer.2.iter_mut().find(|known| known.0 == now.0) {
                    Some(known) => *known = now,
                    None => peer.2.push(now),
                }
            }
            Kind::Delivered => self.delivered += 1,
            Kind::Sent | Kind::Dropped => self.message(event),
            _ => {}
        }
        self.peers.remove(&0);
    }

    fn message(&mut self, event: &Event) {
        let (peer, other) = (event.peer.0, event.other.unwrap().0);
        let is_lost = event.kind == Kind::Dropped;
        let at_receiver = is_lost && event.cause.is_some_and(|cause| u64::from(cause.peerid()) != peer);
        let ends = if at_receiver { (other, peer) } else { (peer, other) };
        let link = self.links.entry((ends.0, ends.1, event.name.to_string())).or_default();
        if is_lost {
            self.dropped += 1;
            link[2] += 1;
        } else {
            self.sent += 1;
            link[0] += 1;
            link[1] += event.bytes;
        }
    }
}

/// What a page knows: it believes nothing but what it is told.
#[derive(Debug, Default)]
pub struct Told {
    pub model: Model,
    pub cursor: Value,
    pub is_past: bool,
    pub hellos: usize,
    kinds: Vec<String>,
    targets: Vec<String>,
}

impl Told {
    pub fn take(&mut self, word: &Value) {
        if word["type"] == "hello" {
            *self = Self { hellos: self.hellos + 1, is_past: word["past"] == true, ..Self::default() };
        }
        let names = if word["type"] == "hello" { word } else { &word["dict"] };
        let list = |name: &str| names[name].as_array().map(|names| names.iter().map(text).collect::<Vec<_>>());
        self.kinds = list("kinds").unwrap_or(std::mem::take(&mut self.kinds));
        self.targets = list("targets").unwrap_or(std::mem::take(&mut self.targets));
        for row in rows(word, "peers") {
            let targets = row[3].as_array().unwrap().iter();
            let targets = targets
                .map(|cell| (self.targets[number(&cell[0]) as usize].clone(), number(&cell[1]), number(&cell[2])));
            self.model.peers.insert(number(&row[0]), (number(&row[1]), row[2] == json!(1), targets.collect()));
        }
        for row in rows(word, "edges") {
            let kind = self.kinds[number(&row[2]) as usize].clone();
            let link = self.model.links.entry((number(&row[0]), number(&row[1]), kind)).or_default();
            link.iter_mut().zip(4..).for_each(|(sum, column)| *sum += number(&row[column]));
        }
        if let Some(run) = word.get("run").filter(|_| word["type"] == "frame") {
            let messages = |name: &str| number(&run["messages"][name]);
            (self.model.sent, self.model.delivered) = (messages("sent"), messages("delivered"));
            (self.model.dropped, self.model.done) = (messages("dropped"), number(&run["done"]));
            self.model.clock = word["t"].as_f64().unwrap();
        }
        if let Some(cursor) = word.get("cursor") {
            self.cursor = cursor.clone();
        }
    }
}

fn rows(word: &Value, name: &str) -> Vec<Value> {
    word[name].as_array().cloned().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
