//! A run that goes on: what others can do to it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rumormill_core::plan::{Fault, Timed};
use rumormill_sim::{Settings, SettingsError};
use rumormill_trace::RunFile;

use super::{Mode, Progress, Resolved};

/// The longest that a run may take to carry out what is done by hand.
const HAND_TIME: Duration = Duration::from_secs(10);

/// The most faults by hand of a run: they are part of its plan, and that is kept in memory and in its file.
pub const BY_HAND_MAX: u32 = 10_000;

/// A run that goes on. Dropping it leaves the run alone; [`RunHandle::wait`] waits for its end.
#[derive(Debug)]
pub struct RunHandle {
    pub(super) control: Arc<Control>,
    pub(super) hand: Hand,
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

    /// What can be handed to others who may meddle with it, such as a page.
    #[must_use]
    pub fn hand(&self) -> Hand {
        self.hand.clone()
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

/// Meddles with a run that goes on, from any thread.
#[derive(Clone, Debug)]
pub struct Hand {
    control: Arc<Control>,
    settings: Arc<Settings>,
    mode: Mode,
}

/// Why nothing was done to a run by hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InjectError {
    /// It has not begun.
    #[error("the run has not begun yet")]
    Early,
    /// It is over, or was before it heard.
    #[error("the run is over")]
    Over,
    /// It takes too long.
    #[error("the run did not answer within {} s", HAND_TIME.as_secs())]
    Late,
    /// There was too much of it.
    #[error("{BY_HAND_MAX} things were done by hand to this run, and no more can be")]
    Full,
    /// What is asked for is wrong.
    #[error("{field}: {why}")]
    Wrong {
        /// Which part of the fault, for example `fault.peers`.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// Real peers cannot do it.
    #[error("real peers cannot change parameters while they run")]
    Fixed,
}

impl InjectError {
    /// What the simulator says of a fault.
    pub(super) fn of(error: &SettingsError) -> Self {
        if *error == SettingsError::Ended {
            return Self::Over;
        }
        let said = error.to_string();
        let (field, why) = said.split_once(": ").unwrap_or(("fault", &said));
        Self::Wrong { field: field.replace("plan.faults[0]", "fault"), why: why.into() }
    }
}

impl Hand {
    pub(super) fn new(control: &Arc<Control>, resolved: &Resolved) -> Self {
        let mut settings = resolved.settings();
        settings.plan.faults.clear();
        Self { control: Arc::clone(control), settings: Arc::new(settings), mode: resolved.order.mode }
    }

    /// Asks the run to end soon.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Does this to the run, as soon as it can. Returns when that was: the fault is part of the run's plan
    /// then, and a simulation with this plan is the same run. Waits for the run: some hundredths of a second.
    ///
    /// # Errors
    /// When the run cannot have it, or is over.
    pub fn inject(&self, fault: Fault) -> Result<Timed, InjectError> {
        self.check(&fault)?;
        let answer = self.control.ask(fault)?;
        match answer.recv_timeout(HAND_TIME) {
            Ok(answer) => answer,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(InjectError::Late),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => Err(InjectError::Over),
        }
    }

    fn check(&self, fault: &Fault) -> Result<(), InjectError> {
        if self.mode == Mode::Processes && matches!(fault, Fault::Set { .. }) {
            return Err(InjectError::Fixed);
        }
        let mut settings = Settings::clone(&self.settings);
        settings.plan.faults.push(Timed { at: Duration::ZERO, fault: fault.clone() });
        settings.validate().map_err(|error| InjectError::of(&error))
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
    pub(super) faults: Vec<Wish>,
    /// How many there were, these included.
    by_hand: u32,
    is_over: bool,
    pub(super) progress: Progress,
}

/// A fault by hand that the run has not heard of yet.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) fault: Fault,
    /// Who wished it waits here.
    pub(super) answer: Sender<Result<Timed, InjectError>>,
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

    fn ask(&self, fault: Fault) -> Result<Receiver<Result<Timed, InjectError>>, InjectError> {
        let (answer, receiver) = channel();
        let mut wishes = self.lock();
        if wishes.is_over {
            return Err(InjectError::Over);
        }
        if wishes.by_hand == BY_HAND_MAX {
            return Err(InjectError::Full);
        }
        wishes.by_hand += 1;
        wishes.faults.push(Wish { fault, answer });
        drop(wishes);
        self.heard.notify_all();
        Ok(receiver)
    }

    pub(super) fn take_faults(&self) -> Vec<Wish> {
        std::mem::take(&mut self.lock().faults)
    }

    /// The run is over: nobody hears wishes any more.
    pub(super) fn close(&self) {
        let mut wishes = self.lock();
        wishes.is_over = true;
        wishes.faults.clear();
    }

    /// Sleeps, unless it is asked for something first.
    pub(super) fn sleep(&self, span: Duration) {
        let wishes = self.lock();
        // Woken early or late, the caller looks at its clock again.
        let sleeps = |wishes: &mut Wishes| !wishes.stop && wishes.faults.is_empty();
        drop(self.heard.wait_timeout_while(wishes, span, sleeps));
    }
}
