//! What happened in a run as numbers over time: rates, levels, progress, latencies.

mod kinds;
mod latency;
mod meter;
mod peers;
mod series;
mod table;
mod targets;
mod tracks;

use serde::Serialize;

pub use meter::Meter;

use crate::Run;
use crate::walk::Walk;

/// The columns of [`Metrics`] when nobody says how many: about one for each point of a plot.
pub const COLUMNS_USUAL: usize = 600;

/// Numbers of a run over time. The run is cut into columns of equal width; each series has a value a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Metrics {
    /// Where the first column begins, in seconds of the run.
    pub from: f64,
    /// Where the run is, in seconds; the last column may end later.
    pub to: f64,
    /// Width of a column, in seconds.
    pub dt: f64,
    /// Events that were counted.
    pub events: u64,
    /// The numbers, by group.
    pub series: Vec<Series>,
    /// How long messages took, by kind; all together first.
    pub histograms: Vec<Histogram>,
    /// Sentences about what is not counted, and why.
    pub notes: Vec<String>,
}

/// One number over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Series {
    /// Unique among the series of a run, and the same in every run: `sent`, `sent:push`, `target:messages:min`.
    pub id: String,
    /// For a person.
    pub name: String,
    /// Unit of the values: `messages/s`, `B/s`, `peers`; empty for the values of a target.
    pub unit: &'static str,
    /// What it belongs to: `messages`, `bytes`, `latency`, `peers`, `progress`, `indications`, `processes`.
    pub group: &'static str,
    /// What the values mean.
    pub kind: SeriesKind,
    /// By column; `None` where nothing is known yet.
    pub values: Vec<Option<f64>>,
    /// The largest value.
    pub peak: Option<f64>,
    /// The mean of the values that are known.
    pub mean: Option<f64>,
}

/// What the values of a series mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SeriesKind {
    /// So much a second, on average over the column: values times width add up to what was counted.
    Rate,
    /// Read at the end of the column, or averaged over it.
    Gauge,
    /// How many there are at the end of the column.
    Count,
}

/// How long messages took, as a distribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Histogram {
    /// Unique among the histograms of a run: `latency:` and the kind of message, which is empty for all.
    pub id: String,
    /// For a person.
    pub name: String,
    /// Unit of all values but the counts.
    pub unit: &'static str,
    /// Bars next to each other: lower end, upper end, how many. Equally wide, or of equal ratio where times
    /// differ by more than a factor of 50.
    pub buckets: Vec<(f64, f64, u64)>,
    /// Half of them took no longer; exact to three digits, as are the other quantiles.
    pub p50: f64,
    /// Nine of ten took no longer.
    pub p90: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The shortest.
    pub min: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
    /// How many there were.
    pub n: u64,
}

impl Meter {
    /// Counts all events of a recording that can be read.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let (mut walk, mut meter) = (Walk::new(run), Self::default());
        while let Some(event) = walk.next() {
            meter.take(&event);
        }
        meter.notes(walk.notes);
        meter
    }
}
