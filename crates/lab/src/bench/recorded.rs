//! Recorded runs: the list of them, and those that somebody looks at.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rumormill_trace::{Listed, OpenError, Run};

use crate::past::Past;
use crate::view::RunLine;
use crate::view::log::{Answer, Filter, Question};

/// The most recordings that are kept in memory.
const OPEN_MAX: usize = 4;

/// The recordings of a folder.
pub(crate) struct Recordings {
    runs_dir: PathBuf,
    /// Those that somebody looked at, by name, last one last: at most [`OPEN_MAX`].
    open: Mutex<VecDeque<(String, Arc<Past>)>>,
    /// What was last read of each in the list: as many as the folder has.
    lines: Mutex<HashMap<PathBuf, (Version, RunLine)>>,
}

/// What tells that a file has changed: when, and its length.
type Version = (SystemTime, u64);

impl Recordings {
    /// The recordings of this folder.
    pub fn new(runs_dir: PathBuf) -> Self {
        Self { runs_dir, open: Mutex::default(), lines: Mutex::default() }
    }

    /// All of them, newest first. Of those that have ended, only what has changed since the last time is
    /// read.
    pub fn list(&self) -> Vec<RunLine> {
        let mut known = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashMap::new();
        let folders = rumormill_trace::folders(&self.runs_dir);
        let lines = folders.into_iter().map(|(name, folder)| {
            let version = version(&folder);
            let (line, version) = match known.remove(&folder) {
                Some((last, line)) if Some(last) == version => (line, version),
                _ => {
                    let listed = Listed::read(name, folder.clone());
                    let is_over = listed.run.as_ref().is_ok_and(|file| file.state == rumormill_trace::State::Ended);
                    (line(listed), version.filter(|_| is_over))
                }
            };
            seen.extend(version.map(|version| (folder, (version, line.clone()))));
            line
        });
        let lines = lines.collect();
        *known = seen;
        lines
    }

    /// The recording of this name. Its events are read in a thread; pages can watch meanwhile.
    ///
    /// # Errors
    /// When there is none, or its description cannot be read.
    pub fn open(&self, name: &str) -> Result<Arc<Past>, OpenError> {
        let mut open = self.lock();
        let known = open.iter().position(|(known, _)| known == name).and_then(|place| open.remove(place));
        let past = match known {
            Some((_, past)) => past,
            None => Past::open(Run::named(name, &self.runs_dir)?),
        };
        while open.len() >= OPEN_MAX {
            open.pop_front().into_iter().for_each(|(_, oldest)| oldest.close());
        }
        open.push_back((name.to_owned(), Arc::clone(&past)));
        Ok(past)
    }

    /// A recording is about to be deleted.
    pub fn forget(&self, name: &str) {
        self.lock().retain(|(known, past)| {
            if known == name {
                past.close();
            }
            known != name
        });
    }

    /// Nobody looks any more.
    pub fn close(&self) {
        self.lock().drain(..).for_each(|(_, past)| past.close());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(String, Arc<Past>)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a run's description was last written, and how long it is.
fn version(folder: &Path) -> Option<Version> {
    let about = folder.join("run.json").metadata().ok()?;
    Some((about.modified().ok()?, about.len()))
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
