//! Which replica to ask.

use std::time::Duration;

use rumormill_core::{Instant, PeerId};
use serde::Serialize;

use crate::store::Replicas;

/// After so long at another replica, a front end comes back to the one it prefers.
const AWAY: Duration = Duration::from_secs(10);

/// The replicas, and which of them to ask.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Routes {
    /// The replicas, as this front end knows them.
    known: Replicas,
    /// All peers that may be replicas, now or later.
    all: Vec<PeerId>,
    /// How often one was asked that is none, as far as this front end knows.
    strangers: usize,
    /// The place among them of the one that this front end prefers: another one for each front end.
    home: usize,
    /// The place of the one that is asked.
    current: usize,
    /// When it left the one that it prefers.
    left_at: Instant,
    /// Who orders forced calls, as far as it knows.
    primary: Option<PeerId>,
}

impl Routes {
    pub fn new(home: usize) -> Self {
        let (known, all, left_at) = (Replicas::default(), Vec::new(), Instant::ZERO);
        Self { known, all, strangers: 0, home, current: home, left_at, primary: None }
    }

    /// These may be replicas, now or later.
    pub fn meet(&mut self, all: Vec<PeerId>) {
        self.all = all;
    }

    /// Somebody who is no replica as far as is known, another one each time: when none of the known ones takes
    /// calls, all of them may have been let go, and others know who came instead.
    pub fn stranger(&mut self) -> Option<PeerId> {
        let members = &self.known.members;
        let strangers: Vec<PeerId> = self.all.iter().copied().filter(|peer| !members.contains(peer)).collect();
        self.strangers = self.strangers.wrapping_add(1);
        strangers.get(self.strangers.checked_rem(strangers.len())?).copied()
    }

    /// The replicas are these, unless it knows a later list.
    pub fn learn(&mut self, replicas: Replicas) {
        if self.known.members.is_empty() || replicas.version > self.known.version {
            self.known = replicas;
            self.current = self.home;
        }
    }

    pub fn members(&self) -> &[PeerId] {
        &self.known.members
    }

    /// Which list of them it is.
    pub fn version(&self) -> u64 {
        self.known.version
    }

    pub fn primary(&self) -> Option<PeerId> {
        self.primary
    }

    /// The first in the fixed order.
    pub fn first(&self) -> Option<PeerId> {
        self.known.members.first().copied()
    }

    /// The one after this in the fixed order, which is a circle.
    pub fn after(&self, peer: PeerId) -> Option<PeerId> {
        let place = self.known.members.iter().position(|&member| member == peer);
        let next = place.map_or(0, |place| (place + 1) % self.known.members.len().max(1));
        self.known.members.get(next).copied()
    }

    /// Whom to ask for what any replica can do.
    pub fn nearest(&mut self, now: Instant) -> Option<PeerId> {
        let count = self.known.members.len().max(1);
        if self.current != self.home && now.since(self.left_at) >= AWAY {
            self.current = self.home;
        }
        self.known.members.get(self.current % count).copied()
    }

    /// Whom to ask for what is ordered.
    pub fn ordering(&self) -> Option<PeerId> {
        self.primary.filter(|primary| self.known.members.contains(primary)).or_else(|| self.first())
    }

    /// Somebody said who orders.
    pub fn told_primary(&mut self, primary: PeerId) {
        self.primary = Some(primary);
    }

    /// This one does not answer, or does not take calls: others are asked.
    pub fn avoid(&mut self, peer: PeerId, now: Instant) {
        if self.primary == Some(peer) {
            self.primary = None;
        }
        let count = self.known.members.len().max(1);
        if self.known.members.get(self.current % count) == Some(&peer) {
            self.current = (self.current + 1) % count;
            self.left_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(home: usize) -> Routes {
        let mut routes = Routes::new(home);
        routes.learn(Replicas { version: 0, members: [1, 2, 3].map(PeerId).to_vec() });
        routes
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_front_end_stays_with_one_replica_leaves_it_and_comes_back() {
        let mut routes = routes(4);
        assert_eq!(routes.nearest(at(0)), Some(PeerId(2)));
        routes.avoid(PeerId(1), at(1));
        assert_eq!(routes.nearest(at(1)), Some(PeerId(2)), "another one than it asks");
        routes.avoid(PeerId(2), at(2));
        assert_eq!(routes.nearest(at(11)), Some(PeerId(3)));
        routes.avoid(PeerId(3), at(11));
        assert_eq!((routes.nearest(at(12)), routes.nearest(at(21))), (Some(PeerId(1)), Some(PeerId(2))));
    }

    #[test]
    fn the_fixed_order_is_a_circle() {
        let routes = routes(0);
        let order: Vec<_> = [1, 2, 3].map(|peer| routes.after(PeerId(peer)).unwrap().0).to_vec();
        assert_eq!(order, [2, 3, 1]);
        assert_eq!(routes.after(PeerId(9)), Some(PeerId(1)), "one that is no replica any more");
        assert_eq!(Routes::new(3).after(PeerId(1)), None);
    }

    #[test]
    fn an_older_list_is_no_news() {
        let mut routes = routes(0);
        routes.learn(Replicas { version: 2, members: vec![PeerId(7)] });
        routes.learn(Replicas { version: 1, members: vec![PeerId(8)] });
        assert_eq!(routes.members(), [PeerId(7)]);
        assert_eq!((routes.nearest(at(0)), routes.ordering()), (Some(PeerId(7)), Some(PeerId(7))));
        routes.told_primary(PeerId(8));
        assert_eq!(routes.ordering(), Some(PeerId(7)), "one that is no replica orders nothing");
    }
}
