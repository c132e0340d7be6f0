//! What a node is started with, and why it does not start or cannot go on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::book::Contact;
use crate::disk::DiskError;
use crate::link::LinkError;
use crate::peer::PeerFailure;
use crate::{IdentityError, PeerKey};

/// The most members that a node starts with.
pub const MAX_MEMBERS: usize = 4_096;

/// Somebody whom a node talks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its number in the system.
    pub number: u32,
    /// The key that it proves.
    pub key: PeerKey,
    /// Where to dial it, in this order; empty when it dials and is not dialled.
    pub addresses: Vec<SocketAddr>,
}

impl Member {
    pub(super) fn contact(&self) -> Contact {
        Contact { key: self.key, addresses: self.addresses.clone() }
    }
}

/// What a node is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSettings {
    /// The protocol's name; members with another are not talked to.
    pub protocol: String,
    /// The node's folder: its key, its disk, and how often it has booted. Made if need be, and used by one
    /// process at a time.
    pub folder: PathBuf,
    /// The node's own number.
    pub number: u32,
    /// Where it listens; port 0 for any.
    pub listen: SocketAddr,
    /// Where others shall dial it, when that is not where it listens. Empty: where it listens.
    pub advertise: Vec<SocketAddr>,
    /// Whom it talks to, at most [`MAX_MEMBERS`]; all others are refused unless it is open. The node itself may
    /// be among them.
    pub members: Vec<Member>,
    /// Talks to whoever proves a key; the members are then only those whom it dials by itself.
    pub open: bool,
    /// Of its random numbers; without, the system's randomness.
    pub seed: Option<u64>,
}

impl NodeSettings {
    /// A node without members.
    #[must_use]
    pub fn new(protocol: impl Into<String>, folder: impl Into<PathBuf>, number: u32, listen: SocketAddr) -> Self {
        let (protocol, folder) = (protocol.into(), folder.into());
        Self { protocol, folder, number, listen, advertise: Vec::new(), members: Vec::new(), open: false, seed: None }
    }

    /// The addresses of the node's record when its socket is bound to `bound`.
    pub(super) fn advertised(&self, bound: SocketAddr) -> Vec<SocketAddr> {
        if self.advertise.is_empty() { vec![bound] } else { self.advertise.clone() }
    }
}

/// Why a node does not start, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// Another process, or another node of this one, uses the folder.
    #[error("folder {} is in use by process {process}; stop that one, or name another folder", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Which process says that it uses it.
        process: String,
    },
    /// A file in the folder cannot be read or written.
    #[error("{}: {source}; is the folder writable?", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The key cannot be read or made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The disk failed. What was acknowledged is safe; the node cannot go on.
    #[error("{0}")]
    Disk(String),
    /// No socket, or no encryption.
    #[error("{0}")]
    Socket(String),
    /// The members say that this node's key or its number is another's.
    #[error("the members do not agree that the key of this folder, {key}, is that of number {number}")]
    OtherNumber {
        /// The node's number.
        number: u32,
        /// Its key.
        key: PeerKey,
    },
    /// Two members share a number or a key.
    #[error("member {number} ({key}) has the number or the key of another; both must be unique")]
    Twice {
        /// The number of the second.
        number: u32,
        /// Its key.
        key: PeerKey,
    },
    /// More than [`MAX_MEMBERS`] members.
    #[error("{0} members where at most {MAX_MEMBERS} are allowed")]
    TooManyMembers(usize),
    /// The protocol panicked.
    #[error("the protocol panicked: {0}")]
    Panicked(String),
    /// It has stopped already.
    #[error("the node has stopped")]
    Stopped,
    /// No thread or no runtime for the node.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl From<PeerFailure> for NodeError {
    fn from(failure: PeerFailure) -> Self {
        match failure {
            PeerFailure::Identity(error) => error.into(),
            PeerFailure::Disk(error) => error.into(),
            failure => Self::Socket(failure.to_string()),
        }
    }
}

impl From<DiskError> for NodeError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error.to_string())
    }
}

impl From<LinkError> for NodeError {
    fn from(error: LinkError) -> Self {
        Self::Socket(error.to_string())
    }
}
