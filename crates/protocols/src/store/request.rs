//! What is asked of replicas and front ends from above, and what they report.

use std::time::Duration;

use rumormill_core::PeerId;

use super::{Application, Errand, Op, Order, Refusal, SessionId, Status, Token};

/// What is asked of a replica or a front end.
#[derive(Clone, Debug)]
pub enum Request<A: Application> {
    /// Of a front end: make these calls.
    Calls(Vec<Ask<A>>),
    /// Of a front end: the session is over.
    Close(SessionId),
    /// Of a replica: answer calls, or do not.
    Switch(Service),
    /// Of a replica: tell all others the news now.
    Gossip,
    /// Of the primary: take a replica in, or let one go; report [`Indication::Changed`] when that has begun.
    Change(Errand),
    /// Of a replica or a front end: report [`Indication::Status`].
    Status,
    /// Of a front end: pass this on to a replica, and report [`Indication::Told`] when it has answered.
    Manage {
        /// Comes back with the answer.
        ticket: u64,
        /// Which replica.
        replica: PeerId,
        /// What it shall do.
        errand: Errand,
    },
}

/// One call, as a client makes it.
#[derive(Clone, Debug)]
pub struct Ask<A: Application> {
    /// Comes back with the answer.
    pub ticket: u64,
    /// The session; it begins with its first call.
    pub session: SessionId,
    /// What the client has seen elsewhere: the call comes after it.
    pub seen: Token,
    /// How it is ordered.
    pub order: Order,
    /// Must the answer of an update say what it returned? Otherwise it is answered as soon as it is held.
    pub wait: bool,
    /// What to do.
    pub op: Op<A::Update, A::Query>,
    /// Give up after so long; until then it is tried again. Zero: try every replica once.
    pub patience: Duration,
}

/// Does a replica answer calls? It gossips in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// It does, but in the configured share of cases it is overloaded, drawn anew for every call.
    #[default]
    Online,
    /// It does not, until told otherwise.
    Offline,
    /// It has too much to do, until told otherwise.
    Overloaded,
}

/// What a replica or a front end reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Indication<A: Application> {
    /// Front end: these calls are over.
    Answers(Vec<Answered<A>>),
    /// Replica: it is so now.
    Switched(Service),
    /// Replica: it has begun to change who is a member, or does not.
    Changed {
        /// Who was to come or go.
        errand: Errand,
        /// Why it does not.
        result: Result<(), Refusal>,
    },
    /// How far it is.
    Status(Box<Status>),
    /// Front end: a replica has done what it was asked, and is as far as this.
    Told {
        /// [`Request::Manage`]'s.
        ticket: u64,
        /// Was it done, or begun? Otherwise why not.
        result: Result<(), Refusal>,
        /// How far it is.
        status: Box<Status>,
    },
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

/// The end of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered<A: Application> {
    /// [`Ask::ticket`].
    pub ticket: u64,
    /// Whose call it was.
    pub session: SessionId,
    /// What the operation returned; `None` of an update whose answer is forgotten.
    pub result: Result<Option<A::Answer>, Failure>,
    /// What the session has seen now. In traces, which cut long texts, the result comes first.
    pub token: Token,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// No replica took it: it was not executed. (Where a network may copy messages, a copy of it may yet be.)
    #[error("all servers are busy: try again later")]
    Busy,
    /// No answer came in time: an update may yet be executed, or may have been.
    #[error("no answer in time: whether it was done is not known")]
    Unknown,
    /// No answer came in time, because of a replica that is needed and does not answer: an update may yet be executed.
    #[error("no answer in time, for replica {0} does not answer: whether it was done is not known")]
    Silent(PeerId),
    /// It was refused for a reason that another try does not mend.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The operation has more than [`MAX_OPERATION_BYTES`](super::MAX_OPERATION_BYTES).
    #[error("the operation is too large: at most 1 MiB is taken")]
    Large,
    /// Too many calls or sessions at this front end.
    #[error("the front end has too much to do: try again later")]
    Full,
}
