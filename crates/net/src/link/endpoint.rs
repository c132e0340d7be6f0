//! The QUIC endpoint of a peer or a tracker, and its limits.

use std::io;
use std::net::UdpSocket;
use std::sync::{Arc, Weak};
use std::time::Duration;

use quinn::crypto::{CryptoError, HmacKey};
use quinn::{
    AsyncUdpSocket, ClientConfig, ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig, IdleTimeout,
    ServerConfig, TransportConfig, VarInt,
};

use super::socket::LinkSocket;
use crate::Identity;
use crate::tls::Handshakes;

/// Bytes of one stream that may be on their way without being read.
const STREAM_WINDOW: u32 = 256 << 10;

/// Bytes of one connection that may be on their way without being read, and unread datagrams.
const CONNECTION_WINDOW: u32 = 512 << 10;

/// The round trip that is assumed before one is measured: a lost first packet is sent again after three.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// A connection whose other side is silent for so long is dead.
const SILENCE: Duration = Duration::from_secs(15);

/// How often an unused connection shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How a peer dials and accepts.
#[derive(Clone)]
pub(crate) struct Transport {
    pub client: ClientConfig,
    pub server: ServerConfig,
}

/// The limits of connections between peers that prove these keys.
pub(crate) fn transport(handshakes: &Handshakes) -> Transport {
    let mut limits = TransportConfig::default();
    limits
        .max_concurrent_uni_streams(VarInt::from_u32(1))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW))
        .send_window(CONNECTION_WINDOW.into())
        .datagram_receive_buffer_size(Some(STREAM_WINDOW as usize))
        .datagram_send_buffer_size(STREAM_WINDOW as usize)
        .initial_rtt(FIRST_ROUND_TRIP)
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(IdleTimeout::try_from(SILENCE).ok());
    let limits = Arc::new(limits);
    let mut client = ClientConfig::new(Arc::clone(&handshakes.client) as _);
    client.transport_config(Arc::clone(&limits));
    let mut server = ServerConfig::with_crypto(Arc::clone(&handshakes.server) as _);
    server.transport_config(limits).migration(false);
    Transport { client, server }
}

/// The socket of an endpoint, which is closed when nothing holds it any more.
pub(crate) type Socket = Weak<dyn AsyncUdpSocket>;

/// An endpoint on this socket; without a server configuration it accepts nothing.
pub(crate) fn open(
    socket: UdpSocket,
    identity: &Identity,
    server: Option<ServerConfig>,
) -> io::Result<(Endpoint, Socket)> {
    let mut config = EndpointConfig::new(Arc::new(ResetKey::of(identity)));
    config.cid_generator(|| Box::new(ConnectionIds));
    let socket: Arc<dyn AsyncUdpSocket> = Arc::new(LinkSocket::new(socket)?);
    let weak = Arc::downgrade(&socket);
    Ok((Endpoint::new_with_abstract_socket(config, server, socket, Arc::new(quinn::TokioRuntime))?, weak))
}

/// What stateless resets (RFC 9000, section 10.3) are made with. It is the same in every life of a peer, so
/// that one which was killed and is back on its port tells others at their first packet that their
/// connection is gone, rather than let them wait for an answer.
struct ResetKey([u8; 32]);

impl ResetKey {
    fn of(identity: &Identity) -> Self {
        Self(blake3::derive_key("rumormill 1 QUIC stateless reset", identity.seed()))
    }
}

/// Random connection ids. Those that quinn makes by itself can be told from those of an earlier life, and
/// packets with such an id are dropped without a reset.
struct ConnectionIds;

/// Bytes of a connection id.
const ID_BYTES: usize = 8;

impl ConnectionIdGenerator for ConnectionIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; ID_BYTES];
        // Without randomness there would be no key of this peer, and no handshake.
        if let Err(error) = getrandom::fill(&mut id) {
            tracing::error!(%error, "no randomness for a connection id");
        }
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        let hash = blake3::keyed_hash(&self.0, data);
        signature_out.copy_from_slice(&hash.as_bytes()[..signature_out.len()]);
    }

    fn signature_len(&self) -> usize {
        blake3::OUT_LEN
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        // Comparing hashes takes as long whatever they are.
        let claimed = <[u8; blake3::OUT_LEN]>::try_from(signature).map_err(|_| CryptoError)?;
        if blake3::keyed_hash(&self.0, data) == claimed { Ok(()) } else { Err(CryptoError) }
    }
}
