//! Looking for events: by what they are, and by what follows on them or does not.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::ControlFlow;

use rumormill_core::Instant;
use rumormill_core::time::nanos;
use rumormill_core::trace::{Event, EventId};

use super::pattern::{Follow, Part, Pattern};
use super::{count, each};
use crate::batch::EventRef;
use crate::segment::Need;
use crate::{Run, State};

/// Results of a search, at most.
pub const RESULTS_MAX: usize = 500;

/// Events that one search looks at, at most: some seconds.
pub const SCANNED_MAX: u64 = 50_000_000;

/// First events that wait for what follows, at most; of more, the oldest wait no longer.
const WAITING_MAX: usize = 200_000;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// The event, and what follows.
    pub pattern: Pattern,
    /// Only events from this moment on.
    pub from: Option<Instant>,
    /// Only events up to this moment.
    pub to: Option<Instant>,
    /// Only events that this one led to at once.
    pub cause: Option<EventId>,
    /// Only results after this one, which is the first event of a result.
    pub after: Option<EventId>,
    /// Results, at most: 1 to [`RESULTS_MAX`].
    pub limit: usize,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The first event of each result, and what followed, when that was asked for. In the order of time.
    pub results: Vec<(Event, Option<Event>)>,
    /// Is there more, or may there be?
    pub more: bool,
    /// Where to go on: the `after` of the next search.
    pub next: Option<EventId>,
    /// Events that were looked at.
    pub scanned: u64,
}

impl SearchQuery {
    /// All that fits the pattern.
    #[must_use]
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, from: None, to: None, cause: None, after: None, limit: RESULTS_MAX }
    }

    /// The columns that it takes to tell.
    fn need(&self) -> Need {
        let second = self.pattern.second.as_ref().map(|follow| &follow.part);
        let parts = || [Some(&self.pattern.first), second].into_iter().flatten();
        if parts().any(|part| !part.texts.is_empty()) {
            Need::TEXTS
        } else if parts().any(|part| part.name.is_some()) {
            Need::NAMED
        } else if parts().any(|part| part.kind.is_some() || part.other.is_some()) {
            Need::MESSAGES
        } else {
            Need::CAUSES
        }
    }
}

impl Run {
    /// Looks for events.
    #[must_use]
    pub fn search(&self, query: &SearchQuery) -> Found {
        let limit = query.limit.clamp(1, RESULTS_MAX);
        let mut search = Search::new(query);
        let since = query.after.and_then(|id| self.find(&[id]).pop()).map(|event| event.time);
        // An id that is not there any more has nothing after it but everything.
        search.passes = since.and(query.after);
        let from = since.unwrap_or_default().max(query.from.unwrap_or_default());
        let (mut scanned, mut is_cut) = (0, false);
        each(self, query.need(), from, |event| {
            if query.to.is_some_and(|to| event.time > to) {
                return ControlFlow::Break(());
            }
            scanned += 1;
            search.take(event);
            is_cut = search.found.len() > limit || scanned == SCANNED_MAX;
            if is_cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if !is_cut && self.file().state != State::Running {
            search.end();
        }
        let more = is_cut || search.found.len() > limit;
        search.found.truncate(limit);
        let next = search.found.last().map(|result| result.0.0).or(search.last).filter(|_| more);
        Found { results: self.results(&search.found), more, next, scanned }
    }

    /// The events of results.
    fn results(&self, found: &[Hit]) -> Vec<(Event, Option<Event>)> {
        let ids = found.iter().flat_map(|(first, second)| std::iter::once(first).chain(second)).map(|&(id, _)| id);
        let events: BTreeMap<EventId, Event> =
            self.find(&ids.collect::<Vec<_>>()).into_iter().map(|event| (event.id, event)).collect();
        let event = |&(id, _): &(EventId, Instant)| events.get(&id).cloned();
        found.iter().filter_map(|(first, second)| Some((event(first)?, second.as_ref().and_then(event)))).collect()
    }
}

/// A result: the first event and the second, each with its time.
type Hit = ((EventId, Instant), Option<(EventId, Instant)>);

/// A search under way.
struct Search<'a> {
    first: &'a Part,
    follow: Option<&'a Follow>,
    cause: Option<EventId>,
    /// The result that comes right before the first one that is wanted.
    passes: Option<EventId>,
    found: Vec<Hit>,
    /// First events, in their order, that wait for what follows or for those before them.
    waiting: VecDeque<Waiting>,
    /// How many have left `waiting`.
    left: u64,
    /// Numbers of those that wait for what follows, by peer; under 0 when it may happen at any.
    open: HashMap<u64, Vec<u64>>,
    /// The event that was looked at last.
    last: Option<EventId>,
}

struct Waiting {
    id: EventId,
    time: Instant,
    fate: Fate,
}

enum Fate {
    Open,
    Followed(EventId, Instant),
    Given,
}

impl<'a> Search<'a> {
    fn new(query: &'a SearchQuery) -> Self {
        let Pattern { first, second } = &query.pattern;
        Self {
            first,
            follow: second.as_ref(),
            cause: query.cause,
            passes: None,
            found: Vec::new(),
            waiting: VecDeque::new(),
            left: 0,
            open: HashMap::new(),
            last: None,
        }
    }

    fn take(&mut self, event: &EventRef<'_>) {
        self.last = Some(event.id);
        self.expire(event.time);
        self.follow(event);
        let is_first = self.first.fits(event)
            && self.cause.is_none_or(|cause| event.cause == Some(cause))
            && self.passes.is_none();
        if self.passes == Some(event.id) {
            self.passes = None;
        }
        if !is_first {
            return;
        }
        let Some(follow) = self.follow else {
            self.found.push(((event.id, event.time), None));
            return;
        };
        if self.waiting.len() == WAITING_MAX {
            self.waiting[0].fate = Fate::Given;
            self.settle();
        }
        let number = self.left + self.waiting.len() as u64;
        self.open.entry(key(follow, event)).or_default().push(number);
        self.waiting.push_back(Waiting { id: event.id, time: event.time, fate: Fate::Open });
    }

    /// Is this what some first events wait for?
    fn follow(&mut self, event: &EventRef<'_>) {
        let Some(follow) = self.follow.filter(|follow| follow.part.fits(event)) else { return };
        let Some(open) = self.open.get_mut(&key(follow, event)) else { return };
        let (left, waiting) = (self.left, &mut self.waiting);
        open.retain(|&number| {
            let Some(first) = number.checked_sub(left).and_then(|place| waiting.get_mut(place as usize)) else {
                return false;
            };
            let is_after = if first.id.peerid() == event.id.peerid() {
                count(event.id) > count(first.id)
            } else {
                event.time > first.time
            };
            if is_after && matches!(first.fate, Fate::Open) {
                first.fate = Fate::Followed(event.id, event.time);
            }
            !is_after
        });
        if open.is_empty() {
            self.open.remove(&key(follow, event));
        }
        self.settle();
    }

    /// Gives up those whose time is over.
    fn expire(&mut self, now: Instant) {
        let Some(within) = self.follow.and_then(|follow| follow.within) else { return };
        let within = nanos(within);
        let is_over = |first: &Waiting| first.time.as_nanos().saturating_add(within) < now.as_nanos();
        // In the order of time, so that those that are over come first.
        for first in self.waiting.iter_mut().take_while(|first| is_over(first)) {
            if matches!(first.fate, Fate::Open) {
                first.fate = Fate::Given;
            }
        }
        self.settle();
    }

    /// Nothing follows any more.
    fn end(&mut self) {
        for first in &mut self.waiting {
            if matches!(first.fate, Fate::Open) {
                first.fate = Fate::Given;
            }
        }
        self.settle();
    }

    /// Takes the results of which no earlier one is open.
    fn settle(&mut self) {
        let is_absent = self.follow.is_some_and(|follow| follow.is_absent);
        while let Some(first) = self.waiting.pop_front_if(|first| !matches!(first.fate, Fate::Open)) {
            self.left += 1;
            let hit = (first.id, first.time);
            match first.fate {
                Fate::Followed(id, time) if !is_absent => self.found.push((hit, Some((id, time)))),
                Fate::Given if is_absent => self.found.push((hit, None)),
                _ => {}
            }
        }
    }
}

/// Under which those stand that wait for an event like this.
fn key(follow: &Follow, event: &EventRef<'_>) -> u64 {
    if follow.on_any_peer { 0 } else { u64::from(event.id.peerid()) }
}
