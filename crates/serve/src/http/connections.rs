//! Connections of HTTP clients: how many there may be, and how long one may lie idle.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::tcp;

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Connections at once, at most; further ones wait to be taken.
    pub connections: usize,
    /// How long a client may take to send the head of a request; also, how long a connection may lie idle.
    pub head_within: Duration,
}

/// The usual limits.
pub(super) const USUAL: Limits = Limits { connections: 1_024, head_within: Duration::from_secs(30) };

/// Serves clients for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, router: Router, limits: Limits) {
    let room = Arc::new(Semaphore::new(limits.connections));
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        let stream = TokioIo::new(tcp::accept(&listener).await);
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(limits.head_within);
            if let Err(error) = builder.serve_connection(stream, service).await {
                tracing::debug!(%error, "a client is gone");
            }
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::middleware;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::http::door;

    const SHORT: Duration = Duration::from_millis(200);

    /// A server that says what it is told, on as many connections at once as this.
    async fn echo(connections: usize) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", post(async |body: Bytes| body))
            .layer(middleware::from_fn_with_state(SHORT, door::whole));
        tokio::spawn(serve(listener, router, Limits { connections, head_within: SHORT }));
        address
    }

    /// What the server says to this, until it ends the connection.
    async fn said(stream: &mut TcpStream, text: &str) -> String {
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut said = String::new();
        tokio::time::timeout(50 * SHORT, stream.read_to_string(&mut said)).await.expect("it ends").unwrap();
        said
    }

    #[tokio::test]
    async fn a_client_that_dawdles_is_left() {
        let address = echo(9).await;
        let connect = async || TcpStream::connect(address).await.unwrap();
        let whole = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwell";
        assert!(said(&mut connect().await, whole).await.ends_with("well"), "and when it then says nothing more");
        for head in ["", "POST / HTTP/1.1\r\nHo"] {
            said(&mut connect().await, head).await;
        }
        let body = said(&mut connect().await, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nwell").await;
        assert!(body.starts_with("HTTP/1.1 408 ") && body.contains("did not come within"), "{body}");
    }

    #[tokio::test]
    async fn further_connections_wait_to_be_taken() {
        let address = echo(1).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        let last = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwell";
        second.write_all(last.as_bytes()).await.unwrap();
        let mut byte = [0];
        let early = tokio::time::timeout(SHORT / 2, second.read(&mut byte)).await;
        assert!(early.is_err(), "the first has the only place");
        said(&mut first, last).await;
        assert!(said(&mut second, "").await.ends_with("well"));
    }
}
