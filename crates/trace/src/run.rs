//! A run folder, opened for reading; also while the run goes on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rumormill_core::Instant;
use rumormill_core::trace::Event;

use crate::batch::{Batch, EventRef};
use crate::disk::read_bounded;
use crate::list::list;
use crate::segment::{self, ReadError, SegmentReader, Stamp};
use crate::{RunFile, State, lock, name};

/// Segments that are read side by side, at most. Those of a live run overlap by a second; if more than
/// these overlap, events come in the order of their segments.
const OPEN_MAX: usize = 16;

/// A recorded run, or one that is being recorded.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    file: RunFile,
    segments: Vec<Segment>,
    damage: Vec<Damage>,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    stamp: Stamp,
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
        let (mut segments, mut damage) = (Vec::new(), Vec::new());
        let paths = segment_paths(folder);
        damage.extend(missing(&paths));
        for (number, path) in paths {
            match Stamp::read(&path) {
                Ok(stamp) => segments.push(Segment { path, stamp }),
                Err(ReadError { why, .. }) => damage.push(Damage { file: segment::file_name(number), why }),
            }
        }
        segments.sort_by_key(|segment| segment.stamp.first);
        Ok(Self { folder: folder.into(), file, segments, damage })
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
    pub fn events(&self) -> Events<'_> {
        Events { waiting: &self.segments, open: Vec::new() }
    }
}

/// The events of a run: see [`Run::events`]. A segment that turns out to be broken gives one error, and
/// reading goes on with the others.
pub struct Events<'a> {
    /// Not opened yet, by the time of their first event.
    waiting: &'a [Segment],
    /// Being read. Few, so that the earliest is found by looking at each.
    open: Vec<Cursor<'a>>,
}

impl Events<'_> {
    /// Finds the next event: gives the place of the segment that has it, for [`Events::pick`].
    pub(crate) fn earliest(&mut self) -> Option<Result<usize, ReadError>> {
        if let Some(spent) = self.open.iter().position(Cursor::is_spent) {
            let more = self.open[spent].refill();
            if !matches!(more, Ok(true)) {
                self.open.remove(spent);
            }
            if let Err(error) = more {
                return Some(Err(error));
            }
        }
        loop {
            let earliest = (0..self.open.len()).min_by_key(|&index| self.open[index].time());
            let is_due = |first| earliest.is_none_or(|index| Some(first) <= self.open[index].time());
            match self.waiting.split_first() {
                Some((segment, rest)) if self.open.len() < OPEN_MAX && is_due(segment.stamp.first) => {
                    self.waiting = rest;
                    match Cursor::open(&segment.path) {
                        Ok(cursor) => self.open.extend(cursor),
                        Err(error) => return Some(Err(error)),
                    }
                }
                _ => return earliest.map(Ok),
            }
        }
    }

    /// The event that [`Events::earliest`] found, without a copy of its texts.
    pub(crate) fn pick(&mut self, place: usize) -> Option<EventRef<'_>> {
        self.open.get_mut(place)?.take()
    }
}

impl Iterator for Events<'_> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.earliest()? {
            Ok(place) => self.pick(place).map(|event| Ok(event.to_event())),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A place in a segment.
struct Cursor<'a> {
    path: &'a Path,
    reader: SegmentReader,
    batch: Batch,
    next: usize,
}

impl<'a> Cursor<'a> {
    /// At the first event of the segment at this path; `None` when it has none.
    fn open(path: &'a Path) -> Result<Option<Self>, ReadError> {
        let mut cursor = Self { path, reader: SegmentReader::open(path)?, batch: Batch::default(), next: 0 };
        Ok(cursor.refill()?.then_some(cursor))
    }

    /// Reads the next events; says whether there are any.
    fn refill(&mut self) -> Result<bool, ReadError> {
        self.next = 0;
        self.reader.read(&mut self.batch).map_err(|why| ReadError { path: self.path.into(), why })?;
        Ok(!self.batch.is_empty())
    }

    fn is_spent(&self) -> bool {
        self.next == self.batch.len()
    }

    fn time(&self) -> Option<Instant> {
        self.batch.get(self.next).map(|event| event.time)
    }

    fn take(&mut self) -> Option<EventRef<'_>> {
        self.next += 1;
        self.batch.get(self.next - 1)
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
