//! Runs beside each other: totals, what was asked differently, and the first event that differs.

mod asked;
mod totals;

use rumormill_trace::{Aligned, Meter, Run};
use serde::Serialize;

use crate::view::RunLine;
use crate::view::log::LogLine;

pub use asked::Asked;
pub use totals::Total;

/// Runs that are compared at once, at most.
pub const RUNS_MAX: usize = 8;

/// Runs beside each other.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// The runs; the first is what the others are compared with.
    pub runs: Vec<RunLine>,
    /// Figures of each run, and their ratios to those of the first.
    pub totals: Vec<Total>,
    /// The first event that differs between the first run and the first of the others that differs from it.
    pub difference: Option<Difference>,
    /// The same for each of the other runs, in order: `null` for one that does not differ.
    pub differences: Vec<Option<Difference>>,
    /// Events that agree with those of the first run, for each of the other runs, in order.
    pub same: Vec<u64>,
    /// How the events of each of the other runs were put beside those of the first.
    pub aligned: Vec<Aligned>,
    /// What was asked that is not the same for all.
    pub parameters: Vec<Asked>,
    /// Sentences about what was not compared, and why.
    pub notes: Vec<String>,
}

/// The first event that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The run that differs from the first.
    pub with: String,
    /// Events that agree before it: of the whole run, or of its peer.
    pub n: u64,
    /// When, in seconds of the first run; of the other one where the first has no such event.
    pub t: f64,
    /// The first run's event; `null` when it has no more.
    pub left: Option<LogLine>,
    /// The other run's event; `null` when it has no more.
    pub right: Option<LogLine>,
    /// The last events before it that agree, as the first run has them.
    pub before: Vec<LogLine>,
    /// Events that agree: up to the difference, or of all peers together.
    pub same: u64,
    /// How the events were put beside each other.
    pub aligned: Aligned,
}

/// Compares recorded runs; each comes with its numbers over time. Takes a while: all events are read.
#[must_use]
pub fn compare(runs: &[(RunLine, Run)], meters: &mut [Meter]) -> Compared {
    let mut compared = Compared {
        runs: runs.iter().map(|(line, _)| line.clone()).collect(),
        totals: totals::of(runs, meters),
        difference: None,
        differences: Vec::new(),
        same: Vec::new(),
        aligned: Vec::new(),
        parameters: asked::differing(runs),
        notes: Vec::new(),
    };
    let Some(((_, first), others)) = runs.split_first() else { return compared };
    for (line, other) in others {
        let comparison = rumormill_trace::compare(first, other);
        let (same, aligned) = (comparison.same, comparison.aligned);
        let difference = comparison.difference.map(|difference| Difference {
            with: line.id.clone(),
            n: difference.n,
            t: difference.left.as_ref().or(difference.right.as_ref()).map_or(0.0, |event| event.time.as_secs_f64()),
            left: difference.left.as_ref().map(LogLine::from),
            right: difference.right.as_ref().map(LogLine::from),
            before: difference.before.iter().map(LogLine::from).collect(),
            same,
            aligned,
        });
        compared.differences.push(difference);
        compared.same.push(same);
        compared.aligned.push(aligned);
        compared.notes.extend(comparison.notes.into_iter().map(|note| format!("{}: {note}", line.name)));
    }
    compared.difference = compared.differences.iter().flatten().next().cloned();
    compared
}
