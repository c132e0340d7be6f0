//! What a node knows of those next to it, and how that changes: each change is one of Zave's operations.
//!
//! A node joins with the successor list of whoever will be before it, so that from the first moment on it has as much
//! to fall back on as others. It stabilizes: asks its first successor for that one's list, and moves on when it is
//! dead; and when that one's predecessor is a better successor, asks it, too, before it believes that it lives. It
//! rectifies: when somebody says that it is before it, it takes that one as predecessor if it is nearer, or if the
//! present one does not answer.
//!
//! Then, as long as no member loses all its successors at once, and more nodes than a list has entries stay members
//! all the time, the ring is never cut in two or out of order, and in quiet times it becomes ideal (Zave 2017, theorem
//! 1). Of rings in which fewer stay nothing is proved; tests find none that falls apart.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::ring::Node;

/// The most entries of a successor list.
pub const SUCCESSORS_MAX: usize = 64;

/// What a node knows of those next to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    me: Node,
    /// Those after it, the nearest first; of so many at most. Empty when it is alone.
    successors: SmallVec<[Node; 8]>,
    wanted: usize,
    /// Who is before it, if that is known.
    predecessor: Option<Node>,
}

/// What a node does about one that says that it is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rectified {
    /// It is the predecessor now, or was.
    Accepted,
    /// It is, if this present predecessor does not answer.
    Ask(Node),
}

impl Surroundings {
    /// A node that is alone and wants so many successors, 1 to [`SUCCESSORS_MAX`].
    #[must_use]
    pub fn alone(me: Node, wanted: usize) -> Self {
        Self { me, successors: SmallVec::new(), wanted: wanted.clamp(1, SUCCESSORS_MAX), predecessor: None }
    }

    /// Begins as one of the founders of a ring, with those after it and the one before it.
    pub(in crate::ring) fn begin(&mut self, after: impl IntoIterator<Item = Node>, before: Option<Node>) {
        self.set(after);
        self.predecessor = before;
    }

    /// Whose they are.
    #[must_use]
    pub const fn me(&self) -> Node {
        self.me
    }

    /// Those after it, the nearest first.
    #[must_use]
    pub fn successors(&self) -> &[Node] {
        &self.successors
    }

    /// Who is next, if it is not alone.
    #[must_use]
    pub fn first(&self) -> Option<Node> {
        self.successors.first().copied()
    }

    /// Who is before it, if that is known.
    #[must_use]
    pub const fn predecessor(&self) -> Option<Node> {
        self.predecessor
    }

    /// Is a place this node's to answer for, as far as it knows? It is when it lies after the predecessor's.
    #[must_use]
    pub fn owns(&self, place: crate::ring::Id) -> bool {
        place == self.me.id()
            || self.predecessor.map_or(self.successors.is_empty(), |before| place.is_between(before.id(), self.me.id()))
    }

    /// Joins between `before` and the first of `list`, which is that one's successor list; and when a member is alone,
    /// the list is empty. False when this is not where the node belongs.
    pub fn join(&mut self, before: Node, list: &[Node]) -> bool {
        let after = list.first().copied().unwrap_or(before);
        if !self.me.id().is_between(before.id(), after.id()) {
            return false;
        }
        self.predecessor = None;
        self.set(list.iter().copied().chain(list.is_empty().then_some(before)));
        true
    }

    /// A successor that was asked says that it lives, with its own list: it is the first one now. Only the first one
    /// and who is nearer than that are asked.
    pub fn hear(&mut self, successor: Node, list: &[Node]) {
        let is_nearer = |first: Node| first == successor || successor.id().is_between(self.me.id(), first.id());
        if successor != self.me && self.first().is_none_or(is_nearer) {
            self.set(std::iter::once(successor).chain(list.iter().copied()));
        }
    }

    /// Is a node that the first successor has before itself a better successor, if it lives?
    #[must_use]
    pub fn is_better(&self, candidate: Node) -> bool {
        candidate != self.me && self.first().is_none_or(|first| candidate.id().is_between(self.me.id(), first.id()))
    }

    /// A node does not answer: it is no successor any more, nor the predecessor.
    pub fn forget(&mut self, dead: Node) {
        self.successors.retain(|node| *node != dead);
        self.predecessor.take_if(|node| *node == dead);
    }

    /// A node says that it is before this one.
    pub fn rectify(&mut self, candidate: Node) -> Rectified {
        if candidate == self.me {
            return Rectified::Accepted;
        }
        match self.predecessor {
            Some(present) if present != candidate && !candidate.id().is_between(present.id(), self.me.id()) => {
                return Rectified::Ask(present);
            }
            _ => self.predecessor = Some(candidate),
        }
        // Whoever was alone is not any more.
        if self.successors.is_empty() {
            self.set([candidate]);
        }
        Rectified::Accepted
    }

    /// The list of successors is this, as far as it goes: it ends where it comes round to the node itself.
    pub(super) fn set(&mut self, list: impl IntoIterator<Item = Node>) {
        let mut list = list.into_iter().take_while(|node| *node != self.me);
        self.successors.clear();
        while self.successors.len() < self.wanted
            && let Some(node) = list.next()
        {
            if !self.successors.contains(&node) {
                self.successors.push(node);
            }
        }
    }
}
