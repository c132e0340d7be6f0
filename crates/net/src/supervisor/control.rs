//! The supervisor's end of the control connections.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rumormill_core::trace::Event;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::Board;
use crate::control::{Down, MAX_DOCUMENT_BYTES, MAX_HELLO_BYTES, PeerStatus, Up, read, write};

/// How long a connection may take to say who it is.
const HELLO: Duration = Duration::from_secs(2);

/// Connections that have not said who they are, at most.
const MAX_STRANGERS: usize = 256;

/// Commands that wait for one process, at most.
pub(super) const MAX_COMMANDS: usize = 1_024;

/// Which life of which process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub unit: u32,
    pub generation: u32,
}

/// What the conductor hears from a process.
#[derive(Debug)]
pub(super) enum News {
    /// It has proved who it is; commands go here.
    Connected(mpsc::Sender<Down>),
    /// All its peers can boot.
    Ready,
    /// How far its peers are.
    Status(Vec<PeerStatus>),
    /// One of its peers cannot go on.
    Failed { peerid: u32, error: String },
    /// It has no more to say.
    Closed,
    /// It has ended.
    Exited(super::child::Exit),
}

/// Where what comes in goes to.
#[derive(Clone, Debug)]
pub(super) struct Switchboard {
    pub token: [u8; 32],
    pub news: mpsc::Sender<(Life, News)>,
    pub events: mpsc::Sender<Vec<Event>>,
    pub board: Arc<Board>,
}

impl Switchboard {
    /// Hands events out, or drops and counts them when nobody takes them.
    pub fn trace(&self, events: Vec<Event>, dropped: u64) {
        let count = events.len() as u64;
        let lost = if events.is_empty() || self.events.try_send(events).is_ok() { 0 } else { count };
        self.board.trace_dropped.fetch_add(dropped + lost, Ordering::Relaxed);
    }

    /// Accepts connections for ever.
    pub async fn serve(self, listener: TcpListener) {
        let strangers = Arc::new(Semaphore::new(MAX_STRANGERS));
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: some will be free again.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = Arc::clone(&strangers).try_acquire_owned() else { continue };
            let switchboard = self.clone();
            tokio::spawn(async move {
                let greeted = timeout(HELLO, switchboard.greet(stream)).await;
                drop(permit);
                if let Ok(Ok(Some((life, from, to)))) = greeted {
                    switchboard.attend(life, from, to).await;
                }
            });
        }
    }

    /// Waits for the hello; `None` when it is not from one of ours.
    async fn greet(&self, stream: TcpStream) -> io::Result<Option<(Life, OwnedReadHalf, OwnedWriteHalf)>> {
        stream.set_nodelay(true)?;
        let (mut from, to) = stream.into_split();
        let hello = read::<Up>(&mut from, MAX_HELLO_BYTES).await?;
        let Some(Up::Hello { token, unit, generation }) = hello else { return Ok(None) };
        // Hashes compare in constant time.
        let ours = blake3::Hash::from_bytes(self.token) == blake3::Hash::from_bytes(token);
        Ok(ours.then_some((Life { unit, generation }, from, to)))
    }

    /// Passes on what a process says until it says no more.
    async fn attend(&self, life: Life, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let (commands, mut waiting) = mpsc::channel::<Down>(MAX_COMMANDS);
        if self.news.send((life, News::Connected(commands))).await.is_err() {
            return;
        }
        let speak = async {
            while let Some(command) = waiting.recv().await {
                if write(&mut to, &command).await.is_err() {
                    break;
                }
            }
            // The conductor has no more to say; the process ends when it sees that.
            std::future::pending::<()>().await;
        };
        let listen = async {
            while let Ok(Some(up)) = read::<Up>(&mut from, MAX_DOCUMENT_BYTES).await {
                let news = match up {
                    Up::Trace { events, dropped } => {
                        self.trace(events, dropped);
                        continue;
                    }
                    Up::Ready => News::Ready,
                    Up::Status(statuses) => News::Status(statuses),
                    Up::Failed { peerid, error } => News::Failed { peerid, error },
                    Up::Hello { .. } => continue,
                };
                if self.news.send((life, news)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = listen => {}
            () = speak => {}
        }
        let _ = self.news.send((life, News::Closed)).await;
    }
}
