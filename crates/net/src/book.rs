//! The address book: the newest signed record of each known peer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use rumormill_core::PeerId;

use crate::PeerRecord;

/// The most records that a book holds; beyond that, records of unknown peers are refused.
pub const MAX_RECORDS: usize = 65_536;

/// Who told a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The tracker, which tells everybody: no need to send it along.
    Tracker,
    /// A peer, with a message that mentioned it: others may lack it.
    Peer,
}

type Entries = BTreeMap<PeerId, (Rc<PeerRecord>, Origin)>;

/// The newest signed record of each known peer, shared by the parts of one peer.
#[derive(Clone, Debug, Default)]
pub struct AddressBook {
    entries: Rc<RefCell<Entries>>,
}

impl AddressBook {
    /// Takes a checked record if it is newer than what is known, and says whether it did.
    pub fn learn(&self, record: PeerRecord, origin: Origin) -> bool {
        let mut entries = self.entries.borrow_mut();
        let (id, full) = (record.id(), entries.len() >= MAX_RECORDS);
        match entries.get_mut(&id) {
            Some((known, by)) if record.sequence() > known.sequence() => {
                (*known, *by) = (Rc::new(record), origin);
                true
            }
            Some((known, by)) => {
                // The tracker confirms what a peer told: nobody needs to be told again.
                if record.sequence() == known.sequence() && origin == Origin::Tracker {
                    *by = origin;
                }
                false
            }
            None if full => false,
            None => entries.insert(id, (Rc::new(record), origin)).is_none(),
        }
    }

    /// The newest record of `id`.
    #[must_use]
    pub fn record(&self, id: PeerId) -> Option<Rc<PeerRecord>> {
        self.entries.borrow().get(&id).map(|(record, _)| Rc::clone(record))
    }

    /// The newest record of `id`, if others may lack it.
    #[must_use]
    pub fn gossip(&self, id: PeerId) -> Option<Rc<PeerRecord>> {
        let entries = self.entries.borrow();
        entries.get(&id).filter(|(_, origin)| *origin == Origin::Peer).map(|(record, _)| Rc::clone(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identity;

    fn record(sequence: u64, port: u16) -> PeerRecord {
        PeerRecord::new(&Identity::from_seed(&[1; 32]), sequence, &[([127, 0, 0, 1], port).into()])
    }

    #[test]
    fn the_newest_record_holds() {
        let book = AddressBook::default();
        let id = record(1, 1).id();
        assert!(book.learn(record(2, 20), Origin::Peer));
        assert!(!book.learn(record(1, 10), Origin::Peer), "an older record replaced a newer one");
        assert!(!book.learn(record(2, 21), Origin::Peer), "a record of the same age replaced the first");
        assert_eq!(book.record(id).unwrap().addresses()[0].port(), 20);
        assert!(book.learn(record(3, 30), Origin::Peer));
        assert_eq!(book.record(id).unwrap().addresses()[0].port(), 30);
    }

    #[test]
    fn what_the_tracker_tells_everybody_is_not_sent_along() {
        let book = AddressBook::default();
        let id = record(1, 1).id();
        book.learn(record(1, 1), Origin::Peer);
        assert!(book.gossip(id).is_some());
        book.learn(record(1, 1), Origin::Tracker);
        assert!(book.gossip(id).is_none());
    }
}
