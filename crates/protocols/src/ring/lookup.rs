//! A lookup: from node to node, always nearer, until one knows who owns the key.
//!
//! Stoica et al. 2003, section IV-B, in the iterative way: whoever looks up asks each node itself, so it notices who
//! does not answer, and asks the next best.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Id, Node, Step};

/// Nodes that a lookup remembers to ask, at most: the nearest.
const CANDIDATES_MAX: usize = 24;

/// Nodes that a lookup asks at most; a lookup that lies lead on for so long fails.
const ASKED_MAX: usize = 256;

/// A lookup that is under way.
#[derive(Clone, Debug, Serialize)]
pub struct Lookup {
    key: Id,
    /// Nodes to ask, by how far it is from them to the key.
    candidates: BTreeMap<Id, Node>,
    asked: BTreeSet<Node>,
    /// Nodes that answered.
    hops: u32,
    /// Nodes that did not.
    timeouts: u32,
}

/// What comes next in a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This node is to be asked.
    Ask(Node),
    /// The owner is the first of these, all in the order of the circle; the node before it said so.
    Done {
        /// Who said so; none when it was the one that looks.
        before: Option<Node>,
        /// The owner, and those after it.
        owners: Vec<Node>,
    },
    /// Nobody is left to ask.
    Failed,
}

impl Lookup {
    /// A lookup of a key that begins with these nodes.
    pub fn of(key: Id, from: impl IntoIterator<Item = Node>) -> Self {
        let mut lookup = Self { key, candidates: BTreeMap::new(), asked: BTreeSet::new(), hops: 0, timeouts: 0 };
        from.into_iter().for_each(|node| lookup.remember(node));
        lookup
    }

    /// Of which key.
    #[must_use]
    pub const fn key(&self) -> Id {
        self.key
    }

    /// How many nodes answered.
    #[must_use]
    pub const fn hops(&self) -> u32 {
        self.hops
    }

    /// How many nodes did not answer.
    #[must_use]
    pub const fn timeouts(&self) -> u32 {
        self.timeouts
    }

    /// The nearest node that was not asked yet.
    pub fn ask_next(&mut self) -> Next {
        match self.candidates.pop_first() {
            Some((_, node)) if self.asked.len() < ASKED_MAX => {
                self.asked.insert(node);
                Next::Ask(node)
            }
            _ => Next::Failed,
        }
    }

    /// A node answered.
    pub fn hear(&mut self, from: Node, step: Step) -> Next {
        self.hops += 1;
        match step {
            Step::Owners(owners) if owners.is_empty() => Next::Done { before: Some(from), owners: vec![from] },
            Step::Owners(owners) => Next::Done { before: Some(from), owners },
            Step::Nearer(nodes) => {
                // Only who is nearer than the one that says so: else two could send it to and fro.
                let (key, reach) = (self.key, from.id().distance(self.key));
                let nearer = nodes.into_iter().filter(|node| node.id().distance(key) < reach);
                nearer.for_each(|node| self.remember(node));
                self.ask_next()
            }
        }
    }

    /// A node does not answer.
    pub fn give_up(&mut self) -> Next {
        self.timeouts += 1;
        self.ask_next()
    }

    fn remember(&mut self, node: Node) {
        if !self.asked.contains(&node) {
            self.candidates.insert(node.id().distance(self.key), node);
            if self.candidates.len() > CANDIDATES_MAX {
                self.candidates.pop_last();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rumormill_core::PeerId;

    use super::*;

    /// Nodes in the order in which they come before a key.
    fn nodes(key: Id) -> Vec<Node> {
        let mut nodes: Vec<Node> = (1..=40).map(|number| Node::new(PeerId(number), 0)).collect();
        nodes.sort_by_key(|node| node.id().distance(key));
        nodes
    }

    #[test]
    fn the_nearest_is_asked_first_and_the_next_when_it_is_silent() {
        let key = Id::of(b"key");
        let near = nodes(key);
        let mut lookup = Lookup::of(key, [near[9], near[5], near[7]]);
        assert_eq!(lookup.ask_next(), Next::Ask(near[5]));
        assert_eq!(lookup.give_up(), Next::Ask(near[7]));
        assert_eq!(lookup.hear(near[7], Step::Nearer(vec![near[5], near[8], near[2]])), Next::Ask(near[2]));
        let done = lookup.hear(near[2], Step::Owners(vec![near[39]]));
        assert_eq!(done, Next::Done { before: Some(near[2]), owners: vec![near[39]] });
        assert_eq!((lookup.hops(), lookup.timeouts()), (2, 1));
    }

    #[test]
    fn who_leads_nowhere_is_not_followed_for_ever() {
        let key = Id::of(b"key");
        let near = nodes(key);
        let mut lookup = Lookup::of(key, [near[9]]);
        assert_eq!(lookup.ask_next(), Next::Ask(near[9]));
        assert_eq!(lookup.hear(near[9], Step::Nearer(vec![near[9], near[10], near[30]])), Next::Failed);
        let mut lookup = Lookup::of(key, near.clone());
        let asked = std::iter::from_fn(|| matches!(lookup.ask_next(), Next::Ask(_)).then_some(())).count();
        assert_eq!(asked, CANDIDATES_MAX);
    }
}
