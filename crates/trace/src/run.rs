//! A run folder, opened for reading; also while the run goes on.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rumormill_core::Instant;

use crate::disk::read_bounded;
use crate::events::{Events, Place};
use crate::list::list;
use crate::query::Shelf;
use crate::segment::{self, Need, ReadError, Stamp};
use crate::{RunFile, State, lock, name};

/// A recorded run, or one that is being recorded.
#[derive(Clone, Debug)]
pub struct Run {
    folder: PathBuf,
    file: RunFile,
    /// By the time of their first event; of one moment, by number.
    segments: Arc<[Segment]>,
    damage: Vec<Damage>,
}

/// A segment of a run and what its footer tells.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) number: u32,
    pub(crate) path: PathBuf,
    pub(crate) stamp: Stamp,
    /// Which events may be in it; not known before somebody looked for one.
    pub(crate) shelf: OnceLock<Arc<Shelf>>,
}

impl Segment {
    /// What segments are ordered by.
    pub(crate) fn key(&self) -> (Instant, u32) {
        (self.stamp.first, self.number)
    }
}

/// A part of a run's events that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// Name of the file.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why a run cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such run.
    #[error("{name}: no such run in {}; `rumormill list` and the lab show those that there are", runs.display())]
    NotFound {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        runs: PathBuf,
    },
    /// `run.json` cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `run.json` is no description of a run.
    #[error("{}: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Run {
    /// Opens the run of this name in the folder `runs`, or at this path, or the newest for `latest`.
    ///
    /// # Errors
    /// When there is no such run, or its `run.json` cannot be read. Broken segments are no error: see
    /// [`Run::damage`].
    pub fn open(run: &str, runs: &Path) -> Result<Self, OpenError> {
        let not_found = || OpenError::NotFound { name: run.into(), runs: runs.into() };
        if run == "latest" {
            let newest = list(runs).into_iter().next().ok_or_else(not_found)?;
            return Self::at(&newest.folder);
        }
        match Self::named(run, runs) {
            Err(OpenError::NotFound { .. }) if Path::new(run).join("run.json").is_file() => Self::at(Path::new(run)),
            opened => opened,
        }
    }

    /// Opens the run of this name in the folder `runs`, and nothing outside of it, whatever the name is.
    ///
    /// # Errors
    /// As for [`Run::open`].
    pub fn named(run: &str, runs: &Path) -> Result<Self, OpenError> {
        let folder = runs.join(run);
        if !name::is_plain(run) || !folder.join("run.json").is_file() {
            return Err(OpenError::NotFound { name: run.into(), runs: runs.into() });
        }
        Self::at(&folder)
    }

    /// Opens the run in this folder.
    ///
    /// # Errors
    /// When its `run.json` cannot be read.
    pub fn at(folder: &Path) -> Result<Self, OpenError> {
        let file = read_file(folder)?;
        let mut run = Self { folder: folder.into(), file, segments: Arc::default(), damage: Vec::new() };
        run.find_segments();
        Ok(run)
    }

    /// Looks again at a run that is being recorded. Returns the time of the first event that was not there
    /// before, if there is one.
    ///
    /// # Errors
    /// When its `run.json` cannot be read any more; then nothing changes.
    pub fn refresh(&mut self) -> Result<Option<Instant>, OpenError> {
        // The file first: when it says that the run has ended, every segment is there.
        self.file = read_file(&self.folder)?;
        Ok(self.find_segments())
    }

    /// Takes the segments that are not known yet, and says when the first event in them happened.
    fn find_segments(&mut self) -> Option<Instant> {
        let paths = segment_paths(&self.folder);
        let known: BTreeSet<u32> = self.segments.iter().map(|segment| segment.number).collect();
        let mut damage = missing(&paths);
        let mut new = Vec::new();
        for (number, path) in paths.into_iter().filter(|(number, _)| !known.contains(number)) {
            match Stamp::read(&path) {
                Ok(stamp) => new.push(Segment { number, path, stamp, shelf: OnceLock::new() }),
                Err(ReadError { why, .. }) => damage.push(Damage { file: segment::file_name(number), why }),
            }
        }
        self.damage = damage;
        let first = new.iter().map(|segment| segment.stamp.first).min();
        if first.is_some() {
            new.extend(self.segments.iter().cloned());
            new.sort_by_key(Segment::key);
            self.segments = new.into();
        }
        first
    }

    /// What was asked, and how it ended. A run that nobody records any more, yet that did not end, is
    /// [`State::Interrupted`].
    #[must_use]
    pub fn file(&self) -> &RunFile {
        &self.file
    }

    /// Where the run lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Segments that cannot be read, or that are missing between others. Their events are left out.
    #[must_use]
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    /// How many events can be read, as far as the segments' footers tell.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.segments.iter().map(|segment| segment.stamp.events).sum()
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events in the order of their times; those of one moment in the order in which they were recorded.
    /// Takes memory for a few thousand events of each segment that it reads at the moment.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(Arc::clone(&self.segments))
    }

    /// The segments that can be read, by the time of their first event.
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The events from this moment on, with nothing but what is needed of each.
    pub(crate) fn walk(&self, need: Need, since: Instant) -> Events {
        Events::since(Arc::clone(&self.segments), need, since)
    }

    /// The events from this place on, which [`Events::place`] gave.
    #[must_use]
    pub fn events_from(&self, place: &Place) -> Events {
        Events::from_place(Arc::clone(&self.segments), place)
    }
}

/// Reads a run's `run.json`, and tells whether it still goes on.
pub(crate) fn read_file(folder: &Path) -> Result<RunFile, OpenError> {
    let path = folder.join("run.json");
    let bytes = match read_bounded(&path, RunFile::BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(source) => return Err(OpenError::Read { path, source }),
    };
    let mut file = RunFile::parse(&bytes).map_err(|why| OpenError::Malformed { path, why })?;
    if let Some(name) = folder.file_name() {
        // A folder may be renamed; what it is called now is what finds it.
        file.name = name.to_string_lossy().into_owned();
    }
    if file.state == State::Running && !lock::is_held(folder) {
        // It may have ended since it was read.
        let again = read_bounded(&folder.join("run.json"), RunFile::BYTES_MAX).ok();
        let ended = again.and_then(|bytes| RunFile::parse(&bytes).ok()).filter(|file| file.state == State::Ended);
        file = ended.unwrap_or(RunFile { state: State::Interrupted, ..file });
    }
    Ok(file)
}

/// The segments of a folder by number.
fn segment_paths(folder: &Path) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<(u32, PathBuf)> =
        entries.filter_map(|entry| Some((segment::number(entry.file_name().to_str()?)?, entry.path()))).collect();
    paths.sort_unstable();
    paths
}

/// Segments that are not there although later ones are.
fn missing(paths: &[(u32, PathBuf)]) -> Vec<Damage> {
    let mut next = 0;
    let mut missing = Vec::new();
    for &(number, _) in paths {
        if number > next {
            let last =
                if number - next > 1 { format!(" to {}", segment::file_name(number - 1)) } else { String::new() };
            missing.push(Damage { file: segment::file_name(next) + &last, why: "missing".into() });
        }
        next = number.saturating_add(1);
    }
    missing
}
