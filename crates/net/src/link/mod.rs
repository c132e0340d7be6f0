//! Links: one encrypted QUIC connection to each peer that this one talks to, made when there is something
//! to send, closed when it rests, made again when it broke.
//!
//! Each side has one stream, which begins with a hello, and sends datagrams for messages that may be
//! lost. At most [`MAX_QUEUED`] messages wait for a link; newer ones are dropped ("too much waits before the link"), as a
//! full router drops. A reader that finds the peer's inbox full stops reading, so that the sender's
//! queue fills: that is the back-pressure.

mod endpoint;
mod frames;
mod reader;
mod slot;
mod socket;
#[cfg(test)]
mod tests;
mod writer;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Instant, Link, PeerId};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::book::{AddressBook, Origin};
use crate::clock::RunClock;
use crate::frame::{Hello, encode_message};
use crate::members::Trust;
use crate::queue::Queue;
use crate::scribe::Scribe;
use crate::tls::Handshakes;
use crate::{Identity, PeerRecord};

use endpoint::Socket;
pub(crate) use endpoint::{Transport, open as open_endpoint, transport};
pub(crate) use frames::fuzz_stream;
use slot::Slot;

/// Messages that wait for one link, at most.
pub const MAX_QUEUED: usize = 1_024;

/// Messages that wait for one peer's protocol, at most.
pub const MAX_INBOX: usize = 1_024;

/// Why a message is dropped for which its link has no room.
pub(crate) const QUEUE_FULL: &str = "too much waits before the link";

/// Why a message is dropped for which the receiver has no room.
pub(crate) const INBOX_FULL: &str = "too much waits for the peer";

/// Links of one peer, at most.
pub const MAX_LINKS: usize = 4_096;

/// How long a message waits for a link that cannot be made before it is dropped.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// A connection over which nothing went for so long is closed.
pub(crate) const REST: Duration = Duration::from_secs(20);

/// How long a handshake or a dial may take.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(3);

/// Records that this side remembers to have sent over one link; beyond that it forgets them all.
const MAX_TOLD: usize = 4_096;

/// Why a connection is closed, as the other side sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// The peer stops.
    Leaving = 0,
    /// Nothing went over it for [`REST`].
    Resting = 1,
    /// Another connection between the two took its place.
    Replaced = 2,
    /// The other side sent bytes that are no frame, or no message.
    Misbehaved = 3,
    /// The other side speaks another protocol.
    OtherProtocol = 4,
    /// The other side is no member any more.
    Expelled = 5,
}

impl Goodbye {
    fn close(self, connection: &quinn::Connection, reason: &str) {
        connection.close((self as u32).into(), reason.as_bytes());
    }
}

/// A message on its way out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub to: PeerId,
    /// The whole frame, with its length.
    pub frame: Vec<u8>,
    /// It may travel as a datagram.
    pub may_be_lost: bool,
    /// The event of its sending.
    pub sent: Option<EventId>,
    /// The kind of message.
    pub name: &'static str,
    /// Length of its body.
    pub bytes: usize,
    /// When it was sent.
    pub at: Instant,
}

/// What the links tell the peer.
#[derive(Debug)]
pub(crate) enum Input {
    /// A message arrived.
    Message { from: PeerId, cause: Option<EventId>, body: Bytes },
    /// A link came up or went down.
    Link { peer: PeerId, link: Link },
}

/// The links of one life of a peer.
#[derive(Clone)]
pub(crate) struct Links(Rc<Inner>);

/// What all parts of the links share.
struct Inner {
    me: PeerId,
    endpoint: quinn::Endpoint,
    socket: Socket,
    transport: Transport,
    trust: Trust,
    book: AddressBook,
    hello: Hello,
    body_limit: usize,
    inbox: Queue<Input>,
    scribe: Scribe,
    /// Dials of this process that may be under way at once.
    dials: Arc<Semaphore>,
    clock: RefCell<RunClock>,
    links: RefCell<BTreeMap<PeerId, Entry>>,
    closed: Cell<bool>,
    /// Does this peer tell others its own record, with the first message of each connection?
    introduces: Cell<bool>,
    /// Messages that waited when somebody looked last.
    waiting: Cell<usize>,
}

/// One link.
struct Entry {
    /// Messages that wait for it.
    queue: Queue<Outgoing>,
    slot: Rc<Slot>,
    writer: AbortHandle,
    /// The records (peer, sequence number) that went over it.
    told: BTreeSet<(PeerId, u64)>,
    /// Has this peer told its own record over it?
    introduced: bool,
}

/// What links are made of.
pub(crate) struct Setup {
    pub identity: Identity,
    pub trust: Trust,
    pub book: AddressBook,
    pub hello: Hello,
    pub body_limit: usize,
    pub listen: SocketAddr,
    pub inbox: Queue<Input>,
    pub scribe: Scribe,
    pub dials: Arc<Semaphore>,
}

/// Why there are no links.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("cannot open a UDP socket on {listen}: {source}")]
    Bind { listen: SocketAddr, source: std::io::Error },
    #[error("cannot set up encryption: {0}")]
    Tls(#[from] rustls::Error),
}

impl Links {
    /// Opens the peer's socket. Must run within a `LocalSet`. Nothing is accepted before
    /// [`Links::open`].
    pub fn bind(setup: Setup) -> Result<Self, LinkError> {
        let Setup { identity, trust, book, hello, body_limit, listen, inbox, scribe, dials } = setup;
        let transport = transport(&Handshakes::new(&identity, &trust)?);
        let bind = |source| LinkError::Bind { listen, source };
        let socket = std::net::UdpSocket::bind(listen).map_err(bind)?;
        let (endpoint, socket) = endpoint::open(socket, &identity, Some(transport.server.clone())).map_err(bind)?;
        Ok(Self(Rc::new(Inner {
            me: identity.id(),
            endpoint,
            socket,
            transport,
            trust,
            book,
            hello,
            body_limit,
            inbox,
            scribe,
            dials,
            clock: RefCell::new(RunClock::new(crate::clock::monotonic_ns())),
            links: RefCell::default(),
            closed: Cell::new(false),
            introduces: Cell::new(false),
            waiting: Cell::new(0),
        })))
    }

    /// Where the peer can be reached.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.0.endpoint.local_addr()
    }

    /// For dialling the tracker from the peer's own socket.
    pub fn endpoint(&self) -> (&quinn::Endpoint, &Transport) {
        (&self.0.endpoint, &self.0.transport)
    }

    /// Begins to accept connections, in the run of this clock.
    pub fn open(&self, clock: RunClock) {
        *self.0.clock.borrow_mut() = clock;
        tokio::task::spawn_local(reader::accept(Rc::clone(&self.0)));
    }

    /// From now on this peer tells others its record itself, as no tracker does.
    pub fn introduce(&self, record: PeerRecord) {
        self.0.book.learn(record, Origin::Peer);
        self.0.introduces.set(true);
    }

    /// Dials `peer` at once and whenever there is no connection to it, and never lets one rest.
    pub fn keep(&self, peer: PeerId) {
        if let Some(slot) = Inner::slot_or_new(&self.0, peer) {
            slot.kept.set(true);
            slot.changed.notify_one();
        }
    }

    /// Ends the link to a peer that is no member any more; what waits for it is dropped.
    pub fn expel(&self, peer: PeerId) {
        self.0.book.forget(peer);
        let Some(entry) = self.0.links.borrow_mut().remove(&peer) else { return };
        entry.writer.abort();
        if let Some(current) = entry.slot.current() {
            Goodbye::Expelled.close(&current.connection, "no member any more");
        }
    }

    /// The frame of a message to `to`, with the records of those whom it mentions that `to` may lack.
    pub fn frame(&self, to: PeerId, cause: Option<EventId>, mentions: &[PeerId], body: &[u8]) -> Vec<u8> {
        let mut links = self.0.links.borrow_mut();
        let mut entry = links.get_mut(&to);
        let introduced = entry.as_mut().is_some_and(|entry| std::mem::replace(&mut entry.introduced, true));
        let own = (self.0.introduces.get() && !introduced).then_some(&self.0.me);
        let mentioned = mentions.iter().filter(|&&peer| peer != to).chain(own);
        let mut records: Vec<Rc<PeerRecord>> = mentioned.filter_map(|&peer| self.0.book.gossip(peer)).collect();
        if let Some(told) = entry.map(|entry| &mut entry.told).filter(|_| !records.is_empty()) {
            records.retain(|record| !told.contains(&(record.id(), record.sequence())));
            records.truncate(crate::frame::MAX_RECORDS);
            if told.len() + records.len() > MAX_TOLD {
                told.clear();
            }
            told.extend(records.iter().map(|record| (record.id(), record.sequence())));
        }
        encode_message(cause, records.iter().map(Rc::as_ref), body)
    }

    /// Puts a message into its link's queue, or drops it.
    pub fn send(&self, message: Outgoing) {
        let to = message.to;
        let mut links = self.0.links.borrow_mut();
        if !links.contains_key(&to) {
            if links.len() >= MAX_LINKS {
                drop(links);
                return self.0.dropped(&message, "too many links");
            }
            links.insert(to, Inner::entry(&self.0, to));
        }
        let Some(entry) = links.get(&to) else { return };
        if let Err(message) = entry.queue.try_put(message) {
            drop(links);
            self.0.dropped(&message, QUEUE_FULL);
        }
    }

    /// Traces how many messages wait for all links together, when that has changed.
    pub fn measure(&self) {
        let links = self.0.links.borrow();
        let waiting = links.values().map(|entry| entry.queue.len()).sum();
        if self.0.waiting.replace(waiting) != waiting {
            self.0.scribe.event(self.0.clock.borrow().now(), Kind::Measured, |event| {
                event.name = "queue".into();
                event.value = waiting as u64;
            });
        }
    }

    /// The peer sent a body that is no message: disconnects it.
    pub fn misbehaved(&self, peer: PeerId, why: &str) {
        let connection = self.0.slot(peer).and_then(|slot| slot.current());
        if let Some(current) = connection {
            self.0.bad_frame(peer, &current.connection, why);
        }
    }

    /// Closes all connections and the socket, and says goodbye.
    pub fn close(&self) {
        self.0.closed.set(true);
        self.0.inbox.close();
        for (_, entry) in std::mem::take(&mut *self.0.links.borrow_mut()) {
            entry.writer.abort();
        }
        self.0.endpoint.close((Goodbye::Leaving as u32).into(), b"leaving");
    }

    /// Has [`Links::close`] been called?
    pub fn are_closed(&self) -> bool {
        self.0.closed.get()
    }

    /// Waits until the goodbyes are sent.
    pub async fn closed(&self) {
        let _ = tokio::time::timeout(Duration::from_millis(200), self.0.endpoint.wait_idle()).await;
    }

    /// Says goodbye and waits until the socket is closed, so that another can be opened on its port; not for
    /// ever, as connections to those who do not answer linger.
    pub async fn gone(self) {
        self.close();
        self.closed().await;
        let socket = self.0.socket.clone();
        drop(self);
        for _ in 0..1_000 {
            if socket.strong_count() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Of each link: to whom, is there a connection, and how many messages wait.
    pub fn states(&self) -> Vec<(PeerId, bool, usize)> {
        let links = self.0.links.borrow();
        links.iter().map(|(&peer, entry)| (peer, entry.slot.current().is_some(), entry.queue.len())).collect()
    }
}

impl Inner {
    /// A new link with its writer.
    fn entry(inner: &Rc<Self>, remote: PeerId) -> Entry {
        let (queue, slot) = (Queue::new(MAX_QUEUED), Rc::new(Slot::default()));
        let writer = writer::run(Rc::clone(inner), remote, queue.clone(), Rc::clone(&slot));
        let writer = tokio::task::spawn_local(writer).abort_handle();
        Entry { queue, slot, writer, told: BTreeSet::new(), introduced: false }
    }

    /// The slot of the link to `remote`, if there is one.
    fn slot(&self, remote: PeerId) -> Option<Rc<Slot>> {
        self.links.borrow().get(&remote).map(|entry| Rc::clone(&entry.slot))
    }

    /// The slot of the link to `remote`, made if need be; none when there are too many.
    fn slot_or_new(inner: &Rc<Self>, remote: PeerId) -> Option<Rc<Slot>> {
        let mut links = inner.links.borrow_mut();
        if !links.contains_key(&remote) && links.len() < MAX_LINKS {
            links.insert(remote, Self::entry(inner, remote));
        }
        links.get(&remote).map(|entry| Rc::clone(&entry.slot))
    }

    /// A new connection: what it was told before may be lost with the one before.
    fn forget_told(&self, remote: PeerId) {
        if let Some(entry) = self.links.borrow_mut().get_mut(&remote) {
            entry.told.clear();
            entry.introduced = false;
        }
    }

    /// Takes records that came with a message.
    fn learn(&self, records: Vec<PeerRecord>) {
        for record in records {
            if record.id() != self.me && self.trust.allows(&record.key()) {
                self.book.learn(record, Origin::Peer);
            }
        }
    }

    /// Counts and traces a message that is not delivered.
    fn dropped(&self, message: &Outgoing, why: &str) {
        drop_message(&self.scribe, *self.clock.borrow(), message, why);
    }

    /// Counts and traces bytes that no correct peer sends, and disconnects who sent them.
    fn bad_frame(&self, from: PeerId, connection: &quinn::Connection, why: &str) {
        self.scribe.count(|counts| counts.bad_frames += 1);
        let now = self.clock.borrow().now();
        self.scribe.event(now, Kind::Note, |event| {
            event.other = self.scribe.number(from);
            event.name = "misbehaved".into();
            event.text = format!("disconnected: {why}");
        });
        Goodbye::Misbehaved.close(connection, why);
    }
}

/// Counts and traces a message that is not delivered.
pub(crate) fn drop_message(scribe: &Scribe, clock: RunClock, message: &Outgoing, why: &str) {
    scribe.count(|counts| counts.dropped += 1);
    scribe.event(clock.now(), Kind::Dropped, |event| {
        event.other = scribe.number(message.to);
        event.cause = message.sent;
        event.name = message.name.into();
        event.bytes = message.bytes as u64;
        event.text = why.to_string();
    });
}
