//! What members send each other, and what their logs are made of.

use std::fmt;

use rumormill_core::{PeerId, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What a log may carry: anything that can be encoded, copied and shown.
pub trait Command: Serialize + DeserializeOwned + Clone + fmt::Debug {}

impl<C: Serialize + DeserializeOwned + Clone + fmt::Debug> Command for C {}

/// A member: a peer in one of its incarnations. A peer that lost its disk comes back in another one, because
/// it no longer knows what it promised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Member {
    /// The peer.
    pub peer: PeerId,
    /// 0 for the founders; drawn at random, and never 0, for every other.
    pub incarnation: u32,
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.incarnation {
            0 => self.peer.fmt(f),
            incarnation => write!(f, "{}/{incarnation:08x}", self.peer),
        }
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{self}")
    }
}

/// A place in the log, and who was a member there: what a snapshot of the layer above goes with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The last entry that the snapshot contains; 0 for none.
    pub index: u64,
    /// The term of that entry.
    pub term: u64,
    /// The members after that entry, ascending.
    pub members: Vec<Member>,
}

impl Mark {
    /// Can a correct member have made it?
    #[must_use]
    pub fn is_sound(&self) -> bool {
        are_members(&self.members)
    }
}

/// Members of a group, at most.
pub const MEMBERS_MAX: usize = 64;

/// Is this a list that a change of membership can lead to?
pub(super) fn are_members(members: &[Member]) -> bool {
    (1..=MEMBERS_MAX).contains(&members.len()) && members.is_sorted_by(|left, right| left < right)
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<C> {
    /// The term of the leader that made it; 0 for the founding.
    pub term: u64,
    /// What it says.
    pub payload: Payload<C>,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload<C> {
    /// Nothing: a leader's first entry, by which it commits those of the terms before its own.
    Nothing,
    /// A command of the layer above.
    Command(C),
    /// From here on these are the members, ascending.
    Members(Vec<Member>),
}

/// What members send each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message<C> {
    /// The sender's incarnation.
    pub incarnation: u32,
    /// The sender's term.
    pub term: u64,
    /// What it says.
    pub body: Body<C>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body<C> {
    /// The sender is no member, and would like to be one.
    Hello,
    /// The sender wants to lead: the message's term, or when it only asks beforehand the one after it.
    Ask {
        /// Does it ask whether it would be voted for (Ongaro's dissertation, section 9.6)?
        beforehand: bool,
        /// Did the leader itself ask it to take over? Then it is voted for although there is a leader.
        handed_over: bool,
        /// The last entry of its log.
        last_index: u64,
        /// The term of that entry.
        last_term: u64,
    },
    /// The answer.
    Vote {
        /// Answers a question beforehand.
        beforehand: bool,
        /// Does it vote for the receiver?
        granted: bool,
    },
    /// The sender leads the message's term, and these are entries of its log; none in a mere heartbeat.
    Append {
        /// Which of the leader's rounds this belongs to; the answer says it again.
        round: u64,
        /// The entry before these.
        prev_index: u64,
        /// The term of that entry.
        prev_term: u64,
        /// Entries up to here are committed.
        commit: u64,
        /// The entries.
        entries: Vec<Entry<C>>,
    },
    /// The answer: the sender's log is the leader's up to here.
    Appended {
        /// The round of the leader's message.
        round: u64,
        /// How far the logs are the same.
        index: u64,
    },
    /// The answer: the sender's log has another entry or none where the leader's entries begin.
    Missing {
        /// The round of the leader's message.
        round: u64,
        /// Its `prev_index`.
        prev_index: u64,
        /// At most up to here the logs can be the same.
        hint_index: u64,
        /// The term of the sender's entry there.
        hint_term: u64,
    },
    /// The sender, who leads, asks the receiver to lead.
    TakeOver,
}

impl<C: Command> Wire for Message<C> {
    fn kind(&self) -> &'static str {
        match &self.body {
            Body::Hello => "hello",
            Body::Ask { .. } => "ask",
            Body::Vote { .. } => "vote",
            Body::Append { entries, .. } if entries.is_empty() => "beat",
            Body::Append { .. } => "append",
            Body::Appended { .. } | Body::Missing { .. } => "answer",
            Body::TakeOver => "take over",
        }
    }

    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        let Body::Append { entries, .. } = &self.body else { return };
        for entry in entries {
            if let Payload::Members(members) = &entry.payload {
                members.iter().for_each(|member| visit(member.peer));
            }
        }
    }
}
