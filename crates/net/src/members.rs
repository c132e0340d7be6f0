//! The peers of a run, and whom a peer accepts connections from.

use std::collections::BTreeMap;
use std::sync::Arc;

use rumormill_core::PeerId;

use crate::PeerKey;

/// The keys of a run's peers, by number and by id. The lab hands them out before the run, so every peer
/// knows the ids also of those that join later.
#[derive(Debug)]
pub struct Members {
    keys: Vec<PeerKey>,
    ids: Vec<PeerId>,
    numbers: BTreeMap<PeerId, u32>,
}

impl Members {
    /// The members with these keys; the first is peer number 1.
    #[must_use]
    pub fn new(keys: Vec<PeerKey>) -> Self {
        let ids: Vec<PeerId> = keys.iter().map(PeerKey::id).collect();
        let numbers = ids.iter().copied().zip(1..).collect();
        Self { keys, ids, numbers }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.keys.len() as u32
    }

    /// The id of peer number `peerid`, counted from 1.
    #[must_use]
    pub fn id(&self, peerid: u32) -> Option<PeerId> {
        self.ids.get((peerid as usize).checked_sub(1)?).copied()
    }

    /// The number of the peer with this id, counted from 1.
    #[must_use]
    pub fn number(&self, id: PeerId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// The key of the peer with this id.
    #[must_use]
    pub fn key(&self, id: PeerId) -> Option<PeerKey> {
        self.number(id).and_then(|number| self.keys.get(number as usize - 1).copied())
    }
}

/// Whom a peer talks to; all others are refused in the handshake.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// Whoever proves any key.
    Anyone,
    /// The members of the run, and its tracker.
    Members {
        /// The members.
        members: Arc<Members>,
        /// The key of the tracker by which they meet.
        tracker: PeerKey,
    },
}

impl Trust {
    /// May the owner of `key` connect?
    #[must_use]
    pub fn allows(&self, key: &PeerKey) -> bool {
        match self {
            Self::Anyone => true,
            Self::Members { members, tracker } => key == tracker || members.key(key.id()) == Some(*key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identity;

    #[test]
    fn members_are_found_by_number_and_by_id() {
        let keys: Vec<PeerKey> = (1..=3).map(|seed| Identity::from_seed(&[seed; 32]).key()).collect();
        let members = Members::new(keys.clone());
        assert_eq!(members.id(0), None);
        assert_eq!(members.id(4), None);
        for (number, key) in (1..).zip(&keys) {
            assert_eq!(members.id(number), Some(key.id()));
            assert_eq!(members.number(key.id()), Some(number));
            assert_eq!(members.key(key.id()), Some(*key));
        }
    }

    #[test]
    fn an_allow_list_refuses_strangers() {
        let [member, tracker, stranger] = [1, 2, 3].map(|seed| Identity::from_seed(&[seed; 32]).key());
        let trust = Trust::Members { members: Arc::new(Members::new(vec![member])), tracker };
        assert!(trust.allows(&member) && trust.allows(&tracker) && !trust.allows(&stranger));
        assert!(Trust::Anyone.allows(&stranger));
    }
}
