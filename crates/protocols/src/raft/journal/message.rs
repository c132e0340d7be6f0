//! What peers that keep a journal send each other.

use std::fmt;

use rumormill_core::{PeerId, Wire};
use serde::{Deserialize, Serialize};

use super::Kept;
use crate::raft::{self, Mark};

/// A line of the journal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Line {
    /// The number of the peer that wrote it.
    pub author: u32,
    /// That peer's count of lines, from 1.
    pub number: u32,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.author, self.number)
    }
}

/// What peers that keep a journal send each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Raft's.
    Raft(raft::Message<Line>),
    /// To the leader: the sender wrote these.
    Lines(Vec<Line>),
    /// From the leader: the journal, and the place of the log that it goes with.
    Snapshot {
        /// The place.
        mark: Mark,
        /// The journal.
        kept: Kept,
    },
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Self::Raft(message) => message.kind(),
            Self::Lines(_) => "lines",
            Self::Snapshot { .. } => "snapshot",
        }
    }

    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        match self {
            Self::Raft(message) => message.mentions(visit),
            Self::Lines(_) => {}
            Self::Snapshot { mark, .. } => mark.members.iter().for_each(|member| visit(member.peer)),
        }
    }
}
