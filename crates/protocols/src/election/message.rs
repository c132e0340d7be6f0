//! What voters send each other.

use rumormill_core::Wire;
use serde::{Deserialize, Serialize};

/// What voters send each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// The sender wants to lead this term.
    Ask {
        /// The term.
        term: u64,
    },
    /// The answer: also tells the sender's term.
    Vote {
        /// The term of the voter.
        term: u64,
        /// Does it vote for the receiver?
        granted: bool,
    },
    /// The sender leads this term.
    Beat {
        /// The term.
        term: u64,
    },
}

impl Message {
    /// The sender's term.
    #[must_use]
    pub const fn term(&self) -> u64 {
        match self {
            Self::Ask { term } | Self::Vote { term, .. } | Self::Beat { term } => *term,
        }
    }
}

impl Wire for Message {
    const MAX_BYTES: usize = 16;

    fn kind(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::Vote { .. } => "vote",
            Self::Beat { .. } => "beat",
        }
    }
}
