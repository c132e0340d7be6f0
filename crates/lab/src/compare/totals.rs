//! Figures of runs, side by side.

use std::collections::BTreeSet;

use rumormill_trace::{Meter, Metrics, Run, RunFile, Series};
use serde::Serialize;

use crate::view::RunLine;

/// A figure that runs have in common.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Total {
    /// What it is.
    pub name: String,
    /// Its unit; empty for a plain number.
    pub unit: &'static str,
    /// Each run's; `null` where it has none.
    pub values: Vec<Option<f64>>,
    /// Each value to the first run's; `null` where one of them is missing, or the first is 0 and this is not.
    pub ratios: Vec<Option<f64>>,
}

type Figure<'a> = dyn Fn(&RunFile, &Metrics) -> Option<f64> + 'a;

/// The figures of these runs.
pub(super) fn of(runs: &[(RunLine, Run)], meters: &mut [Meter]) -> Vec<Total> {
    let metrics: Vec<Metrics> = meters.iter_mut().map(|meter| meter.metrics(1, None)).collect();
    let total = |name: &str, unit, figure: &Figure<'_>| {
        let values: Vec<Option<f64>> =
            runs.iter().zip(&metrics).map(|((_, run), metrics)| figure(run.file(), metrics)).collect();
        let ratios = ratios(&values);
        Total { name: name.into(), unit, values, ratios }
    };
    let mut totals = vec![
        total("peers", "peers", &|file, _| Some(file.peers.into())),
        total("time in the run", "s", &|file, metrics| Some(file.virtual_seconds.max(metrics.to))),
        total("wall time", "s", &|file, _| Some(file.wall_seconds)),
        total("peers done", "peers", &|_, metrics| last(metrics, "done")),
        total("events handled", "events", &|file, _| Some(file.events as f64)),
        total("messages sent", "messages", &|_, metrics| counted(metrics, "sent")),
        total("messages delivered", "messages", &|_, metrics| counted(metrics, "delivered")),
        total("messages lost", "messages", &|_, metrics| counted(metrics, "lost")),
        total("bytes sent", "B", &|_, metrics| counted(metrics, "sent_bytes")),
        total("messages sent a peer", "messages", &|file, metrics| {
            Some(counted(metrics, "sent")? / f64::from(file.peers.max(1)))
        }),
        total("latency, median", "s", &|_, metrics| Some(metrics.histograms.first()?.p50)),
        total("latency, 99 %", "s", &|_, metrics| Some(metrics.histograms.first()?.p99)),
        total("most memory", "B", &|file, _| file.peak_memory_bytes.map(|bytes| bytes as f64)),
        total("events not recorded", "events", &|file, _| Some(file.trace_dropped as f64)),
    ];
    for name in names(&metrics, |series| series.id.strip_prefix("sent:")) {
        let id = format!("sent:{name}");
        totals.push(total(&format!("{name} sent"), "messages", &|_, metrics| counted(metrics, &id)));
    }
    for name in names(&metrics, |series| series.id.strip_prefix("target:")?.strip_suffix(":met")) {
        let (met, sum) = (format!("target:{name}:met"), format!("target:{name}:sum"));
        totals.push(total(&format!("{name}: met"), "peers", &|_, metrics| last(metrics, &met)));
        totals.push(total(&format!("{name}: sum"), "", &|_, metrics| last(metrics, &sum)));
    }
    totals
}

/// The parts of ids that any run has, in order.
fn names(metrics: &[Metrics], part: impl Fn(&Series) -> Option<&str>) -> BTreeSet<String> {
    metrics.iter().flat_map(|metrics| &metrics.series).filter_map(|series| part(series).map(str::to_owned)).collect()
}

fn series<'a>(metrics: &'a Metrics, id: &str) -> Option<&'a Series> {
    metrics.series.iter().find(|series| series.id == id)
}

/// All that was counted: values of a rate times the width of the one column.
fn counted(metrics: &Metrics, id: &str) -> Option<f64> {
    let rates = series(metrics, id)?.values.iter().flatten();
    // It was a whole number before it was divided.
    Some((rates.sum::<f64>() * metrics.dt).round())
}

fn last(metrics: &Metrics, id: &str) -> Option<f64> {
    *series(metrics, id)?.values.last()?
}

fn ratios(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let first = values.first().copied().flatten();
    let ratio = |value: &Option<f64>| match (first?, (*value)?) {
        (first, value) if first == value => Some(1.0),
        (0.0, _) => None,
        (first, value) => Some(value / first),
    };
    values.iter().map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_needs_two_values_of_which_the_first_is_not_zero() {
        assert_eq!(ratios(&[Some(2.0), Some(3.0), None]), [Some(1.0), Some(1.5), None]);
        assert_eq!(ratios(&[Some(0.0), Some(0.0), Some(1.0)]), [Some(1.0), Some(1.0), None]);
        assert_eq!(ratios(&[None, Some(1.0)]), [None, None]);
    }
}
