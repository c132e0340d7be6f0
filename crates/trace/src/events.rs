//! The events of a run in the order of their times, from its beginning or from a place that was marked before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rumormill_core::Instant;
use rumormill_core::trace::Event;

use crate::batch::{Batch, EventRef};
use crate::run::Segment;
use crate::segment::{Need, ReadError, SegmentReader};

/// Segments that are read side by side, at most. Those of a live run overlap by a second; if more than
/// these overlap, events come in the order of their segments.
const OPEN_MAX: usize = 16;

/// The events of a run: see [`Run::events`](crate::Run::events). A segment that turns out to be broken gives
/// one error, and reading goes on with the others.
pub struct Events {
    segments: Arc<[Segment]>,
    need: Need,
    /// What happened earlier is passed over.
    since: Instant,
    /// The first segment that has not been opened yet.
    waiting: usize,
    /// Being read. Few, so that the earliest is found by looking at each.
    open: Vec<Cursor>,
    /// Events handed out since the beginning of the run.
    count: u64,
    /// What went wrong when a place was looked for.
    error: Option<ReadError>,
}

/// A place between two events of a run, from which reading can go on later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    count: u64,
    /// The last segment that had been opened.
    opened: Option<(Instant, u32)>,
    /// Segments that had been read in part: their numbers, and how many of their events. At most
    /// [`OPEN_MAX`].
    open: Vec<(u32, u64)>,
}

impl Place {
    /// How many events lie before it.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

impl Events {
    pub(crate) fn new(segments: Arc<[Segment]>) -> Self {
        Self::since(segments, Need::ALL, Instant::ZERO)
    }

    /// The events from this moment on, with nothing but what is needed of each.
    pub(crate) fn since(segments: Arc<[Segment]>, need: Need, since: Instant) -> Self {
        Self { segments, need, since, waiting: 0, open: Vec::new(), count: 0, error: None }
    }

    pub(crate) fn from_place(segments: Arc<[Segment]>, place: &Place) -> Self {
        let (mut open, mut error) = (Vec::new(), None);
        for &(number, rows) in &place.open {
            let Some(segment) = segments.iter().find(|segment| segment.number == number) else { continue };
            match Cursor::open(segment, rows, Need::ALL) {
                Ok(cursor) => open.extend(cursor),
                Err(why) => error = Some(why),
            }
        }
        let waiting = segments.partition_point(|segment| Some(segment.key()) <= place.opened);
        Self { waiting, open, count: place.count, error, ..Self::new(segments) }
    }

    /// Where reading stands. Reading on from here gives the same events in the same order, as long as no
    /// segment is added that begins earlier.
    #[must_use]
    pub fn place(&self) -> Place {
        let last = self.waiting.checked_sub(1).and_then(|last| self.segments.get(last));
        let open = self.open.iter().map(|cursor| (cursor.number, cursor.before + cursor.next as u64));
        Place { count: self.count, opened: last.map(Segment::key), open: open.collect() }
    }

    /// How many events lie before the next one, since the beginning of the run.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.count
    }

    /// The time of the next event that can be read; `None` at the end.
    #[must_use]
    pub fn peek_time(&mut self) -> Option<Instant> {
        loop {
            if let Ok(place) = self.earliest()? {
                return self.open[place].time();
            }
        }
    }

    /// Puts the next event in place of `event`, whose memory is used again; `None` at the end.
    ///
    /// # Errors
    /// When a segment cannot be read; its events are passed over.
    pub fn next_into(&mut self, event: &mut Event) -> Option<Result<(), ReadError>> {
        match self.earliest()? {
            Ok(place) => self.pick(place).map(|found| {
                found.copy_to(event);
                Ok(())
            }),
            Err(error) => Some(Err(error)),
        }
    }

    /// Finds the next event: gives the place of the segment that has it, for [`Events::pick`].
    pub(crate) fn earliest(&mut self) -> Option<Result<usize, ReadError>> {
        if let Some(error) = self.error.take() {
            return Some(Err(error));
        }
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
            match self.segments.get(self.waiting) {
                Some(segment) if self.open.len() < OPEN_MAX && is_due(segment.stamp.first) => {
                    self.waiting += 1;
                    match Cursor::open_at(segment, self.since, self.need) {
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
        self.count += 1;
        self.open.get_mut(place)?.take()
    }
}

impl Iterator for Events {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.earliest()? {
            Ok(place) => self.pick(place).map(|event| Ok(event.to_event())),
            Err(error) => Some(Err(error)),
        }
    }
}

/// A place in a segment.
struct Cursor {
    number: u32,
    path: PathBuf,
    reader: SegmentReader,
    /// Events of the segment before those of the batch.
    before: u64,
    batch: Batch,
    next: usize,
}

impl Cursor {
    /// At the first event of the segment that is not before this moment; `None` when there is none.
    fn open_at(segment: &Segment, since: Instant, need: Need) -> Result<Option<Self>, ReadError> {
        if segment.stamp.last < since {
            return Ok(None);
        }
        let rows = if segment.stamp.first < since { rows_before(segment, since)? } else { 0 };
        Self::open(segment, rows, need)
    }

    /// Behind so many events of the segment; `None` when no more follow.
    fn open(segment: &Segment, rows: u64, need: Need) -> Result<Option<Self>, ReadError> {
        let path: &Path = &segment.path;
        let mut reader = SegmentReader::open(path, need)?;
        reader.skip(rows).map_err(|why| ReadError { path: path.into(), why })?;
        let mut cursor =
            Self { number: segment.number, path: path.into(), reader, before: rows, batch: Batch::default(), next: 0 };
        Ok(cursor.refill()?.then_some(cursor))
    }

    /// Reads the next events; says whether there are any.
    fn refill(&mut self) -> Result<bool, ReadError> {
        self.before += std::mem::take(&mut self.next) as u64;
        self.reader.read(&mut self.batch).map_err(|why| ReadError { path: self.path.clone(), why })?;
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

/// Events of the segment before this moment: its first ones, as it is in the order of time.
fn rows_before(segment: &Segment, moment: Instant) -> Result<u64, ReadError> {
    let times = SegmentReader::open(&segment.path, Need::TIMES)?;
    times.rows_before(moment).map_err(|why| ReadError { path: segment.path.clone(), why })
}
