//! What the layer above asks of a member, and what it is told.

use rumormill_core::PeerId;

use super::message::{Mark, Member};

/// What the layer above asks of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<C> {
    /// This boot is the founding: these peers, and this one among them, are the members from the beginning, all
    /// in incarnation 0. To be asked of each founder once in the life of the group, with the same peers, right
    /// after it booted. A member that already has a log ignores it, so that repeating it does no harm; but
    /// never ask it of a peer that has lost its disk: it would vote and count twice.
    Found {
        /// The founders, in any order.
        members: Vec<PeerId>,
    },
    /// Append this command. Only the leader can: others answer [`Indication::NotLeader`].
    Propose(C),
    /// Change who is a member. Only the leader can, and only one change at a time; otherwise
    /// [`Indication::Unchanged`]. Done when [`Indication::Members`] says so.
    Change(Change),
    /// The layer above has on its disk all that it needs of the entries up to here: forget them. What is not
    /// committed stays in any case.
    Compact {
        /// The last entry that it no longer needs.
        upto: u64,
    },
    /// The layer above has on its disk another member's snapshot, which goes with this mark
    /// ([`super::Raft::mark_at`] at that member). Ignored when this member's log is further, and at a leader.
    Installed(Mark),
    /// Is this member still the leader, after this moment? It asks a majority, and answers
    /// [`Indication::Confirmed`] or [`Indication::Unconfirmed`] with this number (the read index of the
    /// dissertation's section 6.4: no clock is relied on).
    Confirm {
        /// Comes back in the answer.
        id: u64,
    },
    /// Wait no longer for a leader. Those who have one still refuse their vote.
    Campaign,
    /// Hand leadership over to this member as soon as it has the whole log (the dissertation's section 3.10).
    /// Ignored when this member is not the leader or that one is far behind.
    HandOver {
        /// To whom.
        to: PeerId,
    },
    /// This member was removed, or is about to be: forget everything, and come back as somebody else, who would
    /// like to be a member.
    StartOver,
}

/// A change of membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Add this member once it has caught up with the log. When another incarnation of the same peer is a
    /// member, that one is removed first, by a change of its own: two majorities around a single change always
    /// have a member in common, around an exchange they would not.
    Add(Member),
    /// Remove this member. A leader that removes itself leads until that is committed.
    Remove(Member),
}

impl Change {
    /// Who is added or removed.
    #[must_use]
    pub const fn member(self) -> Member {
        match self {
            Self::Add(member) | Self::Remove(member) => member,
        }
    }
}

/// What a member reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication<C> {
    /// This command is committed: every member will see it at this place. Each is reported in order, once in a
    /// life: after a reboot those after the last mark come again, so remember `index` with what they change.
    Committed {
        /// Its place in the log; places of entries that carry no command are left out.
        index: u64,
        /// The command.
        command: C,
    },
    /// From this committed entry on, these are the members. Comes in order with [`Indication::Committed`].
    Members {
        /// The place of the change in the log.
        index: u64,
        /// The members, ascending.
        members: Vec<Member>,
    },
    /// Somebody else leads, or a new term began and nobody leads it yet.
    LeaderIs {
        /// The leader, as far as it is known; this member itself when it was elected.
        member: Option<Member>,
        /// The term.
        term: u64,
    },
    /// This member does not lead, and the command was not appended.
    NotLeader {
        /// Who leads, as far as this member knows.
        leader: Option<PeerId>,
        /// The command.
        command: C,
    },
    /// This member leads, and did not append the command.
    Refused {
        /// Why.
        why: Refusal,
        /// The command.
        command: C,
    },
    /// The change of membership will not happen.
    Unchanged {
        /// Why.
        why: Refusal,
        /// The change.
        change: Change,
    },
    /// This member was the leader at a moment after [`Request::Confirm`], and everything committed before that
    /// is among what it has reported: what it reads now is not older than the request.
    Confirmed {
        /// The number of the request.
        id: u64,
        /// Up to here entries are committed and reported.
        index: u64,
    },
    /// This member does not lead, or no longer.
    Unconfirmed {
        /// The number of the request.
        id: u64,
        /// Who leads, as far as it knows.
        leader: Option<PeerId>,
    },
    /// Reported by the leader, again and again: this peer is no member and would like to be. A
    /// [`Change::Add`] lets it in.
    Knocks {
        /// As what it would come in.
        member: Member,
    },
    /// Reported by the leader, from time to time until it is so no longer: what this member lacks is compacted.
    /// Send it a snapshot together with its mark ([`super::Raft::mark_at`]).
    NeedsSnapshot {
        /// The member, or one who is to become one.
        member: Member,
    },
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

/// Why a leader does not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// This member does not lead.
    #[error("this member does not lead; ask the leader")]
    NotLeader,
    /// So many entries wait to be committed that it takes no more.
    #[error("too many entries wait to be committed; try again later")]
    Busy,
    /// The command is longer than a message may carry.
    #[error("the command is too long for a message")]
    TooLong,
    /// Another change of membership is under way, or the leader has not yet committed anything in its term.
    #[error("another change of membership is under way; try again later")]
    ChangeUnderWay,
    /// It is so already.
    #[error("it is so already")]
    NothingToDo,
    /// There would be no member left, or more than there may be.
    #[error("there would be no member left, or too many")]
    Members,
    /// Who is to be added did not catch up with the log: it has not answered for long.
    #[error("the new member does not answer")]
    NoAnswer,
}
