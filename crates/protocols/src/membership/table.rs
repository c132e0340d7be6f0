//! Who is a member, who was one, and since when.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use rumormill_core::{Instant, PeerId};
use serde::Serialize;

use super::Standing;

/// What a member holds of all others. At most [`Config::members_max`](super::Config::members_max) of them: when there
/// is no place for one more, whoever is gone the longest is forgotten, and when nobody is, it is not let in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    peers: BTreeMap<PeerId, Standing>,
    /// Who failed or left, and when that was heard: the longest ago first.
    gone: BTreeSet<(Instant, PeerId)>,
    /// When each of these was heard.
    gone_at: BTreeMap<PeerId, Instant>,
}

impl Table {
    /// What is held of a peer.
    pub(super) fn get(&self, peer: PeerId) -> Option<Standing> {
        self.peers.get(&peer).copied()
    }

    pub(super) fn is_live(&self, peer: PeerId) -> bool {
        self.get(peer).is_some_and(|standing| standing.status.is_live())
    }

    /// Holds this of a peer from now on; false when there is no place for it.
    pub(super) fn set(&mut self, now: Instant, peer: PeerId, standing: Standing, members_max: usize) -> bool {
        if !self.peers.contains_key(&peer) && self.peers.len() >= members_max && !self.forget_oldest() {
            return false;
        }
        self.peers.insert(peer, standing);
        if let Some(before) = self.gone_at.remove(&peer) {
            self.gone.remove(&(before, peer));
        }
        if !standing.status.is_live() {
            self.gone_at.insert(peer, now);
            self.gone.insert((now, peer));
        }
        true
    }

    /// Forgets whoever failed or left before this moment.
    pub(super) fn forget_before(&mut self, moment: Instant) {
        while self.gone.first().is_some_and(|(since, _)| *since < moment) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let Some((_, peer)) = self.gone.pop_first() else { return false };
        self.gone_at.remove(&peer);
        self.peers.remove(&peer);
        true
    }

    /// How many are members.
    pub(super) fn live(&self) -> usize {
        self.peers.len() - self.gone.len()
    }

    /// Who failed or left.
    pub(super) fn gone(&self) -> impl Iterator<Item = PeerId> {
        self.gone.iter().map(|(_, peer)| *peer)
    }

    /// All that is known, ascending.
    pub(super) fn all(&self) -> impl Iterator<Item = (PeerId, Standing)> {
        self.peers.iter().map(|(peer, standing)| (*peer, *standing))
    }

    /// The members, ascending.
    pub(super) fn members(&self) -> impl Iterator<Item = PeerId> {
        self.all().filter(|(_, standing)| standing.status.is_live()).map(|(peer, _)| peer)
    }

    /// The members that follow a peer when all stand in a circle by their ids.
    pub(super) fn after(&self, peer: PeerId) -> impl Iterator<Item = PeerId> {
        let (above, below) = (self.peers.range((Excluded(peer), Unbounded)), self.peers.range(..peer));
        above.chain(below).filter(|(_, standing)| standing.status.is_live()).map(|(peer, _)| *peer)
    }

    /// The members that precede a peer in that circle, the nearest first.
    pub(super) fn before(&self, peer: PeerId) -> impl Iterator<Item = PeerId> {
        let (below, above) = (self.peers.range(..peer), self.peers.range((Excluded(peer), Unbounded)));
        below.rev().chain(above.rev()).filter(|(_, standing)| standing.status.is_live()).map(|(peer, _)| *peer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn of(status: Status) -> Standing {
        Standing { incarnation: 0, status }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn who_is_gone_is_forgotten_in_time() {
        let mut table = Table::default();
        for peer in 1..=4 {
            table.set(at(0), PeerId(peer), of(Status::Alive), 10);
        }
        table.set(at(1), PeerId(2), of(Status::Failed), 10);
        table.set(at(3), PeerId(3), of(Status::Left), 10);
        assert_eq!((table.live(), table.gone().count(), table.is_live(PeerId(2))), (2, 2, false));
        table.forget_before(at(2));
        assert_eq!((table.get(PeerId(2)), table.gone().collect::<Vec<_>>()), (None, vec![PeerId(3)]));
        table.set(at(4), PeerId(3), of(Status::Alive), 10);
        table.forget_before(Instant::MAX);
        assert_eq!(table.members().collect::<Vec<_>>(), [1, 3, 4].map(PeerId), "it came back");
    }

    #[test]
    fn there_is_a_place_for_so_many_and_members_keep_theirs() {
        let mut table = Table::default();
        assert!(table.set(at(0), PeerId(1), of(Status::Alive), 2));
        assert!(table.set(at(0), PeerId(2), of(Status::Failed), 2));
        assert!(table.set(at(1), PeerId(3), of(Status::Alive), 2), "in the place of 2");
        assert!(!table.set(at(1), PeerId(4), of(Status::Alive), 2));
        assert!(table.set(at(2), PeerId(1), of(Status::Suspect), 2), "it has one");
        assert_eq!(table.all().count(), 2);
    }

    #[test]
    fn members_stand_in_a_circle() {
        let mut table = Table::default();
        for peer in [10, 20, 40, 50] {
            table.set(at(0), PeerId(peer), of(Status::Alive), 10);
        }
        table.set(at(0), PeerId(45), of(Status::Failed), 10);
        let after: Vec<u64> = table.after(PeerId(30)).map(|peer| peer.0).collect();
        let before: Vec<u64> = table.before(PeerId(30)).map(|peer| peer.0).collect();
        assert_eq!((after, before), (vec![40, 50, 10, 20], vec![20, 10, 50, 40]));
        assert_eq!(table.after(PeerId(50)).next(), Some(PeerId(10)));
    }
}
