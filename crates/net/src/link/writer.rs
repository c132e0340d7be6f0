//! The sending half of a link: dials when there is something to send, writes, backs off, rests.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quinn::SendStream;
use rumormill_core::PeerId;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::reader::EstablishError;
use super::slot::{Established, Slot};
use super::{Goodbye, HANDSHAKE, Inner, Outgoing, PATIENCE, REST, reader};
use crate::book::Contact;
use crate::queue::Queue;
use crate::tls::server_name;

/// The first pause after a failed dial; each further one is twice as long, up to [`BACK_OFF_MAX`], and
/// all are drawn between half and one and a half of that, so that peers do not dial in step.
const BACK_OFF_MIN: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// Bytes that are written at once, and one frame more.
const BATCH_BYTES: usize = 64 << 10;

/// Writes a link's queue until the links close.
pub(super) async fn run(inner: Rc<Inner>, remote: PeerId, queue: Queue<Outgoing>, slot: Rc<Slot>) {
    let mut writer = Writer { inner, remote, queue, slot, using: None, dialling: None, failures: 0 };
    loop {
        let (slot, queue) = (Rc::clone(&writer.slot), writer.queue.clone());
        let (connected, kept) = (writer.using.is_some(), slot.kept.get());
        tokio::select! {
            () = queue.filled() => writer.deliver().await,
            () = slot.changed.notified() => writer.follow(),
            () = sleep(REST / 4), if connected && !kept => writer.rest(),
            () = writer.reach(), if kept && !connected => {}
        }
    }
}

struct Writer {
    inner: Rc<Inner>,
    remote: PeerId,
    queue: Queue<Outgoing>,
    slot: Rc<Slot>,
    /// The connection that is written to, and this side's stream on it.
    using: Option<(Rc<Established>, SendStream)>,
    /// The dial under way.
    dialling: Option<JoinHandle<()>>,
    /// Failed dials in a row.
    failures: u32,
}

impl Writer {
    /// Sends what waits, or drops what has waited for [`PATIENCE`] because the peer cannot be reached.
    async fn deliver(&mut self) {
        if self.connected() {
            return self.write().await;
        }
        // Only messages that are still fresh are worth a dial.
        let now = self.inner.clock.borrow().now();
        let stale = |message: &Outgoing| now.since(message.at) >= PATIENCE;
        while self.failures > 0
            && let Some(message) = self.queue.take_if(stale)
        {
            self.inner.dropped(&message, "the peer cannot be reached");
        }
        if self.queue.len() > 0 && !self.connect().await {
            self.back_off().await;
        }
    }

    /// Writes as much of the queue as goes at once.
    async fn write(&mut self) {
        let Some((link, stream)) = &mut self.using else { return };
        link.touch();
        let largest = link.connection.max_datagram_size().unwrap_or(0);
        let (mut batch, mut bytes) = (VecDeque::new(), BytesMut::new());
        while bytes.len() < BATCH_BYTES
            && let Some(message) = self.queue.take()
        {
            // Without its length a frame fits a datagram or not; those that do not go by stream.
            if message.may_be_lost && message.frame.len() - 4 <= largest {
                let _ = link.connection.send_datagram(Bytes::from(message.frame).slice(4..));
            } else {
                bytes.extend_from_slice(&message.frame);
                batch.push_back(message);
            }
        }
        let mut rest = [bytes.freeze()];
        let mut written = 0;
        while !rest[0].is_empty() {
            match stream.write_chunks(&mut rest).await {
                Ok(more) => written += more.bytes,
                Err(_) => {
                    self.using = None;
                    // A frame that was not written whole was not read whole: it may be sent again.
                    while let Some(message) = batch.pop_front_if(|message| message.frame.len() <= written) {
                        written -= message.frame.len();
                    }
                    return self.queue.put_back(batch);
                }
            }
        }
    }

    /// Is there a connection to write to? Takes over the link's current one, and gives up one to a life of
    /// the other peer that its newer record says is over.
    fn connected(&mut self) -> bool {
        self.follow();
        let newest = self.inner.book.record(self.remote).map_or(0, |record| record.sequence());
        if let Some((link, _)) = self.using.take_if(|(link, _)| link.boot < newest) {
            Goodbye::Replaced.close(&link.connection, "rebooted");
        }
        self.using.is_some()
    }

    /// Writes to the link's current connection from now on.
    fn follow(&mut self) {
        let current = self.slot.current();
        let same = match (&self.using, &current) {
            (Some((using, _)), Some(current)) => Rc::ptr_eq(using, current),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some((_, mut stream)) = self.using.take() {
            let _ = stream.finish();
        }
        self.using = current.and_then(|current| {
            let stream = current.stream.take()?;
            Some((current, stream))
        });
        if self.using.is_some() {
            self.failures = 0;
        }
    }

    /// Dials once; true when there is a connection then, whoever dialled it.
    async fn connect(&mut self) -> bool {
        let dial = match self.dialling.take() {
            Some(dial) => dial,
            None => match self.inner.book.contact(self.remote) {
                Some(contact) => spawn_local(dial(Rc::clone(&self.inner), contact)),
                None => return false,
            },
        };
        // The other side may dial at the same time and be first. The dial goes on then, for over there it
        // may already be in use; and there is never more than one.
        let dial = self.dialling.insert(dial);
        tokio::select! {
            _ = dial => self.dialling = None,
            () = self.slot.changed.notified() => {}
        }
        self.connected()
    }

    /// Sees to it that there is a connection, or waits until it is time to try again.
    async fn reach(&mut self) {
        if !self.connected() && !self.connect().await {
            self.back_off().await;
        }
    }

    /// Waits after a failed dial, unless the other side connects.
    async fn back_off(&mut self) {
        let full = BACK_OFF_MIN.saturating_mul(1 << self.failures.min(10)).min(BACK_OFF_MAX);
        self.failures += 1;
        let draw = getrandom::u32().unwrap_or(u32::MAX / 2);
        let pause = full.mul_f64(0.5 + f64::from(draw) / f64::from(u32::MAX));
        let _ = timeout(pause, self.slot.changed.notified()).await;
    }

    /// Closes the connection if nothing has gone over it for long.
    fn rest(&mut self) {
        let rests = |link: &Established| self.inner.rests(link);
        if self.using.as_ref().is_some_and(|(link, _)| rests(link))
            && let Some((link, _)) = self.using.take()
        {
            Goodbye::Resting.close(&link.connection, "nothing to say");
        }
    }
}

/// Dials the addresses of a peer until one answers, when it is this dial's turn.
async fn dial(inner: Rc<Inner>, contact: Contact) {
    let Ok(_turn) = Arc::clone(&inner.dials).acquire_owned().await else { return };
    let (id, name) = (contact.key.id(), server_name(&contact.key));
    for address in contact.addresses {
        let attempt = async {
            let connecting = inner.endpoint.connect_with(inner.transport.client.clone(), address, &name)?;
            let connection = timeout(HANDSHAKE, connecting).await.map_err(|_| EstablishError::Silent)??;
            reader::establish(&inner, connection, Some(id)).await
        };
        match attempt.await {
            Ok(()) => return,
            Err(error) => tracing::debug!(me = %inner.me, to = %id, %address, %error, "cannot connect"),
        }
    }
}

/// So that a dial that is given up is not mistaken for one that hangs.
const _: () = assert!(HANDSHAKE.as_millis() < PATIENCE.as_millis());
