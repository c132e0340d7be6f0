//! Signatures with real keys, and the disk's content.

use std::cell::RefCell;
use std::sync::Arc;

use rumormill_core::{Host, PeerId, Signature};

use crate::book::AddressBook;
use crate::disk::{DiskError, Shelf};
use crate::members::Members;
use crate::{Identity, PeerKey};

/// What an activation of a real peer may ask for.
pub(super) struct NodeHost {
    identity: Identity,
    members: Arc<Members>,
    book: AddressBook,
    shelf: Shelf,
    /// A handler cannot be told that a read failed: the driver looks here after each activation.
    failure: RefCell<Option<DiskError>>,
}

impl NodeHost {
    pub fn new(identity: Identity, members: Arc<Members>, book: AddressBook, shelf: Shelf) -> Self {
        Self { identity, members, book, shelf, failure: RefCell::default() }
    }

    /// What went wrong since the last time.
    pub fn failure(&self) -> Option<DiskError> {
        self.failure.borrow_mut().take()
    }

    fn key(&self, peer: PeerId) -> Option<PeerKey> {
        self.members.key(peer).or_else(|| self.book.record(peer).map(|record| record.key()))
    }
}

impl Host for NodeHost {
    fn sign(&self, _me: PeerId, bytes: &[u8]) -> Signature {
        self.identity.sign(bytes)
    }

    fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        self.key(author).is_some_and(|key| key.verify(bytes, signature))
    }

    fn stored(&self, _me: PeerId, key: &[u8]) -> Option<Vec<u8>> {
        self.shelf.get(key).unwrap_or_else(|error| {
            *self.failure.borrow_mut() = Some(error);
            None
        })
    }

    fn scan(&self, _me: PeerId, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        if let Err(error) = self.shelf.scan(prefix, visit) {
            *self.failure.borrow_mut() = Some(error);
        }
    }
}
