//! What replicas and front ends send each other, counted within a span of a run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, PeerId};

/// What was counted. Only runs in which nothing is lost are counted right.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Do replicas tell each other of updates by gossip, or all in order?
    is_lazy: bool,
    from: Instant,
    /// How long it was counted.
    pub(super) span: Duration,
    /// Updates and queries that front ends sent.
    pub(super) updates: u64,
    pub(super) queries: u64,
    /// Messages with answers.
    pub(super) replies: u64,
    /// Messages with which replicas agree on an order, and what those led to.
    pub(super) orders: u64,
    /// Gossip that carries updates that its sender took from front ends, and how many of them.
    pub(super) news: u64,
    pub(super) carried: u64,
    /// All others, which go by the clock: who holds what, floors, what was heard from others, heartbeats.
    pub(super) by_clock: u64,
    /// What each replica did.
    pub(super) work: BTreeMap<PeerId, Work>,
    /// How long queries and updates took, as front ends saw it.
    pub(super) query_took: Took,
    pub(super) update_took: Took,
    /// Updates that each replica has taken since the run began.
    taken: BTreeMap<PeerId, u64>,
    /// How many of them it has told another one of.
    told: BTreeMap<(PeerId, PeerId), u64>,
    /// Messages that are on their way.
    flying: BTreeMap<EventId, Message>,
    /// Deliveries of messages with which replicas agree on an order.
    agreeing: BTreeSet<EventId>,
    /// Calls that wait for their answer at each front end: whether it is an update, and since when.
    asked: BTreeMap<PeerId, VecDeque<(bool, Instant)>>,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    /// A call: an update, or not.
    Call(bool),
    /// An answer.
    Reply,
    /// To agree on an order.
    Order,
    /// To tell of so many updates.
    News(u64),
    /// Nothing in particular: it is time.
    ByClock,
}

/// What a replica did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Work {
    /// Messages that it sent or received, without those that go by the clock.
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
    /// Of a store with so many replicas, from a moment of its run on, for so long. `is_lazy`: its updates are causal.
    pub(super) fn new(replicas: u64, is_lazy: bool, from: Duration, span: Duration) -> Self {
        Self {
            is_lazy,
            from: Instant::ZERO + from,
            span,
            updates: 0,
            queries: 0,
            replies: 0,
            orders: 0,
            news: 0,
            carried: 0,
            by_clock: 0,
            work: (1..=replicas).map(|number| (PeerId(number), Work::default())).collect(),
            query_took: Took::default(),
            update_took: Took::default(),
            taken: BTreeMap::new(),
            told: BTreeMap::new(),
            flying: BTreeMap::new(),
            agreeing: BTreeSet::new(),
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

    /// What a message is for that is sent now.
    fn classify(&mut self, event: &Event, other: PeerId) -> Message {
        let is_agreeing = event.cause.is_some_and(|cause| self.agreeing.contains(&cause));
        match &*event.name {
            "query" => Message::Call(false),
            "update" => Message::Call(true),
            "reply" => Message::Reply,
            "order" | "stop" => Message::Order,
            // Whether a majority still answers, and what it has agreed on, is said in the same way.
            _ if is_agreeing => Message::Order,
            "gossip" => {
                let taken = self.taken.get(&event.peer).copied().unwrap_or_default();
                let told = self.told.insert((event.peer, other), taken).unwrap_or_default();
                if taken > told { Message::News(taken - told) } else { Message::ByClock }
            }
            _ => Message::ByClock,
        }
    }

    fn sent(&mut self, event: &Event, message: Message) {
        match message {
            Message::Call(true) => self.updates += 1,
            Message::Call(false) => self.queries += 1,
            Message::Reply => self.replies += 1,
            Message::Order => self.orders += 1,
            Message::News(updates) => {
                self.news += 1;
                self.carried += updates;
            }
            Message::ByClock => self.by_clock += 1,
        }
        if let Some(work) = self.work.get_mut(&event.peer) {
            work.messages += u64::from(message != Message::ByClock);
            work.answered += u64::from(message == Message::Reply);
        }
    }

    fn delivered(&mut self, event: &Event, message: Message, asked: Option<(bool, Instant)>) {
        if let Some(work) = self.work.get_mut(&event.peer) {
            work.messages += u64::from(message != Message::ByClock);
            if let Message::News(updates) = message {
                work.told += updates;
            }
        }
        if let Some((is_update, at)) = asked {
            let took = if is_update { &mut self.update_took } else { &mut self.query_took };
            took.add(event.time.since(at));
        }
    }
}

impl Sink for Tally {
    fn event(&mut self, event: &Event) {
        let counts = event.time >= self.from && event.time < self.from + self.span;
        match (event.kind, event.other) {
            (Kind::Sent, Some(other)) => {
                let message = self.classify(event, other);
                self.flying.insert(event.id, message);
                if let Message::Call(is_update) = message {
                    self.asked.entry(event.peer).or_default().push_back((is_update, event.time));
                }
                if counts {
                    self.sent(event, message);
                }
            }
            (Kind::Delivered, Some(_)) => {
                let Some(message) = event.cause.and_then(|sent| self.flying.remove(&sent)) else { return };
                let mut asked = None;
                match message {
                    Message::Call(true) if self.is_lazy => *self.taken.entry(event.peer).or_default() += 1,
                    Message::Order => _ = self.agreeing.insert(event.id),
                    Message::Reply => asked = self.asked.get_mut(&event.peer).and_then(VecDeque::pop_front),
                    _ => {}
                }
                if counts {
                    self.delivered(event, message, asked);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// Plays messages: milliseconds, sender, receiver, kind, and the place of the message whose arrival led to it.
    /// Each takes a millisecond.
    fn play(messages: &[(u64, u64, u64, &'static str, Option<u64>)]) -> Tally {
        let mut tally = Tally::new(2, true, Duration::from_millis(10), Duration::from_secs(1));
        let arrival = |place| EventId(1_000 + place);
        for (place, &(at, from, to, name, cause)) in (0..).zip(messages) {
            let mut event = Event::new(EventId(place), Instant::ZERO, PeerId(from), Kind::Sent);
            event.time = Instant::ZERO + Duration::from_millis(at);
            event.other = Some(PeerId(to));
            event.name = Cow::Borrowed(name);
            event.cause = cause.map(arrival);
            tally.event(&event);
            (event.peer, event.other) = (PeerId(to), Some(PeerId(from)));
            event.time = event.time + Duration::from_millis(1);
            (event.id, event.kind, event.cause) = (arrival(place), Kind::Delivered, Some(event.id));
            tally.event(&event);
        }
        tally
    }

    #[test]
    fn gossip_carries_what_its_receiver_was_not_told() {
        let tally = play(&[
            (1, 3, 1, "update", None),
            (11, 3, 1, "update", None),
            (12, 1, 3, "reply", Some(1)),
            (20, 1, 2, "gossip", None),
            (21, 1, 2, "gossip", None),
            (22, 2, 1, "gossip", None),
            (2_000, 1, 2, "gossip", None),
        ]);
        assert_eq!((tally.updates, tally.replies, tally.queries), (1, 1, 0), "the first came before the count");
        assert_eq!((tally.news, tally.carried, tally.by_clock), (1, 2, 2));
        let [first, second] = [1, 2].map(|peer| tally.work[&PeerId(peer)]);
        assert_eq!([(first.messages, first.told), (second.messages, second.told)], [(3, 0), (1, 2)]);
    }

    #[test]
    fn what_an_order_leads_to_is_not_by_the_clock() {
        let tally = play(&[
            (20, 1, 2, "order", None),
            (21, 2, 1, "ordered", Some(0)),
            (22, 1, 2, "beat", Some(1)),
            (23, 2, 1, "ordered", Some(2)),
            (30, 1, 2, "beat", None),
            (31, 2, 1, "ordered", Some(4)),
            (40, 1, 2, "stop", None),
            (41, 2, 1, "gossip", Some(6)),
        ]);
        assert_eq!((tally.orders, tally.by_clock), (6, 2));
    }

    #[test]
    fn answers_belong_to_the_calls_in_their_order() {
        let tally = play(&[
            (11, 3, 1, "query", None),
            (15, 1, 3, "reply", Some(0)),
            (20, 3, 1, "update", None),
            (22, 1, 3, "reply", Some(2)),
        ]);
        assert_eq!([tally.query_took.mean(), tally.update_took.mean()], [0.005, 0.003]);
    }

    #[test]
    fn the_busiest_replica_has_most_work_for_each_call() {
        let tally = play(&[
            (11, 3, 1, "query", None),
            (12, 1, 3, "reply", Some(0)),
            (13, 3, 2, "update", None),
            (14, 2, 3, "reply", Some(2)),
            (15, 2, 1, "gossip", None),
            (16, 1, 2, "gossip", None),
            (17, 3, 1, "query", None),
        ]);
        assert_eq!([tally.busiest(0.0), tally.busiest(2.0)], [4.0, 6.0]);
    }
}
