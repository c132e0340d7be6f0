//! Nodes: who has a place on the circle.

use rumormill_core::PeerId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Id;

/// A node: a peer at one of its places on the circle. A peer with several (virtual nodes) has several nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its place. It follows from the rest, so nobody can choose where to be: a peer's id is a hash of its key.
    id: Id,
    peer: PeerId,
    place: u16,
}

impl Node {
    /// The node of a peer at its `place`th place, from 0.
    #[must_use]
    pub fn new(peer: PeerId, place: u16) -> Self {
        let mut name = [0; 10];
        name[..8].copy_from_slice(&peer.to_bytes());
        name[8..].copy_from_slice(&place.to_be_bytes());
        Self { id: Id::of(&name), peer, place }
    }

    /// Where it is.
    #[must_use]
    pub const fn id(self) -> Id {
        self.id
    }

    /// Whose node it is.
    #[must_use]
    pub const fn peer(self) -> PeerId {
        self.peer
    }

    /// Which of that peer's nodes, from 0.
    #[must_use]
    pub const fn place(self) -> u16 {
        self.place
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.peer)?;
        if self.place > 0 {
            write!(f, "/{}", self.place)?;
        }
        write!(f, "@{:?}", self.id)
    }
}

/// On the wire, its place on the circle is left out.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.peer, self.place).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (peer, place) = Deserialize::deserialize(deserializer)?;
        Ok(Self::new(peer, place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_travels_without_its_place_on_the_circle() {
        let node = Node::new(PeerId(u64::MAX), 7);
        let bytes = postcard::to_stdvec(&node).unwrap();
        assert!(bytes.len() <= 13);
        assert_eq!(postcard::from_bytes::<Node>(&bytes).unwrap(), node);
        assert_ne!(node.id(), Node::new(PeerId(u64::MAX), 8).id());
    }
}
