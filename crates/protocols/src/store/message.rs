//! What replicas and front ends send each other.

use std::sync::Arc;

use rumormill_core::{Instant, PeerId, Wire};
use serde::{Deserialize, Serialize};

use super::{
    Application, CallId, Decree, Ended, Errand, Op, Order, Piece, Place, Round, Slot, Stamp, Status, Timestamp,
};
use crate::raft;

/// The most bytes of a message: a batch of calls, of records, or a piece of a snapshot.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// The most bytes of one operation: what an outer codec may let in.
pub const MAX_OPERATION_BYTES: usize = 1 << 20;

/// What replicas and front ends send each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Message<A: Application> {
    /// Front end to replica: calls.
    Calls(Calls<A>),
    /// Replica to front end: answers.
    Replies(Replies<A>),
    /// Front end to replica: for a person.
    Manage {
        /// Comes back with the answer.
        ticket: u64,
        /// What to do.
        errand: Errand,
    },
    /// Replica to front end: it is done.
    Told {
        /// The one of [`Message::Manage`].
        ticket: u64,
        /// Was it done, or begun? Otherwise why not.
        result: Result<(), Refusal>,
        /// How far the replica is.
        status: Box<Status>,
    },
    /// Replica to replica: what the group says that agrees on [`Decree`]s.
    Council(Box<raft::Message<Decree<A>>>),
    /// Primary to replica: a round begins. Take no calls until it is over, and tell me what you hold.
    Stop(Round),
    /// Replica to primary: it takes no calls now.
    Stopped {
        /// Which round it stopped for.
        round: Round,
        /// Its life.
        line: Slot,
        /// All that it holds: until the round is over it takes in no more.
        held: Timestamp,
        /// The latest stamp's time that it has heard of.
        time: u64,
    },
    /// Replica to primary: it is there, and asks for a lease; and the answer.
    Alive {
        /// The time on the replica's clock when it asked.
        at: Instant,
        /// Is it the answer?
        is_answer: bool,
    },
    /// Replica to replica: you are no member any more.
    Dismissed {
        /// Of this list of members on ([`Replicas::version`]).
        version: u64,
    },
    /// Replica to replica: what you lack of the decrees is gone; take a snapshot from me.
    Behind,
    /// Replica to replica: news.
    Gossip(Box<Gossip<A>>),
    /// Replica to replica: I lack updates that this names; send what you have of them now.
    Pull {
        /// What the sender holds.
        have: Timestamp,
    },
    /// Replica to replica: what I lack is no longer in your log, so gossip does not help: send me a piece of your
    /// state.
    WantPiece {
        /// The life of the sender.
        from: Slot,
        /// Which snapshot: a number that the sender made up.
        snapshot: u64,
        /// Which piece of it.
        place: Place,
    },
    /// Replica to replica: a piece of a snapshot.
    Piece(Piece<A>),
    /// Front end to front end: a made-up client moves there.
    Roam(Roam),
    /// Front end to front end: the client has arrived with this move.
    Arrived {
        /// Which client.
        client: u32,
        /// The how manieth move it is.
        moves: u32,
    },
}

/// Calls of several sessions. Their labels stand in a table, for most of them are the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Calls<A: Application> {
    /// The labels that calls refer to.
    pub labels: Vec<Timestamp>,
    /// The calls. Those of one session are a chain: each comes after the ones before it, as though its label
    /// named their timestamps; when one is refused, so are the rest of its session's. A front end has one such
    /// chain of a session under way at a time, so that clients may send many commands without waiting.
    pub calls: Vec<Call<A>>,
    /// Acknowledgements: of these sessions' updates no copy of one with a number up to this is sent any more.
    pub finished: Vec<CallId>,
    /// Which list of replicas the front end knows ([`Replicas::version`]): with a later one, it is told.
    pub knows: u64,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Call<A: Application> {
    /// Its name, the same on every try. Updates and queries of a session are numbered apart.
    pub id: CallId,
    /// Which of the labels: what it must come after ("prev").
    pub label: u32,
    /// The time on the caller's clock when it was first sent (hybrid: greater than all it had heard of).
    pub time: u64,
    /// How it is ordered. Immediate queries are linearizable; forced ones are causal.
    pub order: Order,
    /// Must the answer say what the operation returned? Otherwise an update is answered as soon as it is
    /// held, though it cannot be executed here yet.
    pub wait: bool,
    /// What is asked for.
    pub op: Op<A::Update, A::Query>,
}

/// A made-up client that moves to another front end: all that it takes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roam {
    /// Its number.
    pub client: u32,
    /// The how manieth move it is.
    pub moves: u32,
    /// Calls that it has made.
    pub calls: u32,
    /// What it has seen: a [`Token`](super::Token) as text.
    pub token: String,
}

/// Answers to several calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Replies<A: Application> {
    /// The labels that replies refer to.
    pub labels: Vec<Timestamp>,
    /// The answers.
    pub replies: Vec<Reply<A>>,
    /// The latest stamp's time that the replica has heard of, so that a caller's clock does not fall behind.
    pub time: u64,
    /// The replicas as this one knows them, when it thinks that the front end's list is old.
    pub replicas: Option<Replicas>,
    /// Of lines that the calls' labels name: those that are executed by all members that take calls, and need not be
    /// named.
    pub ended: Vec<Ended>,
}

/// The replicas of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replicas {
    /// Counts the changes: the greater one is newer.
    pub version: u64,
    /// Who they are.
    pub members: Vec<PeerId>,
}

/// The answer to one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Reply<A: Application> {
    /// Whose answer it is.
    pub id: CallId,
    /// Was it an update?
    pub update: bool,
    /// Which of the labels: what the caller has now seen. Of no meaning when it is refused.
    pub label: u32,
    /// What it returned, when that is known here and was asked for; or why it was refused.
    pub result: Result<Option<A::Answer>, Refusal>,
}

/// Why a replica does not take a call. Only [`Refusal::Late`] says nothing about whether an earlier copy of the
/// call was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It was first sent longer than δ ago: whether it was executed may be forgotten.
    #[error("it was first sent so long ago that whether it was done may be forgotten; look, and make it anew")]
    Late,
    /// Its time is more than δ ahead of the replica's clock.
    #[error("its time, or its session token's, is ahead of the replicas' clocks; do the clocks of all machines agree?")]
    Early,
    /// The replica was told to be offline.
    #[error("the replica was told to answer no calls; ask another one")]
    Offline,
    /// The replica has too much to do.
    #[error("the replica has too much to do; try again later")]
    Overloaded,
    /// The replica has no state yet, or has lost touch with the others so long that it may have been evicted.
    #[error("the replica is out of touch with the others; try again later")]
    Fenced,
    /// Only the primary orders such a call; this one is, as far as the replica knows.
    #[error("only the primary orders such a call, and the replica is not the primary; ask that one")]
    NotPrimary(Option<PeerId>),
    /// It depends on updates that are lost for good: of this line, there are only so many.
    #[error("it depends on updates that are lost for good: line {0:?} ends with number {1}; begin a new session")]
    Lost(Slot, u64),
    /// It depends on updates that no replica has ever heard of.
    #[error("it depends on updates that no replica has heard of; is the session token from this store?")]
    Unknown,
    /// An immediate call was ordered since, at this time, which is not before this update's: it must be given a later
    /// one.
    #[error("it was timed before an immediate call that it comes after; time it anew")]
    Past(u64),
    /// It needs all replicas, or this one, which does not answer.
    #[error("it needs replica {0}, which does not answer; bring it back, or evict it")]
    Missing(PeerId),
    /// A store has a replica at least.
    #[error("it is the last replica; a store has at least one")]
    LastMember,
    /// Its answer has more bytes than travel in one message.
    #[error("the answer has more than 2 MiB; ask for less at once")]
    Large,
}

/// An update in the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Record<A: Application> {
    /// Its name.
    pub call: CallId,
    /// What it must come after. Of a forced one, all forced ones before it are among that.
    pub prev: Timestamp,
    /// The line it was put into, and its number there: with `prev`, its timestamp.
    pub slot: Slot,
    /// See `slot`.
    pub number: u64,
    /// Places it among concurrent ones.
    pub stamp: Stamp,
    /// How it is ordered.
    pub order: Order,
    /// What it does.
    pub update: A::Update,
}

impl<A: Application> Record<A> {
    /// The timestamp that names this update and all before it.
    #[must_use]
    pub fn ts(&self) -> Timestamp {
        let mut ts = self.prev.clone();
        ts.raise(self.slot, self.number);
        ts
    }
}

/// News from one replica to another. Old, duplicate and reordered gossip does no harm: all of it is merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Gossip<A: Application> {
    /// The life of the sender: its line in timestamps.
    pub from: Slot,
    /// What the receiver will hold once it has taken these records, if it held `since` before. When not all
    /// fit, this names the prefix that does, never all of what the sender holds.
    pub upto: Timestamp,
    /// What the sender thinks that the receiver holds.
    pub since: Timestamp,
    /// What the sender's state has executed.
    pub value: Timestamp,
    /// The sender takes no more updates with an earlier time, and has put all it took into its line up to its
    /// part of `upto`, if `complete`.
    pub floor: u64,
    /// Is `upto` all of what the sender holds?
    pub complete: bool,
    /// The latest stamp's time that the sender has heard of.
    pub time: u64,
    /// Does the sender want news in return, now?
    pub answer: bool,
    /// The updates, in an order in which each can be executed.
    pub records: Vec<Arc<Record<A>>>,
    /// Sessions' finished updates: see [`Calls::finished`].
    pub finished: Vec<CallId>,
}

impl<A: Application> Wire for Message<A> {
    const MAX_BYTES: usize = MAX_MESSAGE_BYTES;

    fn kind(&self) -> &'static str {
        match self {
            Self::Calls(calls) if calls.calls.iter().any(|call| matches!(call.op, Op::Update(_))) => "update",
            Self::Calls(_) => "query",
            Self::Replies(_) => "reply",
            Self::Gossip(_) | Self::Pull { .. } => "gossip",
            Self::WantPiece { .. } | Self::Piece(_) | Self::Behind => "snapshot",
            Self::Council(message) => match &message.body {
                raft::Body::Append { entries, .. } if entries.is_empty() => "beat",
                raft::Body::Append { .. } => "order",
                raft::Body::Appended { .. } | raft::Body::Missing { .. } => "ordered",
                _ => "election",
            },
            Self::Stop(_) => "stop",
            Self::Stopped { .. } => "stopped",
            Self::Dismissed { .. } => "dismissed",
            Self::Alive { .. } => "alive",
            Self::Roam(_) | Self::Arrived { .. } => "roam",
            Self::Manage { .. } | Self::Told { .. } => "manage",
        }
    }
}
