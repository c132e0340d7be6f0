//! The runs of this lab: those under way, the last that ended, and those that are recorded.

mod meters;
pub(crate) mod recorded;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rumormill_core::Outcome;
use rumormill_core::plan::{Fault, Timed};
use rumormill_trace::{Meter, OpenError, RunFile};
use serde_json::Value;

use crate::past::{Past, asked};
use crate::run::{Hand, InjectError};
use crate::view::{RunLine, SharedView, State, View};
use meters::Meters;
use recorded::Recordings;

/// The most runs at once.
pub const RUNS_MAX: usize = 8;

/// The most ended runs that are kept in memory; of older ones there is what was recorded.
const ENDED_MAX: usize = 8;

/// There are as many runs as may be at once.
#[derive(Debug, thiserror::Error)]
#[error("{RUNS_MAX} runs are under way, and no more can be at once")]
pub(crate) struct Full;

/// The runs of this lab.
pub(crate) struct Bench {
    runs_dir: PathBuf,
    live: Mutex<Live>,
    recordings: Recordings,
    meters: Meters,
}

#[derive(Default)]
struct Live {
    count: u64,
    runs: BTreeMap<u64, Arc<LiveRun>>,
}

/// A run of this lab, under way or ended.
pub(crate) struct LiveRun {
    /// What it looks like.
    pub view: SharedView,
    /// What was asked and what was done by hand; `None` before it is known.
    file: Mutex<Option<RunFile>>,
    meter: Mutex<Meter>,
    stop: OnceLock<Box<dyn Fn() + Send + Sync>>,
    hand: OnceLock<Hand>,
    stop_asked: AtomicBool,
    /// Its end is still being written to disk.
    is_writing: AtomicBool,
}

/// A run by its id.
pub(crate) enum Found {
    /// One of this lab's own.
    Live(Arc<LiveRun>),
    /// A recording.
    Recorded(Arc<Past>),
}

impl Bench {
    /// The runs of a lab that records into this folder.
    pub fn new(runs_dir: PathBuf) -> Self {
        let recordings = Recordings::new(runs_dir.clone());
        Self { recordings, runs_dir, live: Mutex::default(), meters: Meters::default() }
    }

    /// Where runs are recorded.
    pub fn runs_dir(&self) -> &Path {
        &self.runs_dir
    }

    /// Numbers over time of recordings.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Makes room for a run that is about to start.
    ///
    /// # Errors
    /// When there are [`RUNS_MAX`].
    pub fn begin(&self, line: RunLine) -> Result<Arc<LiveRun>, Full> {
        let mut live = self.lock();
        if live.runs.values().filter(|run| !run.has_ended()).count() >= RUNS_MAX {
            return Err(Full);
        }
        live.forget_old();
        live.count += 1;
        let id = live.count;
        let run = Arc::new(LiveRun::new(RunLine { id: format!("r{id}"), live: true, state: State::Starting, ..line }));
        live.runs.insert(id, Arc::clone(&run));
        Ok(run)
    }

    /// The run of this id.
    ///
    /// # Errors
    /// When there is none, or its recording cannot be read.
    pub fn find(&self, id: &str) -> Result<Found, OpenError> {
        let number = id.strip_prefix('r').and_then(|number| number.parse().ok());
        if let Some(run) = number.and_then(|number: u64| self.lock().runs.get(&number).cloned()) {
            return Ok(Found::Live(run));
        }
        self.recordings.open(id).map(Found::Recorded)
    }

    /// All runs: this lab's own first, then the recorded ones, each newest first.
    pub fn list(&self) -> Vec<RunLine> {
        let live: Vec<Arc<LiveRun>> = self.lock().runs.values().rev().cloned().collect();
        let mut lines: Vec<RunLine> = live.iter().map(|run| run.view.lock().run().clone()).collect();
        let recorded = self.recordings.list();
        let is_live = |line: &RunLine| line.folder.is_some() && lines.iter().any(|live| live.folder == line.folder);
        let recorded: Vec<RunLine> = recorded.into_iter().filter(|line| !is_live(line)).collect();
        lines.extend(recorded);
        lines
    }

    /// The past of a run, as far as it is recorded; `None` when it is not.
    ///
    /// # Errors
    /// When its recording cannot be read.
    pub fn past(&self, found: &Found) -> Result<Option<Arc<Past>>, OpenError> {
        match found {
            Found::Recorded(past) => Ok(Some(Arc::clone(past))),
            Found::Live(run) => {
                let folder = run.view.lock().run().folder.clone();
                let name = folder.as_deref().and_then(|folder| Path::new(folder).file_name()?.to_str());
                name.map(|name| self.recordings.open(name)).transpose()
            }
        }
    }

    /// Forgets a run that has ended, and what is recorded of it.
    pub fn forget(&self, id: &str) {
        self.lock().runs.retain(|number, _| id.strip_prefix('r') != Some(number.to_string().as_str()));
        self.recordings.forget(id);
        self.meters.forget(id);
    }

    /// This lab's own runs: those under way, and the last that ended.
    pub fn own(&self) -> Vec<Arc<LiveRun>> {
        self.lock().runs.values().cloned().collect()
    }

    /// Asks every run to stop.
    pub fn stop_all(&self) {
        let live: Vec<Arc<LiveRun>> = self.lock().runs.values().cloned().collect();
        live.iter().filter(|run| !run.has_ended()).for_each(|run| run.stop());
        self.recordings.close();
    }

    /// Has every run ended, and is all of it on disk?
    pub fn is_idle(&self) -> bool {
        self.lock().runs.values().all(|run| run.has_ended() && !run.is_writing.load(Ordering::SeqCst))
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        // Whoever panicked left a map behind that is whole.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn forget_old(&mut self) {
        let ended: Vec<u64> = self.runs.iter().filter(|(_, run)| run.has_ended()).map(|(&number, _)| number).collect();
        let too_many = ended.len().saturating_sub(ENDED_MAX);
        ended.into_iter().take(too_many).for_each(|number| drop(self.runs.remove(&number)));
    }
}

impl LiveRun {
    fn new(line: RunLine) -> Self {
        let view = SharedView::new(View::new(line));
        let (stop_asked, is_writing) = (AtomicBool::new(false), AtomicBool::new(false));
        let meter = Mutex::default();
        Self {
            view,
            file: Mutex::default(),
            meter,
            stop: OnceLock::new(),
            hand: OnceLock::new(),
            stop_asked,
            is_writing,
        }
    }

    /// Its numbers over time.
    pub fn meter(&self) -> MutexGuard<'_, Meter> {
        // Whoever panicked left at worst one event half counted.
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is it over?
    pub fn has_ended(&self) -> bool {
        self.view.lock().run().state == State::Ended
    }

    /// Says how the run is meddled with.
    pub fn set_hand(&self, hand: Hand) {
        let _ = self.hand.set(hand);
    }

    /// Says how the run is stopped; at once when somebody has asked for it already.
    pub fn on_stop(&self, stop: impl Fn() + Send + Sync + 'static) {
        let _ = self.stop.set(Box::new(stop));
        if self.stop_asked.load(Ordering::SeqCst) {
            self.stop();
        }
    }

    /// Asks the run to stop; it ends a moment later.
    pub fn stop(&self) {
        self.stop_asked.store(true, Ordering::SeqCst);
        if let Some(stop) = self.stop.get() {
            stop();
        }
    }

    /// Does something to the run by hand; returns when that happened.
    ///
    /// # Errors
    /// When the run cannot have it, or is over.
    pub fn inject(&self, fault: Fault) -> Result<Timed, InjectError> {
        self.hand.get().ok_or(InjectError::Early)?.inject(fault)
    }

    /// What was asked of the run, with what was done by hand; `None` before it is known.
    pub fn file(&self) -> Option<RunFile> {
        self.lock_file().clone()
    }

    /// This is what was asked of it.
    pub fn set_file(&self, file: RunFile) {
        *self.lock_file() = Some(file);
    }

    /// Somebody did this by hand.
    pub fn planned(&self, timed: &Timed) {
        if let Some(file) = &mut *self.lock_file() {
            file.plan.faults.push(timed.clone());
            file.by_hand += 1;
        }
        let mut view = self.view.lock();
        view.add_fault(timed);
        view.set_run(|run| run.by_hand += 1);
    }

    fn lock_file(&self) -> MutexGuard<'_, Option<RunFile>> {
        // Whoever panicked left a whole file behind.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its end is being written to disk, or is written.
    pub fn set_writing(&self, is_writing: bool) {
        self.is_writing.store(is_writing, Ordering::SeqCst);
    }

    /// The run could not go on.
    pub fn fail(&self, why: impl Into<String>) {
        let why = why.into();
        self.view.lock().set_run(|run| {
            run.state = State::Ended;
            run.outcome = Some(Outcome::Failed);
            run.error = Some(why);
        });
    }
}

impl Found {
    /// What the run looks like.
    pub fn view(&self) -> &SharedView {
        match self {
            Self::Live(run) => &run.view,
            Self::Recorded(run) => &run.view,
        }
    }

    /// What was asked: parameters, plan and so on.
    pub fn asked(&self) -> Value {
        match self {
            Self::Live(run) => run.file().as_ref().map(asked).unwrap_or_default(),
            Self::Recorded(run) => run.asked(),
        }
    }
}
