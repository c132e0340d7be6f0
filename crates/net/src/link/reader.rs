//! The receiving half of links: accepting, the exchange of hellos, frames off the stream.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use quinn::{Connection, ConnectionError, RecvStream};
use rumormill_core::trace::Kind;
use rumormill_core::{Link, PeerId};
use tokio::time::timeout;

use super::frames::Frames;
use super::slot::Established;
use super::{Goodbye, HANDSHAKE, INBOX_FULL, Inner, Input, MAX_LINKS, REST};
use crate::frame::{Frame, FrameError, Hello, limit};
use crate::tls::remote_key;

/// How long a connection that another has replaced stays open for what is on its way.
const GRACE: Duration = Duration::from_millis(500);

/// Pieces of a stream that are read at once.
const CHUNKS: usize = 64;

/// Why a connection does not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum EstablishError {
    #[error("cannot dial: {0}")]
    Dial(#[from] quinn::ConnectError),
    #[error("connection lost: {0}")]
    Lost(#[from] ConnectionError),
    #[error("no hello came in time")]
    Silent,
    #[error("the other side proved no key")]
    NoKey,
    #[error("the stream did not begin with a hello of this protocol")]
    NoHello,
    #[error("more than {MAX_LINKS} links")]
    TooMany,
}

/// Why reading a stream ended.
enum End {
    /// The other side finished it, in order.
    Finished,
    /// The connection is gone.
    Lost,
    /// What came is no frame.
    Bad(FrameError),
}

/// Accepts connections until the endpoint closes.
pub(super) async fn accept(inner: Rc<Inner>) {
    while let Some(incoming) = inner.endpoint.accept().await {
        if inner.endpoint.open_connections() > 2 * MAX_LINKS {
            incoming.refuse();
            continue;
        }
        let inner = Rc::clone(&inner);
        tokio::task::spawn_local(async move {
            // Who fails here has proved nothing: no more than a note for whoever looks for it.
            let connected = async { Ok::<_, EstablishError>(incoming.await?) };
            let established = match timeout(HANDSHAKE, connected).await {
                Ok(Ok(connection)) => establish(&inner, connection, None).await,
                Ok(Err(error)) => Err(error),
                Err(_) => Err(EstablishError::Silent),
            };
            if let Err(error) = established {
                tracing::debug!(me = %inner.me, %error, "refused a connection");
            }
        });
    }
}

/// Exchanges hellos on a new connection, offers it to its link, and begins to read. `dialled` says whom
/// this side dialled; without, the other side dialled.
pub(super) async fn establish(
    inner: &Rc<Inner>,
    connection: Connection,
    dialled: Option<PeerId>,
) -> Result<(), EstablishError> {
    let remote = remote_key(&connection).ok_or(EstablishError::NoKey)?.id();
    debug_assert!(dialled.is_none_or(|wanted| wanted == remote), "the handshake let another key pass");
    let exchanged = timeout(HANDSHAKE, exchange(inner, &connection)).await.map_err(|_| EstablishError::Silent);
    let (sender, receiver, hello) = match exchanged.flatten() {
        Ok(exchanged) => exchanged,
        Err(error) => {
            Goodbye::OtherProtocol.close(&connection, &error.to_string());
            return Err(error);
        }
    };
    let Some(slot) = Inner::slot_or_new(inner, remote) else {
        Goodbye::Leaving.close(&connection, "too many links");
        return Err(EstablishError::TooMany);
    };
    let established = Rc::new(Established {
        connection,
        dialler: if dialled.is_some() { inner.me } else { remote },
        boot: hello.boot,
        stream: RefCell::new(Some(sender)),
        used: Cell::new(tokio::time::Instant::now()),
    });
    let before = slot.current();
    if slot.offer(&established, inner.me, remote) {
        inner.forget_told(remote);
        // What the other side sent before its reboot is no longer wanted; a connection that lost against
        // a simultaneous one is read to its end instead.
        if let Some(before) = before.filter(|before| before.boot < hello.boot) {
            Goodbye::Replaced.close(&before.connection, "rebooted");
        }
    } else if let Some(mut stream) = established.stream.take() {
        let _ = stream.finish();
    }
    tokio::task::spawn_local(read(Rc::clone(inner), remote, established, receiver));
    Ok(())
}

async fn exchange(
    inner: &Inner,
    connection: &Connection,
) -> Result<(quinn::SendStream, RecvStream, Hello), EstablishError> {
    let mut sender = connection.open_uni().await?;
    sender.write_all(&inner.hello.encode()).await.map_err(|_| EstablishError::NoHello)?;
    let mut receiver = connection.accept_uni().await?;
    let Ok(Some(bytes)) = read_frame(&mut receiver, limit(0)).await else {
        return Err(EstablishError::NoHello);
    };
    match Frame::decode(&bytes, 0) {
        Ok(Frame::Hello(hello)) if hello.protocol == inner.hello.protocol => Ok((sender, receiver, hello)),
        _ => Err(EstablishError::NoHello),
    }
}

/// Reads a connection to its end.
async fn read(inner: Rc<Inner>, remote: PeerId, link: Rc<Established>, stream: RecvStream) {
    let Some(slot) = inner.slot(remote) else { return };
    if slot.uses(&link) && slot.hint(Link::Up) {
        inner.inbox.put(Input::Link { peer: remote, link: Link::Up }).await;
    }
    let end = tokio::select! {
        end = read_stream(&inner, remote, &link, stream) => end,
        end = read_datagrams(&inner, remote, &link) => end,
    };
    match end {
        End::Bad(error) => inner.bad_frame(remote, &link.connection, &error.to_string()),
        // The other side uses another connection. What is still on its way to it may arrive.
        End::Finished => {
            slot.lose(&link);
            let _ = timeout(GRACE, link.connection.closed()).await;
            Goodbye::Replaced.close(&link.connection, "stream finished");
        }
        End::Lost => {}
    }
    let resting = matches!(
        link.connection.close_reason(),
        Some(ConnectionError::ApplicationClosed(closed))
            if closed.error_code == (Goodbye::Resting as u32).into()
    );
    let rested = resting || matches!(link.connection.close_reason(), Some(ConnectionError::LocallyClosed));
    if slot.lose(&link) && !rested && slot.hint(Link::Down) {
        inner.inbox.put(Input::Link { peer: remote, link: Link::Down }).await;
    }
}

async fn read_stream(inner: &Inner, remote: PeerId, link: &Established, mut stream: RecvStream) -> End {
    let mut frames = Frames::new(limit(inner.body_limit));
    let mut chunks = [const { Bytes::new() }; CHUNKS];
    loop {
        let count = match stream.read_chunks(&mut chunks).await {
            Ok(Some(count)) => count,
            Ok(None) if frames.is_empty() => return End::Finished,
            Ok(None) => return End::Bad(FrameError::Truncated),
            Err(_) => return End::Lost,
        };
        link.touch();
        frames.push(&mut chunks[..count]);
        loop {
            let message = match frames.next() {
                Ok(Some(bytes)) => open_frame(inner, remote, &bytes),
                Ok(None) => break,
                Err(error) => Err(error),
            };
            match message {
                // Waiting here is the back-pressure: what is not read, the other side may not send.
                Ok(message) => inner.inbox.put(message).await,
                Err(error) => return End::Bad(error),
            }
        }
    }
}

async fn read_datagrams(inner: &Inner, remote: PeerId, link: &Established) -> End {
    loop {
        let Ok(bytes) = link.connection.read_datagram().await else {
            return End::Lost;
        };
        link.touch();
        match open_frame(inner, remote, &bytes) {
            Ok(message) => {
                if let Err(message) = inner.inbox.try_put(message) {
                    inner.dropped_at_arrival(remote, &message);
                }
            }
            Err(error) => return End::Bad(error),
        }
    }
}

/// Takes a message's frame apart and learns the records in it.
fn open_frame(inner: &Inner, remote: PeerId, bytes: &Bytes) -> Result<Input, FrameError> {
    match Frame::decode(bytes, inner.body_limit)? {
        Frame::Message { cause, records, body } => {
            inner.learn(records);
            Ok(Input::Message { from: remote, cause, body: bytes.slice_ref(body) })
        }
        Frame::Hello(_) => Err(FrameError::Unknown),
    }
}

/// Reads a frame without its length; `None` at the stream's end. Never allocates more than `limit`.
async fn read_frame(stream: &mut RecvStream, limit: usize) -> Result<Option<Vec<u8>>, End> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(()) => {}
        Err(quinn::ReadExactError::FinishedEarly(0)) => return Ok(None),
        Err(quinn::ReadExactError::FinishedEarly(_)) => return Err(End::Bad(FrameError::Truncated)),
        Err(quinn::ReadExactError::ReadError(_)) => return Err(End::Lost),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        return Err(End::Bad(FrameError::TooLong { bytes: length, limit }));
    }
    let mut bytes = vec![0; length];
    match stream.read_exact(&mut bytes).await {
        Ok(()) => Ok(Some(bytes)),
        Err(quinn::ReadExactError::FinishedEarly(_)) => Err(End::Bad(FrameError::Truncated)),
        Err(quinn::ReadExactError::ReadError(_)) => Err(End::Lost),
    }
}

impl Inner {
    /// Counts and traces a datagram for which the inbox has no room.
    fn dropped_at_arrival(&self, from: PeerId, message: &Input) {
        let Input::Message { cause, body, .. } = message else { return };
        self.scribe.count(|counts| counts.dropped += 1);
        self.scribe.event(self.clock.borrow().now(), Kind::Dropped, |event| {
            event.other = self.scribe.number(from);
            event.cause = *cause;
            event.bytes = body.len() as u64;
            event.text = INBOX_FULL.into();
        });
    }

    /// May this connection be closed because nothing goes over it? Only who dialled it says so.
    pub(super) fn rests(&self, link: &Established) -> bool {
        link.dialler == self.me && link.used.get().elapsed() >= REST
    }
}
