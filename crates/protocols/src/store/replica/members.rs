//! The members of the store, and what this replica knows of the others: the timestamp table.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::{Instant, PeerId};
use serde::Serialize;
use smallvec::SmallVec;

use crate::store::lines::EndedLines;
use crate::store::{Ended, Replicas, Slot, Timestamp};

/// Earlier lives of a member that are remembered, so that gossip of theirs which comes late is not believed.
const MAX_PAST: usize = 16;

/// The members of the store, and what this replica knows of the others.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Members {
    /// All of them, as the last change of membership said.
    pub(super) replicas: Replicas,
    /// What each of the others holds: the timestamp table.
    pub(super) rows: BTreeMap<PeerId, Row>,
    /// Lines that have ended.
    pub(super) ended: EndedLines,
}

/// What this replica knows of another one.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Row {
    /// The incarnation of its present life; none when it has not been heard of.
    incarnation: Option<u32>,
    past: SmallVec<[u32; 2]>,
    /// What it holds, as it said itself.
    pub(super) holds: Timestamp,
    /// What it has executed, as it said itself.
    pub(super) value: Timestamp,
    /// What it was sent, besides, since.
    pub(super) sent: Timestamp,
    /// When that was sent, if it is more than what it holds.
    pub(super) sent_at: Instant,
    /// Messages with updates that were sent, and not acknowledged.
    pub(super) in_flight: u32,
    /// Did the last message to it leave something out?
    pub(super) more: bool,
    /// What it was last told that this replica holds, when, and with which floor.
    pub(super) told: Timestamp,
    /// See `told`.
    pub(super) told_at: Instant,
    /// See `told`.
    pub(super) told_floor: u64,
    /// When it was last asked for what it has.
    pub(super) pulled_at: Option<Instant>,
    /// It takes no more updates before this time, and all that it took is executed here.
    pub(super) floor: u64,
    /// The same of a later time, once all of this is executed here.
    pub(super) next_floor: Option<(u64, Timestamp)>,
    /// When it was last heard of.
    pub(super) heard_at: Instant,
}

impl Members {
    /// The founders of a store.
    pub(super) fn founders(me: PeerId, all: Vec<PeerId>) -> Self {
        let mut members = Self::default();
        members.change(me, Replicas { version: 0, members: all });
        members
    }

    /// From now on these are the members.
    pub(super) fn change(&mut self, me: PeerId, replicas: Replicas) {
        self.rows.retain(|peer, _| replicas.members.contains(peer));
        for &peer in replicas.members.iter().filter(|&&peer| peer != me) {
            self.rows.entry(peer).or_default();
        }
        self.replicas = replicas;
    }

    /// Who the others are.
    pub(super) fn others(&self) -> SmallVec<[PeerId; 8]> {
        self.rows.keys().copied().collect()
    }

    /// What is known of another member.
    pub(super) fn row(&mut self, peer: PeerId) -> Option<&mut Row> {
        self.rows.get_mut(&peer)
    }

    /// How much of a line all others hold.
    pub(super) fn known(&self, slot: Slot) -> u64 {
        let ended = self.ended.get(slot);
        self.rows.values().map(|row| row.held_of(slot, ended)).min().unwrap_or(u64::MAX)
    }

    /// How much of a line so many members hold, when this one holds `own`.
    pub(super) fn held_by(&self, holders: usize, slot: Slot, own: u64) -> u64 {
        let ended = self.ended.get(slot);
        let mut held: SmallVec<[u64; 8]> = self.rows.values().map(|row| row.held_of(slot, ended)).collect();
        held.push(own);
        held.sort_unstable_by(|one, other| other.cmp(one));
        holders.checked_sub(1).and_then(|place| held.get(place)).copied().unwrap_or(0)
    }

    /// The greatest number of a line that any other member was heard to hold.
    pub(super) fn heard_of(&self, slot: Slot) -> u64 {
        let ended = self.ended.get(slot);
        self.rows.values().map(|row| row.held_of(slot, ended)).max().unwrap_or(0)
    }

    /// The parts of ended lines which others only name by how many have ended need not be remembered.
    pub(super) fn shorten(&mut self) {
        for row in self.rows.values_mut() {
            row.sent.raise(Slot::ENDED, row.holds.get(Slot::ENDED));
            for label in [&mut row.holds, &mut row.value, &mut row.sent] {
                self.ended.shorten(label);
            }
            row.sent.set(Slot::ENDED, 0);
        }
    }

    /// In which life another member was last heard of.
    pub(super) fn life(&self, peer: PeerId) -> Option<u32> {
        self.rows.get(&peer)?.incarnation
    }

    /// The least of all members' floors.
    pub(super) fn floor(&self, own: u64) -> u64 {
        self.rows.values().map(|row| row.floor).fold(own, u64::min)
    }
}

impl Row {
    /// How much of a line the member holds.
    fn held_of(&self, slot: Slot, ended: Option<Ended>) -> u64 {
        let is_passed = ended.is_some_and(|ended| self.holds.get(Slot::ENDED) >= ended.nth);
        if is_passed { u64::MAX } else { self.holds.get(slot) }
    }

    /// A message came from this life of the member: `false` when that life is over. Of a new life nothing is
    /// known at first: its memory may be lost.
    ///
    /// Lives have no order: of two that began soon after each other, the first may be heard of last, because a message
    /// of it was late. So a life is only over as long as the one after it is heard of, at least every `patience`.
    pub(super) fn hear(&mut self, incarnation: u32, now: Instant, patience: Duration) -> bool {
        if let Some(place) = self.past.iter().position(|past| *past == incarnation) {
            if now.since(self.heard_at) < patience {
                return false;
            }
            self.past.remove(place);
        }
        if self.incarnation != Some(incarnation)
            && let Some(over) = self.incarnation.replace(incarnation)
        {
            if self.past.len() == MAX_PAST {
                self.past.remove(0);
            }
            self.past.push(over);
            let (past, floor) = (std::mem::take(&mut self.past), self.floor);
            *self = Self { incarnation: Some(incarnation), past, floor, ..Self::default() };
        }
        self.heard_at = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn slot(replica: u64) -> Slot {
        Slot { replica: PeerId(replica), incarnation: 0 }
    }

    fn three() -> Members {
        let mut members = Members::founders(PeerId(1), vec![PeerId(1), PeerId(2), PeerId(3)]);
        for (peer, count) in [(2, 5), (3, 9)] {
            let row = members.row(PeerId(peer)).unwrap();
            assert!(row.hear(0, Instant::ZERO, PATIENCE));
            row.holds.raise(slot(1), count);
        }
        members
    }

    #[test]
    fn a_line_is_known_as_far_as_the_last_member_holds_it() {
        let mut members = three();
        assert_eq!((members.known(slot(1)), members.known(slot(2))), (5, 0));
        assert_eq!([1, 2, 3, 4].map(|holders| members.held_by(holders, slot(1), 11)), [11, 9, 5, 0]);
        members.change(PeerId(1), Replicas { version: 1, members: vec![PeerId(1), PeerId(3)] });
        assert_eq!((members.known(slot(1)), members.others().as_slice()), (9, [PeerId(3)].as_slice()));
        members.change(PeerId(1), Replicas { version: 2, members: vec![PeerId(1)] });
        assert_eq!(members.known(slot(1)), u64::MAX, "alone, everything is known everywhere");
    }

    #[test]
    fn of_a_new_life_nothing_is_known_and_an_earlier_one_is_not_believed() {
        let mut members = three();
        let row = members.row(PeerId(2)).unwrap();
        row.floor = 7;
        assert!(row.hear(99, Instant::ZERO, PATIENCE));
        assert!(row.holds.is_empty());
        assert_eq!(row.floor, 7, "what is settled stays so");
        assert!(!row.hear(0, Instant::ZERO, PATIENCE), "a message of its earlier life, late");
        let at = |ms| Instant::ZERO + Duration::from_millis(ms);
        assert!(row.hear(99, at(900), PATIENCE));
        assert!(!row.hear(0, at(1_800), PATIENCE), "the later life is there");
        assert!(row.hear(0, at(1_900), PATIENCE), "what seemed to be later was an earlier one's message, late");
        assert!(!row.hear(99, at(2_000), PATIENCE));
        assert!(row.hear(0, at(9_000), PATIENCE));
    }
}
