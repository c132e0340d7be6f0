//! The past of runs: a recording, read once into a view of its end with checkpoints on the way, from which
//! any moment is near.
//!
//! Positions are numbers of events in the order of their times. A run that is still being recorded is
//! followed; what it recorded is known here about a second later.
//!
//! Bounds: [`checkpoints`] for the memory of a recording, [`crate::bench::recorded`] for how many are open.

mod checkpoints;
mod drawn;
mod player;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rumormill_trace::{Run, RunFile};
use serde_json::{Value, json};

use crate::view::{RunLine, SharedView, View};
use checkpoints::Checkpoints;

pub(crate) use player::{Player, Target, Ticked};

/// A recording that somebody looks at.
pub(crate) struct Past {
    /// What the run looks like at the end of what has been read of it.
    pub view: SharedView,
    shared: Mutex<Shared>,
    is_closed: AtomicBool,
}

struct Shared {
    run: Run,
    checkpoints: Checkpoints,
}

impl Past {
    /// Opens a recording, and reads it in a thread of its own; pages can look meanwhile.
    pub fn open(run: Run) -> Arc<Self> {
        let past = Self::new(run);
        let reader = std::thread::Builder::new().name("reads a recording".into());
        let started = reader.spawn({
            let past = Arc::clone(&past);
            move || past.read()
        });
        if let Err(error) = started {
            past.view.lock().set_run(|run| run.error = Some(format!("no thread to read the recording: {error}")));
        }
        past
    }

    fn new(run: Run) -> Arc<Self> {
        let mut view = beginning(&run);
        view.begin_loading();
        let checkpoints = Checkpoints::new(run.len());
        Arc::new(Self {
            view: SharedView::new(view),
            shared: Mutex::new(Shared { run, checkpoints }),
            is_closed: AtomicBool::new(false),
        })
    }

    /// What was asked: parameters, plan and so on.
    pub fn asked(&self) -> Value {
        asked(self.lock().run.file())
    }

    /// The recording, as far as it is known to go.
    pub fn run(&self) -> Run {
        self.lock().run.clone()
    }

    /// Its reader, if it still reads, may stop.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// What the run looked like before its first event.
    fn beginning(&self) -> View {
        beginning(&self.lock().run)
    }

    /// More of the run is known.
    fn set_run(&self, run: Run) {
        let line = line(&run);
        let mut view = self.view.lock();
        view.set_plan(&run.file().plan);
        view.set_run(|known| match line.state {
            crate::view::State::Ended => *known = line,
            _ => known.by_hand = line.by_hand,
        });
        drop(view);
        self.lock().run = run;
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Whoever panicked left whole checkpoints behind.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was asked of a run, for the page.
pub(crate) fn asked(file: &RunFile) -> Value {
    json!({ "parameters": file.parameters, "plan": drawn::plan(file), "values": file.values })
}

fn line(run: &Run) -> RunLine {
    RunLine::recorded(run.file(), run.folder().display().to_string())
}

fn beginning(run: &Run) -> View {
    let mut view = View::new(line(run));
    view.set_plan(&run.file().plan);
    view
}
