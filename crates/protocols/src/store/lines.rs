//! Lines of updates that have ended, and how labels do without them.
//!
//! A replica that loses its memory begins a new line, so over the years a store has many. When the council has found
//! out how long an ended line is, all members execute all of it, one ended line after the other. From then on "the
//! first n lines that ended" ([`Slot::ENDED`]: n) says as much as naming each of them, and their parts of timestamps
//! go. So one set of updates has several names: what compares timestamps of different peers must know the ended lines.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{Slot, Timestamp};

/// Ended lines that are remembered, at most. Who names part of one that ended still earlier is told that nobody has
/// heard of it.
const MAX_ENDED: usize = 1 << 12;

/// A line that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The line.
    pub slot: Slot,
    /// So many updates there are of it; whoever depends on more depends on what is lost.
    pub last: u64,
    /// It is the how manieth that ended, from 1: all members agree on that.
    pub nth: u64,
}

/// The lines that have ended, as far as one peer knows.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct EndedLines {
    lines: BTreeMap<Slot, Ended>,
    order: BTreeMap<u64, Slot>,
}

impl EndedLines {
    /// Has none ended?
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many have ended, those that are forgotten among them.
    pub(super) fn count(&self) -> u64 {
        self.order.last_key_value().map_or(0, |(&nth, _)| nth)
    }

    /// What is known of a line's end.
    pub(super) fn get(&self, slot: Slot) -> Option<Ended> {
        self.lines.get(&slot).copied()
    }

    /// The one that ended as the `nth`.
    pub(super) fn nth(&self, nth: u64) -> Option<Ended> {
        self.get(*self.order.get(&nth)?)
    }

    /// Those after the first `passed`.
    pub(super) fn after(&self, passed: u64) -> impl Iterator<Item = Slot> {
        self.order.range(passed.saturating_add(1)..).map(|(_, &slot)| slot)
    }

    /// All of them, in the order in which they ended.
    pub(super) fn iter(&self) -> impl Iterator<Item = Ended> {
        self.order.values().filter_map(|&slot| self.get(slot))
    }

    /// A line has ended.
    pub(super) fn learn(&mut self, ended: Ended) {
        self.lines.insert(ended.slot, ended);
        self.order.insert(ended.nth, ended.slot);
        if self.order.len() > MAX_ENDED
            && let Some((_, slot)) = self.order.pop_first()
        {
            self.lines.remove(&slot);
        }
    }

    /// Does a timestamp name so many updates of a line, or all that there are?
    pub(super) fn names(&self, timestamp: &Timestamp, slot: Slot, count: u64) -> bool {
        let named = timestamp.get(slot);
        named >= count
            || self.get(slot).is_some_and(|ended| named >= ended.last || timestamp.get(Slot::ENDED) >= ended.nth)
    }

    /// Does `have` name all that `need` names, in whatever form, and that is not lost?
    pub(super) fn covers(&self, have: &Timestamp, need: &Timestamp) -> bool {
        have.covers(need) || !self.is_empty() && need.parts().all(|(slot, count)| self.names(have, slot, count))
    }

    /// Adds the parts of those lines which the timestamp only names by how many have ended.
    pub(super) fn spell_out(&self, timestamp: &mut Timestamp, slots: impl IntoIterator<Item = Slot>) {
        let passed = timestamp.get(Slot::ENDED);
        for ended in slots.into_iter().filter_map(|slot| self.get(slot)).filter(|ended| ended.nth <= passed) {
            timestamp.raise(ended.slot, ended.last);
        }
    }

    /// Removes parts which the timestamp also names by how many have ended.
    pub(super) fn shorten(&self, timestamp: &mut Timestamp) {
        let passed = timestamp.get(Slot::ENDED);
        self.remove(timestamp, |ended, count| ended.nth <= passed && count <= ended.last);
    }

    /// The same, of what is needed: all of the first `passed` lines is to be had, and may as well be needed.
    pub(super) fn shorten_need(&self, need: &mut Timestamp, passed: u64) {
        let removed = self.remove(need, |ended, count| ended.nth <= passed && count <= ended.last);
        need.raise(Slot::ENDED, removed);
    }

    /// Makes a timestamp name nothing that is lost for good, only that it is lost.
    pub(super) fn without_lost(&self, timestamp: &mut Timestamp) {
        if self.is_empty() {
            return;
        }
        let is_lost = |(slot, count)| self.get(slot).filter(|ended| count > ended.last);
        let lost: SmallVec<[Ended; 4]> = timestamp.parts().filter_map(is_lost).collect();
        for Ended { slot, last, nth } in lost {
            timestamp.set(slot, last);
            timestamp.raise(Slot::ENDED, nth);
        }
    }

    /// Removes parts of ended lines; returns the greatest `nth` of those.
    fn remove(&self, timestamp: &mut Timestamp, which: impl Fn(Ended, u64) -> bool) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let of = |(slot, count)| self.get(slot).filter(|&ended| which(ended, count));
        let gone: SmallVec<[Ended; 4]> = timestamp.parts().filter_map(of).collect();
        gone.iter().for_each(|ended| timestamp.set(ended.slot, 0));
        gone.iter().map(|ended| ended.nth).max().unwrap_or(0)
    }
}

impl FromIterator<Ended> for EndedLines {
    fn from_iter<I: IntoIterator<Item = Ended>>(ended: I) -> Self {
        let mut lines = Self::default();
        ended.into_iter().for_each(|ended| lines.learn(ended));
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rumormill_core::PeerId;

    use super::*;

    fn slot(number: u64) -> Slot {
        Slot { replica: PeerId(number), incarnation: 1 }
    }

    /// Lines 1 to 3 have ended, in this order, with 2 updates each; 4 has not.
    fn lines() -> EndedLines {
        (1..=3).map(|nth| Ended { slot: slot(nth), last: 2, nth }).collect()
    }

    /// Timestamps that name nothing which is lost.
    fn timestamps() -> impl Strategy<Value = Timestamp> {
        let parts = prop::collection::vec((1..5_u64, 0..=2_u64), 0..6);
        (parts, 0..=3_u64).prop_map(|(parts, passed)| {
            let parts = parts.into_iter().map(|(number, count)| (slot(number), count));
            parts.chain([(Slot::ENDED, passed)]).collect()
        })
    }

    /// The updates that a timestamp names.
    fn meaning(timestamp: &Timestamp) -> Vec<u64> {
        let passed = timestamp.get(Slot::ENDED);
        (1..5).map(|number| if number <= passed { 2 } else { timestamp.get(slot(number)) }).collect()
    }

    fn all() -> Vec<Slot> {
        (1..5).map(slot).collect()
    }

    proptest! {
        #[test]
        fn one_covers_another_when_it_names_all_of_it(have in timestamps(), need in timestamps()) {
            let names_all = meaning(&have).iter().zip(meaning(&need)).all(|(have, need)| *have >= need);
            let passed = have.get(Slot::ENDED) >= need.get(Slot::ENDED);
            prop_assert_eq!(lines().covers(&have, &need), names_all && passed);
        }

        #[test]
        fn other_forms_mean_the_same(timestamp in timestamps()) {
            let (mut long, mut short) = (timestamp.clone(), timestamp.clone());
            lines().spell_out(&mut long, all());
            lines().shorten(&mut short);
            prop_assert_eq!(meaning(&long), meaning(&timestamp));
            prop_assert_eq!(meaning(&short), meaning(&timestamp));
            let passed = timestamp.get(Slot::ENDED);
            prop_assert!((1..=passed).all(|number| long.get(slot(number)) == 2 && short.get(slot(number)) == 0));
        }

        #[test]
        fn a_short_need_asks_for_no_less(need in timestamps(), passed in 0..=3_u64) {
            let mut short = need.clone();
            lines().shorten_need(&mut short, passed);
            prop_assert!(lines().covers(&short, &need));
            prop_assert!(short.get(Slot::ENDED) <= passed.max(need.get(Slot::ENDED)));
            prop_assert!((1..=passed).all(|number| short.get(slot(number)) == 0));
        }
    }

    #[test]
    fn what_is_lost_stays_in_a_need() {
        let mut need: Timestamp = [(slot(1), 3)].into_iter().collect();
        lines().shorten_need(&mut need, 3);
        assert_eq!(need.get(slot(1)), 3);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let many = MAX_ENDED as u64 + 10;
        let lines: EndedLines = (1..=many).map(|nth| Ended { slot: slot(nth), last: 1, nth }).collect();
        assert_eq!((lines.iter().count(), lines.count()), (MAX_ENDED, many));
        assert_eq!((lines.get(slot(10)), lines.nth(11).map(|ended| ended.slot)), (None, Some(slot(11))));
    }
}
