//! Numbers over time in bounded memory: the run is cut into columns of equal width, which become twice as
//! wide when the run outgrows them.

use rumormill_core::Instant;

/// Columns that are kept, at most; of a long run between half of them and all are in use.
pub(super) const COLUMNS_MAX: usize = 2_400;

/// The width of a column at first.
const STEP_NS: u64 = 1_000;

/// How two columns become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fold {
    /// What is counted adds up.
    Sum,
    /// Of what is read, the later reading stays; a column without one is NaN.
    Last,
}

/// One number over time.
#[derive(Clone, Debug)]
pub(super) struct Track {
    fold: Fold,
    /// By column. Counts below 2⁵³ are exact.
    cells: Vec<f64>,
}

/// The place of a track among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrackId(usize);

/// All numbers of a run, cut into the same columns.
#[derive(Clone, Debug)]
pub(super) struct Tracks {
    step_ns: u64,
    all: Vec<Track>,
}

impl Default for Tracks {
    fn default() -> Self {
        Self { step_ns: STEP_NS, all: Vec::new() }
    }
}

impl Tracks {
    pub(super) fn open(&mut self, fold: Fold) -> TrackId {
        self.all.push(Track { fold, cells: Vec::new() });
        TrackId(self.all.len() - 1)
    }

    pub(super) fn step_ns(&self) -> u64 {
        self.step_ns
    }

    /// The column of this moment; columns become wider until there is one.
    pub(super) fn column(&mut self, time: Instant) -> usize {
        while time.as_nanos() / self.step_ns >= COLUMNS_MAX as u64 {
            self.step_ns *= 2;
            self.all.iter_mut().for_each(|track| track.cells = track.folded(2));
        }
        (time.as_nanos() / self.step_ns) as usize
    }

    pub(super) fn add(&mut self, track: TrackId, column: usize, amount: f64) {
        *self.cell(track, column, 0.0) += amount;
    }

    pub(super) fn set(&mut self, track: TrackId, column: usize, reading: f64) {
        *self.cell(track, column, f64::NAN) = reading;
    }

    fn cell(&mut self, track: TrackId, column: usize, empty: f64) -> &mut f64 {
        let cells = &mut self.all[track.0].cells;
        if cells.len() <= column {
            cells.resize(column + 1, empty);
        }
        &mut cells[column]
    }

    /// The track's columns, each as wide as `factor` of ours, exactly `count` of them.
    pub(super) fn columns(&self, track: TrackId, factor: usize, count: usize) -> Vec<f64> {
        let track = &self.all[track.0];
        let mut columns = track.folded(factor);
        columns.resize(count, if track.fold == Fold::Sum { 0.0 } else { f64::NAN });
        columns
    }
}

impl Track {
    fn folded(&self, factor: usize) -> Vec<f64> {
        let fold = |cells: &[f64]| match self.fold {
            Fold::Sum => cells.iter().sum(),
            Fold::Last => cells.iter().rev().copied().find(|cell| !cell.is_nan()).unwrap_or(f64::NAN),
        };
        self.cells.chunks(factor).map(fold).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_however_long_the_run(times in prop::collection::vec(0..=u64::MAX, 1..200), factor in 1..9_usize) {
            let mut tracks = Tracks::default();
            let (count, reading) = (tracks.open(Fold::Sum), tracks.open(Fold::Last));
            let mut times = times;
            times.sort_unstable();
            for (&time, value) in times.iter().zip(0_u32..) {
                let column = tracks.column(Instant::from_nanos(time));
                tracks.add(count, column, 1.0);
                tracks.set(reading, column, f64::from(value));
            }
            let width = tracks.step_ns() as u128 * factor as u128;
            let columns = COLUMNS_MAX.div_ceil(factor);
            let (counts, readings) = (tracks.columns(count, factor, columns), tracks.columns(reading, factor, columns));
            for column in 0..columns {
                let inside = |&&time: &&u64| (u128::from(time) / width) as usize == column;
                prop_assert_eq!(counts[column], times.iter().filter(inside).count() as f64);
                let last = times.iter().rposition(|time| inside(&time));
                prop_assert_eq!(last.map_or(f64::NAN, |place| place as f64).to_bits(), readings[column].to_bits());
            }
        }
    }
}
