//! Runs: from an order to a run in any mode, and to what came of it.
//!
//! An [`Order`] says what to run. [`Workbench::resolve`] fills it in and finds what is wrong with it,
//! [`Workbench::start`] starts it on a thread of its own, and an [`Observer`] watches.

mod branch;
mod explore;
mod handle;
mod in_time;
mod limits;
mod mode;
mod observer;
mod order;
mod processes;
mod recheck;
mod replay;
mod shrink;
mod simulate;
mod start;
mod sweep;
mod trial;
mod verdict;

use std::path::PathBuf;
use std::sync::Arc;

use rumormill_core::Outcome;
use rumormill_trace::{RunFile, State};

pub use branch::{Branched, Change};
pub use explore::{Failure, Found, Search, Size, Step, TRIES_MAX};
pub use handle::{BY_HAND_MAX, Hand, InjectError, RunHandle};
pub use limits::{PROCESSES_MAX, REAL_PEERS_MAX, peak_memory_bytes};
pub use mode::Mode;
pub use observer::{Observer, Progress};
pub use order::{Order, Resolved, Speed};
pub use recheck::Rechecked;
pub use replay::Replayed;
pub(crate) use replay::settings_of;
pub use start::StartError;
pub use sweep::{Measure, Point, RUNS_MAX, RunOfSweep, Sweep, Swept};

use crate::Registry;
use crate::experiment::{Gallery, Problem, Problems};

/// What it takes to run experiments: the experiments, the protocols, and the program that peers are.
#[derive(Clone)]
pub struct Workbench {
    /// Where experiments come from.
    pub gallery: Gallery,
    /// The protocols by name.
    pub registry: Registry,
    /// What starts a peer process.
    pub peer: PeerCommand,
}

/// The command that becomes a peer process: it reads its assignment from standard input.
#[derive(Clone, Debug)]
pub struct PeerCommand {
    /// The program.
    pub binary: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
}

impl PeerCommand {
    /// This very program with the argument `peer`.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    pub fn this_program() -> std::io::Result<Self> {
        Ok(Self { binary: std::env::current_exe()?, args: vec!["peer".into()] })
    }
}

impl Workbench {
    /// Fills in an order and finds out whether it can run.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn resolve(&self, order: Order) -> Result<Resolved, Problems> {
        Resolved::new(order, &self.gallery, &self.registry)
    }

    /// Starts a run on a thread of its own. What goes wrong later stands in the run's file.
    ///
    /// # Errors
    /// When it cannot be recorded where asked, or the system gives no thread; then nothing stays of it.
    pub fn start(&self, resolved: Resolved, observer: Box<dyn Observer>) -> Result<RunHandle, StartError> {
        let protocol = self.registry.get(&resolved.experiment.protocol).ok_or_else(|| {
            StartError::Protocol(Problem::new(format!("there is no protocol \"{}\"", resolved.experiment.protocol)))
        })?;
        start::start(resolved, Arc::clone(protocol), self.peer.clone(), observer)
    }
}

/// A run that ended because something broke.
fn failed(file: RunFile, error: String) -> RunFile {
    RunFile { state: State::Ended, outcome: Some(Outcome::Failed), error: Some(error), ..file }
}

#[cfg(test)]
mod tests;
