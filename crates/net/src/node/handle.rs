//! The layer above a node: requests, members, the end.

use std::net::SocketAddr;
use std::sync::Arc;

use rumormill_core::{PeerId, Protocol};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Member, NodeError, NodeStatus};
use crate::PeerKey;
use crate::members::Members;
use crate::peer::Command;

/// Requests that wait for the protocol, at most; [`NodeHandle::request`] waits when there are as many.
pub const MAX_REQUESTS: usize = 4_096;

/// Indications that wait for the layer above, at most. When there are as many, the node takes no more
/// messages, timers and requests until some are read: whoever sends requests must also read.
pub const MAX_INDICATIONS: usize = 4_096;

/// What the protocol tells the layer above. When it is dropped, indications are too.
pub type Indications<P> = mpsc::Receiver<<P as Protocol>::Indication>;

/// How a node ended; none while it lives.
pub(super) type End = Option<Result<(), Arc<NodeError>>>;

/// A node's ends of channels: can be cloned, and used from other threads where requests can be sent there.
pub struct NodeHandle<P: Protocol> {
    key: PeerKey,
    address: SocketAddr,
    requests: mpsc::Sender<P::Request>,
    commands: mpsc::Sender<Command>,
    members: Arc<Members>,
    ended: watch::Receiver<End>,
}

impl<P: Protocol> Clone for NodeHandle<P> {
    fn clone(&self) -> Self {
        Self {
            key: self.key,
            address: self.address,
            requests: self.requests.clone(),
            commands: self.commands.clone(),
            members: Arc::clone(&self.members),
            ended: self.ended.clone(),
        }
    }
}

/// The node has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

impl From<Stopped> for NodeError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError<R> {
    /// [`MAX_REQUESTS`] wait; the request comes back.
    #[error("{MAX_REQUESTS} requests wait for the node; try again when it has answered some")]
    Full(R),
    /// The node has stopped; the request comes back.
    #[error("the node has stopped")]
    Stopped(R),
}

impl<P: Protocol> NodeHandle<P> {
    pub(super) fn new(
        key: PeerKey,
        address: SocketAddr,
        requests: mpsc::Sender<P::Request>,
        commands: mpsc::Sender<Command>,
        members: Arc<Members>,
        ended: watch::Receiver<End>,
    ) -> Self {
        Self { key, address, requests, commands, members, ended }
    }

    /// The node's own id.
    #[must_use]
    pub fn me(&self) -> PeerId {
        self.key.id()
    }

    /// The node's own key.
    #[must_use]
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// Where the node listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the member with this number, the node itself included.
    #[must_use]
    pub fn id_of(&self, number: u32) -> Option<PeerId> {
        self.members.id(number)
    }

    /// The number of the member with this id, the node itself included.
    #[must_use]
    pub fn number_of(&self, id: PeerId) -> Option<u32> {
        self.members.number(id)
    }

    /// Asks the protocol for something; waits while [`MAX_REQUESTS`] are before it.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn request(&self, request: P::Request) -> Result<(), Stopped> {
        self.requests.send(request).await.map_err(|_| Stopped)
    }

    /// Asks the protocol for something, if there is room for it.
    ///
    /// # Errors
    /// When there is none, or the node has stopped; either way the request comes back.
    pub fn try_request(&self, request: P::Request) -> Result<(), RequestError<P::Request>> {
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(request) => RequestError::Full(request),
            TrySendError::Closed(request) => RequestError::Stopped(request),
        })
    }

    /// Talks to `member` from now on, in place of whoever had its number. For one that is already a
    /// member, its number and addresses change.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn admit(&self, member: Member) -> Result<(), Stopped> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Admit { number: member.number, contact: member.contact(), answer };
        self.commands.send(command).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// Talks no more to the owner of `key`, and ends the connection to it; says whether it was a member. An
    /// open node only stops dialling it.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn expel(&self, key: PeerKey) -> Result<bool, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Expel { key, answer }).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// How the node is.
    ///
    /// # Errors
    /// When the node has stopped.
    pub async fn status(&self) -> Result<NodeStatus, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command::Status { answer }).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }

    /// Stops the node and waits until it has: its writes are on disk, its folder and its socket are free.
    ///
    /// # Errors
    /// As [`NodeHandle::ended`].
    pub async fn stop(&self) -> Result<(), Arc<NodeError>> {
        let _ = self.commands.send(Command::Stop).await;
        self.ended().await
    }

    /// Waits until the node has stopped, whyever.
    ///
    /// # Errors
    /// What made it stop, when nobody asked it to.
    pub async fn ended(&self) -> Result<(), Arc<NodeError>> {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await.map(|end| end.clone());
        // Without an end its thread is gone.
        end.ok().flatten().unwrap_or_else(|| Err(Arc::new(NodeError::Stopped)))
    }

    /// For whoever waits for the end without keeping the node alive.
    pub(super) fn watch(&self) -> watch::Receiver<End> {
        self.ended.clone()
    }
}
