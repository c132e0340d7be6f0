//! The plots of a report.

use super::charts::{Chart, Line, latencies};
use crate::export::xml;
use crate::summary::Summary;
use crate::{Metrics, RunFile, Series};

/// Targets that are plotted, at most.
const TARGETS_MAX: usize = 4;

/// All plots, side by side.
pub(super) fn draw(file: &RunFile, summary: &Summary, metrics: &Metrics) -> String {
    let marks: Vec<f64> = summary.faults.iter().map(|fault| fault.at_s).collect();
    let plots = Plots { metrics, marks: &marks };
    let mut figures = Vec::new();
    let ways = [("sent", "sent"), ("delivered", "delivered"), ("lost", "lost")];
    figures.extend(plots.lines("Messages a second", &ways, 0.0));
    figures.extend(plots.lines(
        "Bytes a second",
        &[("sent_bytes", "sent"), ("delivered_bytes", "delivered"), ("lost_bytes", "lost")],
        0.0,
    ));
    let all = f64::from(file.peers).max(summary.peers as f64);
    if summary.done > 0 {
        figures.extend(plots.lines("Peers up and done", &[("up", "sent"), ("done", "done")], all));
    }
    for name in summary.targets.keys().take(TARGETS_MAX) {
        figures.extend(plots.band(name));
    }
    figures.extend(metrics.histograms.first().map(|all| ("How long messages took".into(), latencies(all))));
    figures.extend(plots.lines("Messages under way", &[("in_flight", "delivered")], 0.0));
    figures.extend(plots.lines(
        "Processors that the peers used",
        &[("cpu:sum", "delivered"), ("cpu:max", "sent")],
        0.0,
    ));
    figures.extend(plots.lines(
        "Memory that the peers held, in bytes",
        &[("memory:sum", "delivered"), ("memory:max", "sent")],
        0.0,
    ));
    let figures = figures.iter().map(|(title, chart)| format!("<figure><h2>{}</h2>{chart}</figure>\n", xml(title)));
    format!("<div class=\"columns\">\n{}</div>\n", figures.collect::<String>())
}

struct Plots<'a> {
    metrics: &'a Metrics,
    marks: &'a [f64],
}

impl<'a> Plots<'a> {
    /// Some series in one chart; nothing when none of them ever says anything.
    fn lines(&self, title: &str, wanted: &[(&str, &'static str)], top: f64) -> Option<(String, String)> {
        let lines = wanted.iter().filter_map(|&(id, class)| {
            let series = self.series(id)?;
            Some(Line { class, name: &series.name, values: &series.values })
        });
        let lines: Vec<Line<'_>> = lines.collect();
        let says = |line: &Line<'_>| line.values.iter().flatten().any(|&value| value > 0.0);
        if !lines.iter().any(says) {
            return None;
        }
        let chart = Chart { label: title, metrics: self.metrics, lines, is_area: false, top, marks: self.marks };
        Some((title.into(), chart.draw()))
    }

    /// A target: the least, the middle and the most of the peers.
    fn band(&self, name: &str) -> Option<(String, String)> {
        let title = format!("{name}: least, median and most of the peers");
        let figures = [("max", "most", "edge"), ("median", "median", "done"), ("min", "least", "edge")];
        let lines = figures.iter().filter_map(|&(figure, words, class)| {
            let series = self.series(&format!("target:{name}:{figure}"))?;
            Some(Line { class, name: words, values: &series.values })
        });
        let lines: Vec<Line<'_>> = lines.collect();
        if lines.len() < figures.len() {
            return None;
        }
        let chart = Chart { label: &title, metrics: self.metrics, lines, is_area: true, top: 1.0, marks: self.marks };
        Some((title.clone(), chart.draw()))
    }

    fn series(&self, id: &str) -> Option<&'a Series> {
        self.metrics.series.iter().find(|series| series.id == id)
    }
}
