//! Records a run: takes its events and writes them, in segments, on a thread of its own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use rumormill_core::trace::{Event, Sink};

use crate::advice::next_step;
use crate::batch::Batch;
use crate::disk::write_atomically;
use crate::lock::Lock;
use crate::report::{Counted, page};
use crate::segment::{EVENTS_MAX, TEXT_BYTES_MAX, file_name, write_segment};
use crate::{Build, Machine, Mode, Run, RunFile, State, name};

/// How old the first event of an open segment gets: so late does a reader see it.
const AGE_MAX: Duration = Duration::from_secs(1);

/// The same in a run that has very many segments already.
const AGE_MAX_LONG: Duration = Duration::from_secs(10);

/// How many segments are very many.
const SEGMENTS_MANY: u32 = 1000;

/// Why a run is not recorded, or not to its end.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The folder for the run cannot be made.
    #[error("{}: cannot make a folder for the run: {source}; {}", path.display(), next_step(source))]
    Folder {
        /// The folder of runs.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A file cannot be written.
    #[error("{}: cannot write: {source}; {}", path.display(), next_step(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The description of the run is larger than would be read again.
    #[error("{}: {bytes} bytes, more than the {} that can be read; use a simpler expression", path.display(), RunFile::BYTES_MAX)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How large it would be.
        bytes: u64,
    },
}

/// Records a run into a folder of its own.
///
/// Events gather in memory until there are 200,000 of them, or 32 MiB of their texts, or the first of them
/// is a second old; then a thread writes them as one segment while the next ones gather. So a recording
/// takes memory for two segments. When events come faster than they can be written, a simulated run waits
/// for the recorder; a run with real processes cannot wait, and the events that find no room are dropped
/// and counted.
///
/// When writing fails, recording stops, the run goes on, and [`Recorder::error`] and [`Recorder::finish`]
/// say what happened; complete segments stay. A recorder that is dropped without [`Recorder::finish`]
/// closes its last segment, and the run is seen as interrupted.
pub struct Recorder {
    folder: PathBuf,
    file: RunFile,
    desk: Arc<Desk>,
    writer: Option<JoinHandle<Counted>>,
    _lock: Lock,
}

impl Recorder {
    /// Makes a folder in `runs` (which is made when it is not there) and writes `run.json`. The run's name,
    /// start, state, build and machine are set here.
    ///
    /// # Errors
    /// When a folder or file cannot be made; then nothing stays of it.
    pub fn create(runs: &Path, file: RunFile) -> Result<Self, RecordError> {
        let started = name::rfc3339(SystemTime::now());
        let wish = name::name(&started, &file.experiment, file.seed);
        let failed = |source| RecordError::Folder { path: runs.into(), source: Arc::new(source) };
        std::fs::create_dir_all(runs).map_err(failed)?;
        let (folder, name) = name::make_folder(runs, &wish).map_err(failed)?;
        let file = RunFile {
            format: RunFile::FORMAT,
            name,
            started,
            state: State::Running,
            build: Build::this(),
            host: Machine::this(),
            ..file
        };
        Self::begin(&folder, file).inspect_err(|_| {
            // The folder is ours, and without a run.json it is nothing.
            let _ = std::fs::remove_dir_all(&folder);
        })
    }

    fn begin(folder: &Path, file: RunFile) -> Result<Self, RecordError> {
        let failed = |source| RecordError::Write { path: folder.into(), source: Arc::new(source) };
        let lock = Lock::take(folder).map_err(failed)?;
        write_run_file(folder, &file)?;
        let desk = Arc::new(Desk::new(file.mode == Mode::Sim));
        let thread = std::thread::Builder::new().name("recorder".into());
        let with_bodies = file.mode == Mode::Processes;
        let writer = thread.spawn({
            let (desk, folder) = (Arc::clone(&desk), folder.to_path_buf());
            move || write_segments(&desk, &folder, with_bodies)
        });
        Ok(Self { folder: folder.into(), file, desk, writer: Some(writer.map_err(failed)?), _lock: lock })
    }

    /// Where the run lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What stands in `run.json`.
    #[must_use]
    pub fn file(&self) -> &RunFile {
        &self.file
    }

    /// Why recording stopped, if it did.
    #[must_use]
    pub fn error(&self) -> Option<RecordError> {
        self.desk.lock().error.clone()
    }

    /// Writes `run.json` again while the run goes on, with what has become of its plan. When that fails, the
    /// end of the run says so, should it fail then too.
    pub fn describe(&mut self, file: &RunFile) {
        self.file.plan.clone_from(&file.plan);
        self.file.by_hand = file.by_hand;
        let _ = write_run_file(&self.folder, &self.file);
    }

    /// Events that were not recorded.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.desk.lock().dropped
    }

    /// Closes the last segment, writes `report.html`, and writes `run.json` again, with how the run ended;
    /// gives back what was written. The name and the start are kept, and events dropped here are added to `trace_dropped`.
    ///
    /// # Errors
    /// When a file cannot be written now, or could not be earlier; even then, `run.json` says that the run
    /// ended, if that can be written.
    pub fn finish(mut self, file: RunFile) -> Result<RunFile, RecordError> {
        let mut counted = self.close().unwrap_or_default();
        let (dropped, error) = {
            let open = self.desk.lock();
            (open.dropped, open.error.clone())
        };
        let lost = error.as_ref().map(|error| format!("its trace ends early: {error}"));
        let file = RunFile {
            format: RunFile::FORMAT,
            name: self.file.name.clone(),
            started: self.file.started.clone(),
            build: self.file.build.clone(),
            host: self.file.host.clone(),
            state: State::Ended,
            trace_events: counted.tally.events(),
            trace_dropped: file.trace_dropped + dropped,
            error: file.error.clone().or(lost),
            ..file
        };
        // A run that says that it ended has its report.
        let run = if file.violations.is_empty() { None } else { Run::at(&self.folder).ok() };
        let report = page(&file, &mut counted, &[], run.as_ref());
        let written = write_file(self.folder.join("report.html"), report.as_bytes());
        let written = written.and(write_run_file(&self.folder, &file));
        match error {
            Some(error) => Err(error),
            None => written.map(|()| file),
        }
    }

    /// Lets the writer finish; gives what it counted. Once only.
    fn close(&mut self) -> Option<Counted> {
        let writer = self.writer.take()?;
        self.desk.lock().is_closed = true;
        self.desk.work.notify_one();
        writer.join().ok()
    }
}

impl Sink for Recorder {
    fn event(&mut self, event: &Event) {
        self.desk.put(event);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

/// Where events wait for the writer.
struct Desk {
    open: Mutex<Open>,
    /// There is something to write.
    work: Condvar,
    /// There is room for events, or nobody will make any.
    room: Condvar,
    /// Whether a run waits for room.
    waits: bool,
}

#[derive(Default)]
struct Open {
    batch: Batch,
    /// When the first event of the batch came.
    since: Option<Instant>,
    is_closed: bool,
    dropped: u64,
    error: Option<RecordError>,
}

impl Desk {
    fn new(waits: bool) -> Self {
        Self { open: Mutex::default(), work: Condvar::new(), room: Condvar::new(), waits }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Whoever panicked left whole events behind.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, event: &Event) {
        let mut open = self.lock();
        while open.is_full() && self.waits && open.error.is_none() {
            open = self.room.wait(open).unwrap_or_else(PoisonError::into_inner);
        }
        if open.is_full() || open.error.is_some() {
            open.dropped += 1;
            return;
        }
        open.batch.push(event);
        let is_first = open.since.is_none();
        if is_first {
            open.since = Some(Instant::now());
        }
        if is_first || open.is_full() {
            drop(open);
            self.work.notify_one();
        }
    }

    /// Waits until there is a segment to write; swaps it for the empty batch. `false` when all is written.
    fn take(&self, batch: &mut Batch, age_max: Duration) -> bool {
        let mut open = self.lock();
        loop {
            let age = open.since.map(|since| since.elapsed());
            if open.is_closed || open.is_full() || age.is_some_and(|age| age >= age_max) {
                break;
            }
            open = match age {
                None => self.work.wait(open).unwrap_or_else(PoisonError::into_inner),
                Some(age) => self.work.wait_timeout(open, age_max - age).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        std::mem::swap(&mut open.batch, batch);
        open.since = None;
        drop(open);
        self.room.notify_all();
        !batch.is_empty()
    }

    fn fail(&self, error: RecordError) {
        let mut open = self.lock();
        open.dropped += open.batch.len() as u64;
        open.batch = Batch::default();
        open.error = Some(error);
        drop(open);
        self.room.notify_all();
    }
}

impl Open {
    fn is_full(&self) -> bool {
        self.batch.len() >= EVENTS_MAX || self.batch.text_bytes() >= TEXT_BYTES_MAX
    }
}

/// The writer's thread: writes segments until the desk is closed, and counts what it wrote.
fn write_segments(desk: &Desk, folder: &Path, with_bodies: bool) -> Counted {
    let _bell = Bell { desk, folder };
    let mut batch = Batch::default();
    let (mut counted, mut number) = (Counted::default(), 0);
    while desk.take(&mut batch, if number < SEGMENTS_MANY { AGE_MAX } else { AGE_MAX_LONG }) {
        batch.sort();
        let path = folder.join(file_name(number));
        if let Err(source) = write_segment(&path, &batch, with_bodies) {
            desk.lock().dropped += batch.len() as u64;
            desk.fail(RecordError::Write { path, source: Arc::new(source) });
            break;
        }
        batch.iter().for_each(|event| counted.add(&event));
        number += 1;
        batch.clear();
    }
    counted
}

/// Rings when the writer panics, so that no run waits for it forever.
struct Bell<'a> {
    desk: &'a Desk,
    folder: &'a Path,
}

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let source = Arc::new(io::Error::other("the recorder's thread panicked"));
            self.desk.fail(RecordError::Write { path: self.folder.into(), source });
        }
    }
}

fn write_run_file(folder: &Path, file: &RunFile) -> Result<(), RecordError> {
    let path = folder.join("run.json");
    let json = serde_json::to_vec_pretty(file);
    let json = json.map_err(|error| RecordError::Write { path: path.clone(), source: Arc::new(error.into()) })?;
    if json.len() as u64 > RunFile::BYTES_MAX {
        return Err(RecordError::TooLarge { path, bytes: json.len() as u64 });
    }
    write_file(path, &json)
}

fn write_file(path: PathBuf, bytes: &[u8]) -> Result<(), RecordError> {
    let written = write_atomically(&path, |file| file.write_all(bytes));
    written.map_err(|source| RecordError::Write { path, source: Arc::new(source) })
}
