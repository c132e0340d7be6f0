//! Starts the processes of a run, does to them what the plan says, gathers their trace and progress, and
//! ends them all together.
//!
//! Who runs where: peers that the plan crashes, pauses or lets join later, or that churn, have a process
//! of their own, so that a crash is a kill -9, a pause a SIGSTOP and a join a new process; the others share
//! processes, `peers_per_process` in each. When that would make more than [`MAX_LONE`] processes of
//! their own, and for faults by hand, peers of a shared process crash, freeze and boot inside it: a crash
//! drops the peer with all that it has not committed, though its links close with a goodbye.

mod child;
mod conductor;
mod control;
mod faults;
mod folder;
mod lives;
mod meter;
mod seats;
mod start;
mod tally;
mod timeline;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumormill_core::plan::{Fault, Plan};
use rumormill_core::trace::Event;
use rumormill_core::{Instant, Outcome, Parameters, Topology};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::IdentityError;
use crate::tracker::TrackerError;

pub use seats::{MAX_LONE, MAX_PROCESSES};

/// Batches of events that wait for [`Supervisor::next_events`], at most; what comes then is dropped and
/// counted.
const MAX_BATCHES: usize = 4_096;

/// Orders from outside that wait, at most.
const MAX_ORDERS: usize = 64;

/// A run of real processes, as asked for.
#[derive(Clone, Debug)]
pub struct Launchpad {
    /// The program to start for each process.
    pub binary: PathBuf,
    /// Its arguments; it must read an [`Assignment`](crate::Assignment) and call
    /// [`peer_main`](crate::peer_main).
    pub args: Vec<String>,
    /// The name of the protocol.
    pub protocol: String,
    /// The run's parameters.
    pub parameters: Parameters,
    /// The run's seed.
    pub seed: u64,
    /// How many peers take part.
    pub peers: u32,
    /// How many peers share a process.
    pub peers_per_process: u32,
    /// Who knows whom.
    pub topology: Topology,
    /// Network and faults.
    pub plan: Plan,
    /// The run's folder: keys and disks of the peers are kept in `peers/` under it. Without, they live in a
    /// temporary folder that is removed at the end.
    pub folder: Option<PathBuf>,
    /// How long the run may take, once all peers have started.
    pub time_limit: Duration,
    /// The run goes on until its time limit even when everybody is done; it is complete then.
    pub until_time_limit: bool,
    /// Send the trace to [`Supervisor::next_events`].
    pub recording: bool,
    /// Start a process again, from its disk, one second after somebody else has killed it.
    pub restart_killed: bool,
    /// Where sockets are opened. Loopback keeps everything on this machine.
    pub listen: IpAddr,
}

impl Launchpad {
    /// A run of this protocol with all else as usual: `peer` as the only argument, one peer a process,
    /// everybody knows everybody, nothing goes wrong, a minute.
    #[must_use]
    pub fn new(binary: PathBuf, protocol: &str, parameters: Parameters, peers: u32) -> Self {
        Self {
            binary,
            args: vec!["peer".into()],
            protocol: protocol.into(),
            parameters,
            seed: 0,
            peers,
            peers_per_process: 1,
            topology: Topology::Full,
            plan: Plan::default(),
            folder: None,
            time_limit: Duration::from_secs(60),
            until_time_limit: false,
            recording: true,
            restart_killed: true,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nobody to run.
    #[error("0 peers: a run needs at least 1")]
    NoPeers,
    /// More processes than one machine should have.
    #[error(
        "{peers} peers with {peers_per_process} in each process make {processes} processes, and at most {MAX_PROCESSES} \
         are allowed; put more peers in each process, or run this in the simulator"
    )]
    TooMany {
        /// Peers asked for.
        peers: u32,
        /// Peers in each process.
        peers_per_process: u32,
        /// Processes that this makes.
        processes: usize,
    },
    /// The peers' folder cannot be made.
    #[error("cannot write to {}: {source}; choose another folder for runs", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A peer's key cannot be made.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No socket can be opened.
    #[error("cannot open a socket on {listen}: {source}")]
    Bind {
        /// The address asked for.
        listen: IpAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// The tracker cannot be started.
    #[error(transparent)]
    Tracker(#[from] TrackerError),
    /// No thread can be started to start the processes from.
    #[error("cannot start a thread: {0}; are there too many processes on this machine?")]
    Thread(io::Error),
    /// The program cannot be started.
    #[error("cannot start {}: {source}; is it there, and may this user start so many processes?", binary.display())]
    Spawn {
        /// The program.
        binary: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A process ended before all peers had started.
    #[error("the process of {peers} ended at its start ({how}){}", last_words(stderr))]
    Died {
        /// Its peers.
        peers: String,
        /// Exit code or signal.
        how: String,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// Not all peers had started in time.
    #[error(
        "only {ready} of {processes} processes were ready after {seconds} s; fewer peers, or more in each process?"
    )]
    Slow {
        /// Processes whose peers were ready.
        ready: usize,
        /// All processes.
        processes: usize,
        /// How long was waited.
        seconds: u64,
    },
    /// It was stopped before all peers had started.
    #[error("stopped before all peers had started")]
    Stopped,
}

fn last_words(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; its last words:\n{stderr}") }
}

/// What a run's peers have sent and received, all lives of all peers together. A life that was killed
/// counts as far as it had reported, which is at most 20 ms before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// Messages that protocols asked to be sent.
    pub sent: u64,
    /// Messages that protocols were given.
    pub delivered: u64,
    /// Messages known to be lost.
    pub dropped: u64,
    /// Bytes of the bodies of those sent.
    pub bytes: u64,
}

/// How far a target is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetReport {
    /// Peers that have met it.
    pub met: u32,
    /// Peers that have it.
    pub peers: u32,
}

/// How a run went, or goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NetReport {
    /// How it ended; `None` while it goes on.
    pub outcome: Option<Outcome>,
    /// Why it failed.
    pub error: Option<String>,
    /// From the moment when all peers had started.
    pub wall: Duration,
    /// Messages, timers, boots and requests that protocols worked off.
    pub events: u64,
    /// Messages.
    pub messages: Messages,
    /// Targets by name.
    pub targets: BTreeMap<String, TargetReport>,
    /// Peers that live, or lived when the run ended: they boot or have booted, and have not crashed since.
    pub up: u32,
    /// Peers that are done.
    pub done: u32,
    /// Events that were dropped because somebody did not keep up with the trace.
    pub trace_dropped: u64,
    /// Times that a peer was disconnected because it sent what no correct peer sends.
    pub bad_frames: u64,
    /// All processes there were.
    pub pids: Vec<u32>,
    /// Processes that were started again because somebody had killed them.
    pub restarts: u32,
}

/// A run of real processes. Dropping it kills them all.
#[derive(Debug)]
pub struct Supervisor {
    remote: Remote,
    events: mpsc::Receiver<Vec<Event>>,
    conductor: JoinHandle<()>,
    report: watch::Receiver<Option<NetReport>>,
}

/// For asking about a run and meddling with it, from anywhere.
#[derive(Clone, Debug)]
pub struct Remote {
    orders: mpsc::Sender<Order>,
    board: Arc<Board>,
}

/// What anybody may read about a run.
#[derive(Debug)]
struct Board {
    /// Living processes: (process id, its peers).
    processes: Mutex<Vec<(u32, Vec<u32>)>>,
    report: Mutex<NetReport>,
    trace_dropped: AtomicU64,
}

/// What is asked from outside.
#[derive(Debug)]
enum Order {
    /// With whom to tell when it was carried out.
    Inject(Fault, oneshot::Sender<Instant>),
    Request {
        peerid: u32,
        text: String,
    },
    Stop,
}

impl Supervisor {
    /// Starts the processes and returns when all peers that boot at the start have met and the run's clock
    /// runs. When this future is dropped, all processes are killed. Must run within a tokio runtime.
    ///
    /// # Errors
    /// When something cannot be made or opened, a process ends at once, or they take too long.
    pub async fn start(launchpad: Launchpad) -> Result<Self, StartError> {
        let (orders, inbox) = mpsc::channel(MAX_ORDERS);
        let (sink, events) = mpsc::channel(MAX_BATCHES);
        let (tell, report) = watch::channel(None);
        let board = Arc::new(Board::default());
        let remote = Remote { orders, board: Arc::clone(&board) };
        let conductor = conductor::Conductor::start(launchpad, board, inbox, sink).await?;
        let conductor = tokio::spawn(async move {
            let report = conductor.run().await;
            tell.send_replace(Some(report));
        });
        Ok(Self { remote, events, conductor, report })
    }

    /// The next events of the run, some at a time: in order within each peer, peers already as numbers.
    /// `None` when the run is over and all have been handed out.
    pub async fn next_events(&mut self) -> Option<Vec<Event>> {
        self.events.recv().await
    }

    /// For asking and meddling while somebody else waits for events.
    #[must_use]
    pub fn remote(&self) -> Remote {
        self.remote.clone()
    }

    /// The process ids of the living processes.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.remote.pids()
    }

    /// Does something to the run by hand, now: see [`Remote::inject`].
    pub async fn inject(&self, fault: Fault) -> Option<Instant> {
        self.remote.inject(fault).await
    }

    /// Stops the run; [`Supervisor::wait`] says when it is over.
    pub async fn stop(&self) {
        self.remote.stop().await;
    }

    /// Waits for the end of the run. No process is left then. May be asked again.
    pub async fn wait(&mut self) -> NetReport {
        if let Ok(report) = self.report.wait_for(Option::is_some).await
            && let Some(report) = report.clone()
        {
            return report;
        }
        // The conductor is gone without a report: it panicked.
        let mut report = self.remote.report();
        report.outcome = Some(Outcome::Failed);
        report.error = Some("the run's conductor ended without a report".into());
        report
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // The conductor owns the processes, which are killed as it is dropped.
        self.conductor.abort();
    }
}

impl Remote {
    /// Does something to the run by hand, now. Returns when that was, as its event in the trace says; `None`
    /// when the run is over.
    pub async fn inject(&self, fault: Fault) -> Option<Instant> {
        let (answer, happened) = oneshot::channel();
        self.orders.send(Order::Inject(fault, answer)).await.ok()?;
        happened.await.ok()
    }

    /// Makes a person's request of one peer's protocol: see [`rumormill_core::Launch::request`].
    pub async fn request(&self, peerid: u32, text: String) {
        let _ = self.orders.send(Order::Request { peerid, text }).await;
    }

    /// Stops the run.
    pub async fn stop(&self) {
        let _ = self.orders.send(Order::Stop).await;
    }

    /// The process ids of the living processes.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.processes().into_iter().map(|(pid, _)| pid).collect()
    }

    /// The living processes: process id, and the peers in it.
    #[must_use]
    pub fn processes(&self) -> Vec<(u32, Vec<u32>)> {
        lock(&self.board.processes).clone()
    }

    /// How the run goes, as of at most 100 ms ago.
    #[must_use]
    pub fn report(&self) -> NetReport {
        lock(&self.board.report).clone()
    }
}

impl Default for Board {
    fn default() -> Self {
        let report = NetReport {
            outcome: None,
            error: None,
            wall: Duration::ZERO,
            events: 0,
            messages: Messages::default(),
            targets: BTreeMap::new(),
            up: 0,
            done: 0,
            trace_dropped: 0,
            bad_frames: 0,
            pids: Vec::new(),
            restarts: 0,
        };
        Self { processes: Mutex::default(), report: Mutex::new(report), trace_dropped: AtomicU64::default() }
    }
}

/// A panic elsewhere does not make plain numbers wrong.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
