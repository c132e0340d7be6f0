//! Who has sent how much to whom.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rumormill_core::Instant;
use rumormill_core::rng::mix;

/// The most links that are told apart; traffic on later ones counts as hidden.
pub const LINKS_MAX: usize = 2_000_000;

/// Traffic of one kind in one community from one peer to another, as one number (of a group of peers, the
/// first stands for all):
/// 24 bits sender, 24 bits receiver, 8 bits kind, 8 bits community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(u64);

impl LinkId {
    /// The link between these two; numbers above 24 bits do not occur ([`rumormill_core::MAX_PEERS`]).
    #[must_use]
    pub const fn new(from: u32, to: u32, kind: u8, community: u8) -> Self {
        let mask = rumormill_core::MAX_PEERS;
        Self(((from & mask) as u64) << 40 | ((to & mask) as u64) << 16 | (kind as u64) << 8 | community as u64)
    }

    /// Sender, receiver, number of the kind, number of the community.
    #[must_use]
    pub const fn parts(self) -> (u32, u32, u8, u8) {
        let Self(id) = self;
        ((id >> 40) as u32, (id >> 16) as u32 & rumormill_core::MAX_PEERS, (id >> 8) as u8, id as u8)
    }
}

/// What passed over a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages sent.
    pub sent: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// How many of them were lost.
    pub lost: u64,
    /// When the latest of them was sent or lost.
    pub last: Instant,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.sent = self.sent.saturating_add(more.sent);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.lost = self.lost.saturating_add(more.lost);
        self.last = self.last.max(more.last);
    }
}

/// Traffic by link, bounded.
#[derive(Clone, Debug)]
pub struct Links {
    map: HashMap<LinkId, Traffic, BuildHasherDefault<Mix>>,
    limit: usize,
    /// What passed over links that found no room.
    pub hidden: Traffic,
}

impl Links {
    /// No links yet, and at most `limit`.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { map: HashMap::default(), limit, hidden: Traffic::default() }
    }

    /// Adds what passed over a link.
    pub fn add(&mut self, link: LinkId, traffic: Traffic) {
        if let Some(known) = self.map.get_mut(&link) {
            *known += traffic;
        } else if self.map.len() < self.limit {
            self.map.insert(link, traffic);
        } else {
            self.hidden += traffic;
        }
    }

    /// What passed over a link.
    #[must_use]
    pub fn get(&self, link: LinkId) -> Option<Traffic> {
        self.map.get(&link).copied()
    }

    /// How many links there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Bytes in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.map.capacity() * (size_of::<(LinkId, Traffic)>() + 1)
    }

    /// The links, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (LinkId, Traffic)> {
        self.map.iter().map(|(&link, &traffic)| (link, traffic))
    }

    /// Moves everything to `other`.
    pub fn drain_into(&mut self, other: &mut Self) {
        for (link, traffic) in self.map.drain() {
            other.add(link, traffic);
        }
        other.hidden += std::mem::take(&mut self.hidden);
    }

    /// The `count` busiest links, busiest first; ties by number, so that the same traffic gives the same list.
    #[must_use]
    pub fn busiest(&self, count: usize) -> Vec<(LinkId, Traffic)> {
        let links = busiest(self.iter(), count).into_iter();
        links.filter_map(|link| Some((link, self.get(link)?))).collect()
    }

    /// Forgets one link.
    pub fn remove(&mut self, link: LinkId) {
        self.map.remove(&link);
    }

    /// Keeps only the `count` busiest links.
    pub fn keep_busiest(&mut self, count: usize) {
        if self.map.len() > count {
            let busiest = self.busiest(count);
            self.map.clear();
            self.map.extend(busiest);
        }
    }
}

/// The `count` links that carry most, the one with most first; ties by number.
pub(super) fn busiest(links: impl Iterator<Item = (LinkId, Traffic)>, count: usize) -> Vec<LinkId> {
    // A million links: no more of each than is compared.
    let weight = |(link, traffic): (LinkId, Traffic)| (Reverse(traffic.sent + traffic.lost), link);
    let mut links: Vec<_> = links.map(weight).collect();
    if links.len() > count {
        links.select_nth_unstable(count);
        links.truncate(count);
    }
    links.sort_unstable();
    links.into_iter().map(|(_, link)| link).collect()
}

/// Link ids are peers' numbers and not an attacker's choice: one round of mixing spreads them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mix(self.0 ^ number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_id_holds_its_parts() {
        for parts in [(1, 2, 3, 4), (rumormill_core::MAX_PEERS, 1, 255, 255), (1, rumormill_core::MAX_PEERS, 0, 0)] {
            let (from, to, kind, community) = parts;
            assert_eq!(LinkId::new(from, to, kind, community).parts(), parts);
        }
    }

    #[test]
    fn traffic_beyond_the_limit_is_counted_as_hidden() {
        let mut links = Links::new(2);
        let one = Traffic { sent: 1, bytes: 10, ..Traffic::default() };
        for to in 1..=5 {
            for _ in 0..to {
                links.add(LinkId::new(9, to, 0, 0), one);
            }
        }
        let ids: Vec<u32> = links.busiest(9).iter().map(|(link, _)| link.parts().1).collect();
        assert_eq!(ids, [2, 1]);
        assert_eq!(links.hidden, Traffic { sent: 3 + 4 + 5, bytes: 120, ..one });
        links.keep_busiest(1);
        assert_eq!(links.busiest(9), [(LinkId::new(9, 2, 0, 0), Traffic { sent: 2, bytes: 20, ..one })]);
    }
}
