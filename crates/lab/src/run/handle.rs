//! A run that goes on: what others can do to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rumormill_core::plan::Fault;
use rumormill_trace::RunFile;

use super::Progress;

/// A run that goes on. Dropping it leaves the run alone; [`RunHandle::wait`] waits for its end.
#[derive(Debug)]
pub struct RunHandle {
    pub(super) control: Arc<Control>,
    pub(super) thread: JoinHandle<RunFile>,
    pub(super) file: RunFile,
    pub(super) folder: Option<PathBuf>,
}

impl RunHandle {
    /// Asks the run to end soon, with the outcome `stopped`. It may end otherwise before it hears.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// What can be handed to others who may stop it, such as a handler of Ctrl-C.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let control = Arc::clone(&self.control);
        move || control.stop()
    }

    /// Lets something go wrong now. The run's digest is then no longer that of its seed.
    pub fn inject(&self, fault: Fault) {
        self.control.lock().faults.push(fault);
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.control.lock().progress.clone()
    }

    /// What stands in its file as it started: the name, what was asked, what it resolved to.
    #[must_use]
    pub fn file(&self) -> &RunFile {
        &self.file
    }

    /// Where it is recorded, if it is.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Has it ended? Then [`RunHandle::wait`] does not wait.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for its end: all its processes are gone and its recording is complete.
    #[must_use]
    pub fn wait(self) -> RunFile {
        let file = self.file;
        self.thread.join().unwrap_or_else(|_| super::failed(file, "the run's thread died".into()))
    }
}

/// What a run and its handle share.
#[derive(Debug, Default)]
pub(super) struct Control {
    wishes: Mutex<Wishes>,
    heard: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) stop: bool,
    pub(super) faults: Vec<Fault>,
    pub(super) progress: Progress,
}

impl Control {
    pub(super) fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().stop = true;
        self.heard.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stop
    }

    pub(super) fn take_faults(&self) -> Vec<Fault> {
        std::mem::take(&mut self.lock().faults)
    }

    /// Sleeps, unless it is asked to stop first.
    pub(super) fn sleep(&self, span: Duration) {
        let wishes = self.lock();
        // Woken early or late, the caller looks at its clock again.
        drop(self.heard.wait_timeout_while(wishes, span, |wishes| !wishes.stop));
    }
}
