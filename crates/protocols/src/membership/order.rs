//! Whom to probe next: everybody in a random order, then everybody in another (SWIM, section 4.3).

use rumormill_core::{PeerId, Rng};
use serde::Serialize;

/// Members in a random order, and how far a round through them has come.
///
/// Between two probes of a member are at most 2N - 2 others: it is the first of one round and the last of the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ProbeOrder {
    order: Vec<PeerId>,
    /// The members before this place were probed in this round.
    next: usize,
}

impl ProbeOrder {
    /// Adds a member at a random place: it is as likely in the rest of this round as what was there is probed.
    pub(super) fn insert(&mut self, rng: &mut Rng, peer: PeerId) {
        debug_assert!(!self.order.contains(&peer), "{peer} is probed twice a round");
        self.order.push(peer);
        let last = self.order.len() - 1;
        self.order.swap(last, rng.below(last as u64 + 1) as usize);
    }

    /// Takes a member out.
    pub(super) fn remove(&mut self, peer: PeerId) {
        let Some(place) = self.order.iter().position(|&other| other == peer) else { return };
        // Order does not matter but on which side of `next` a member is.
        if place < self.next {
            self.next -= 1;
            self.order.swap(place, self.next);
            self.order.swap_remove(self.next);
        } else {
            self.order.swap_remove(place);
        }
    }

    /// The next member to probe; none when there is none.
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<PeerId> {
        if self.next >= self.order.len() {
            rng.shuffle(&mut self.order);
            self.next = 0;
        }
        let peer = self.order.get(self.next).copied()?;
        self.next += 1;
        Some(peer)
    }

    /// All members, in an order that means nothing.
    pub(super) fn all(&self) -> &[PeerId] {
        &self.order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use rumormill_core::Rng;

    use super::*;

    #[test]
    fn every_member_is_probed_once_in_each_round_and_rounds_differ() {
        let (mut order, mut rng) = (ProbeOrder::default(), Rng::new(3));
        (1..=20).for_each(|peer| order.insert(&mut rng, PeerId(peer)));
        order.next = order.order.len();
        let mut rounds: Vec<Vec<PeerId>> = Vec::new();
        for _ in 0..5 {
            rounds.push((0..20).filter_map(|_| order.next(&mut rng)).collect());
            assert_eq!(rounds.last().unwrap().iter().collect::<BTreeSet<_>>().len(), 20);
        }
        assert!(rounds.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(ProbeOrder::default().next(&mut rng), None);
    }

    proptest! {
        /// In a group that stays the same, at most 2N - 2 probes go to others between two of a member.
        #[test]
        fn nobody_waits_longer_than_the_bound(seed: u64, members in 1_u64..40) {
            let (mut order, mut rng) = (ProbeOrder::default(), Rng::new(seed));
            (1..=members).for_each(|peer| order.insert(&mut rng, PeerId(peer)));
            let mut last: BTreeMap<PeerId, u64> = BTreeMap::new();
            for now in 1..6 * members {
                let peer = order.next(&mut rng).unwrap();
                let before = last.insert(peer, now).unwrap_or(0);
                prop_assert!(now - before < 2 * members, "{peer} waited from {before} to {now}");
            }
        }

        /// Members that come while others wait lengthen a round by one probe each.
        #[test]
        fn whoever_comes_and_goes_the_others_have_their_turn(seed: u64, steps in prop::collection::vec(0_u8..8, 1..400)) {
            let (mut order, mut rng) = (ProbeOrder::default(), Rng::new(seed));
            let mut waits: BTreeMap<PeerId, u64> = BTreeMap::new();
            let mut came = 0;
            for step in steps {
                let members: Vec<PeerId> = waits.keys().copied().collect();
                match step {
                    0 => {
                        came += 1;
                        order.insert(&mut rng, PeerId(came));
                        waits.insert(PeerId(came), 0);
                    }
                    1 => {
                        if let Some(gone) = rng.choose(&members).copied() {
                            order.remove(gone);
                            waits.remove(&gone);
                        }
                    }
                    _ => {
                        let probed = order.next(&mut rng);
                        waits.values_mut().for_each(|wait| *wait += 1);
                        let was_member = probed.is_none_or(|probed| waits.insert(probed, 0).is_some());
                        prop_assert!(was_member && probed.is_some() != members.is_empty());
                    }
                }
                prop_assert!(waits.values().all(|&wait| wait < 2 * came), "{waits:?} of {came}");
                prop_assert_eq!(order.all().len(), waits.len());
            }
        }
    }
}
