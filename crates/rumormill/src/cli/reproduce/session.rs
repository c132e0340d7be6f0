//! The runs of a reproduction: on all processors, with a bar when they take long, and ended by Ctrl-C.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use rumormill_core::Outcome;
use rumormill_core::trace::{Event, Sink};
use rumormill_lab::experiment::Experiment;
use rumormill_lab::run::{Observer, Order, Resolved, Workbench};
use rumormill_trace::RunFile;

use crate::cli::bar::Bar;
use crate::cli::interrupt::Interrupt;
use crate::cli::say;

/// Why a reproduction has no findings.
pub(crate) enum Halt {
    /// A person stopped it.
    Interrupted,
    /// A run did not go to its end.
    Broken(anyhow::Error),
}

/// What a reproduction may use.
pub(crate) struct Session<'a> {
    workbench: &'a Workbench,
    /// The seed of every run.
    pub(crate) seed: u64,
    /// Are fewer and shorter runs wanted?
    pub(crate) quick: bool,
    interrupt: Interrupt,
    bar: Bar,
}

impl<'a> Session<'a> {
    pub(crate) fn new(workbench: &'a Workbench, seed: u64, quick: bool) -> Self {
        Self { workbench, seed, quick, interrupt: Interrupt::listen(), bar: Bar::new() }
    }

    /// Runs an experiment as often as ordered, in the simulator and with the session's seed, or one as many after it as
    /// the order's is after 1. Each run is told to a sink of its own; they come back in the order of the runs, however
    /// many of them went on at once.
    pub(crate) fn measure<S: Sink + Send + 'static>(
        &self,
        experiment: &Experiment,
        runs: Vec<(Order, S)>,
    ) -> Result<Vec<S>, Halt> {
        let total = runs.len() as u64;
        let (queue, done) = (Mutex::new(runs.into_iter().enumerate()), Mutex::new(Vec::new()));
        let work = || {
            while !self.interrupt.is_asked() {
                let Some((place, (order, sink))) = lock(&queue).next() else { return };
                let measured = self.one(experiment, order, sink);
                let mut done = lock(&done);
                done.push((place, measured));
                self.bar.set(done.len() as u64, total, || format!("{} of {}", done.len(), say::plural(total, "run")));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
        std::thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        self.bar.clear();
        if self.interrupt.is_asked() {
            return Err(Halt::Interrupted);
        }
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, measured)| measured.map_err(Halt::Broken)).collect()
    }

    fn one<S: Sink + Send + 'static>(&self, experiment: &Experiment, order: Order, sink: S) -> anyhow::Result<S> {
        // Orders have seed 1, and those that differ in nothing else the next ones.
        let seed = self.seed.wrapping_add(order.seed.wrapping_sub(1));
        let order = Order { seed, record: None, threads: 1, ..order };
        let resolved = Resolved::of(experiment.clone(), order, &self.workbench.registry)?;
        let (back, sinks) = channel();
        let handle = self.workbench.start(resolved, Box::new(Watch { sink: Some(sink), back }))?;
        self.interrupt.tell(handle.stopper());
        let file = handle.wait();
        match (file.outcome, file.error) {
            (Some(Outcome::Completed), None) => {}
            (outcome, error) => {
                let outcome = outcome.unwrap_or(Outcome::Failed);
                return Err(anyhow!("a run of {} ended as {outcome}: {}", file.experiment, error.unwrap_or_default()));
            }
        }
        sinks.recv().map_err(|_| anyhow!("a run of {} ended without a word", file.experiment))
    }
}

/// Tells a sink what happens, and gives it back at the end.
struct Watch<S> {
    sink: Option<S>,
    back: Sender<S>,
}

impl<S: Sink + Send> Observer for Watch<S> {
    fn wants_events(&self) -> bool {
        true
    }

    fn event(&mut self, event: &Event) {
        if let Some(sink) = &mut self.sink {
            sink.event(event);
        }
    }

    fn ended(&mut self, _: &RunFile) {
        // Nobody waits for it when the run could not even start.
        let _ = self.sink.take().map(|sink| self.back.send(sink));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
