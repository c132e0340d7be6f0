//! Taking the connections of clients.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};

/// The pause after no connection could be taken, for example because there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// After so long a silence the system asks whether the client's machine is still there, as Redis has it: a client
/// that was unplugged does not take up a connection for ever.
const ALIVE_AFTER: Duration = Duration::from_secs(300);

/// The next client's connection.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let alive = TcpKeepalive::new().with_time(ALIVE_AFTER);
                let set = stream.set_nodelay(true).and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&alive));
                if let Err(error) = set {
                    // The client is gone already, as reading will show.
                    tracing::debug!(%error, "a connection's options cannot be set");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
