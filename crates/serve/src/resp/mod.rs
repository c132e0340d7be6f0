//! The Redis protocol, for any Redis client: commands to the store's operations, answers to replies.

mod about;
mod client;
mod command_line;
mod commands;
mod connected;
mod connection;
mod fuzz;
mod replies;
mod reply;
mod scan;
mod server;
mod weight;

use std::io;
use std::rc::Rc;

use rumormill_protocols::store::apps::Bundle;
use tokio::net::TcpListener;
use tokio::task::spawn_local;

use crate::desk::Desk;
use crate::{random, tcp};
use client::Client;
pub use fuzz::fuzz;
use reply::{Reply, Version};
use server::Server;

/// Clients that are connected at once, at most; more are told so, and not served.
const MAX_CLIENTS: u64 = 10_000;

/// Serves clients for as long as the listener lives.
pub(crate) async fn listen(listener: TcpListener, desk: Rc<Desk<Bundle>>) -> io::Result<()> {
    let waiting = Rc::clone(&desk);
    let server = Rc::new(Server::new(listener.local_addr()?, move || waiting.waiting()));
    loop {
        let stream = tcp::accept(&listener).await;
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
        let (client, desk) = (Client::new(Rc::clone(&server), session), Rc::clone(&desk));
        spawn_local(async move {
            if let Err(error) = connection::serve(stream, client, &desk).await {
                tracing::debug!(%error, "a client is gone");
            }
            desk.close(session);
        });
    }
}
