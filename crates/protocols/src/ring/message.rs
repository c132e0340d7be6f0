//! What nodes say to each other.

use rumormill_core::{PeerId, Wire};
use serde::{Deserialize, Serialize};

use super::{Id, Node};

/// What nodes say to each other. An answer has the number of its question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Who is next to you?
    Ask {
        /// The question's number.
        ticket: u64,
    },
    /// These are.
    Tell {
        /// The question's number.
        ticket: u64,
        /// Who is before the node, if it knows.
        predecessor: Option<Node>,
        /// Those after it, the nearest first.
        successors: Vec<Node>,
    },
    /// The sender is before you.
    Before,
    /// Who has this key, or is nearer to it?
    Find {
        /// The question's number.
        ticket: u64,
        /// The key.
        key: Id,
    },
    /// This is who.
    Found {
        /// The question's number.
        ticket: u64,
        /// The next step of the lookup.
        step: Step,
    },
    /// The sender leaves; it is between these.
    Leaving {
        /// Who is before it, if it knows.
        predecessor: Option<Node>,
        /// Those after it.
        successors: Vec<Node>,
    },
}

/// What a node knows of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The first of these has it, and the others come after that one. None when the node is alone.
    Owners(Vec<Node>),
    /// These are nearer to it, the nearest first.
    Nearer(Vec<Node>),
}

impl Step {
    /// The nodes in it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        match self {
            Self::Owners(nodes) | Self::Nearer(nodes) => nodes,
        }
    }
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::Tell { .. } => "tell",
            Self::Before => "before",
            Self::Find { .. } => "find",
            Self::Found { .. } => "found",
            Self::Leaving { .. } => "leaving",
        }
    }

    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        let (nodes, predecessor) = match self {
            Self::Tell { predecessor, successors, .. } | Self::Leaving { predecessor, successors } => {
                (successors.as_slice(), *predecessor)
            }
            Self::Found { step, .. } => (step.nodes(), None),
            Self::Ask { .. } | Self::Before | Self::Find { .. } => (&[][..], None),
        };
        nodes.iter().copied().chain(predecessor).for_each(|node| visit(node.peer()));
    }
}
