//! A peer process: its peers, its reports to the supervisor, and its end.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use rumormill_core::{Launch, ParameterError};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::assignment::{AssignedSeat, Assignment};
use crate::clock::RunClock;
use crate::control::{Down, Happened, MAX_DOCUMENT_BYTES, REPORT_EVERY, Up, read, write};
use crate::members::Members;
use crate::peer::{Command, Handle, Peer, Shared, World};
use crate::scribe::Outbox;
use crate::weather::Weather;

/// Events in one document to the supervisor, at most: far below [`MAX_DOCUMENT_BYTES`].
const MAX_BATCH: usize = 4_096;

/// How often the queues of links are looked at.
const MEASURE_EVERY: Duration = Duration::from_millis(250);

/// Documents that wait for the reporter, at most.
const MAX_REPORTS: usize = 64;

/// Dials of one process that are under way at once, at most: where all dial all, more would only time out.
const MAX_DIALS: usize = 16;

/// Peers of one process that meet the tracker at once, at most: when hundreds come together, its socket
/// overflows and they wait for what was lost.
const MAX_MEETINGS: usize = 4;

/// How long the peers have to stop in good order.
const LEAVING: Duration = Duration::from_secs(1);

/// Why a peer process ends early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The process that started this one is gone.
    #[error("the process that started this one is gone")]
    Orphaned,
    /// The protocol does not accept the parameters.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The connection to the supervisor failed.
    #[error("lost the supervisor: {0}")]
    Control(#[from] io::Error),
    /// A peer cannot be set up.
    #[error("peer {peerid}: {error}")]
    Setup {
        /// Its number.
        peerid: u32,
        /// Why.
        error: String,
    },
}

/// Runs the peers of `assignment` until the supervisor says stop, and is the body of a peer process: it
/// ties the process's life to its parent's.
///
/// # Errors
/// When the peers cannot be set up, or the supervisor is lost.
pub fn peer_main<P: Launch + 'static>(assignment: Assignment) -> Result<(), PeerError> {
    tie_to_parent(assignment.parent)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(8).build()?;
    let result = LocalSet::new().block_on(&runtime, Process::<P>::run(assignment));
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

/// Has the system kill this process when its parent dies, also while it is stopped, and makes sure that
/// the parent has not died before.
fn tie_to_parent(parent: u32) -> Result<(), PeerError> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).map_err(io::Error::from)?;
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if now == i32::try_from(parent).ok() { Ok(()) } else { Err(PeerError::Orphaned) }
}

/// A peer process.
struct Process<P: Launch> {
    shared: Rc<Shared<P>>,
    peers: Rc<RefCell<BTreeMap<u32, Running>>>,
    reports: mpsc::Sender<Up>,
    clock: RunClock,
    past: Vec<Happened>,
}

/// One of its peers.
struct Running {
    handle: Handle,
    task: JoinHandle<()>,
}

impl<P: Launch + 'static> Process<P> {
    async fn run(assignment: Assignment) -> Result<(), PeerError> {
        let stream = TcpStream::connect(assignment.control.address).await?;
        stream.set_nodelay(true)?;
        let (mut orders, mut control) = stream.into_split();
        let hello = &assignment.control;
        let (token, unit, generation) = (hello.token, hello.unit, hello.generation);
        write(&mut control, &Up::Hello { token, unit, generation }).await?;

        let outbox = Rc::new(RefCell::new(Outbox::new(assignment.recording, &assignment.protocol)));
        let (reports, waiting) = mpsc::channel(MAX_REPORTS);
        let reporter = spawn_local(report(control, Rc::clone(&outbox), waiting));
        let mut process = Self::new(assignment, outbox, reports)?;
        tokio::select! {
            prepared = process.prepare_all() => prepared?,
            // Nothing is said before the peers are ready: this is the end of the connection.
            _ = read::<Down>(&mut orders, MAX_DOCUMENT_BYTES) => return Err(PeerError::Orphaned),
        }
        process.report(Up::Ready).await;
        loop {
            match read::<Down>(&mut orders, MAX_DOCUMENT_BYTES).await? {
                Some(Down::Stop) => break,
                Some(order) => process.obey(order),
                // Nobody is left to report to.
                None => return Err(PeerError::Orphaned),
            }
        }
        process.leave().await;
        drop(process);
        let _ = timeout(LEAVING, reporter).await;
        Ok(())
    }

    fn new(assignment: Assignment, outbox: Rc<RefCell<Outbox>>, reports: mpsc::Sender<Up>) -> Result<Self, PeerError> {
        let members = Arc::new(Members::new(assignment.members.clone()));
        let salt = u64::from(assignment.control.unit) << 32 | u64::from(assignment.control.generation);
        let weather =
            Weather::new(assignment.network.clone(), assignment.seed, members.count(), rumormill_core::rng::mix(salt));
        let config = P::config(&assignment.parameters)?;
        let weather = Rc::new(RefCell::new(weather));
        let world = World {
            seed: assignment.seed,
            config,
            members,
            weather: Some(Rc::clone(&weather)),
            outbox,
            dials: Arc::new(Semaphore::new(MAX_DIALS)),
        };
        let (world, notary) = (Rc::new(world), Rc::default());
        let shared = Shared { assignment, world, weather, notary, meetings: Semaphore::new(MAX_MEETINGS) };
        let peers = Rc::default();
        Ok(Self { shared: Rc::new(shared), peers, reports, clock: RunClock::new(0), past: Vec::new() })
    }

    async fn report(&self, up: Up) {
        let _ = self.reports.send(up).await;
    }

    /// Sets all peers up; they wait for the start of the run.
    async fn prepare_all(&self) -> Result<(), PeerError> {
        let seats = self.shared.assignment.seats.clone();
        let setups = seats.into_iter().map(|seat| {
            let starting = Starting::of(self);
            async move { (seat.peerid, starting.start(&seat).await) }
        });
        for (peerid, started) in join_all(setups).await {
            started.map_err(|error| PeerError::Setup { peerid, error })?;
        }
        Ok(())
    }

    fn obey(&mut self, order: Down) {
        match order {
            Down::Go { start_ns, past } => self.go(RunClock::new(start_ns), past),
            Down::Fault(happened) => self.fault(happened),
            Down::Crash { peerid } => {
                if let Some(peer) = self.peers.borrow_mut().remove(&peerid) {
                    peer.task.abort();
                    peer.handle.links.close();
                }
            }
            Down::Boot { peerid, incarnation } => self.boot(peerid, incarnation),
            Down::Pause { peerid, paused } => self.command(peerid, Command::Pause(paused)),
            Down::Request { peerid, text } => self.command(peerid, Command::Request(text)),
            Down::Stop => {}
        }
    }

    /// Tells one of the peers something; one with a full queue has more to do than it can.
    fn command(&self, peerid: u32, command: Command) {
        if let Some(peer) = self.peers.borrow().get(&peerid) {
            let _ = peer.handle.commands.try_send(command);
        }
    }

    /// The run begins, or has begun and this process joins it.
    fn go(&mut self, clock: RunClock, past: Vec<Happened>) {
        self.clock = clock;
        for happened in past {
            self.fault(happened);
        }
        let peerids: Vec<u32> = self.peers.borrow().keys().copied().collect();
        for peerid in peerids {
            self.command(peerid, Command::Go { clock });
        }
        spawn_local(measure(Rc::clone(&self.peers)));
    }

    fn fault(&mut self, happened: Happened) {
        self.shared.weather.borrow_mut().apply(&happened.fault);
        for &peerid in self.peers.borrow().keys() {
            if let Some(command) = self.command_of(&happened, peerid) {
                self.command(peerid, command);
            }
        }
        self.past.push(happened);
    }

    fn command_of(&self, happened: &Happened, peerid: u32) -> Option<Command> {
        let (seed, peers) = (self.shared.world.seed, self.shared.world.members.count());
        Command::of_fault(&happened.fault, happened.at, peerid, seed, peers)
    }

    /// Boots a peer while the run goes on.
    fn boot(&self, peerid: u32, incarnation: u32) {
        let Some(folder) = self.folder(peerid) else { return };
        let mut commands: Vec<Command> =
            self.past.iter().filter_map(|happened| self.command_of(happened, peerid)).collect();
        commands.push(Command::Go { clock: self.clock });
        let (starting, peers, reports) = (Starting::of(self), Rc::clone(&self.peers), self.reports.clone());
        spawn_local(async move {
            match starting.start(&AssignedSeat { peerid, incarnation, folder }).await {
                Ok(()) => {
                    let handle = peers.borrow().get(&peerid).map(|peer| peer.handle.clone());
                    for command in commands {
                        if let Some(handle) = &handle {
                            let _ = handle.commands.send(command).await;
                        }
                    }
                }
                Err(error) => drop(reports.send(Up::Failed { peerid, error }).await),
            }
        });
    }

    /// The folder of a peer of this process: beside that of the others.
    fn folder(&self, peerid: u32) -> Option<std::path::PathBuf> {
        let seat = self.shared.assignment.seats.first()?;
        Some(seat.folder.parent()?.join(peerid.to_string()))
    }

    /// Stops all peers in good order.
    async fn leave(&self) {
        let peers = std::mem::take(&mut *self.peers.borrow_mut());
        let leaving = peers.into_values().map(|peer| async move {
            let _ = peer.handle.commands.send(Command::Pause(false)).await;
            let _ = peer.handle.commands.send(Command::Stop).await;
            let _ = peer.task.await;
            peer.handle.links.closed().await;
        });
        let _ = timeout(LEAVING, join_all(leaving)).await;
    }
}

/// Traces how many messages wait for the links of each peer, as long as the process lives.
async fn measure(peers: Rc<RefCell<BTreeMap<u32, Running>>>) {
    let mut ticks = interval(MEASURE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        peers.borrow().values().for_each(|peer| peer.handle.links.measure());
    }
}

/// What it takes to start a peer.
struct Starting<P: Launch> {
    shared: Rc<Shared<P>>,
    peers: Rc<RefCell<BTreeMap<u32, Running>>>,
    reports: mpsc::Sender<Up>,
}

impl<P: Launch + 'static> Starting<P> {
    fn of(process: &Process<P>) -> Self {
        Self { shared: Rc::clone(&process.shared), peers: Rc::clone(&process.peers), reports: process.reports.clone() }
    }

    /// Sets the peer up and lets it wait for the start of the run.
    async fn start(self, seat: &AssignedSeat) -> Result<(), String> {
        let Self { shared, peers, reports } = self;
        let (peer, handle) = Peer::<P>::prepare(shared, seat).await.map_err(|error| error.to_string())?;
        let peerid = seat.peerid;
        let task = spawn_local(async move {
            let error = match AssertUnwindSafe(peer.run()).catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                // Its state may be half changed: nobody looks at it again.
                Err(panic) => format!("its protocol panicked: {}", words_of(&*panic)),
            };
            let _ = reports.send(Up::Failed { peerid, error }).await;
        });
        if let Some(before) = peers.borrow_mut().insert(peerid, Running { handle, task }) {
            before.task.abort();
            before.handle.links.close();
        }
        Ok(())
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words")
}

/// Writes reports as they come, and trace and statuses every [`REPORT_EVERY`], until all is said.
async fn report(mut control: OwnedWriteHalf, outbox: Rc<RefCell<Outbox>>, mut reports: mpsc::Receiver<Up>) {
    let mut ticks = interval(REPORT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let report = tokio::select! {
            _ = ticks.tick() => None,
            report = reports.recv() => match report {
                Some(report) => Some(report),
                None => {
                    let _ = flush(&mut control, &outbox).await;
                    return;
                }
            },
        };
        let written = async {
            flush(&mut control, &outbox).await?;
            match &report {
                Some(report) => write(&mut control, report).await,
                None => Ok(()),
            }
        };
        // The other half of the connection notices, too, and ends the process.
        if written.await.is_err() {
            return;
        }
    }
}

async fn flush(control: &mut OwnedWriteHalf, outbox: &RefCell<Outbox>) -> io::Result<()> {
    loop {
        let Some((events, dropped)) = outbox.borrow_mut().take_events(MAX_BATCH) else { break };
        write(control, &Up::Trace { events, dropped }).await?;
    }
    let statuses = outbox.borrow_mut().take_statuses();
    match statuses {
        Some(statuses) => write(control, &Up::Status(statuses)).await,
        None => Ok(()),
    }
}
