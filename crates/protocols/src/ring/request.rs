//! What the layer above asks of a node, and hears from it.

use super::{Id, Node};

/// What the layer above asks of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Who owns a key?
    Lookup(Id),
    /// Look after the successors now.
    Stabilize,
    /// Leave the ring.
    Leave,
    /// Join it again.
    Join,
}

/// What a node reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// It is a member of the ring.
    Joined,
    /// It is no member any more.
    Left,
    /// A lookup found who owns a key.
    Found {
        /// The key.
        key: Id,
        /// Its owner.
        owner: Node,
        /// Nodes that were asked and answered.
        hops: u32,
        /// Nodes that did not answer.
        timeouts: u32,
    },
    /// A lookup found nobody who could tell.
    NotFound {
        /// The key.
        key: Id,
    },
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: rumormill_core::PeerId,
        /// What was wrong.
        why: &'static str,
    },
}
