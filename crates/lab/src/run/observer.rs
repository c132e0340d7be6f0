//! Who watches a run: a progress bar, a page.

use std::collections::BTreeMap;

use rumormill_core::Instant;
use rumormill_core::plan::Timed;
use rumormill_core::trace::Event;
use rumormill_trace::{Messages, RunFile, Target};
use serde::Serialize;

/// Watches a run from the thread that runs it: what it does takes the run's time.
pub trait Observer: Send {
    /// Does this observer want to see events? Without, and without a recording, a simulation makes none
    /// and runs at full speed. Asked once, before the run starts.
    fn wants_events(&self) -> bool {
        false
    }

    /// Something happened.
    fn event(&mut self, event: &Event) {
        let _ = event;
    }

    /// Somebody did this to the run by hand; called before the events that come of it.
    fn planned(&mut self, timed: &Timed) {
        let _ = timed;
    }

    /// The run's clock went on, and this is how far it is. Called 10 to 50 times a second.
    fn clock(&mut self, now: Instant, progress: &Progress) {
        let _ = (now, progress);
    }

    /// The run ended; called once, last.
    fn ended(&mut self, run: &RunFile) {
        let _ = run;
    }
}

/// Nobody watches.
impl Observer for () {}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Progress {
    /// Seconds on the run's clock.
    pub virtual_seconds: f64,
    /// Seconds on the person's clock.
    pub wall_seconds: f64,
    /// Activations: boots, messages, timers.
    pub events: u64,
    /// Messages of all peers together.
    pub messages: Messages,
    /// Targets by name.
    pub targets: BTreeMap<String, Target>,
    /// Number of peers.
    pub peers: u32,
    /// Peers that are up.
    pub up: u32,
    /// Peers that are up and done.
    pub done: u32,
    /// Process ids of the peers, when there are processes.
    pub pids: Vec<u32>,
    /// Events that the peers' processes dropped before they reached this one.
    pub trace_dropped: u64,
}
