//! A number for each peer.

use rumormill_core::MAX_PEERS;

/// A number for each peer, 0 where nothing is known. Takes memory up to the largest peer that has one.
#[derive(Default)]
pub(super) struct PerPeer(Vec<u64>);

impl PerPeer {
    pub(super) fn get(&self, peer: u32) -> u64 {
        self.0.get(peer as usize).copied().unwrap_or(0)
    }

    pub(super) fn set(&mut self, peer: u32, value: u64) {
        // Ids have 24 bits for the peer, so this is no bound for what is true.
        let place = peer.min(MAX_PEERS) as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        self.0[place] = value;
    }

    /// Peers with a number, and that.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..).zip(self.0.iter().copied()).filter(|&(_, value)| value > 0)
    }
}
