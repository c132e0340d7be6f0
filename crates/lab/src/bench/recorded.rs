//! Recorded runs, read back into views.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rumormill_core::trace::Sink;
use rumormill_trace::{Listed, OpenError, Run};
use serde_json::{Value, json};

use crate::view::log::{Answer, Filter, Question};
use crate::view::{RunLine, SharedView, State, View};

/// The most recordings that are kept in memory.
const OPEN_MAX: usize = 4;

/// So many events are put into a view before pages may look at it again.
const BATCH_EVENTS: usize = 1_000;

/// The recordings of a folder.
pub(crate) struct Recordings {
    runs_dir: PathBuf,
    /// Those that somebody looked at, last one last.
    open: Mutex<VecDeque<Arc<Recorded>>>,
}

/// A recording that somebody looks at.
pub(crate) struct Recorded {
    name: String,
    /// What it looks like; filled while it is read.
    pub view: SharedView,
    /// What was asked: parameters, plan and so on.
    pub asked: Value,
    is_closed: AtomicBool,
}

impl Recordings {
    /// The recordings of this folder.
    pub fn new(runs_dir: PathBuf) -> Self {
        Self { runs_dir, open: Mutex::default() }
    }

    /// All of them, newest first.
    pub fn list(&self) -> Vec<RunLine> {
        rumormill_trace::list(&self.runs_dir).into_iter().map(line).collect()
    }

    /// The recording of this name. Its events are read in a thread; pages can watch meanwhile.
    ///
    /// # Errors
    /// When there is none, or its description cannot be read.
    pub fn open(&self, name: &str) -> Result<Arc<Recorded>, OpenError> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let run = Run::named(name, &self.runs_dir)?;
        let recorded = Arc::new(Recorded::new(name, &run));
        let mut open = self.lock();
        // What is still being recorded elsewhere is read anew each time somebody asks.
        open.retain(|known| known.name != name);
        while open.len() >= OPEN_MAX {
            open.pop_front().into_iter().for_each(|oldest| _ = oldest.close());
        }
        open.push_back(Arc::clone(&recorded));
        drop(open);
        std::thread::spawn({
            let recorded = Arc::clone(&recorded);
            move || recorded.read(&run)
        });
        Ok(recorded)
    }

    /// A recording is about to be deleted.
    pub fn forget(&self, name: &str) {
        self.lock().retain(|known| known.name != name || known.close());
    }

    /// Nobody looks any more.
    pub fn close(&self) {
        self.lock().drain(..).for_each(|known| _ = known.close());
    }

    fn known(&self, name: &str) -> Option<Arc<Recorded>> {
        let mut open = self.lock();
        let place = open.iter().position(|known| known.name == name)?;
        let is_over = open[place].view.lock().run().state == State::Ended;
        let known = is_over.then(|| open.remove(place)).flatten()?;
        open.push_back(Arc::clone(&known));
        Some(known)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Recorded>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn new(name: &str, run: &Run) -> Self {
        let line = RunLine::recorded(run.file(), run.folder().display().to_string());
        let asked =
            json!({ "parameters": &run.file().parameters, "plan": &run.file().plan, "values": &run.file().values });
        let mut view = View::new(line);
        view.set_plan(&run.file().plan);
        view.set_loading(Some(0.0));
        Self { name: name.into(), view: SharedView::new(view), asked, is_closed: AtomicBool::new(false) }
    }

    /// Reads the events into the view, until all are in or nobody needs them.
    fn read(&self, run: &Run) {
        let total = run.len().max(1) as f64;
        let mut damage: Vec<String> =
            run.damage().iter().map(|damage| format!("{}: {}", damage.file, damage.why)).collect();
        let mut events = run.events();
        let mut read = 0;
        loop {
            let batch: Vec<_> = events.by_ref().take(BATCH_EVENTS).collect();
            if batch.is_empty() || self.is_closed.load(Ordering::Relaxed) {
                break;
            }
            read += batch.len();
            let mut view = self.view.lock();
            for event in batch {
                match event {
                    Ok(event) => view.event(&event),
                    Err(error) => damage.push(error.to_string()),
                }
            }
            view.set_loading(Some((read as f64 / total).min(1.0)));
        }
        let mut view = self.view.lock();
        view.set_loading(None);
        if !damage.is_empty() {
            let told = format!("a part of the recording cannot be read: {}", damage.join("; "));
            view.set_run(|run| _ = run.error.get_or_insert(told));
        }
    }

    /// Its reader, if it still reads, may stop. Always `false`: for [`VecDeque::retain`].
    fn close(&self) -> bool {
        self.is_closed.store(true, Ordering::Relaxed);
        false
    }
}

/// The newest lines of the recording in this folder that the filter lets through.
///
/// # Errors
/// When there is no recording.
pub(crate) fn ask(folder: &Path, filter: Filter, before: Option<u64>, limit: usize) -> Result<Answer, OpenError> {
    let run = Run::at(folder)?;
    let mut question = Question::new(filter, before, limit);
    for event in run.events().flatten() {
        question.take(&event);
        if question.is_over() {
            break;
        }
    }
    Ok(question.answer())
}

/// A recording in the list; one that cannot be read says why.
fn line(listed: Listed) -> RunLine {
    let folder = listed.folder.display().to_string();
    match listed.run {
        Ok(file) => RunLine { id: listed.name, ..RunLine::recorded(&file, folder) },
        Err(why) => {
            let nothing = rumormill_trace::RunFile { state: rumormill_trace::State::Ended, ..Default::default() };
            let (id, name) = (listed.name.clone(), listed.name);
            RunLine { id, name, error: Some(why), ..RunLine::recorded(&nothing, folder) }
        }
    }
}
