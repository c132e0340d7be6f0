//! Work that takes a while and that pages look in on: exploring many seeds, sweeping a parameter.
//!
//! A job has a thread of its own, on which it works as the command line would. It is told to stop by a
//! flag; its state is looked at under a lock that is held for moments only.

pub(crate) mod explore;
pub(crate) mod sweep;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Serialize;

use explore::Exploring;
use sweep::Sweeping;

/// The most jobs at work at once. A further one is refused.
pub(crate) const LIVE_MAX: usize = 4;

/// The most jobs that are remembered; the oldest that has ended is forgotten.
pub(crate) const KEPT_MAX: usize = 16;

/// There are as many jobs as may be at once.
#[derive(Debug, thiserror::Error)]
#[error("{LIVE_MAX} jobs are at work, and no more can be at once")]
pub(crate) struct Full;

/// The jobs of a lab.
#[derive(Default)]
pub(crate) struct Jobs {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    count: u64,
    jobs: BTreeMap<u64, Arc<Job>>,
}

/// A job, at work or over.
pub(crate) struct Job {
    id: String,
    experiment: String,
    started: String,
    cancel: AtomicBool,
    standing: Mutex<Standing>,
    /// What it is about.
    pub(crate) work: Work,
}

/// How a job stands.
struct Standing {
    state: State,
    error: Option<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// At work.
    Running,
    /// It came to its end.
    Ended,
    /// A person stopped it, or it could not go on.
    Stopped,
}

/// What a job is about.
pub(crate) enum Work {
    /// Many seeds.
    Explore(Exploring),
    /// One parameter over several values.
    Sweep(Sweeping),
}

/// A job in the list of jobs.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    job: String,
    kind: &'static str,
    experiment: String,
    started: String,
    state: State,
    /// Runs done.
    done: u64,
    /// Runs asked for.
    total: u64,
}

impl Jobs {
    /// Starts a job of this experiment on a thread of its own, which does `go`; what that returns is why it
    /// could not go on.
    ///
    /// # Errors
    /// When there are [`LIVE_MAX`] at work.
    pub(crate) fn start(
        &self,
        experiment: String,
        work: Work,
        go: impl FnOnce(&Job) -> Result<(), String> + Send + 'static,
    ) -> Result<Arc<Job>, Full> {
        let job = {
            let mut known = self.lock();
            if known.jobs.values().filter(|job| job.state() == State::Running).count() >= LIVE_MAX {
                return Err(Full);
            }
            known.forget_old();
            known.count += 1;
            let count = known.count;
            let job = Arc::new(Job::new(count, experiment, work));
            known.jobs.insert(count, Arc::clone(&job));
            job
        };
        let worker = Arc::clone(&job);
        let thread = std::thread::Builder::new().name(format!("job {}", job.id));
        let started = thread.spawn(move || {
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| go(&worker)));
            worker.end(done.unwrap_or_else(|_| Err("the lab is at fault: the job panicked".into())));
        });
        if let Err(error) = started {
            job.end(Err(format!("no thread for the job: {error}")));
        }
        Ok(job)
    }

    /// The job of this id.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Job>> {
        let number: u64 = id.strip_prefix('j')?.parse().ok()?;
        self.lock().jobs.get(&number).cloned()
    }

    /// All of them, newest first.
    pub(crate) fn list(&self) -> Vec<Line> {
        self.lock().jobs.values().rev().map(|job| job.line()).collect()
    }

    /// Tells all of them to stop.
    pub(crate) fn stop_all(&self) {
        self.lock().jobs.values().for_each(|job| job.stop());
    }

    /// Is none at work?
    pub(crate) fn is_idle(&self) -> bool {
        self.lock().jobs.values().all(|job| job.state() != State::Running)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Makes room for one more.
    fn forget_old(&mut self) {
        let over: Vec<u64> =
            self.jobs.iter().filter(|(_, job)| job.state() != State::Running).map(|(&number, _)| number).collect();
        let too_many = (self.jobs.len() + 1).saturating_sub(KEPT_MAX);
        over.into_iter().take(too_many).for_each(|number| drop(self.jobs.remove(&number)));
    }
}

impl Job {
    fn new(number: u64, experiment: String, work: Work) -> Self {
        Self {
            id: format!("j{number}"),
            experiment,
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            cancel: AtomicBool::new(false),
            standing: Mutex::new(Standing { state: State::Running, error: None }),
            work,
        }
    }

    /// Its name in addresses.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Name of the experiment.
    pub(crate) fn experiment(&self) -> &str {
        &self.experiment
    }

    /// How far it is.
    pub(crate) fn state(&self) -> State {
        self.standing().state
    }

    /// Why it could not go on.
    pub(crate) fn error(&self) -> Option<String> {
        self.standing().error.clone()
    }

    /// Tells it to stop; it does so a moment later.
    pub(crate) fn stop(&self) {
        self.cancel.store(true, Ordering::SeqCst);
    }

    /// Set when it was told to stop.
    pub(crate) fn cancel(&self) -> &AtomicBool {
        &self.cancel
    }

    fn end(&self, done: Result<(), String>) {
        let is_whole = done.is_ok() && !self.cancel.load(Ordering::SeqCst);
        let mut standing = self.standing();
        standing.state = if is_whole { State::Ended } else { State::Stopped };
        standing.error = done.err();
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> Line {
        let (kind, (done, total)) = match &self.work {
            Work::Explore(exploring) => ("explore", exploring.progress()),
            Work::Sweep(sweeping) => ("sweep", sweeping.progress()),
        };
        Line {
            job: self.id.clone(),
            kind,
            experiment: self.experiment.clone(),
            started: self.started.clone(),
            state: self.state(),
            done,
            total,
        }
    }
}

/// Threads for a job: one is left for the lab and its pages.
pub(crate) fn threads() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(u32::MAX).saturating_sub(1).max(1)
}
