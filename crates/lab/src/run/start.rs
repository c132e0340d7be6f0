//! From an order that can run to a run that does, on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant as Wall;

use rumormill_core::plan::Timed;
use rumormill_core::trace::{Event, Sink};
use rumormill_core::{Instant, Outcome};
use rumormill_trace::{RecordError, Recorder, RunFile, State};

use super::handle::{Control, Hand};
use super::verdict::Bench;
use super::{Mode, Observer, Progress, Resolved, RunHandle, limits};
use crate::experiment::Problem;
use crate::registry::Runnable;

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The protocol is not in this workbench's registry, though it was in the one that resolved the order.
    #[error(transparent)]
    Protocol(#[from] Problem),
    /// The system gives no thread.
    #[error("no thread for the run: {0}")]
    Thread(#[source] std::io::Error),
}

/// Starts a run on a thread of its own.
pub(super) fn start(
    resolved: Resolved,
    protocol: Arc<dyn Runnable>,
    peer: super::PeerCommand,
    observer: Box<dyn Observer>,
) -> Result<RunHandle, StartError> {
    let mut file = resolved.run_file();
    file.checks = resolved.checks(&protocol.properties())?;
    let recorder = resolved.order.record.as_deref().map(|runs| Recorder::create(runs, file.clone())).transpose()?;
    if let Some(recorder) = &recorder {
        file = recorder.file().clone();
    }
    let folder = recorder.as_ref().map(|recorder| recorder.folder().to_path_buf());
    let control = Arc::new(Control::default());
    let hand = Hand::new(&control, &resolved);
    let run = Running {
        file: file.clone(),
        resolved,
        protocol,
        peer,
        control: Arc::clone(&control),
        wants_events: recorder.is_some() || observer.wants_events(),
        outlets: Outlets(Arc::new(Mutex::new(Out { recorder, observer, bench: None }))),
        began: Wall::now(),
    };
    let thread = std::thread::Builder::new().name(format!("run {}", file.experiment));
    let thread = thread.spawn(move || run.go()).map_err(StartError::Thread)?;
    Ok(RunHandle { control, hand, thread, file, folder })
}

/// A run on its thread.
pub(super) struct Running {
    pub(super) file: RunFile,
    pub(super) resolved: Resolved,
    pub(super) protocol: Arc<dyn Runnable>,
    pub(super) peer: super::PeerCommand,
    pub(super) control: Arc<Control>,
    pub(super) wants_events: bool,
    pub(super) outlets: Outlets,
    pub(super) began: Wall,
}

/// How a run ended: what goes into its file besides the progress.
#[derive(Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) digest: Option<String>,
    pub(super) error: Option<String>,
}

impl Running {
    /// Runs, and tells recorder and observer of the end, whatever happens in between.
    fn go(mut self) -> RunFile {
        let ran = catch_unwind(AssertUnwindSafe(|| match self.resolved.order.mode {
            Mode::Sim => self.simulate(),
            Mode::Processes => {
                self.call_judge();
                let end = self.run_processes();
                self.judged(end)
            }
        }));
        let end = ran.unwrap_or_else(|panic| {
            let why = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let error = format!("the protocol or the runtime panicked: {}", why.unwrap_or("without a reason"));
            End { outcome: Outcome::Failed, digest: None, error: Some(error) }
        });
        self.control.close();
        let file = self.ended(end);
        let out = &mut *self.outlets.lock();
        let file = match out.recorder.take() {
            None => file,
            Some(recorder) => recorder.finish(file.clone()).unwrap_or_else(|error| {
                let error = format!("{}the recording is not complete: {error}", prefix(&file));
                RunFile { error: Some(error), ..file }
            }),
        };
        out.observer.ended(&file);
        file
    }

    fn ended(&self, end: End) -> RunFile {
        let progress = self.control.lock().progress.clone();
        RunFile {
            state: State::Ended,
            outcome: Some(end.outcome),
            virtual_seconds: progress.virtual_seconds,
            wall_seconds: self.began.elapsed().as_secs_f64(),
            events: progress.events,
            messages: progress.messages,
            targets: progress.targets,
            digest: end.digest,
            pids: progress.pids,
            trace_dropped: progress.trace_dropped,
            peak_memory_bytes: limits::peak_memory_bytes(),
            error: end.error,
            ..self.file.clone()
        }
    }

    /// Something was done by hand: it is part of the run's plan from now on, also of what is recorded, and
    /// the observer knows before it sees the event.
    pub(super) fn note_fault(&mut self, timed: &Timed) {
        self.file.plan.faults.push(timed.clone());
        self.file.by_hand += 1;
        let out = &mut *self.outlets.lock();
        if let Some(recorder) = &mut out.recorder {
            recorder.describe(&self.file);
        }
        out.observer.planned(timed);
    }

    /// Tells handle and observer how far the run is.
    pub(super) fn publish(&self, now: Instant, progress: Progress) {
        self.outlets.lock().observer.clock(now, &progress);
        self.control.lock().progress = progress;
    }
}

fn prefix(file: &RunFile) -> String {
    file.error.as_ref().map(|error| format!("{error}; ")).unwrap_or_default()
}

/// Where the events of a run go. Locked for each event by the one thread that has them: nobody waits.
#[derive(Clone)]
pub(super) struct Outlets(Arc<Mutex<Out>>);

pub(super) struct Out {
    pub(super) recorder: Option<Recorder>,
    pub(super) observer: Box<dyn Observer>,
    /// Where properties are checked, of real peers.
    pub(super) bench: Option<Bench>,
}

impl Outlets {
    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    fn tell(&mut self, event: &Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.event(event);
        }
        self.observer.event(event);
    }
}

impl Sink for Outlets {
    fn event(&mut self, event: &Event) {
        let out = &mut *self.lock();
        out.tell(event);
        let violated = out.bench.as_mut().map(|bench| bench.read(event)).unwrap_or_default();
        violated.iter().for_each(|violated| out.tell(violated));
    }
}
