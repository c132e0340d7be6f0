//! Two runs of which at least one is real: each peer's events in their order.

use std::collections::{HashMap, VecDeque};

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::{Aligned, BEFORE_MAX, Comparison, Difference};
use crate::Run;
use crate::batch::{EventRef, Names};
use crate::walk::Walk;

/// Events by which one run is ahead of the other, at all peers together. When there are more, the rest is
/// not compared.
const AHEAD_MAX: usize = 2_000_000;

/// What two runs can agree in.
#[derive(Clone, Copy)]
struct Step {
    kind: Kind,
    name: u32,
    other: Option<PeerId>,
    /// Not compared: to find it again, and to know what came first.
    id: EventId,
    time: Instant,
}

impl Step {
    /// What happened to a peer, as far as it does not depend on the moment; `None` for all else.
    fn of(event: &EventRef<'_>, names: &mut Names) -> Option<Self> {
        let of_network = matches!(
            event.kind,
            Kind::Dropped | Kind::Progress | Kind::Note | Kind::Fault | Kind::Violated | Kind::Measured
        );
        (!of_network && event.peer != PeerId(0)).then(|| Self {
            kind: event.kind,
            name: names.number_of(event.name),
            other: event.other,
            id: event.id,
            time: event.time,
        })
    }

    fn agrees(&self, other: &Self) -> bool {
        (self.kind, self.name, self.other) == (other.kind, other.name, other.other)
    }
}

/// One peer in both runs.
#[derive(Default)]
struct Pair {
    /// Steps of the one run that the other has not come to.
    left: VecDeque<Step>,
    right: VecDeque<Step>,
    same: u64,
    /// The last steps that agreed.
    before: VecDeque<EventId>,
    differs: Option<(Option<Step>, Option<Step>)>,
}

impl Pair {
    /// Compares as far as both runs have come. Gives by how many steps fewer one of them is ahead.
    fn settle(&mut self) -> usize {
        let mut settled = 0;
        while self.differs.is_none() && !self.left.is_empty() && !self.right.is_empty() {
            let (left, right) = (self.left.pop_front(), self.right.pop_front());
            settled += 2;
            match (left, right) {
                (Some(left), Some(right)) if left.agrees(&right) => {
                    self.same += 1;
                    if self.before.len() == BEFORE_MAX {
                        self.before.pop_front();
                    }
                    self.before.push_back(left.id);
                }
                differ => self.differs = Some(differ),
            }
        }
        if self.differs.is_some() {
            settled += self.left.len() + self.right.len();
            (self.left, self.right) = (VecDeque::new(), VecDeque::new());
        }
        settled
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

pub(super) fn compare(left: &Run, right: &Run) -> Comparison {
    let (mut lefts, mut rights) = (Walk::new(left), Walk::new(right));
    let (mut table, mut counts, mut open) = (Table::default(), [0_u64; 2], [true; 2]);
    while open != [false; 2] {
        // Whoever is behind goes on, so that little has to wait.
        let side = if open[0] && (counts[0] <= counts[1] || !open[1]) { Side::Left } else { Side::Right };
        let walk = if side == Side::Left { &mut lefts } else { &mut rights };
        match walk.next() {
            None => open[side as usize] = false,
            Some(event) => {
                counts[side as usize] += 1;
                if !table.take(&event, side) {
                    break;
                }
            }
        }
    }
    let mut notes = lefts.notes;
    notes.append(&mut rights.notes);
    if table.ahead > AHEAD_MAX {
        let compared = counts[0].min(counts[1]);
        notes.push(format!("only the first {compared} events or so were compared: the runs go different ways"));
    }
    let (same, difference) = table.end(left, right);
    Comparison { aligned: Aligned::Peers, same, difference, notes }
}

#[derive(Default)]
struct Table {
    names: Names,
    peers: HashMap<PeerId, Pair>,
    ahead: usize,
}

impl Table {
    /// Takes an event; says whether there is room for more.
    fn take(&mut self, event: &EventRef<'_>, side: Side) -> bool {
        let Some(step) = Step::of(event, &mut self.names) else { return true };
        let pair = self.peers.entry(event.peer).or_default();
        if pair.differs.is_none() {
            if side == Side::Left { &mut pair.left } else { &mut pair.right }.push_back(step);
            self.ahead = self.ahead + 1 - pair.settle();
        }
        self.ahead <= AHEAD_MAX
    }

    /// What agreed, and of the peers' differences the first.
    fn end(self, left: &Run, right: &Run) -> (u64, Option<Difference>) {
        let is_whole = self.ahead <= AHEAD_MAX;
        let same = self.peers.values().map(|pair| pair.same).sum();
        let differing = self.peers.into_iter().filter_map(|(peer, mut pair)| {
            if pair.differs.is_none() && is_whole && !(pair.left.is_empty() && pair.right.is_empty()) {
                pair.differs = Some((pair.left.pop_front(), pair.right.pop_front()));
            }
            let (one, other) = pair.differs?;
            let first = one.or(other)?;
            Some(((first.time, peer), pair.same, one, other, pair.before))
        });
        let Some((_, n, one, other, before)) = differing.min_by_key(|differing| differing.0) else {
            return (same, None);
        };
        let mut lefts = before.into_iter().chain(one.map(|step| step.id)).collect::<Vec<_>>();
        let mut before = find(left, &mut lefts);
        let left = one.and_then(|_| before.pop());
        let right = other.and_then(|step| find(right, &mut vec![step.id]).pop());
        (same, Some(Difference { n, left, right, before }))
    }
}

/// The events of these ids, in the run's order.
fn find(run: &Run, ids: &mut Vec<EventId>) -> Vec<Event> {
    let (mut walk, mut found) = (Walk::new(run), Vec::new());
    while !ids.is_empty() {
        let Some(event) = walk.next() else { break };
        if let Some(place) = ids.iter().position(|&id| id == event.id) {
            ids.swap_remove(place);
            found.push(event.to_event());
        }
    }
    found
}
