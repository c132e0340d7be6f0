//! Signed peer records: where a peer can be reached, said by the peer itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use rumormill_core::{PeerId, Signature};
use serde::{Deserialize, Serialize};

use crate::{Identity, PeerKey};

/// The most addresses in one record.
pub const MAX_ADDRESSES: usize = 8;

/// The most bytes of an encoded record: key, sequence number, eight IPv6 addresses, signature.
pub const MAX_RECORD_BYTES: usize = 32 + 10 + 1 + MAX_ADDRESSES * 20 + 64;

/// Records that a [`Notary`] remembers; beyond that it forgets them all.
const MAX_CHECKED: usize = 65_536;

/// What is signed begins with this, so that a record's signature means nothing elsewhere.
const DOMAIN: &[u8] = b"rumormill peer record 1\0";

/// Where a peer can be reached. Of two records of one peer, that with the higher sequence number holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerRecord {
    key: PeerKey,
    sequence: u64,
    addresses: Vec<SocketAddr>,
    signature: Signature,
}

/// Why bytes are no valid record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Longer than [`MAX_RECORD_BYTES`].
    #[error("peer record of {bytes} bytes where at most {MAX_RECORD_BYTES} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not an encoded record.
    #[error("not a peer record")]
    Malformed,
    /// None or more than [`MAX_ADDRESSES`].
    #[error("peer record with {count} addresses where 1 to {MAX_ADDRESSES} are allowed")]
    Addresses {
        /// How many.
        count: usize,
    },
    /// The peer did not sign it.
    #[error("peer record that its peer did not sign")]
    Signature,
}

impl PeerRecord {
    /// Signs a record. `sequence` grows each time that the peer boots. Addresses beyond
    /// [`MAX_ADDRESSES`] are left out.
    #[must_use]
    pub fn new(identity: &Identity, sequence: u64, addresses: &[SocketAddr]) -> Self {
        let addresses = addresses[..addresses.len().min(MAX_ADDRESSES)].to_vec();
        let signature = identity.sign(&signed_bytes(&identity.key(), sequence, &addresses));
        Self { key: identity.key(), sequence, addresses, signature }
    }

    /// The record in `bytes`, if it is whole, within bounds and signed by its peer.
    ///
    /// # Errors
    /// When it is not.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let record = Self::decode_unchecked(bytes)?;
        record.check()?;
        Ok(record)
    }

    /// The record in `bytes`, whoever signed it.
    fn decode_unchecked(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(RecordError::TooLong { bytes: bytes.len() });
        }
        let (record, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|_| RecordError::Malformed)?;
        if !rest.is_empty() {
            return Err(RecordError::Malformed);
        }
        Ok(record)
    }

    /// Appends the encoded record to `buffer`.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match postcard::to_extend(self, std::mem::take(buffer)) {
            Ok(full) => *buffer = full,
            Err(error) => unreachable!("every length in a record is known: {error}"),
        }
    }

    /// Is it within bounds and signed by its peer?
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), RecordError> {
        let count = self.addresses.len();
        if !(1..=MAX_ADDRESSES).contains(&count) {
            return Err(RecordError::Addresses { count });
        }
        let signed = signed_bytes(&self.key, self.sequence, &self.addresses);
        if self.key.verify(&signed, &self.signature) { Ok(()) } else { Err(RecordError::Signature) }
    }

    /// The peer's id.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.key.id()
    }

    /// The peer's key.
    #[must_use]
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// How many records the peer has issued; grows with each boot.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Where it can be reached, best first.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

/// Checks records, and each only once: the peers of a process all hear the same ones from the tracker.
#[derive(Debug, Default)]
pub(crate) struct Notary {
    checked: RefCell<BTreeMap<PeerId, PeerRecord>>,
}

impl Notary {
    /// The record in `bytes`, if it is whole, within bounds and signed by its peer.
    pub fn decode(&self, bytes: &[u8]) -> Result<PeerRecord, RecordError> {
        let record = PeerRecord::decode_unchecked(bytes)?;
        let mut checked = self.checked.borrow_mut();
        if checked.get(&record.id()) != Some(&record) {
            record.check()?;
            if checked.len() >= MAX_CHECKED {
                checked.clear();
            }
            checked.insert(record.id(), record.clone());
        }
        Ok(record)
    }
}

fn signed_bytes(key: &PeerKey, sequence: u64, addresses: &[SocketAddr]) -> Vec<u8> {
    let content = postcard::to_stdvec(&(key, sequence, addresses));
    match content {
        Ok(content) => [DOMAIN, &content].concat(),
        Err(error) => unreachable!("every length in a record is known: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(record: &PeerRecord) -> Vec<u8> {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        bytes
    }

    fn addresses() -> impl Strategy<Value = Vec<SocketAddr>> {
        proptest::collection::vec(any::<SocketAddr>(), 1..=MAX_ADDRESSES).prop_map(|mut addresses| {
            // Flow label and scope are local to a host and do not travel.
            for address in &mut addresses {
                address.set_ip(address.ip());
                if let SocketAddr::V6(v6) = address {
                    v6.set_flowinfo(0);
                    v6.set_scope_id(0);
                }
            }
            addresses
        })
    }

    proptest! {
        #[test]
        fn a_record_comes_back(seed: [u8; 32], sequence: u64, addresses in addresses()) {
            let record = PeerRecord::new(&Identity::from_seed(&seed), sequence, &addresses);
            let bytes = encoded(&record);
            prop_assert!(bytes.len() <= MAX_RECORD_BYTES);
            prop_assert_eq!(PeerRecord::decode(&bytes), Ok(record));
        }

        #[test]
        fn no_changed_byte_goes_unnoticed(at: prop::sample::Index, flip in 1_u8..) {
            let record = PeerRecord::new(&Identity::from_seed(&[5; 32]), 9, &["127.0.0.1:7000".parse().unwrap()]);
            let mut bytes = encoded(&record);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(PeerRecord::decode(&bytes).is_err());
        }

        #[test]
        fn a_notary_is_as_strict(at: prop::sample::Index, flip in 1_u8..) {
            let notary = Notary::default();
            let record = PeerRecord::new(&Identity::from_seed(&[5; 32]), 9, &["127.0.0.1:7000".parse().unwrap()]);
            let mut bytes = encoded(&record);
            prop_assert_eq!(notary.decode(&bytes), Ok(record.clone()));
            prop_assert_eq!(notary.decode(&bytes), Ok(record));
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(notary.decode(&bytes).is_err());
        }

        #[test]
        fn hostile_bytes_are_refused_quietly(bytes: Vec<u8>) {
            let _ = PeerRecord::decode(&bytes);
        }
    }

    #[test]
    fn records_without_and_with_too_many_addresses_are_refused() {
        let identity = Identity::from_seed(&[5; 32]);
        assert_eq!(PeerRecord::new(&identity, 1, &[]).check(), Err(RecordError::Addresses { count: 0 }));
        let many = vec!["127.0.0.1:7000".parse().unwrap(); 30];
        assert_eq!(PeerRecord::new(&identity, 1, &many).addresses().len(), MAX_ADDRESSES);
    }
}
