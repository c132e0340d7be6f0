//! Peers of a very large run, many to a group, so that a page can show them all.

use super::peers::{Peers, Progress, Status};

/// Runs of more peers than this are shown in groups.
pub const PEERS_SHOWN_MAX: u32 = 20_000;

/// The most groups of a run.
pub const GROUPS_MAX: u32 = 1024;

/// Sums over the peers of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many peers it has.
    pub peers: u32,
    /// How many of them run.
    pub up: u32,
    /// How many are done.
    pub done: u32,
    /// How many have met all their targets, and have one.
    pub met: u32,
    /// Sum of the targets' values.
    pub current: u64,
    /// Sum of the targets' goals.
    pub goal: u64,
}

/// Groups of consecutive peers, all of one size but the last.
#[derive(Clone, Debug)]
pub struct Groups {
    size: u32,
    groups: Vec<Group>,
}

impl Groups {
    /// The groups of this many peers, at least one, that have not booted.
    #[must_use]
    pub fn new(peers: u32) -> Self {
        let size = peers.div_ceil(GROUPS_MAX).max(1);
        let sizes = (0..peers.div_ceil(size)).map(|group| size.min(peers - group * size));
        let groups = sizes.map(|peers| Group { peers, ..Group::default() }).collect();
        Self { size, groups }
    }

    /// The number of the group that the peer belongs to; groups count from 0.
    #[must_use]
    pub const fn of(&self, peerid: u32) -> u32 {
        peerid.saturating_sub(1) / self.size
    }

    /// The numbers of the peers of a group.
    #[must_use]
    pub fn members(&self, group: u32) -> std::ops::Range<u32> {
        let peers = self.get(group).map_or(0, |group| group.peers);
        group * self.size + 1..group * self.size + 1 + peers
    }

    /// The number of the first peer of the peer's group: it stands for all of them at the end of a link.
    #[must_use]
    pub const fn first_of(&self, peerid: u32) -> u32 {
        self.of(peerid) * self.size + 1
    }

    /// Peers of each group but the last.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// How many groups there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.groups.len() as u32
    }

    /// The group of this number.
    #[must_use]
    pub fn get(&self, group: u32) -> Option<&Group> {
        self.groups.get(group as usize)
    }

    /// Accounts for a peer that was `before` and is `after`.
    pub fn change(&mut self, peerid: u32, before: Share, after: Share) {
        let group = self.of(peerid);
        let Some(group) = self.groups.get_mut(group as usize) else { return };
        let count = |sum: u32, before: bool, after: bool| sum + u32::from(after) - u32::from(before);
        group.up = count(group.up, before.up, after.up);
        group.done = count(group.done, before.done, after.done);
        group.met = count(group.met, before.met, after.met);
        // Modulo 2^64, so that what goes in comes out again even after an overflow.
        group.current = group.current.wrapping_add(after.current).wrapping_sub(before.current);
        group.goal = group.goal.wrapping_add(after.goal).wrapping_sub(before.goal);
    }
}

/// What one peer adds to its group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    up: bool,
    done: bool,
    met: bool,
    current: u64,
    goal: u64,
}

impl Share {
    /// What the peer of this number adds, if there is one.
    #[must_use]
    pub fn of(peers: &Peers, peerid: u32) -> Option<Self> {
        let status = peers.status(peerid)?;
        let targets = peers.targets(peerid);
        let sum = |of: fn(&Progress) -> u64| targets.iter().map(of).fold(0, u64::wrapping_add);
        Some(Self {
            up: status == Status::Up,
            done: peers.is_done(peerid),
            met: !targets.is_empty() && targets.iter().all(Progress::met),
            current: sum(|progress| progress.current),
            goal: sum(|progress| progress.goal),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_is_in_one_group_of_the_right_size() {
        for peers in [1, 1023, 1024, 1025, 20_001, 1_000_000] {
            let groups = Groups::new(peers);
            assert!(groups.count() <= GROUPS_MAX);
            let mut sizes = vec![0; groups.count() as usize];
            (1..=peers).for_each(|peerid| sizes[groups.of(peerid) as usize] += 1);
            let first = |peerid| groups.first_of(peerid);
            assert!((1..=peers).all(|peerid| groups.of(first(peerid)) == groups.of(peerid) && first(peerid) <= peerid));
            assert!(sizes.iter().zip(&groups.groups).all(|(size, group)| *size == group.peers), "{peers}");
        }
    }
}
