//! A front end as a process of its own: clients over HTTP and the Redis protocol, replicas over links.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use rumormill_net::{Node, NodeHandle};
use rumormill_protocols::store::Store;
use rumormill_protocols::store::apps::Bundle;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_local};

use crate::cluster::Cluster;
use crate::desk::Desk;
use crate::replica::{ServeError, settings, tell};
use crate::{http, resp};

/// A front end that runs.
pub struct FrontEnd {
    node: NodeHandle<Store<Bundle>>,
    http: SocketAddr,
    redis: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl FrontEnd {
    /// Starts the front end of this number: must run within a [`LocalSet`](tokio::task::LocalSet). `folder` is
    /// that of the cluster file. Without an address in the cluster file, it takes any free port of this machine.
    ///
    /// # Errors
    /// When the cluster has no such front end, its node cannot be started, or an address is taken.
    pub async fn start(cluster: &Cluster, folder: &Path, number: u32) -> Result<Self, ServeError> {
        let place = cluster.front_end(number)?;
        let (http_listener, http) = bind(place.http).await?;
        let (redis_listener, redis) = bind(place.redis).await?;
        let (node, mut indications) = Node::start(settings(cluster, folder, place), cluster.config(false)).await?;
        let desk = Rc::new(Desk::new(node.clone()));
        let (hands_in, hands_out) = (Rc::clone(&desk), Rc::clone(&desk));
        let redis_desk = Rc::clone(&desk);
        let tasks = vec![
            spawn_local(async move { hands_in.hand_in().await }),
            spawn_local(async move {
                while let Some(indication) = indications.recv().await {
                    if let Some(other) = hands_out.hand_out(indication) {
                        tell(&other);
                    }
                }
            }),
            spawn_local(async move {
                if let Err(error) = resp::listen(redis_listener, redis_desk).await {
                    tracing::error!(%error, "the Redis protocol is served no more");
                }
            }),
            spawn_local(http::listen(http_listener, desk, cluster.clone())),
        ];
        Ok(Self { node, http, redis, tasks })
    }

    /// Where replicas reach it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.node.address()
    }

    /// Where it speaks HTTP.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where it speaks the Redis protocol.
    #[must_use]
    pub fn redis(&self) -> SocketAddr {
        self.redis
    }

    /// Stops in good order.
    ///
    /// # Errors
    /// When it had failed before.
    pub async fn stop(&self) -> Result<(), ServeError> {
        let ended = self.node.stop().await.map_err(|error| ServeError::Stopped(error.to_string()));
        self.tasks.iter().for_each(JoinHandle::abort);
        ended
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// What made it stop, when nobody asked it to.
    pub async fn ended(&self) -> Result<(), ServeError> {
        self.node.ended().await.map_err(|error| ServeError::Stopped(error.to_string()))
    }
}

/// A listener, and where it is.
async fn bind(address: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), ServeError> {
    let address = address.unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
