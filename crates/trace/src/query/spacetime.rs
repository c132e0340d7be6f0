//! The events and messages of some peers in a span of time: one by one when there are few, else how many
//! where.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use rumormill_core::Instant;
use rumormill_core::trace::{Event, Kind};

use super::arrange::{ARRANGED_MAX, Weights, arrange};
use super::density::{Density, density};
use super::each;
use super::messages::{Message, Messages};
use super::peers::PerPeer;
use crate::Run;
use crate::hash::FastMap;
use crate::segment::Need;

/// Rows of a diagram, at most.
pub const ROWS_MAX: usize = 500;

/// Columns of a density, at most.
pub const COLUMNS_MAX: usize = 2_000;

/// Events that are shown one by one, at most.
pub const EVENTS_SHOWN_MAX: usize = 20_000;

/// Pairs of peers whose messages are counted, at most; those of later pairs do not move any row.
const PAIRS_MAX: usize = 200_000;

/// Events around a span in which the other ends of its messages are looked for.
pub(super) const AROUND_EVENTS: u64 = 200_000;

/// What to show.
#[derive(Clone, Debug, PartialEq)]
pub struct SpacetimeQuery {
    /// From when on; the beginning of the run when not given.
    pub from: Option<Instant>,
    /// Until when; the end of the run when not given.
    pub to: Option<Instant>,
    /// Columns of a density, 1 to [`COLUMNS_MAX`].
    pub columns: usize,
    /// These peers in this order; when empty, peers are chosen.
    pub peers: Vec<u32>,
    /// How many rows, at most, when peers are chosen: 1 to [`ROWS_MAX`].
    pub rows: usize,
    /// Leave out peers to which nothing happens in the span, when peers are chosen.
    pub fold: bool,
    /// Only these kinds of events are counted and shown; all when empty. Messages are always shown.
    pub kinds: Vec<Kind>,
    /// The most events to show one by one: 1 to [`EVENTS_SHOWN_MAX`].
    pub limit: usize,
}

impl Default for SpacetimeQuery {
    fn default() -> Self {
        let (peers, kinds) = (Vec::new(), Vec::new());
        Self { from: None, to: None, columns: 600, peers, rows: 40, fold: true, kinds, limit: 4_000 }
    }
}

/// Some peers in a span of time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Spacetime {
    /// The beginning of the span.
    pub from: Instant,
    /// Its end, which belongs to it.
    pub to: Instant,
    /// Events in the span, of the kinds asked for, at the peers shown and of the run as a whole.
    pub total: u64,
    /// The same at all peers.
    pub total_all: u64,
    /// The rows, first one on top.
    pub peers: Vec<u32>,
    /// Peers to which something happens in the span and for which there is no row.
    pub hidden_peers: u32,
    /// Peers to which nothing happens in the span.
    pub quiet_peers: u32,
    /// What happens.
    pub picture: Picture,
}

/// What happens at the peers of a diagram.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Picture {
    /// Every event.
    Detail {
        /// The events at the peers shown and of the run as a whole, in the order of time.
        events: Vec<Event>,
        /// The messages between peers that are shown, as far as they are under way in the span.
        messages: Vec<Message>,
    },
    /// How many events where.
    Density(Density),
}

/// The peers that have a row.
pub(super) struct Rows {
    places: FastMap<u64, usize>,
}

impl Rows {
    fn new(peers: &[u32]) -> Self {
        Self { places: peers.iter().map(|&peer| u64::from(peer)).zip(0..).collect() }
    }

    pub(super) fn has(&self, peer: u32) -> bool {
        self.places.contains_key(&u64::from(peer))
    }

    pub(super) fn place(&self, peer: u32) -> Option<usize> {
        self.places.get(&u64::from(peer)).copied()
    }
}

/// A span of time and the kinds of events that matter in it.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    pub(super) from: Instant,
    pub(super) to: Instant,
    kinds: u32,
}

impl Scope {
    fn new(run: &Run, query: &SpacetimeQuery) -> Self {
        let bits = query.kinds.iter().fold(0, |bits, &kind| bits | 1 << kind as u32);
        let kinds = if bits == 0 { u32::MAX } else { bits };
        let last = run.segments().iter().map(|segment| segment.stamp.last).max().unwrap_or_default();
        let from = query.from.unwrap_or_default();
        Self { from, to: query.to.unwrap_or(last).max(from), kinds }
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds >> kind as u32 & 1 == 1
    }
}

impl Run {
    /// Some peers in a span of time.
    #[must_use]
    pub fn spacetime(&self, query: &SpacetimeQuery) -> Spacetime {
        let scope = Scope::new(self, query);
        let counts = Counts::of(self, scope);
        let peers = counts.rows(query, self.file().peers);
        let rows = Rows::new(&peers);
        let total = counts.of_run + peers.iter().map(|&peer| counts.events.get(peer)).sum::<u64>();
        let active = counts.events.iter().count() as u32;
        let shown_active = peers.iter().filter(|&&peer| counts.events.get(peer) > 0).count() as u32;
        let limit = query.limit.clamp(1, EVENTS_SHOWN_MAX);
        let picture = if total <= limit as u64 {
            let (events, messages) = (events(self, scope, &rows), messages(self, scope, &rows));
            Picture::Detail { events, messages }
        } else {
            Picture::Density(density(self, scope, &rows, peers.len(), query.columns.clamp(1, COLUMNS_MAX), limit))
        };
        Spacetime {
            from: scope.from,
            to: scope.to,
            total,
            total_all: counts.of_run + counts.events.iter().map(|(_, events)| events).sum::<u64>(),
            hidden_peers: active - shown_active,
            quiet_peers: self.file().peers.max(counts.highest).saturating_sub(active),
            peers,
            picture,
        }
    }
}

/// How many events happen to whom, and who talks to whom.
struct Counts {
    events: PerPeer,
    /// Events of the run as a whole.
    of_run: u64,
    /// The highest number of a peer.
    highest: u32,
    weights: Weights,
}

impl Counts {
    fn of(run: &Run, scope: Scope) -> Self {
        let (mut events, mut of_run, mut highest) = (PerPeer::default(), 0, 0);
        // By the lower number, in the high bits, and the higher one.
        let mut pairs: FastMap<u64, u64> = FastMap::default();
        each(run, Need::MESSAGES, scope.from, |event| {
            if event.time > scope.to {
                return ControlFlow::Break(());
            }
            let peer = event.id.peerid();
            highest = highest.max(peer);
            if scope.has(event.kind) {
                match peer {
                    0 => of_run += 1,
                    peer => events.set(peer, events.get(peer) + 1),
                }
            }
            if event.kind == Kind::Sent
                && let Some(other) = event.other.and_then(|other| u32::try_from(other.0).ok())
            {
                let pair = u64::from(peer.min(other)) << 32 | u64::from(peer.max(other));
                if pairs.len() < PAIRS_MAX {
                    *pairs.entry(pair).or_default() += 1;
                } else if let Some(count) = pairs.get_mut(&pair) {
                    *count += 1;
                }
            }
            ControlFlow::Continue(())
        });
        let weights = pairs.into_iter().map(|(pair, count)| (((pair >> 32) as u32, pair as u32), count)).collect();
        Self { events, of_run, highest, weights }
    }

    /// Which peers have a row, and in which order.
    fn rows(&self, query: &SpacetimeQuery, peers: u32) -> Vec<u32> {
        if !query.peers.is_empty() {
            let mut seen = std::collections::BTreeSet::new();
            return query.peers.iter().copied().filter(|&peer| seen.insert(peer)).take(ROWS_MAX).collect();
        }
        let rows = query.rows.clamp(1, ROWS_MAX);
        let mut candidates: Vec<u32> = self.events.iter().map(|(peer, _)| peer).collect();
        if !query.fold {
            let quiet = (1..=peers.max(self.highest)).filter(|&peer| self.events.get(peer) == 0);
            candidates.extend(quiet.take(rows));
        }
        if candidates.len() > rows {
            candidates = self.choose(candidates, rows);
        }
        debug_assert!(candidates.len() <= ARRANGED_MAX);
        arrange(&candidates, &self.weights)
    }

    /// Chooses peers that talk to each other: the busiest one, and then always the one that exchanged most
    /// messages with those chosen.
    fn choose(&self, candidates: Vec<u32>, rows: usize) -> Vec<u32> {
        let mut links: HashMap<u32, Vec<(u32, u64)>> = HashMap::new();
        for (&(low, high), &weight) in &self.weights {
            links.entry(low).or_default().push((high, weight));
            links.entry(high).or_default().push((low, weight));
        }
        // Busiest first, those of lower numbers before others.
        let mut busiest = candidates;
        busiest.sort_by_key(|&peer| (std::cmp::Reverse(self.events.get(peer)), peer));
        let mut busiest = busiest.into_iter();
        let (mut chosen, mut pull): (Vec<u32>, BTreeMap<u32, u64>) = (Vec::new(), BTreeMap::new());
        while chosen.len() < rows {
            let linked =
                pull.iter().max_by_key(|&(&peer, &pull)| (pull, self.events.get(peer), std::cmp::Reverse(peer)));
            let next = linked.map(|(&peer, _)| peer).or_else(|| busiest.find(|peer| !chosen.contains(peer)));
            let Some(next) = next else { break };
            pull.remove(&next);
            chosen.push(next);
            for &(other, weight) in links.get(&next).into_iter().flatten() {
                if self.events.get(other) > 0 && !chosen.contains(&other) {
                    *pull.entry(other).or_default() += weight;
                }
            }
        }
        chosen
    }
}

/// The events of a span at the peers shown, and those of the run as a whole.
fn events(run: &Run, scope: Scope, rows: &Rows) -> Vec<Event> {
    let mut events = Vec::new();
    each(run, Need::ALL, scope.from, |event| {
        if event.time > scope.to {
            return ControlFlow::Break(());
        }
        let peer = event.id.peerid();
        if scope.has(event.kind) && (peer == 0 || rows.has(peer)) {
            events.push(event.to_event());
        }
        ControlFlow::Continue(())
    });
    events
}

/// The messages that are under way in a span between peers that are shown.
fn messages(run: &Run, scope: Scope, rows: &Rows) -> Vec<Message> {
    let mut messages = Messages::new(rows, EVENTS_SHOWN_MAX);
    let mut after = 0;
    each(run, Need::NAMED, before(run, scope.from), |event| {
        if event.time > scope.to {
            after += 1;
            if !messages.is_open() || after > AROUND_EVENTS {
                return ControlFlow::Break(());
            }
            messages.finish(event);
        } else {
            messages.take(event);
        }
        ControlFlow::Continue(())
    });
    messages.between(scope.from, scope.to).0
}

/// A moment so long before this one that the sendings of its messages are most probably known: at least
/// [`AROUND_EVENTS`] events before, or the beginning.
pub(super) fn before(run: &Run, moment: Instant) -> Instant {
    let mut left = AROUND_EVENTS;
    let earlier = run.segments().iter().rev().skip_while(|segment| segment.stamp.last >= moment);
    for segment in earlier {
        left = left.saturating_sub(segment.stamp.events);
        if left == 0 {
            return segment.stamp.first.min(moment);
        }
    }
    Instant::ZERO
}
