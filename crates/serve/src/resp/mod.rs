//! The Redis protocol, for any Redis client: commands to the store's operations, answers to replies.

mod about;
mod client;
mod command_line;
mod commands;
mod connected;
mod connection;
mod reply;
mod scan;
mod server;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use rumormill_protocols::store::apps::Bundle;
use tokio::net::TcpListener;
use tokio::task::spawn_local;

use crate::desk::Desk;
use crate::random;
use client::Client;
pub use command_line::fuzz;
use reply::{Reply, Version};
use server::Server;

/// Clients that are connected at once, at most; more are told so, and not served.
const MAX_CLIENTS: u64 = 10_000;

/// The pause after no connection could be taken, for example because there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves clients for as long as the listener lives.
pub(crate) async fn listen(listener: TcpListener, desk: Rc<Desk<Bundle>>) -> io::Result<()> {
    let server = Rc::new(Server::new(listener.local_addr()?));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if server.clients() >= MAX_CLIENTS {
            let mut refusal = bytes::BytesMut::new();
            Reply::Error("ERR max number of clients reached".into()).write(Version::Resp2, &mut refusal);
            let _ = stream.try_write(&refusal);
            continue;
        }
        let session = match random::session() {
            Ok(session) => session,
            Err(error) => {
                tracing::warn!(%error, "no name for a session");
                continue;
            }
        };
        let client = Client::new(Rc::clone(&desk), Rc::clone(&server), server.came(), session);
        spawn_local(async move {
            if let Err(error) = connection::serve(stream, client).await {
                tracing::debug!(%error, "a client is gone");
            }
        });
    }
}
