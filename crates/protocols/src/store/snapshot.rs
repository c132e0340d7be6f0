//! Snapshots: a replica's state in pieces, for one that cannot be brought up to date by gossip.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::replica::Seal;
use super::{Application, CallId, Ended, Record, SessionId, Timestamp};

/// A place in a snapshot, from which a piece of it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// What it is of. The snapshot is made when this is asked for.
    #[default]
    Head,
    /// The application's parts after this key, or from the first.
    Parts(Option<Vec<u8>>),
    /// The call table's rows after this session, or from the first.
    Calls(Option<SessionId>),
    /// The log's records after so many.
    Records(u64),
    /// There is no more.
    End,
}

/// A piece of a replica's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Piece<A: Application> {
    /// Which snapshot: the number that the asker made up.
    pub snapshot: u64,
    /// Where the piece stands in it.
    pub place: Place,
    /// Where the next one does.
    pub next: Place,
    /// What is in it.
    pub content: Content<A>,
}

/// What is in a piece of a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Content<A: Application> {
    /// What the snapshot is of.
    Head(Box<Head>),
    /// Parts of the application's state, by key.
    Parts(Vec<(Vec<u8>, Vec<u8>)>),
    /// Rows of the call table, encoded.
    Calls(Vec<(SessionId, Vec<u8>)>),
    /// Records of the log, each line in its order.
    Records(Vec<Arc<Record<A>>>),
}

/// What a snapshot is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What its state has executed.
    pub value: Timestamp,
    /// Of each line, all up to this is executed, and is not among the records.
    pub executed: Timestamp,
    /// What the replica holds.
    pub held: Timestamp,
    /// No update before this time is executed any more: such ones may be forgotten.
    pub floor: u64,
    /// The latest stamp's time that the replica has heard of.
    pub time: u64,
    /// How far decrees are carried out, and who the members are.
    pub seal: Seal,
    /// Lines that have ended, in that order.
    pub ended: Vec<Ended>,
    /// What the state has executed, call by call, where a [`Trail`](super::Trail) is kept.
    pub trail: Vec<CallId>,
}
