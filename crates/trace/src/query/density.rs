//! Many events of some peers: how many where, what stands out, and an even sample of the messages.

use std::ops::ControlFlow;

use rumormill_core::Instant;
use rumormill_core::trace::{Event, EventId, Kind};

use super::each;
use super::messages::{Message, Messages};
use super::spacetime::{AROUND_EVENTS, Rows, Scope};
use crate::Run;
use crate::segment::Need;

/// Messages of a sample, at most.
const SAMPLE_MAX: usize = 2_000;

/// Marks, at most; of more, the first ones.
const MARKS_MAX: usize = 1_000;

/// How many events happen where.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Density {
    /// Columns that the span is divided into.
    pub columns: usize,
    /// Events of each row and column, in the order of the rows.
    pub rows: Vec<Vec<u32>>,
    /// A sample of the messages that left in the span: which ones depends on their ids alone.
    pub messages: Vec<Message>,
    /// Messages that left in the span between peers that are shown.
    pub messages_of: u64,
    /// What changes the picture: crashes, restarts, faults and violations; the first 1,000 of them.
    pub marks: Vec<Event>,
    /// How many of these there are.
    pub marks_of: u64,
}

/// Counts the events of a span in columns.
pub(super) fn density(run: &Run, scope: Scope, rows: &Rows, row_count: usize, columns: usize, limit: usize) -> Density {
    let mut messages = Messages::new(rows, limit.min(SAMPLE_MAX));
    let mut density = Density {
        columns,
        rows: vec![vec![0; columns]; row_count],
        messages: Vec::new(),
        messages_of: 0,
        marks: Vec::new(),
        marks_of: 0,
    };
    let (mut after, mut marks) = (0, Vec::<EventId>::new());
    each(run, Need::NAMED, scope.from, |event| {
        if event.time > scope.to {
            after += 1;
            if !messages.is_open() || after > AROUND_EVENTS {
                return ControlFlow::Break(());
            }
            messages.finish(event);
            return ControlFlow::Continue(());
        }
        let row = rows.place(event.id.peerid());
        if let Some(row) = row
            && scope.has(event.kind)
        {
            density.rows[row][column(scope, columns, event.time)] += 1;
        }
        if is_mark(event.kind) && (row.is_some() || event.id.peerid() == 0) {
            density.marks_of += 1;
            if marks.len() < MARKS_MAX {
                marks.push(event.id);
            }
        }
        density.messages_of += u64::from(messages.take(event));
        ControlFlow::Continue(())
    });
    density.marks = run.find(&marks);
    density.messages = messages.between(scope.from, scope.to).0;
    density
}

/// The column of a moment within the span.
fn column(scope: Scope, columns: usize, time: Instant) -> usize {
    let span = u128::from((scope.to.as_nanos() - scope.from.as_nanos()).max(1));
    let at = u128::from(time.as_nanos() - scope.from.as_nanos());
    ((at * columns as u128 / span) as usize).min(columns - 1)
}

const fn is_mark(kind: Kind) -> bool {
    matches!(kind, Kind::Crashed | Kind::Restarted | Kind::Stopped | Kind::Fault | Kind::Violated)
}
