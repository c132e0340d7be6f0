//! The course of a run in columns of equal width, with marks where something remarkable happened.
//!
//! Takes the same memory whatever the run: when there are too many columns, they become twice as wide; of
//! each kind of mark, the first and the last ones are kept.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::Instant;
use rumormill_core::trace::{Event, Kind, POSITION};
use serde::Serialize;

/// The most columns; at least half of them are in use once a run is longer than a few milliseconds.
pub const COLUMNS_MAX: usize = 2_048;

/// The width of a column of a run that has just begun, in nanoseconds.
const WIDTH_NS: u64 = 1_000;

/// Longer texts of marks are cut to this many characters.
const TEXT_CHARS_MAX: usize = 120;

/// What a mark stands for; the first are the most important.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MarkKind {
    /// A property did not hold.
    Violated,
    /// A fault, of the plan or by hand.
    Fault,
    /// A peer crashed.
    Crash,
    /// A peer booted again.
    Restart,
    /// A peer wrote a note.
    Note,
    /// All peers that have a target met it.
    Target,
    /// Every peer was done.
    Done,
}

impl MarkKind {
    /// The kinds of which there can be many, and how many of each are kept: 500 with the others, which are
    /// one a target and one a run.
    const MANY: [(Self, usize); 5] =
        [(Self::Violated, 60), (Self::Fault, 160), (Self::Crash, 80), (Self::Restart, 60), (Self::Note, 100)];

    const fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Violated => Self::Violated,
            Kind::Fault => Self::Fault,
            Kind::Crashed => Self::Crash,
            Kind::Restarted => Self::Restart,
            Kind::Note => Self::Note,
            _ => return None,
        })
    }
}

/// Targets that get a mark, at most.
const TARGET_MARKS_MAX: usize = 39;

/// Something worth going to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Seconds of the run.
    pub t: f64,
    /// What it stands for.
    pub kind: MarkKind,
    /// The peer it happened to; 0 for the run as a whole.
    pub peer: u64,
    /// Name of the fault, target, property or note.
    pub name: String,
    /// For a person; cut when long.
    pub text: String,
    /// The event's id in decimal.
    pub event: Option<String>,
}

impl Mark {
    fn new(event: &Event, kind: MarkKind) -> Self {
        Self {
            t: event.time.as_secs_f64(),
            kind,
            peer: event.peer.0,
            name: shorten(&event.name),
            text: shorten(&event.text),
            event: Some(event.id.0.to_string()),
        }
    }
}

/// What happened in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Column {
    sent: u64,
    delivered: u64,
    dropped: u64,
    /// By how much the number of peers that are done grew.
    done: i64,
    /// By how much the number of targets that are met grew.
    met: i64,
}

impl std::ops::AddAssign for Column {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.delivered += more.delivered;
        self.dropped += more.dropped;
        self.done += more.done;
        self.met += more.met;
    }
}

/// The course of a run so far.
#[derive(Clone, Debug)]
pub struct Timeline {
    width_ns: u64,
    columns: Vec<Column>,
    marks: Vec<Kept>,
    targets: BTreeMap<u8, Mark>,
    done: Option<Mark>,
}

/// Marks of one kind: the first, the last, and how many were between them.
#[derive(Clone, Debug, Default)]
struct Kept {
    first: Vec<Mark>,
    last: VecDeque<Mark>,
    hidden: u64,
}

impl Kept {
    fn push(&mut self, mark: Mark, limit: usize) {
        if self.first.len() < limit / 2 {
            self.first.push(mark);
            return;
        }
        self.last.push_back(mark);
        if self.last.len() > limit - limit / 2 {
            self.last.pop_front();
            self.hidden += 1;
        }
    }
}

impl Default for Timeline {
    fn default() -> Self {
        let marks = MarkKind::MANY.map(|_| Kept::default()).into();
        Self { width_ns: WIDTH_NS, columns: Vec::new(), marks, targets: BTreeMap::new(), done: None }
    }
}

impl Timeline {
    /// Takes an event, by which so many more peers were done and so many more targets met.
    pub fn add(&mut self, event: &Event, done: i64, met: i64) {
        let mut news = Column { done, met, ..Column::default() };
        match event.kind {
            Kind::Sent => news.sent = 1,
            Kind::Delivered => news.delivered = 1,
            Kind::Dropped => news.dropped = 1,
            _ => {}
        }
        if news != Column::default() {
            *self.column(event.time) += news;
        }
        if let Some(kind) = MarkKind::of(event.kind)
            && !matches!(&*event.name, super::LABEL | POSITION)
        {
            let place = MarkKind::MANY.iter().position(|&(known, _)| known == kind).unwrap_or(0);
            self.marks[place].push(Mark::new(event, kind), MarkKind::MANY[place].1);
        }
    }

    /// By this event, all peers that have the target have met it, or no longer.
    pub fn target(&mut self, event: &Event, target: u8, is_met: bool) {
        if !is_met {
            self.targets.remove(&target);
        } else if self.targets.len() < TARGET_MARKS_MAX {
            let whole = |mark: Mark| Mark { peer: 0, text: "met by all".into(), ..mark };
            self.targets.entry(target).or_insert_with(|| whole(Mark::new(event, MarkKind::Target)));
        }
    }

    /// By this event, every peer is done, or no longer.
    pub fn done(&mut self, event: &Event, all: bool) {
        if !all {
            self.done = None;
        } else if self.done.is_none() {
            let text = format!("every peer is done, peer {} last", event.peer.0);
            self.done = Some(Mark { peer: 0, name: "done".into(), text, ..Mark::new(event, MarkKind::Done) });
        }
    }

    /// The course up to this moment in at most `width` columns.
    #[must_use]
    pub fn course(&self, to: Instant, width: usize) -> Course {
        let used = (to.as_nanos() / self.width_ns).saturating_add(1).max(self.columns.len() as u64);
        let each = used.div_ceil(width.max(1) as u64);
        let mut columns = vec![Column::default(); used.div_ceil(each) as usize];
        for (place, &column) in self.columns.iter().enumerate() {
            columns[(place as u64 / each) as usize] += column;
        }
        let sum = |of: fn(&Column) -> i64| {
            let sums = columns.iter().scan(0_i64, |sum, column| {
                *sum += of(column);
                Some(*sum)
            });
            sums.collect()
        };
        let mut marks: Vec<Mark> =
            self.marks.iter().flat_map(|kept| kept.first.iter().chain(&kept.last)).cloned().collect();
        marks.extend(self.targets.values().cloned().chain(self.done.clone()));
        marks.sort_by(|one, other| one.t.total_cmp(&other.t).then(one.kind.cmp(&other.kind)));
        Course {
            dt: each as f64 * self.width_ns as f64 / 1e9,
            sent: columns.iter().map(|column| column.sent).collect(),
            delivered: columns.iter().map(|column| column.delivered).collect(),
            dropped: columns.iter().map(|column| column.dropped).collect(),
            done: sum(|column| column.done),
            met: sum(|column| column.met),
            marks,
            marks_hidden: self.marks.iter().map(|kept| kept.hidden).sum(),
        }
    }

    fn column(&mut self, time: Instant) -> &mut Column {
        while time.as_nanos() / self.width_ns >= COLUMNS_MAX as u64 {
            self.widen();
        }
        let place = (time.as_nanos() / self.width_ns) as usize;
        if self.columns.len() <= place {
            self.columns.resize(place + 1, Column::default());
        }
        &mut self.columns[place]
    }

    fn widen(&mut self) {
        self.width_ns = self.width_ns.saturating_mul(2);
        let half = self.columns.len().div_ceil(2);
        for place in 0..half {
            let mut both = self.columns[2 * place];
            both += self.columns.get(2 * place + 1).copied().unwrap_or_default();
            self.columns[place] = both;
        }
        self.columns.truncate(half);
    }
}

/// The course of a run as the page draws it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Course {
    /// Width of a column in seconds of the run.
    pub dt: f64,
    /// Messages sent in each column.
    pub sent: Vec<u64>,
    /// Messages delivered in each column.
    pub delivered: Vec<u64>,
    /// Messages lost in each column.
    pub dropped: Vec<u64>,
    /// Peers that are done by the end of each column.
    pub done: Vec<i64>,
    /// Targets that are met by the end of each column, those of all peers together.
    pub met: Vec<i64>,
    /// What is worth going to, by time: at most 500.
    pub marks: Vec<Mark>,
    /// Marks that were left out, for there are too many.
    pub marks_hidden: u64,
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumormill_core::PeerId;
    use rumormill_core::trace::EventId;

    fn event(time_ns: u64, kind: Kind) -> Event {
        Event::new(EventId(time_ns), Instant::from_nanos(time_ns), PeerId(1), kind)
    }

    proptest! {
        #[test]
        fn every_message_is_in_the_column_of_its_time(
            times in prop::collection::vec(0_u64..10_000_000_000_000, 1..200), width in 1_usize..3000,
        ) {
            let mut timeline = Timeline::default();
            times.iter().for_each(|&time| timeline.add(&event(time, Kind::Sent), 1, -1));
            let to = Instant::from_nanos(*times.iter().max().unwrap());
            let course = timeline.course(to, width);
            prop_assert!(course.sent.len() <= width && timeline.columns.len() <= COLUMNS_MAX);
            let mut sent = vec![0; course.sent.len()];
            times.iter().for_each(|&time| sent[(time / (course.dt * 1e9) as u64) as usize] += 1);
            prop_assert_eq!(&course.sent, &sent);
            prop_assert_eq!(course.done.last().copied(), Some(times.len() as i64));
            prop_assert_eq!(course.met.last().copied(), Some(-(times.len() as i64)));
        }
    }

    #[test]
    fn marks_are_bounded_and_the_important_ones_stay() {
        let mut timeline = Timeline::default();
        for time in 0..100_000 {
            timeline.add(
                &event(time, [Kind::Crashed, Kind::Restarted, Kind::Note, Kind::Fault][time as usize % 4]),
                0,
                0,
            );
        }
        timeline.add(&event(5, Kind::Violated), 0, 0);
        (0..=255).for_each(|target| timeline.target(&event(9, Kind::Progress), target, true));
        timeline.done(&event(10, Kind::Done), true);
        let course = timeline.course(Instant::from_nanos(100_000), 600);
        assert_eq!(course.marks.len(), 160 + 80 + 60 + 100 + 1 + TARGET_MARKS_MAX + 1);
        assert!(course.marks.len() <= 500);
        assert_eq!(course.marks_hidden, 100_000 - 400);
        assert!(course.marks.is_sorted_by(|one, other| one.t <= other.t));
        let has = |kind| course.marks.iter().any(|mark| mark.kind == kind);
        assert!(has(MarkKind::Violated) && has(MarkKind::Done) && has(MarkKind::Target));
        let ids: Vec<_> = course.marks.iter().filter_map(|mark| mark.event.as_deref()).collect();
        assert!(ids.contains(&"0") && ids.contains(&"99999"), "the first and the last");
    }

    #[test]
    fn a_target_that_is_missed_again_has_no_mark() {
        let mut timeline = Timeline::default();
        let kinds = |timeline: &Timeline| {
            timeline.course(Instant::ZERO, 10).marks.iter().map(|mark| (mark.kind, mark.t)).collect::<Vec<_>>()
        };
        timeline.target(&event(1_000_000_000, Kind::Progress), 0, true);
        timeline.target(&event(2_000_000_000, Kind::Progress), 0, true);
        assert_eq!(kinds(&timeline), [(MarkKind::Target, 1.0)]);
        timeline.target(&event(2_500_000_000, Kind::Progress), 0, false);
        assert_eq!(kinds(&timeline), []);
        timeline.target(&event(3_000_000_000, Kind::Progress), 0, true);
        timeline.done(&event(4_000_000_000, Kind::Done), true);
        assert_eq!(kinds(&timeline), [(MarkKind::Target, 3.0), (MarkKind::Done, 4.0)]);
    }
}
