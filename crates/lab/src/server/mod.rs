//! The lab's server: the page, its API, and the WebSockets on which it watches runs. Loopback only.

mod access;
mod assets;
mod branch;
mod chart;
mod compare;
mod error;
mod explore;
mod faults;
mod gallery;
mod headers;
mod history;
mod link;
mod live;
mod log;
mod metrics;
mod observer;
mod prometheus;
mod routes;
mod runs;
mod save;
mod search;
mod spacetime;
mod start;
mod state;
mod stores;
mod sweep;
mod timeline;
mod tree;
mod wish;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use access::Access;

use crate::bench::Bench;
use crate::jobs::Jobs;
use crate::reporter::Reporter;
use crate::run::{Order, Workbench};

pub use start::{LabStartError, RunsFull};
pub use stores::{
    AnnounceError, Announcement, RunningStore, StoreAddress, StoreAddressError, StoreOptions, announcements,
    fuzz_announcement, running as running_stores,
};

/// How long runs and pages get to end when the lab does.
const GOODBYE_TIME: Duration = Duration::from_secs(15);

/// How many checks, searches in recordings and the like are worked on at once.
const DESKS: usize = 4;

/// What a lab serves, and where.
#[derive(Clone)]
pub struct LabOptions {
    /// Where pages connect; loopback. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where programs report over the line protocol, if they may; loopback.
    pub reporter: Option<SocketAddr>,
    /// The folder that runs are recorded in. It need not exist.
    pub runs_dir: PathBuf,
    /// The experiments and protocols, and how to start peers.
    pub workbench: Workbench,
    /// Where it looks for stores of real servers.
    pub stores: StoreOptions,
}

/// Why a lab does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address can be reached from other machines.
    #[error(
        "{address} can be reached from other machines, and whoever reaches the lab can start programs; \
         listen on loopback, for example {option} 127.0.0.1:{}, and reach it from elsewhere through ssh -L",
        address.port()
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
        /// The option that named it.
        option: &'static str,
    },
    /// Another program listens there.
    #[error(
        "port {} is taken, probably by a lab that still runs: open its page or end it, \
         or choose another port ({option} 127.0.0.1:0 takes any free one)",
        address.port()
    )]
    Taken {
        /// The address.
        address: SocketAddr,
        /// The option that named it.
        option: &'static str,
    },
    /// The system does not let it listen there.
    #[error("cannot listen on {address}: {source}; choose another port ({option} 127.0.0.1:0 takes any free one)")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that named it.
        option: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no randomness for the token.
    #[error("no randomness for the page's token: {0}")]
    Token(getrandom::Error),
}

/// What all requests share.
pub(crate) struct Lab {
    access: Arc<Access>,
    bench: Arc<Bench>,
    jobs: Jobs,
    workbench: Workbench,
    is_closing: watch::Sender<bool>,
    /// Room for pages.
    pages: Arc<Semaphore>,
    /// Room for work that takes a processor or a disk for a while.
    desks: Semaphore,
    /// What was asked lately about recordings.
    history: history::History,
    /// Simulations that somebody looks into.
    rewinds: crate::rewind::Rewinds,
    /// Stores of real servers on this machine.
    stores: stores::Stores,
}

impl Lab {
    /// Does something that takes a while, on a thread that nobody else waits for.
    async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, error::ApiError> {
        let lab = Arc::clone(self);
        let _desk = self.desks.acquire().await;
        let done = tokio::task::spawn_blocking(move || work(&lab)).await;
        done.map_err(|panic| error::ApiError::internal(format!("the lab is at fault: {panic}")))
    }
}

/// A lab that serves. [`Serving::stop`] ends it in good order; dropping it ends it at once.
pub struct Serving {
    listen: SocketAddr,
    lab: Arc<Lab>,
    reporter: Option<Reporter>,
    task: JoinHandle<io::Result<()>>,
}

/// Serves a lab until it is stopped.
///
/// # Errors
/// When an address is not loopback, is taken, or cannot be listened on.
pub async fn serve(options: LabOptions) -> Result<Serving, ServeError> {
    let listener = listen(options.listen, "--listen").await?;
    let address = listener.local_addr().unwrap_or(options.listen);
    let bench = Arc::new(Bench::new(options.runs_dir));
    let reporter = match options.reporter {
        Some(address) => {
            let listener = listen(address, "--reporter").await?;
            let started = Reporter::start(listener, Arc::clone(&bench), true);
            Some(started.map_err(|source| ServeError::Listen { address, option: "--reporter", source })?)
        }
        None => None,
    };
    let lab = Arc::new(Lab {
        access: Arc::new(Access::new(address).map_err(ServeError::Token)?),
        bench,
        jobs: Jobs::default(),
        workbench: options.workbench,
        is_closing: watch::Sender::new(false),
        pages: Arc::new(Semaphore::new(live::PAGES_MAX)),
        desks: Semaphore::new(DESKS),
        history: history::History::default(),
        rewinds: crate::rewind::Rewinds::default(),
        stores: stores::Stores::new(options.stores),
    });
    prometheus::begin();
    let mut closing = lab.is_closing.subscribe();
    let server = axum::serve(listener, routes::routes(Arc::clone(&lab)));
    let server = server.with_graceful_shutdown(async move { _ = closing.wait_for(|&closing| closing).await });
    let task = tokio::spawn(server.into_future());
    Ok(Serving { listen: address, lab, reporter, task })
}

impl Serving {
    /// Where it listens.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// What lets a request in.
    #[must_use]
    pub fn token(&self) -> &str {
        self.lab.access.token()
    }

    /// The address to open, with the token.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.listen, self.lab.access.token())
    }

    /// The address that shows this run at once.
    #[must_use]
    pub fn address_of(&self, run: &str) -> String {
        format!("{}#/run/{run}/graph", self.address())
    }

    /// The address that shows this store at once.
    #[must_use]
    pub fn address_of_store(&self, store: StoreAddress) -> String {
        format!("{}#/store/{store}", self.address())
    }

    /// Where programs report, if they may.
    #[must_use]
    pub fn reporter(&self) -> Option<SocketAddr> {
        self.reporter.as_ref().map(Reporter::address)
    }

    /// Starts a run, as the page does. Returns its id.
    ///
    /// # Errors
    /// When the order cannot run, or too many runs are under way.
    pub async fn start(&self, order: Order) -> Result<String, LabStartError> {
        let lab = Arc::clone(&self.lab);
        let started = tokio::task::spawn_blocking(move || start::start(&lab, order)).await;
        started.unwrap_or_else(|panic| Err(LabStartError::Panicked(panic.to_string())))
    }

    /// Stops all runs, says goodbye to all pages, and ends. Returns `false` when a run did not end in time.
    pub async fn stop(mut self) -> bool {
        self.lab.bench.stop_all();
        self.lab.jobs.stop_all();
        self.reporter = None;
        let deadline = tokio::time::Instant::now() + GOODBYE_TIME;
        let is_idle = |lab: &Lab| lab.bench.is_idle() && lab.jobs.is_idle();
        while !is_idle(&self.lab) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Pages saw how their runs ended; now they go.
        self.lab.is_closing.send_replace(true);
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.task).await;
        is_idle(&self.lab)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.lab.bench.stop_all();
        self.lab.jobs.stop_all();
        self.lab.is_closing.send_replace(true);
        self.task.abort();
    }
}

async fn listen(address: SocketAddr, option: &'static str) -> Result<TcpListener, ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback { address, option });
    }
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::Taken { address, option },
        _ => ServeError::Listen { address, option, source },
    })
}
