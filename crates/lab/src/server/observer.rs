//! Shows a run that goes on: its events and its progress go into its view.

use std::sync::Arc;

use rumormill_core::Instant;
use rumormill_core::plan::Timed;
use rumormill_core::trace::{Event, Sink};
use rumormill_trace::RunFile;

use crate::bench::LiveRun;
use crate::run::{Observer, Progress};
use crate::view::State;

/// Shows a run that goes on.
pub(super) struct Show {
    run: Arc<LiveRun>,
}

impl Show {
    pub fn new(run: Arc<LiveRun>) -> Self {
        Self { run }
    }
}

impl Observer for Show {
    fn wants_events(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event) {
        self.run.meter().add(event);
        self.run.view.lock().event(event);
    }

    fn planned(&mut self, timed: &Timed) {
        self.run.planned(timed);
    }

    fn clock(&mut self, now: Instant, progress: &Progress) {
        let mut view = self.run.view.lock();
        view.set_clock(now);
        view.set_run(|line| {
            // What the trace tells first (messages, targets) the view counts itself.
            line.state = State::Running;
            line.wall_seconds = progress.wall_seconds;
            line.events = progress.events;
            line.trace_dropped = progress.trace_dropped;
            line.pids.clone_from(&progress.pids);
        });
    }

    fn ended(&mut self, file: &RunFile) {
        self.run.view.lock().set_run(|line| line.end(file));
    }
}
