//! A run of programs that report, on the lab's bench: its clock, its view, its recording, its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant as Wall, SystemTime};

use rumormill_core::trace::{Event, Sink};
use rumormill_core::{Instant, Outcome};
use rumormill_trace::{Mode, RecordError, Recorder, RunFile};

use super::gathering::{Client, Gathering};
use super::parser::{Flaw, Record};
use crate::bench::{Bench, Full, LiveRun};
use crate::view::{RunLine, State};

/// What such runs are called.
const NAME: &str = "reporter";

/// Why a program's report starts no run.
#[derive(Debug, thiserror::Error)]
pub(super) enum MeetError {
    /// There are as many runs as may be at once.
    #[error(transparent)]
    Full(#[from] Full),
    /// It cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// The run is over: whoever comes now belongs to the next one.
#[derive(Debug)]
pub(super) struct Over;

/// One run of programs that report.
pub(super) struct Meeting {
    run: Arc<LiveRun>,
    began: Wall,
    inner: Mutex<Inner>,
    over: tokio::sync::watch::Sender<Option<Outcome>>,
}

struct Inner {
    gathering: Gathering,
    recorder: Option<Recorder>,
    is_over: bool,
}

impl Meeting {
    /// Begins a run, recorded if wanted. Writes files: not for a thread that others wait for.
    pub fn begin(bench: &Bench, is_recorded: bool) -> Result<Arc<Self>, MeetError> {
        let file = RunFile {
            experiment: NAME.into(),
            title: "Programs that report".into(),
            mode: Mode::Reporter,
            started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            ..RunFile::default()
        };
        let run =
            bench.begin(RunLine { folder: None, name: NAME.into(), ..RunLine::recorded(&file, String::new()) })?;
        let recorder = is_recorded.then(|| Recorder::create(bench.runs_dir(), file)).transpose();
        let recorder = recorder.inspect_err(|error| run.fail(error.to_string()))?;
        run.view.lock().set_run(|line| {
            line.state = State::Running;
            if let Some(recorder) = &recorder {
                line.folder = Some(recorder.folder().display().to_string());
                line.name.clone_from(&recorder.file().name);
            }
        });
        let inner = Mutex::new(Inner { gathering: Gathering::default(), recorder, is_over: false });
        let over = tokio::sync::watch::Sender::new(None);
        let meeting = Arc::new(Self { run, began: Wall::now(), inner, over });
        let stopped = Arc::downgrade(&meeting);
        meeting.run.on_stop(move || {
            if let Some(meeting) = stopped.upgrade() {
                meeting.end(&mut meeting.lock(), Outcome::Stopped);
            }
        });
        Ok(meeting)
    }

    /// Tells how the run ends, once it does.
    pub fn over(&self) -> tokio::sync::watch::Receiver<Option<Outcome>> {
        self.over.subscribe()
    }

    /// A client said something.
    pub fn say(&self, client: Client, said: &Result<Record, Flaw>) -> Result<(), Over> {
        let mut inner = self.lock();
        if inner.is_over {
            return Err(Over);
        }
        let now = self.now();
        let Inner { gathering, recorder, .. } = &mut *inner;
        let mut out = Out { run: &self.run, recorder };
        match said {
            Ok(record) => gathering.record(client, now, record, &mut out),
            Err(flaw) => gathering.flaw(now, flaw, &mut out),
        }
        self.end_if_over(&mut inner);
        Ok(())
    }

    /// A client has gone.
    pub fn left(&self, client: Client) {
        let mut inner = self.lock();
        if !inner.is_over {
            let Inner { gathering, recorder, .. } = &mut *inner;
            gathering.left(client, self.now(), &mut Out { run: &self.run, recorder });
            self.end_if_over(&mut inner);
        }
    }

    /// Shows how the time goes by.
    pub fn tick(&self) {
        if !self.lock().is_over {
            let (now, wall_seconds) = (self.now(), self.began.elapsed().as_secs_f64());
            let mut view = self.run.view.lock();
            view.set_clock(now);
            view.set_run(|run| run.wall_seconds = wall_seconds);
        }
    }

    /// Is it over?
    pub fn is_over(&self) -> bool {
        self.lock().is_over
    }

    fn end_if_over(&self, inner: &mut Inner) {
        if let Some(outcome) = inner.gathering.outcome() {
            self.end(inner, outcome);
        }
    }

    fn end(&self, inner: &mut Inner, outcome: Outcome) {
        if std::mem::replace(&mut inner.is_over, true) {
            return;
        }
        self.run.set_writing(inner.recorder.is_some());
        let wall_seconds = self.began.elapsed().as_secs_f64();
        let mut view = self.run.view.lock();
        view.set_run(|run| {
            run.state = State::Ended;
            run.outcome = Some(outcome);
            (run.virtual_seconds, run.wall_seconds) = (wall_seconds, wall_seconds);
            run.error = (outcome == Outcome::Failed).then(|| "every program left without END".to_owned());
        });
        let line = view.run().clone();
        drop(view);
        if let Some(recorder) = inner.recorder.take() {
            finish(recorder, line, Arc::clone(&self.run));
        }
        self.over.send_replace(Some(outcome));
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.began.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the recording in a thread of its own: it waits for the disk.
fn finish(recorder: Recorder, line: RunLine, run: Arc<LiveRun>) {
    let file = RunFile {
        peers: line.peers,
        outcome: line.outcome,
        virtual_seconds: line.virtual_seconds,
        wall_seconds: line.wall_seconds,
        events: line.events,
        messages: line.messages,
        targets: line.targets,
        error: line.error,
        ..recorder.file().clone()
    };
    std::thread::spawn(move || {
        if let Err(error) = recorder.finish(file) {
            run.view.lock().set_run(|run| run.error = Some(error.to_string()));
        }
        run.set_writing(false);
    });
}

/// Where the events go.
struct Out<'a> {
    run: &'a LiveRun,
    recorder: &'a mut Option<Recorder>,
}

impl Sink for Out<'_> {
    fn event(&mut self, event: &Event) {
        if let Some(recorder) = self.recorder {
            recorder.event(event);
        }
        self.run.meter().add(event);
        let mut view = self.run.view.lock();
        view.event(event);
        view.set_run(|run| run.events += 1);
    }
}
