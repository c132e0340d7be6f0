//! A set of numbers that mostly has no gaps.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The most stretches of numbers with gaps between them before a session is asked to stop for a while.
const MAX_STRETCHES: usize = 1024;

/// A set of numbers, as stretches from one to another, in order and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Numbers(SmallVec<[(u64, u64); 1]>);

impl Numbers {
    /// Is it in the set?
    pub(super) fn contains(&self, number: u64) -> bool {
        let place = self.0.partition_point(|&(_, last)| last < number);
        self.0.get(place).is_some_and(|&(first, _)| first <= number)
    }

    /// Adds one; was it new?
    pub(super) fn insert(&mut self, number: u64) -> bool {
        if let Some((_, last)) = self.0.last_mut()
            && last.checked_add(1) == Some(number)
        {
            *last = number;
            return true;
        }
        let place = self.0.partition_point(|&(_, last)| last < number);
        if self.0.get(place).is_some_and(|&(first, _)| first <= number) {
            return false;
        }
        let joins_left = place > 0 && self.0[place - 1].1 + 1 == number;
        let joins_right = self.0.get(place).is_some_and(|&(first, _)| number + 1 == first);
        match (joins_left, joins_right) {
            (true, true) => {
                self.0[place - 1].1 = self.0[place].1;
                self.0.remove(place);
            }
            (true, false) => self.0[place - 1].1 = number,
            (false, true) => self.0[place].0 = number,
            (false, false) => self.0.insert(place, (number, number)),
        }
        true
    }

    /// Adds all up to `number`.
    pub(super) fn fill(&mut self, number: u64) {
        if number == 0 {
            return;
        }
        let covered = self.0.partition_point(|&(first, _)| first <= number.saturating_add(1));
        let last = self.0[..covered].last().map_or(number, |&(_, last)| last.max(number));
        self.0.drain(..covered);
        self.0.insert(0, (1, last));
    }

    /// The greatest; 0 when there is none.
    pub(super) fn last(&self) -> u64 {
        self.0.last().map_or(0, |&(_, last)| last)
    }

    /// Are there gaps?
    pub(super) fn has_gaps(&self) -> bool {
        self.0.len() > 1
    }

    /// Are there so many gaps that no more shall come?
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_STRETCHES
    }

    /// Is it what this module makes? What comes from outside may not be.
    pub(super) fn is_sound(&self) -> bool {
        let ordered = self.0.windows(2).all(|pair| pair[0].1 < pair[1].0.saturating_sub(1));
        ordered && self.0.iter().all(|&(first, last)| first <= last && last < u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((0..8_u8, 0..60_u64), 0..120)) {
            let (mut numbers, mut model) = (Numbers::default(), BTreeSet::new());
            for (kind, number) in steps {
                if kind == 0 {
                    numbers.fill(number);
                    model.extend(1..=number);
                } else if number > 0 {
                    prop_assert_eq!(numbers.insert(number), model.insert(number));
                }
                prop_assert!(numbers.is_sound(), "{:?}", numbers);
                prop_assert_eq!(numbers.last(), model.last().copied().unwrap_or(0));
                (1..62).for_each(|n| assert_eq!(numbers.contains(n), model.contains(&n)));
            }
        }
    }
}
