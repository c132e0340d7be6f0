//! What replicas and front ends send each other, counted within a span of a run.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, PeerId};

/// What was counted. Only runs in which nothing is lost are counted right.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    from: Instant,
    /// How long it was counted.
    pub(super) span: Duration,
    /// Updates and queries that front ends sent.
    pub(super) updates: u64,
    pub(super) queries: u64,
    /// Messages with answers.
    pub(super) replies: u64,
    /// Messages that put forced and immediate updates in order.
    pub(super) orders: u64,
    /// Gossip that carries updates that its sender took from front ends, and how many of them.
    pub(super) news: u64,
    pub(super) carried: u64,
    /// All other gossip: who holds what, floors, what was heard from others.
    pub(super) other_gossip: u64,
    /// What each replica did.
    pub(super) work: BTreeMap<PeerId, Work>,
    /// How long queries and updates took, as front ends saw it.
    pub(super) query_took: Took,
    pub(super) update_took: Took,
    /// Updates that each replica has taken since the run began.
    taken: BTreeMap<PeerId, u64>,
    /// How many of them it has told another one of.
    told: BTreeMap<(PeerId, PeerId), u64>,
    /// How many of them gossip carries that is on its way.
    flying: BTreeMap<EventId, u64>,
    /// Calls that wait for their answer at each front end: whether it is an update, and since when.
    asked: BTreeMap<PeerId, VecDeque<(bool, Instant)>>,
}

/// What a replica did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// Messages that it sent or received.
    pub(super) messages: u64,
    /// Messages with answers among them.
    pub(super) answered: u64,
    /// Updates that others took and told it of: it executes them, too.
    pub(super) told: u64,
}

/// How long something took, many times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Took {
    count: u32,
    sum: Duration,
}

impl Took {
    fn add(&mut self, took: Duration) {
        self.count += 1;
        self.sum += took;
    }

    /// In seconds.
    pub(super) fn mean(self) -> f64 {
        self.sum.as_secs_f64() / f64::from(self.count.max(1))
    }
}

impl Tally {
    /// Of a store with so many replicas, from a moment of its run on, for so long.
    pub(super) fn new(replicas: u64, from: Duration, span: Duration) -> Self {
        Self {
            from: Instant::ZERO + from,
            span,
            updates: 0,
            queries: 0,
            replies: 0,
            orders: 0,
            news: 0,
            carried: 0,
            other_gossip: 0,
            work: (1..=replicas).map(|number| (PeerId(number), Work::default())).collect(),
            query_took: Took::default(),
            update_took: Took::default(),
            taken: BTreeMap::new(),
            told: BTreeMap::new(),
            flying: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Queries and updates.
    pub(super) fn calls(&self) -> f64 {
        (self.updates + self.queries) as f64
    }

    /// The work for each call of the replica that has most of it, in messages, with what a told update weighs in
    /// them.
    pub(super) fn busiest(&self, weight: f64) -> f64 {
        let of = |work: &Work| (work.messages as f64 + weight * work.told as f64) / work.answered as f64;
        self.work.values().map(of).fold(0.0, f64::max)
    }

    fn sent(&mut self, event: &Event, other: PeerId, counts: bool) {
        let one = u64::from(counts);
        match &*event.name {
            "query" | "update" => {
                let is_update = event.name == "update";
                *(if is_update { &mut self.updates } else { &mut self.queries }) += one;
                self.asked.entry(event.peer).or_default().push_back((is_update, event.time));
            }
            "reply" => {
                self.replies += one;
                if let Some(work) = self.work.get_mut(&event.peer) {
                    work.answered += one;
                }
            }
            "order" => self.orders += one,
            "gossip" => {
                let taken = self.taken.get(&event.peer).copied().unwrap_or_default();
                let told = self.told.insert((event.peer, other), taken).unwrap_or_default();
                let news = taken - told;
                if news > 0 {
                    self.news += one;
                    self.carried += one * news;
                    self.flying.insert(event.id, news);
                } else {
                    self.other_gossip += one;
                }
            }
            _ => {}
        }
    }

    fn delivered(&mut self, event: &Event, counts: bool) {
        match &*event.name {
            "update" => *self.taken.entry(event.peer).or_default() += 1,
            "gossip" => {
                let told = event.cause.and_then(|sent| self.flying.remove(&sent)).unwrap_or_default();
                if let Some(work) = self.work.get_mut(&event.peer).filter(|_| counts) {
                    work.told += told;
                }
            }
            "reply" => {
                let asked = self.asked.get_mut(&event.peer).and_then(VecDeque::pop_front);
                if let Some((is_update, at)) = asked.filter(|_| counts) {
                    let took = if is_update { &mut self.update_took } else { &mut self.query_took };
                    took.add(event.time.since(at));
                }
            }
            _ => {}
        }
    }
}

impl Sink for Tally {
    fn event(&mut self, event: &Event) {
        let is_message = matches!(event.kind, Kind::Sent | Kind::Delivered);
        let Some(other) = event.other.filter(|_| is_message) else { return };
        let counts = event.time >= self.from && event.time < self.from + self.span;
        if counts && let Some(work) = self.work.get_mut(&event.peer) {
            work.messages += 1;
        }
        match event.kind {
            Kind::Sent => self.sent(event, other, counts),
            _ => self.delivered(event, counts),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// Plays messages: number, milliseconds, sender, receiver, kind. Each takes a millisecond.
    fn play(messages: &[(u64, u32, u32, &'static str)]) -> Tally {
        let mut tally = Tally::new(2, Duration::from_millis(10), Duration::from_secs(1));
        for (count, &(at, from, to, name)) in messages.iter().enumerate() {
            let sent = EventId::new(from, count as u64 + 1);
            let mut event = Event::new(sent, Instant::ZERO, PeerId(from.into()), Kind::Sent);
            event.time = Instant::ZERO + Duration::from_millis(at);
            event.other = Some(PeerId(to.into()));
            event.name = Cow::Borrowed(name);
            tally.event(&event);
            let arrived = event.time + Duration::from_millis(1);
            let (peer, other) = (PeerId(to.into()), Some(event.peer));
            let id = EventId::new(to, count as u64 + 100);
            tally.event(&Event { id, time: arrived, peer, other, kind: Kind::Delivered, cause: Some(sent), ..event });
        }
        tally
    }

    #[test]
    fn gossip_carries_what_its_receiver_was_not_told() {
        let (front, gossip) = (3, "gossip");
        let tally = play(&[
            (1, front, 1, "update"),
            (11, front, 1, "update"),
            (12, 1, front, "reply"),
            (20, 1, 2, gossip),
            (21, 1, 2, gossip),
            (22, 2, 1, gossip),
            (2_000, 1, 2, gossip),
        ]);
        assert_eq!((tally.updates, tally.replies, tally.queries), (1, 1, 0), "the first came before the count");
        assert_eq!((tally.news, tally.carried, tally.other_gossip), (1, 2, 2));
        let [first, second] = [1, 2].map(|peer| tally.work[&PeerId(peer)]);
        assert_eq!([(first.messages, first.told), (second.messages, second.told)], [(5, 0), (3, 2)]);
        assert_eq!((first.answered, second.answered), (1, 0));
    }

    #[test]
    fn answers_belong_to_the_calls_in_their_order() {
        let tally = play(&[(11, 3, 1, "query"), (15, 1, 3, "reply"), (20, 3, 1, "update"), (22, 1, 3, "reply")]);
        assert_eq!([tally.query_took.mean(), tally.update_took.mean()], [0.005, 0.003]);
    }

    #[test]
    fn the_busiest_replica_has_most_work_for_each_call() {
        let calls = [(11, 3, 1, "query"), (12, 1, 3, "reply"), (13, 3, 2, "update"), (14, 2, 3, "reply")];
        let tally = play(&[&calls[..], &[(15, 2, 1, "gossip"), (16, 1, 2, "gossip"), (17, 3, 1, "query")]].concat());
        assert_eq!([tally.busiest(0.0), tally.busiest(2.0)], [5.0, 7.0]);
    }
}
