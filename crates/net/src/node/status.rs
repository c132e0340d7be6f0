//! How a node is, for whoever looks after it.

use rumormill_core::PeerId;

/// How a node is. All counts are since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStatus {
    /// Messages that the protocol sent.
    pub sent: u64,
    /// Bytes of these messages, without framing.
    pub sent_bytes: u64,
    /// Messages that the protocol received.
    pub delivered: u64,
    /// Messages that were not sent or not taken because a queue was full or a member could not be reached.
    pub dropped: u64,
    /// Connections ended because what came over them was no message.
    pub misbehaved: u64,
    /// Times that the protocol was called.
    pub activations: u64,
    /// Commits to the disk: each makes all writes durable that came while the one before ran.
    pub commits: u64,
    /// Writes in these commits.
    pub writes: u64,
    /// The links, in the order of their peers' ids.
    pub links: Vec<LinkStatus>,
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkStatus {
    /// To whom.
    pub peer: PeerId,
    /// Its number, while it is a member.
    pub number: Option<u32>,
    /// Is there a connection? One to a machine that fell silent is noticed after some seconds.
    pub connected: bool,
    /// Messages that wait for it.
    pub waiting: usize,
}
