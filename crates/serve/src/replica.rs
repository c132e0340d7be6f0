//! A replica as a process of its own.

use std::net::SocketAddr;
use std::path::Path;

use rumormill_net::{Node, NodeError, NodeHandle, NodeSettings};
use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::{Indication, Store};

use crate::cluster::{Cluster, ClusterError, Place};

/// The name by which replicas and front ends know each other's protocol.
pub(crate) const PROTOCOL: &str = "store";

/// Why a replica or a front end does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The cluster file cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The node cannot be started, or went on no longer.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is something else using it?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What went wrong.
        source: std::io::Error,
    },
    /// It cannot go on.
    #[error("{0}")]
    Stopped(String),
}

/// A replica that runs.
pub struct Replica {
    node: NodeHandle<Store<Bundle>>,
}

impl Replica {
    /// Starts the replica of this number: must run within a [`LocalSet`](tokio::task::LocalSet). `folder` is that
    /// of the cluster file. `founding`: the store has never run before.
    ///
    /// # Errors
    /// When the cluster has no such replica, or its node cannot be started.
    pub async fn start(cluster: &Cluster, folder: &Path, number: u32, founding: bool) -> Result<Self, ServeError> {
        let place = cluster.replica(number)?;
        let (node, mut indications) = Node::start(settings(cluster, folder, place), cluster.config(founding)).await?;
        tokio::task::spawn_local(async move {
            while let Some(indication) = indications.recv().await {
                tell(&indication);
            }
        });
        Ok(Self { node })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address()
    }

    /// Stops in good order.
    ///
    /// # Errors
    /// When it had failed before.
    pub async fn stop(&self) -> Result<(), ServeError> {
        self.node.stop().await.map_err(|error| ServeError::Stopped(error.to_string()))
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// What made it stop, when nobody asked it to.
    pub async fn ended(&self) -> Result<(), ServeError> {
        self.node.ended().await.map_err(|error| ServeError::Stopped(error.to_string()))
    }
}

/// How the node of a place is started.
pub(crate) fn settings(cluster: &Cluster, folder: &Path, place: &Place) -> NodeSettings {
    let mut settings = NodeSettings::new(PROTOCOL, folder.join(&place.folder), place.number, place.address);
    settings.members = cluster.members();
    settings
}

/// What a replica or a front end reports, for who reads its diagnostics.
pub(crate) fn tell(indication: &Indication<Bundle>) {
    match indication {
        Indication::Misbehaved { peer, why } => tracing::warn!(%peer, why, "a peer misbehaved"),
        other => tracing::info!(?other, "reported"),
    }
}
