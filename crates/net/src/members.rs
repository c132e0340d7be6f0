//! The peers of a run, and whom a peer accepts connections from.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use rumormill_core::PeerId;

use crate::PeerKey;

/// The peers of a run or of a system, by number and by id. In a run the lab hands all keys out before it
/// begins, so every peer knows the ids also of those that join later; a node's members may change.
#[derive(Debug, Default)]
pub struct Members(RwLock<Table>);

#[derive(Debug, Default)]
struct Table {
    keys: BTreeMap<u32, (PeerId, PeerKey)>,
    numbers: BTreeMap<PeerId, u32>,
}

impl Members {
    /// The members with these keys; the first is peer number 1.
    #[must_use]
    pub fn new(keys: Vec<PeerKey>) -> Self {
        let members = Self::default();
        for (number, key) in (1..).zip(keys) {
            members.admit(number, key);
        }
        members
    }

    /// Makes the owner of `key` member number `number`. Whoever had that number is no member any more, and
    /// is returned.
    pub fn admit(&self, number: u32, key: PeerKey) -> Option<PeerKey> {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let id = key.id();
        if let Some(before) = table.numbers.insert(id, number).filter(|before| *before != number) {
            table.keys.remove(&before);
        }
        let (former, former_key) = table.keys.insert(number, (id, key)).filter(|(former, _)| *former != id)?;
        table.numbers.remove(&former);
        Some(former_key)
    }

    /// Removes a member; says whether it was one.
    pub fn expel(&self, key: &PeerKey) -> bool {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let number = table.numbers.remove(&key.id());
        number.is_some_and(|number| table.keys.remove(&number).is_some())
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.table().keys.len() as u32
    }

    /// The highest number that is taken; 0 without members.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.table().keys.keys().next_back().copied().unwrap_or(0)
    }

    /// The ids of all members, in the order of their numbers.
    #[must_use]
    pub fn ids(&self) -> Vec<PeerId> {
        self.table().keys.values().map(|&(id, _)| id).collect()
    }

    /// The id of peer number `peerid`, counted from 1.
    #[must_use]
    pub fn id(&self, peerid: u32) -> Option<PeerId> {
        self.table().keys.get(&peerid).map(|&(id, _)| id)
    }

    /// The number of the peer with this id, counted from 1.
    #[must_use]
    pub fn number(&self, id: PeerId) -> Option<u32> {
        self.table().numbers.get(&id).copied()
    }

    /// The key of the peer with this id.
    #[must_use]
    pub fn key(&self, id: PeerId) -> Option<PeerKey> {
        let table = self.table();
        let number = table.numbers.get(&id)?;
        table.keys.get(number).map(|&(_, key)| key)
    }
}

/// Whom a peer talks to; all others are refused in the handshake.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// Whoever proves any key.
    Anyone,
    /// The members, and the tracker by which they meet.
    Members {
        /// The members.
        members: Arc<Members>,
        /// The key of their tracker, if they meet by one.
        tracker: Option<PeerKey>,
    },
}

impl Trust {
    /// May the owner of `key` connect?
    #[must_use]
    pub fn allows(&self, key: &PeerKey) -> bool {
        match self {
            Self::Anyone => true,
            Self::Members { members, tracker } => Some(*key) == *tracker || members.key(key.id()) == Some(*key),
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
        let trust = Trust::Members { members: Arc::new(Members::new(vec![member])), tracker: Some(tracker) };
        assert!(trust.allows(&member) && trust.allows(&tracker) && !trust.allows(&stranger));
        assert!(Trust::Anyone.allows(&stranger));
    }

    #[test]
    fn members_come_and_go() {
        let [one, two, three] = [1, 2, 3].map(|seed| Identity::from_seed(&[seed; 32]).key());
        let members = Members::new(vec![one, two]);
        assert_eq!(members.admit(7, three), None);
        assert_eq!((members.count(), members.highest(), members.ids()), (3, 7, vec![one.id(), two.id(), three.id()]));
        assert_eq!(members.admit(2, three), Some(two), "a number has one owner");
        assert_eq!((members.id(7), members.number(two.id()), members.key(three.id())), (None, None, Some(three)));
        assert!(members.expel(&one) && !members.expel(&one) && !members.expel(&two));
        assert_eq!(members.ids(), [three.id()]);
    }
}
