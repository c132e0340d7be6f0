//! The sending half of a link: dials when there is something to send, writes, backs off, rests.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quinn::SendStream;
use rumormill_core::PeerId;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{sleep, timeout};

use super::reader::EstablishError;
use super::slot::{Established, Slot};
use super::{Goodbye, HANDSHAKE, Inner, PATIENCE, Queued, REST, reader};
use crate::book::Contact;
use crate::tls::server_name;

/// The first pause after a failed dial; each further one is twice as long, up to [`BACK_OFF_MAX`], and
/// all are drawn between half and one and a half of that, so that peers do not dial in step.
const BACK_OFF_MIN: Duration = Duration::from_millis(50);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// Writes a link's queue until the links close.
pub(super) async fn run(inner: Rc<Inner>, remote: PeerId, mut queue: mpsc::Receiver<Queued>, slot: Rc<Slot>) {
    let mut writer = Writer { inner, remote, slot, using: None, dialling: None, failures: 0 };
    loop {
        let slot = Rc::clone(&writer.slot);
        let (connected, kept) = (writer.using.is_some(), slot.kept.get());
        tokio::select! {
            queued = queue.recv() => match queued {
                Some(queued) => writer.deliver(queued).await,
                None => return,
            },
            () = slot.changed.notified() => writer.follow(),
            () = sleep(REST / 4), if connected && !kept => writer.rest(),
            () = writer.reach(), if kept && !connected => {}
        }
    }
}

struct Writer {
    inner: Rc<Inner>,
    remote: PeerId,
    slot: Rc<Slot>,
    /// The connection that is written to, and this side's stream on it.
    using: Option<(Rc<Established>, SendStream)>,
    /// The dial under way.
    dialling: Option<JoinHandle<()>>,
    /// Failed dials in a row.
    failures: u32,
}

impl Writer {
    /// Sends a message, or drops it when the peer cannot be reached for [`PATIENCE`].
    async fn deliver(&mut self, queued: Queued) {
        let Queued { message, since } = queued;
        loop {
            if !self.connected() {
                // Only messages that are still fresh are worth a dial.
                if self.failures > 0 && since.elapsed() >= PATIENCE {
                    return self.inner.dropped(&message, "the peer cannot be reached");
                }
                if !self.connect().await {
                    self.back_off().await;
                    continue;
                }
            }
            let Some((link, stream)) = &mut self.using else { continue };
            link.touch();
            // Without its length a frame fits a datagram or not; those that do not go by stream.
            let body = &message.frame[4..];
            if message.may_be_lost && link.connection.max_datagram_size().is_some_and(|most| body.len() <= most) {
                let _ = link.connection.send_datagram(bytes::Bytes::copy_from_slice(body));
                return;
            }
            // A frame that was not written whole was not read whole: it may be sent again.
            match stream.write_all(&message.frame).await {
                Ok(()) => return,
                Err(_) => self.using = None,
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
