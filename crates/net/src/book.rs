//! The address book: the newest signed record of each known peer, and where a person said that peers are.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use rumormill_core::PeerId;

use crate::{PeerKey, PeerRecord};

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

/// Where somebody may be reached, and the key to be proved there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The key.
    pub key: PeerKey,
    /// Addresses, to be tried in this order.
    pub addresses: Vec<SocketAddr>,
}

/// The newest signed record of each known peer, shared by the parts of one peer.
#[derive(Clone, Debug, Default)]
pub struct AddressBook {
    entries: Rc<RefCell<Entries>>,
    /// What nobody signed. As many as somebody configured.
    places: Rc<RefCell<BTreeMap<PeerId, Contact>>>,
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

    /// Takes a person's word for where the owner of a key is, in place of what was said before.
    pub fn place(&self, contact: Contact) {
        self.places.borrow_mut().insert(contact.key.id(), contact);
    }

    /// Forgets all about `id`.
    pub fn forget(&self, id: PeerId) {
        self.entries.borrow_mut().remove(&id);
        self.places.borrow_mut().remove(&id);
    }

    /// Where to dial `id`: the addresses of its newest record, then those that a person named.
    #[must_use]
    pub fn contact(&self, id: PeerId) -> Option<Contact> {
        let (record, places) = (self.record(id), self.places.borrow());
        let place = places.get(&id);
        let key = record.as_ref().map(|record| record.key()).or_else(|| place.map(|place| place.key))?;
        let mut addresses = record.map_or_else(Vec::new, |record| record.addresses().to_vec());
        let more = place.into_iter().flat_map(|place| &place.addresses);
        more.for_each(|address| {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        });
        (!addresses.is_empty()).then_some(Contact { key, addresses })
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

    #[test]
    fn what_a_person_said_is_tried_after_what_the_peer_signed() {
        let book = AddressBook::default();
        let (key, id) = (record(1, 1).key(), record(1, 1).id());
        assert_eq!(book.contact(id), None);
        let said = |port: u16| Contact { key, addresses: vec![([127, 0, 0, 1], port).into()] };
        book.place(said(9));
        assert_eq!(book.contact(id), Some(said(9)));
        book.learn(record(2, 20), Origin::Peer);
        let ports = |book: &AddressBook| -> Vec<u16> {
            book.contact(id).unwrap().addresses.iter().map(SocketAddr::port).collect()
        };
        assert_eq!(ports(&book), [20, 9]);
        book.place(said(20));
        assert_eq!(ports(&book), [20]);
        book.forget(id);
        assert_eq!((book.contact(id), book.record(id)), (None, None));
    }
}
