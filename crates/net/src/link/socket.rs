//! The UDP socket under the links.
//!
//! It differs from quinn's own for tokio in what it is woken for. With loopback and with every network card, a
//! packet that has left makes room in the socket, and whoever waits for room is told each time: so it only waits
//! when there was none. And when it received fewer packets than it could, it does not ask for more before it is
//! told of some.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The UDP socket under the links.
#[derive(Debug)]
pub(super) struct LinkSocket {
    io: AsyncFd<UdpSocket>,
    state: UdpSocketState,
    /// The last packet found no room.
    is_full: AtomicBool,
}

impl LinkSocket {
    pub fn new(socket: UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Self { io: watched(socket, Interest::READABLE)?, state, is_full: AtomicBool::new(false) })
    }
}

/// A socket whose task is woken when it is ready for this, and for nothing else.
#[expect(deprecated, reason = "what takes its place is unsafe, for handles that change; this one stays the same")]
fn watched(socket: UdpSocket, interest: Interest) -> io::Result<AsyncFd<UdpSocket>> {
    AsyncFd::with_interest(socket, interest)
}

impl AsyncUdpSocket for LinkSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Room { socket: self, awaited: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let sent = self.state.send(self.io.get_ref().into(), transmit);
        if sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            self.is_full.store(true, Ordering::Relaxed);
        }
        sent
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.io.poll_read_ready(cx))?;
            let received = self.state.recv(self.io.get_ref().into(), bufs, meta);
            match &received {
                Ok(count) if *count < bufs.len() => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.clear_ready();
                    continue;
                }
                _ => {}
            }
            return Poll::Ready(received);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.get_ref().local_addr()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }
}

/// Waits for room in the socket, when it is full.
#[derive(Debug)]
struct Room {
    socket: Arc<LinkSocket>,
    /// The socket once more, while room is waited for.
    awaited: Option<AsyncFd<UdpSocket>>,
}

impl UdpPoller for Room {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.socket.is_full.load(Ordering::Relaxed) {
            self.awaited = None;
            return Poll::Ready(Ok(()));
        }
        let again = match self.awaited.take() {
            Some(again) => again,
            None => watched(self.socket.io.get_ref().try_clone()?, Interest::WRITABLE)?,
        };
        match again.poll_write_ready(cx) {
            Poll::Ready(room) => {
                drop(room?);
                self.socket.is_full.store(false, Ordering::Relaxed);
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                self.awaited = Some(again);
                Poll::Pending
            }
        }
    }
}
