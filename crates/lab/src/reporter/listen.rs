//! The reporter's socket: takes clients, puts their bytes together, and answers `OK` when all have ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::gathering::Client;
use super::meeting::Meeting;
use super::parser::{Flaw, Parser, Record};
use crate::bench::Bench;

/// The most clients at once; further ones are turned away.
pub const CLIENTS_MAX: usize = 1_000;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 8 * 1024;

/// How often a run's clock is shown.
const TICK: Duration = Duration::from_millis(200);

/// After a failure to take a client, such as too many open files.
const BREATH: Duration = Duration::from_millis(100);

/// A client that takes the `OK` no sooner gets none.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// A socket that programs report to. Dropping it closes it and every client's connection.
pub(crate) struct Reporter {
    address: SocketAddr,
    task: JoinHandle<()>,
    _closing: watch::Sender<()>,
}

/// What all clients share.
struct Desk {
    bench: Arc<Bench>,
    is_recorded: bool,
    /// The run that clients report to now.
    meeting: tokio::sync::Mutex<Option<Arc<Meeting>>>,
}

impl Reporter {
    /// Takes clients; their runs go to this bench, and are recorded if wanted.
    pub fn start(listener: TcpListener, bench: Arc<Bench>, is_recorded: bool) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk { bench, is_recorded, meeting: tokio::sync::Mutex::default() });
        let (closing, closed) = watch::channel(());
        let task = tokio::spawn(accept(listener, desk, closed));
        Ok(Self { address, task, _closing: closing })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>, closed: watch::Receiver<()>) {
    let room = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut tick = tokio::time::interval(TICK);
    let mut clients: Client = 0;
    loop {
        let socket = tokio::select! {
            _ = tick.tick() => {
                desk.meeting.lock().await.iter().for_each(|meeting| meeting.tick());
                continue;
            }
            socket = listener.accept() => socket,
        };
        let Ok((socket, _)) = socket else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            tracing::warn!("a reporting program is turned away: {CLIENTS_MAX} are connected");
            continue;
        };
        clients += 1;
        let visit = Visit { client: clients, desk: Arc::clone(&desk), meeting: None, has_ended: false };
        let mut closed = closed.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = visit.serve(socket) => {}
                _ = closed.changed() => {}
            }
            drop(permit);
        });
    }
}

impl Desk {
    /// The run to report to: the one under way, or a new one.
    async fn meeting(self: &Arc<Self>) -> io::Result<Arc<Meeting>> {
        let mut current = self.meeting.lock().await;
        if let Some(meeting) = current.as_ref().filter(|meeting| !meeting.is_over()) {
            return Ok(Arc::clone(meeting));
        }
        let desk = Arc::clone(self);
        let begun = tokio::task::spawn_blocking(move || Meeting::begin(&desk.bench, desk.is_recorded)).await;
        let meeting = begun.map_err(io::Error::other)?.map_err(io::Error::other);
        let meeting = meeting.inspect_err(|error| tracing::warn!("a reporting program is turned away: {error}"))?;
        *current = Some(Arc::clone(&meeting));
        Ok(meeting)
    }
}

/// One client, from its connection to its end.
struct Visit {
    client: Client,
    desk: Arc<Desk>,
    /// The run that it reports to, once it has said something.
    meeting: Option<Arc<Meeting>>,
    /// Has it said END?
    has_ended: bool,
}

impl Visit {
    async fn serve(mut self, mut socket: TcpStream) -> io::Result<()> {
        let mut parser = Parser::default();
        let mut chunk = vec![0; CHUNK_BYTES];
        // Nothing is over before it has begun: the sender lives as long as this visit.
        let (_nothing, mut over) = watch::channel(None);
        loop {
            tokio::select! {
                biased;
                () = end(&mut over) => return self.answer(socket).await,
                read = socket.read(&mut chunk) => {
                    let read = read?;
                    if read == 0 {
                        return Ok(());
                    }
                    for said in parser.push(&chunk[..read]) {
                        self.hear(&said).await?;
                    }
                    if let Some(meeting) = &self.meeting {
                        over = meeting.over();
                    }
                }
            }
        }
    }

    async fn hear(&mut self, said: &Result<Record, Flaw>) -> io::Result<()> {
        self.has_ended |= matches!(said, Ok(Record::End { .. }));
        loop {
            let is_new = self.meeting.is_none();
            let meeting = match &self.meeting {
                Some(meeting) => Arc::clone(meeting),
                None => self.desk.meeting().await?,
            };
            if meeting.say(self.client, said).is_ok() {
                self.meeting = Some(meeting);
                return Ok(());
            }
            if !is_new {
                return Ok(());
            }
            // The run ended in the moment between: the client belongs to the next one.
        }
    }

    /// The run is over: who has said END hears `OK`, and everybody's connection closes.
    async fn answer(self, mut socket: TcpStream) -> io::Result<()> {
        if self.has_ended {
            tokio::time::timeout(ANSWER_TIME, socket.write_all(b"OK")).await??;
        }
        tokio::time::timeout(ANSWER_TIME, socket.shutdown()).await??;
        // What a client still says is read, so that its system does not throw the answer away unread.
        let mut rest = [0; 1024];
        let drained = async {
            while socket.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        tokio::time::timeout(ANSWER_TIME, drained).await?
    }
}

/// Waits until the run is over.
async fn end(over: &mut watch::Receiver<Option<Outcome>>) {
    let _ = over.wait_for(Option::is_some).await;
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(meeting) = &self.meeting {
            meeting.left(self.client);
        }
    }
}
