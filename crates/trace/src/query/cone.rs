//! What led to an event, and what followed from it: Lamport's happened-before (Communications of the ACM
//! 21(7), 1978), over causes and over the order of events at each peer.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use rumormill_core::trace::{Event, EventId};

use super::backwards::Backwards;
use super::peers::PerPeer;
use super::{count, each};
use crate::Run;
use crate::segment::Need;

/// Events of a path, at most; of a longer one, the last ones.
pub const PATH_MAX: usize = 500;

/// Events of one moment may be recorded in another order than that of their causes. Then the run is gone
/// through again, until nothing changes, but no more often than this.
const PASSES_MAX: u32 = 8;

/// An event's past and future.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cone {
    /// The event.
    pub event: Event,
    /// What led to it: of each peer the events up to a count.
    pub past: Frontier,
    /// What followed from it: of each peer the events from a count on.
    pub future: Frontier,
    /// From cause to cause, the first one first and the event last. At most [`PATH_MAX`] events.
    pub path: Vec<Event>,
    /// Are earlier events of the path left out?
    pub is_path_cut: bool,
}

/// The edge of a cone. The count of an event is the low bits of its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frontier {
    /// Peers that have events in the cone, and at which count those end or begin; the event's own included.
    pub peers: Vec<(u32, u64)>,
    /// Events in the cone, without the event itself.
    pub events: u64,
}

impl Run {
    /// The past and the future of the event of this id; `None` when there is none.
    ///
    /// Faults of the run as a whole (peer 0) lead to nothing but what names them as its cause.
    #[must_use]
    pub fn cone(&self, id: EventId) -> Option<Cone> {
        let event = self.find(&[id]).pop()?;
        let (past, path) = past(self, &event);
        Some(Cone { future: future(self, &event), past, is_path_cut: path.is_cut, path: path.read(self), event })
    }
}

/// The past, and the path of causes.
fn past(run: &Run, event: &Event) -> (Frontier, Path) {
    // Counts plus one: 0 says that there is none.
    let mut edge = PerPeer::default();
    edge.set(event.id.peerid(), count(event.id) + 1);
    let mut path = Path { next: Some(event.id), ..Path::default() };
    let mut events = 0;
    for _ in 0..PASSES_MAX {
        let mut least = PerPeer::default();
        let (found, mut is_late) = (path.found, false);
        events = 0;
        for step in Backwards::new(run, event.time) {
            path.step(step.id, step.cause, step.place);
            let (peer, number) = (step.id.peerid(), count(step.id) + 1);
            if least.get(peer) == 0 || number < least.get(peer) {
                least.set(peer, number);
            }
            if step.id != event.id && (peer == 0 || number > edge.get(peer)) {
                continue;
            }
            events += u64::from(step.id != event.id);
            let Some(cause) = step.cause.filter(|cause| cause.peerid() > 0) else { continue };
            let (peer, number) = (cause.peerid(), count(cause) + 1);
            if edge.get(peer) < number {
                edge.set(peer, number);
                is_late |= (1..=number).contains(&least.get(peer));
            }
        }
        let is_path_open = path.next.is_some() && path.found > found;
        if !is_late && !is_path_open {
            break;
        }
    }
    (frontier(&edge, events), path)
}

/// The future.
fn future(run: &Run, event: &Event) -> Frontier {
    let mut edge = PerPeer::default();
    edge.set(event.id.peerid(), count(event.id) + 1);
    let is_future = |edge: &PerPeer, id: EventId| {
        let from = edge.get(id.peerid());
        if id.peerid() == 0 { id == event.id } else { from > 0 && from <= count(id) + 1 }
    };
    let mut events = 0;
    for _ in 0..PASSES_MAX {
        // The highest counts seen so far, as events and as causes of others.
        let mut most = PerPeer::default();
        let mut is_late = false;
        events = 0;
        each(run, Need::CAUSES, event.time, |step| {
            let (peer, number) = (step.id.peerid(), count(step.id) + 1);
            if step.cause.is_some_and(|cause| is_future(&edge, cause)) && !is_future(&edge, step.id) && peer > 0 {
                edge.set(peer, number);
                is_late |= most.get(peer) >= number;
            }
            events += u64::from(is_future(&edge, step.id) && step.id != event.id);
            for id in std::iter::once(step.id).chain(step.cause) {
                most.set(id.peerid(), most.get(id.peerid()).max(count(id) + 1));
            }
            ControlFlow::Continue(())
        });
        if !is_late {
            break;
        }
    }
    frontier(&edge, events)
}

fn frontier(edge: &PerPeer, events: u64) -> Frontier {
    let peers = edge.iter().filter(|&(peer, _)| peer > 0).map(|(peer, number)| (peer, number - 1));
    Frontier { peers: peers.collect(), events }
}

/// The way back from an event to what caused it, and so on.
#[derive(Default)]
struct Path {
    /// The event that is looked for.
    next: Option<EventId>,
    /// Those found: the latest ones, first one first.
    places: VecDeque<(u32, u32)>,
    found: u64,
    is_cut: bool,
}

impl Path {
    fn step(&mut self, id: EventId, cause: Option<EventId>, place: (u32, u32)) {
        if self.next != Some(id) {
            return;
        }
        self.next = cause;
        self.found += 1;
        if self.places.len() < PATH_MAX {
            self.places.push_front(place);
        } else {
            self.is_cut = true;
        }
    }

    fn read(&self, run: &Run) -> Vec<Event> {
        run.read_at(&Vec::from(self.places.clone()))
    }
}
