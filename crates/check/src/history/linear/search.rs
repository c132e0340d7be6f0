//! The search for an order.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::Instant;

use super::super::OperationId;
use super::{Model, Timed};

/// Words of eight bytes that one search may remember, beside the model's states: 64 MiB. An attempt that is
/// remembered takes a dozen or more, so this is about half a million attempts.
pub const REMEMBERED_MAX: usize = 1 << 23;

/// What an attempt takes besides its lists.
const ATTEMPT_WORDS: usize = 12;

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This order, as places in the list of operations, explains all answers.
    Order(Vec<usize>),
    /// There is none.
    NoOrder,
    /// It would have to remember too much.
    TooMuch,
}

/// A question or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asked(usize),
    Answered(usize),
}

/// What was tried: which operations were taken, and the state after them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Attempt<S> {
    /// So many of the answered ones are taken, all up to there.
    upto: usize,
    /// Those taken after that, a bit each.
    further: Vec<u64>,
    /// Those taken that were never answered.
    open: Vec<usize>,
    state: S,
}

/// Looks for an order of the operations in which the model gives all their answers.
pub(super) fn search<M: Model>(model: &M, operations: &[Timed<&M::Operation>]) -> Found {
    Search::new(model, operations).run()
}

struct Search<'s, M: Model> {
    model: &'s M,
    /// The answered ones by when they were asked, then those that were never answered.
    operations: Vec<&'s Timed<&'s M::Operation>>,
    /// Of each: its place in the list that was given.
    given: Vec<usize>,
    answered: usize,
    /// Of each: the one that its session did before.
    after: Vec<Option<usize>>,
    /// Of each answered one: how many answered ones were asked before it was answered.
    overlap: Vec<usize>,
    events: List,
    taken: Vec<bool>,
    /// The first answered one that is not taken.
    upto: usize,
    open: Vec<usize>,
    tried: BTreeSet<Attempt<M::State>>,
    remembered: usize,
}

impl<'s, M: Model> Search<'s, M> {
    fn new(model: &'s M, given: &'s [Timed<&'s M::Operation>]) -> Self {
        let mut places: Vec<usize> = (0..given.len()).collect();
        places.sort_by_key(|&place| (given[place].returned.is_none(), given[place].invoked, given[place].id));
        let operations: Vec<&Timed<&M::Operation>> = places.iter().map(|&place| &given[place]).collect();
        let answered = operations.partition_point(|operation| operation.returned.is_some());
        let overlap = operations[..answered]
            .iter()
            .map(|operation| operations[..answered].partition_point(|other| Some(other.invoked) <= operation.returned));
        Self {
            model,
            answered,
            after: after(&operations),
            overlap: overlap.collect(),
            events: List::new(&operations),
            taken: vec![false; operations.len()],
            upto: 0,
            open: Vec::new(),
            tried: BTreeSet::new(),
            remembered: 0,
            given: places,
            operations,
        }
    }

    fn run(mut self) -> Found {
        let mut order: Vec<(usize, M::State)> = Vec::new();
        let mut state = self.model.start();
        let mut at = self.events.first();
        while self.upto < self.answered {
            if let Some(Event::Asked(operation)) = self.events.event(at) {
                if let Some(next) = self.take(operation, &state) {
                    if self.remembered > REMEMBERED_MAX {
                        return Found::TooMuch;
                    }
                    order.push((operation, std::mem::replace(&mut state, next)));
                    at = self.events.first();
                } else {
                    at = self.events.next(at);
                }
                continue;
            }
            // Somebody was answered who is not in the order yet: it was begun wrongly.
            loop {
                let Some((operation, before)) = order.pop() else { return Found::NoOrder };
                self.put_back(operation);
                state = before;
                // What was answered and changes nothing is best taken as soon as it can be: to leave it for
                // later does not help.
                let timed = self.operations[operation];
                if timed.returned.is_none() || !self.model.is_read(timed.operation) {
                    at = self.events.next(self.events.asked[operation]);
                    break;
                }
            }
        }
        Found::Order(order.iter().map(|(operation, _)| self.given[*operation]).collect())
    }

    /// Takes the operation as the next one, if that is possible and new; the state after it.
    fn take(&mut self, operation: usize, state: &M::State) -> Option<M::State> {
        if !self.is_possible(operation) || self.stands_back(operation, state) {
            return None;
        }
        let timed = self.operations[operation];
        let next = self.model.step(state, timed.operation, timed.returned.is_some())?;
        self.mark(operation, true);
        let attempt = self.attempt(next.clone());
        let words = ATTEMPT_WORDS + attempt.further.len() + attempt.open.len();
        if !self.tried.insert(attempt) {
            self.mark(operation, false);
            return None;
        }
        self.remembered += words;
        self.events.lift(operation);
        Some(next)
    }

    /// Is what its session did before in the order already?
    fn is_possible(&self, operation: usize) -> bool {
        self.after[operation].is_none_or(|before| self.taken[before])
    }

    /// Is there one alike that must be taken earlier, and can be now? To take that one in its place is as good.
    fn stands_back(&self, operation: usize, state: &M::State) -> bool {
        let end = |operation: usize| match self.operations[operation].returned {
            Some(returned) => (returned, 0),
            None => (Instant::MAX, operation),
        };
        let alike = |other: usize| {
            let (other, this) = (self.operations[other], self.operations[operation]);
            self.model.is_alike(other.operation, this.operation)
                && self.model.step(state, other.operation, other.returned.is_some()).is_some()
        };
        let mut at = self.events.first();
        while let Some(Event::Asked(other)) = self.events.event(at) {
            if end(other) < end(operation) && alike(other) && self.is_possible(other) {
                return true;
            }
            at = self.events.next(at);
        }
        false
    }

    fn put_back(&mut self, operation: usize) {
        self.mark(operation, false);
        self.events.unlift(operation);
    }

    fn mark(&mut self, operation: usize, taken: bool) {
        self.taken[operation] = taken;
        if operation >= self.answered {
            match self.open.binary_search(&operation) {
                Ok(place) => _ = self.open.remove(place),
                Err(place) => self.open.insert(place, operation),
            }
        } else if taken {
            while self.upto < self.answered && self.taken[self.upto] {
                self.upto += 1;
            }
        } else {
            self.upto = self.upto.min(operation);
        }
    }

    fn attempt(&self, state: M::State) -> Attempt<M::State> {
        // Whatever is taken was asked before the first one that is not taken was answered.
        let end = self.overlap.get(self.upto).copied().unwrap_or(self.upto);
        let mut further = vec![0_u64; (end - self.upto).div_ceil(64)];
        for place in self.upto..end {
            if self.taken[place] {
                further[(place - self.upto) / 64] |= 1 << ((place - self.upto) % 64);
            }
        }
        Attempt { upto: self.upto, further, open: self.open.clone(), state }
    }
}

/// Of each operation: the last answered one that its session did before.
fn after<O>(operations: &[&Timed<O>]) -> Vec<Option<usize>> {
    let ids: BTreeMap<OperationId, usize> = operations
        .iter()
        .enumerate()
        .filter(|(_, operation)| operation.returned.is_some())
        .map(|(place, operation)| (operation.id, place))
        .collect();
    let before = |id: OperationId| {
        let first = OperationId { number: 0, ..id };
        ids.range(first..id).next_back().map(|(_, &place)| place)
    };
    operations.iter().map(|operation| before(operation.id)).collect()
}

/// The events in their order, from which an operation's are taken out and put back in the reverse order.
struct List {
    events: Vec<Event>,
    /// Of each event, and of the head behind them all: who comes next, and who before.
    next: Vec<usize>,
    before: Vec<usize>,
    /// Of each operation: where its events are.
    asked: Vec<usize>,
    answered: Vec<Option<usize>>,
}

impl List {
    fn new<O>(operations: &[&Timed<O>]) -> Self {
        let asked = operations.iter().enumerate().map(|(place, one)| (one.invoked, Event::Asked(place)));
        let answered = operations
            .iter()
            .enumerate()
            .filter_map(|(place, one)| one.returned.map(|returned| (returned, Event::Answered(place))));
        let mut events: Vec<_> = asked.chain(answered).collect();
        // At one moment, what is asked comes first: then they overlap.
        events.sort();
        let count = events.len();
        let mut list = Self {
            events: events.into_iter().map(|(_, event)| event).collect(),
            next: (1..=count).chain([0]).collect(),
            before: [count].into_iter().chain(0..count).collect(),
            asked: vec![0; operations.len()],
            answered: vec![None; operations.len()],
        };
        for (place, event) in list.events.iter().enumerate() {
            match *event {
                Event::Asked(operation) => list.asked[operation] = place,
                Event::Answered(operation) => list.answered[operation] = Some(place),
            }
        }
        list
    }

    fn first(&self) -> usize {
        self.next[self.events.len()]
    }

    fn next(&self, at: usize) -> usize {
        self.next[at]
    }

    /// None at the end.
    fn event(&self, at: usize) -> Option<Event> {
        self.events.get(at).copied()
    }

    fn lift(&mut self, operation: usize) {
        self.unlink(self.asked[operation]);
        if let Some(answered) = self.answered[operation] {
            self.unlink(answered);
        }
    }

    fn unlift(&mut self, operation: usize) {
        if let Some(answered) = self.answered[operation] {
            self.link(answered);
        }
        self.link(self.asked[operation]);
    }

    fn unlink(&mut self, at: usize) {
        let (before, next) = (self.before[at], self.next[at]);
        self.next[before] = next;
        self.before[next] = before;
    }

    fn link(&mut self, at: usize) {
        let (before, next) = (self.before[at], self.next[at]);
        self.next[before] = at;
        self.before[next] = at;
    }
}
