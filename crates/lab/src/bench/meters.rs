//! Numbers over time of recordings, kept for those that somebody looked at last.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rumormill_trace::{Meter, OpenError, Run, State};

/// Recordings whose numbers are kept: at most some megabytes each.
const KEPT_MAX: usize = 8;

/// A recording that somebody else still writes is read again at the earliest after so many times as long as
/// reading it took.
const PATIENCE: u32 = 5;

/// And never sooner than that.
const FRESH: Duration = Duration::from_secs(1);

/// Numbers of recordings.
#[derive(Default)]
pub(crate) struct Meters {
    /// The one that was asked for last is the last.
    known: Mutex<VecDeque<Arc<Known>>>,
}

struct Known {
    name: String,
    /// Locked while it is read, so that two who ask at once read once.
    read: Mutex<Option<Read>>,
}

struct Read {
    meter: Meter,
    /// Events that the recording had.
    events: u64,
    is_ended: bool,
    when: Instant,
    took: Duration,
}

impl Read {
    fn new(run: &Run) -> Self {
        let when = Instant::now();
        let mut meter = Meter::of(run);
        let is_ended = run.file().state != State::Running;
        if is_ended {
            meter.close();
        }
        Self { meter, events: run.len(), is_ended, when, took: when.elapsed() }
    }

    /// Is it as good as reading the recording again?
    fn is_fresh(&self) -> bool {
        self.is_ended || self.when.elapsed() < self.took * PATIENCE + FRESH
    }
}

impl Meters {
    /// Does something with the numbers of this recording, which are read when they are not known. Takes a
    /// while then.
    ///
    /// # Errors
    /// When there is no such recording.
    pub fn with<T>(&self, runs: &Path, name: &str, work: impl FnOnce(&mut Meter) -> T) -> Result<T, OpenError> {
        let known = self.known(name);
        let mut read = known.read.lock().unwrap_or_else(PoisonError::into_inner);
        let good = match read.take() {
            Some(known) if known.is_fresh() => known,
            known => {
                let run = Run::named(name, runs)?;
                let is_same = |known: &Read| known.events == run.len() && run.file().state == State::Running;
                known.filter(is_same).unwrap_or_else(|| Read::new(&run))
            }
        };
        Ok(work(&mut read.insert(good).meter))
    }

    /// A recording is deleted, or another has got its name.
    pub fn forget(&self, name: &str) {
        self.lock().retain(|known| known.name != name);
    }

    fn known(&self, name: &str) -> Arc<Known> {
        let mut all = self.lock();
        let place = all.iter().position(|known| known.name == name);
        let known = place.and_then(|place| all.remove(place));
        let known = known.unwrap_or_else(|| Arc::new(Known { name: name.into(), read: Mutex::new(None) }));
        while all.len() >= KEPT_MAX {
            all.pop_front();
        }
        all.push_back(Arc::clone(&known));
        known
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
