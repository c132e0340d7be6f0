//! What members send each other.

use std::fmt;
use std::sync::Arc;

use rumormill_core::{PeerId, Signature, Wire};
use serde::{Deserialize, Serialize};

use super::Summary;

/// The name of a message of the community: its author and the author's count, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemId {
    /// Who created it.
    pub author: PeerId,
    /// The author's how manieth, from 1.
    pub number: u32,
}

/// A message of the community, signed by its author.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub id: ItemId,
    /// Its content.
    pub body: Vec<u8>,
    /// The author's signature over [`Item::signed_bytes`].
    pub signature: Signature,
}

/// What members send each other: at most 16 bytes in memory, so that the simulator keeps it in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A new message without content. The id's fields stand here one by one: as an [`ItemId`] they would
    /// take 8 bytes more.
    Push {
        /// Who created it.
        author: PeerId,
        /// The author's how manieth, from 1.
        number: u32,
    },
    /// A new message with content.
    PushSigned(Arc<Item>),
    /// What the sender has; the receiver sends what that lacks.
    Compare(Arc<Summary>),
    /// Several messages without content.
    Bare(Arc<Vec<ItemId>>),
    /// Several messages with content.
    Signed(Arc<Vec<Arc<Item>>>),
}

impl Wire for Message {
    const MAX_BYTES: usize = 256 * 1024;

    fn kind(&self) -> &'static str {
        match self {
            Self::Push { .. } | Self::PushSigned(_) => "push",
            Self::Compare(_) => "compare",
            Self::Bare(_) | Self::Signed(_) => "missing",
        }
    }

    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        match self {
            Self::Push { author, .. } => visit(*author),
            Self::PushSigned(item) => visit(item.id.author),
            Self::Bare(ids) => ids.iter().for_each(|id| visit(id.author)),
            Self::Signed(items) => items.iter().for_each(|item| visit(item.id.author)),
            Self::Compare(_) => {}
        }
    }
}

/// Author and number, as in `#3/12`.
impl fmt::Debug for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.author, self.number)
    }
}

/// The id and the content as text: what a person wants to see in a trace of many.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.id, String::from_utf8_lossy(&self.body))
    }
}

impl ItemId {
    /// Begins every disk key of a message.
    pub(super) const KEY_PREFIX: &'static [u8] = b"item/";

    /// The disk key, in the order of ids.
    pub(super) fn to_key(self) -> Vec<u8> {
        [Self::KEY_PREFIX, &self.author.to_bytes(), &self.number.to_be_bytes()].concat()
    }

    /// The id of which this is the disk key.
    pub(super) fn from_key(key: &[u8]) -> Option<Self> {
        let (author, number) = key.strip_prefix(Self::KEY_PREFIX)?.split_first_chunk::<8>()?;
        Some(Self { author: PeerId::from_bytes(*author), number: u32::from_be_bytes(number.try_into().ok()?) })
    }
}

impl Item {
    /// What the author signs: a name for this use of its key, the id and the content.
    #[must_use]
    pub fn signed_bytes(id: ItemId, body: &[u8]) -> Vec<u8> {
        [b"rumormill flood 1:".as_slice(), &id.author.to_bytes(), &id.number.to_be_bytes(), body].concat()
    }

    /// Signature and content, as the disk keeps them under the id.
    pub(super) fn to_value(&self) -> Vec<u8> {
        [self.signature.0.as_slice(), &self.body].concat()
    }

    /// The message that the disk kept, or none when it had no content.
    pub(super) fn from_value(id: ItemId, value: &[u8]) -> Option<Self> {
        let (signature, body) = value.split_first_chunk::<64>()?;
        Some(Self { id, body: body.to_vec(), signature: Signature(*signature) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_is_small_in_memory() {
        assert!(size_of::<Message>() <= 16, "{} bytes", size_of::<Message>());
    }

    fn any_item() -> impl Strategy<Value = Arc<Item>> {
        (any::<u64>(), any::<u32>(), any::<Vec<u8>>(), any::<[u8; 32]>()).prop_map(|(author, number, body, half)| {
            let mut signature = [0; 64];
            signature[..32].copy_from_slice(&half);
            signature[32..].copy_from_slice(&half);
            Arc::new(Item { id: ItemId { author: PeerId(author), number }, body, signature: Signature(signature) })
        })
    }

    proptest! {
        #[test]
        fn messages_survive_the_wire(items in proptest::collection::vec(any_item(), 0..5)) {
            let ids = Arc::new(items.iter().map(|item| item.id).collect());
            for message in [Message::Signed(Arc::new(items)), Message::Bare(ids)] {
                let mut bytes = Vec::new();
                message.encode(&mut bytes);
                prop_assert_eq!(message.measure().bytes as usize, bytes.len());
                prop_assert_eq!(Message::decode(&bytes).unwrap(), message);
            }
        }

        #[test]
        fn any_bytes_decode_or_fail_without_a_panic(bytes: Vec<u8>) {
            let _ = Message::decode(&bytes);
        }

        #[test]
        fn items_survive_the_disk(item in any_item()) {
            prop_assert_eq!(ItemId::from_key(&item.id.to_key()), Some(item.id));
            prop_assert_eq!(Item::from_value(item.id, &item.to_value()), Some((*item).clone()));
        }
    }
}
