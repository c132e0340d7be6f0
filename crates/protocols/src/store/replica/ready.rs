//! What waits for updates, by the first of them that it lacks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;
use smallvec::SmallVec;

use crate::store::{Slot, Stamp, Timestamp};

/// What waits until the value timestamp covers a label. Each lies under one part of the label that is not
/// covered yet, so that it is looked at only when that part is: at most once for each part.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Waiting {
    lacking: BTreeMap<(Slot, u64), SmallVec<[Waiter; 2]>>,
}

/// Something that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Waiter {
    /// A record of the log waits to be executed.
    Record {
        /// Its line.
        slot: Slot,
        /// Its number there.
        number: u64,
    },
    /// A parked chain of calls waits to be answered.
    Chain(u64),
}

/// What need not wait any longer, or has to wait for something else: looked at in an order that is safe.
///
/// Whoever depends on a record must come after it, also when both become ready at the same time. So records come
/// in the order of their stamps, and calls when there are no records.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Ready {
    /// Records: their lines, and their numbers there.
    pub(super) records: BTreeSet<(Stamp, Slot, u64)>,
    /// Chains of calls.
    pub(super) chains: VecDeque<u64>,
}

impl Waiting {
    /// Lets something wait for `number` updates of a line.
    pub(super) fn wait(&mut self, (slot, number): (Slot, u64), waiter: Waiter) {
        self.lacking.entry((slot, number)).or_default().push(waiter);
    }

    /// A part of the value timestamp rose to `number`: what has waited for it.
    pub(super) fn rise(&mut self, slot: Slot, number: u64) -> SmallVec<[Waiter; 2]> {
        let mut risen = SmallVec::new();
        while let Some((&key, _)) = self.lacking.range((slot, 0)..=(slot, number)).next() {
            risen.extend(self.lacking.remove(&key).unwrap_or_default());
        }
        risen
    }

    /// The lines that something waits for, and the most that anything needs of each.
    pub(super) fn lacks(&self) -> SmallVec<[(Slot, u64); 4]> {
        let mut lacks = SmallVec::new();
        let mut last = self.lacking.last_key_value();
        while let Some((&(slot, number), _)) = last {
            lacks.push((slot, number));
            last = self.lacking.range(..(slot, 0)).next_back();
        }
        lacks
    }

    /// Does nothing wait?
    pub(super) fn is_empty(&self) -> bool {
        self.lacking.is_empty()
    }

    /// Everything that waits; nothing does any more.
    pub(super) fn take(&mut self) -> Vec<Waiter> {
        std::mem::take(&mut self.lacking).into_values().flatten().collect()
    }
}

/// The first part of `label` that `value` does not cover.
pub(super) fn shortfall(label: &Timestamp, value: &Timestamp) -> Option<(Slot, u64)> {
    if value.covers(label) {
        return None;
    }
    label.parts().find(|&(slot, count)| value.get(slot) < count)
}

#[cfg(test)]
mod tests {
    use rumormill_core::PeerId;

    use super::*;

    fn slot(replica: u64) -> Slot {
        Slot { replica: PeerId(replica), incarnation: 0 }
    }

    #[test]
    fn a_waiter_comes_when_its_part_has_risen_far_enough() {
        let mut waiting = Waiting::default();
        waiting.wait((slot(1), 5), Waiter::Chain(1));
        waiting.wait((slot(1), 5), Waiter::Chain(2));
        waiting.wait((slot(1), 7), Waiter::Chain(3));
        waiting.wait((slot(2), 1), Waiter::Chain(4));
        let risen = |waiting: &mut Waiting, replica, number| waiting.rise(slot(replica), number).into_vec();
        assert_eq!(waiting.lacks().as_slice(), [(slot(2), 1), (slot(1), 7)]);
        assert_eq!(risen(&mut waiting, 1, 4), []);
        assert_eq!(risen(&mut waiting, 1, 6), [Waiter::Chain(1), Waiter::Chain(2)]);
        assert_eq!(risen(&mut waiting, 1, 7), [Waiter::Chain(3)]);
        assert_eq!(waiting.lacks().as_slice(), [(slot(2), 1)]);
        assert_eq!((waiting.take(), waiting.is_empty()), (vec![Waiter::Chain(4)], true));
    }

    #[test]
    fn the_shortfall_is_the_first_part_that_is_not_covered() {
        let label: Timestamp = [(slot(1), 3), (slot(2), 2)].into_iter().collect();
        let value: Timestamp = [(slot(1), 3), (slot(3), 9)].into_iter().collect();
        assert_eq!(shortfall(&label, &value), Some((slot(2), 2)));
        assert_eq!(shortfall(&label, &label), None);
    }
}
