//! Small charts over time, and distributions, as inline SVG.

use std::fmt::Write;

use super::words::{count, seconds, short};
use crate::export::xml;
use crate::{Histogram, Metrics};

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 180.0;
/// Room for the numbers on the left axis, and below the lower one.
const LEFT: f64 = 48.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 8.0;
const RIGHT: f64 = 12.0;

/// Faults that are marked in a chart, at most.
const MARKS_MAX: usize = 40;

/// A line in a chart.
pub(super) struct Line<'a> {
    /// How it looks: a class of the style sheet.
    pub class: &'static str,
    /// What it is, for the key.
    pub name: &'a str,
    /// A value a column; nothing is drawn where there is none.
    pub values: &'a [Option<f64>],
}

/// Lines over the time of a run, with marks where something went wrong.
pub(super) struct Chart<'a> {
    pub label: &'a str,
    pub metrics: &'a Metrics,
    pub lines: Vec<Line<'a>>,
    /// The first line bounds an area, and the last the other side of it.
    pub is_area: bool,
    /// The least that the axis reaches to.
    pub top: f64,
    pub marks: &'a [f64],
}

impl Chart<'_> {
    /// The chart and its key.
    pub fn draw(&self) -> String {
        let known = self.lines.iter().flat_map(|line| line.values.iter().flatten());
        let most = known.fold(self.top, |most, value| most.max(*value));
        let axes = Axes::new(self.metrics.to.max(self.metrics.dt), most);
        let mut svg = axes.begin(self.label, seconds);
        for mark in self.marks.iter().take(MARKS_MAX) {
            let _ = write!(svg, r#"<path class="mark" d="M{:.1} {ABOVE}V{}"/>"#, axes.x(*mark), HEIGHT - BELOW);
        }
        if self.is_area
            && let (Some(first), Some(last)) = (self.lines.first(), self.lines.last())
        {
            let back: Vec<String> = self.points(&axes, last).into_iter().rev().collect();
            let points = self.points(&axes, first).join(" ");
            let _ = write!(svg, r#"<polygon class="area" points="{points} {}"/>"#, back.join(" "));
        }
        for line in &self.lines {
            let points = self.points(&axes, line).join(" ");
            let _ = write!(svg, r#"<polyline class="line {}" points="{points}"/>"#, line.class);
        }
        svg += "</svg>";
        let _ = write!(svg, "<figcaption>{}</figcaption>", self.key());
        svg
    }

    /// In the middle of its column, where it was counted; the last one may end late.
    fn points(&self, axes: &Axes, line: &Line<'_>) -> Vec<String> {
        let (dt, to) = (self.metrics.dt, self.metrics.to);
        let known = line.values.iter().enumerate().filter_map(|(column, value)| Some((column, (*value)?)));
        let point = |(column, value)| {
            let at = ((column as f64 + 0.5) * dt).min(to);
            format!("{:.1},{:.1}", axes.x(at), axes.y(value))
        };
        known.map(point).collect()
    }

    fn key(&self) -> String {
        let key = |line: &Line<'_>| format!("<span class=\"key {}\"></span>{}", line.class, xml(line.name));
        self.lines.iter().map(key).collect::<Vec<_>>().join(" ")
    }
}

/// How long messages took: a bar for each span of time.
pub(super) fn latencies(histogram: &Histogram) -> String {
    let (from, to) = (histogram.min, histogram.max);
    let tallest = histogram.buckets.iter().map(|bucket| bucket.2).max().unwrap_or(1) as f64;
    let axes = Axes::new(histogram.buckets.len() as f64, tallest);
    let mut svg = axes.frame("How long messages took");
    for (place, &(lower, upper, n)) in histogram.buckets.iter().enumerate() {
        let (x, next, y) = (axes.x(place as f64), axes.x(place as f64 + 1.0), axes.y(n as f64));
        let words = format!("{} to {}: {}", seconds(lower), seconds(upper), count(n));
        let _ = write!(
            svg,
            r#"<rect class="bars" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{:.1}"><title>{words}</title></rect>"#,
            (next - x - 1.0).max(0.5),
            axes.y(0.0) - y
        );
    }
    let middle = histogram.buckets.get(histogram.buckets.len() / 2).map_or(from, |bucket| bucket.0);
    for (x, anchor, at) in
        [(LEFT, "start", from), ((LEFT + WIDTH - RIGHT) / 2.0, "middle", middle), (WIDTH - RIGHT, "end", to)]
    {
        let _ = write!(svg, r#"<text x="{x}" y="{}" text-anchor="{anchor}">{}</text>"#, HEIGHT - 6.0, seconds(at));
    }
    svg += "</svg>";
    let [p50, p90, p99] = [histogram.p50, histogram.p90, histogram.p99].map(seconds);
    let n = count(histogram.n);
    let _ = write!(
        svg,
        "<figcaption>{n} messages: half took at most {p50}, 90 % at most {p90}, 99 % at most {p99}</figcaption>"
    );
    svg
}

/// The axes of a chart: from 0 to `right` and from 0 to a round number.
struct Axes {
    right: f64,
    top: f64,
}

impl Axes {
    fn new(right: f64, most: f64) -> Self {
        let tick = tick(most);
        Self { right: if right > 0.0 { right } else { 1.0 }, top: (most / tick).ceil().max(1.0) * tick }
    }

    /// The picture with lines across for round numbers.
    fn frame(&self, label: &str) -> String {
        let mut svg = format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{}">"#, xml(label));
        let step = tick(self.top);
        for index in 0..=(self.top / step).round() as u32 {
            let value = f64::from(index) * step;
            let y = self.y(value);
            let _ = write!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{}"/>"#, WIDTH - RIGHT);
            let (x, y) = (LEFT - 6.0, y + 4.0);
            let _ = write!(svg, r#"<text x="{x}" y="{y:.1}" text-anchor="end">{}</text>"#, short(value));
        }
        svg
    }

    /// The same, with round numbers along the lower axis.
    fn begin(&self, label: &str, words: fn(f64) -> String) -> String {
        let mut svg = self.frame(label);
        let step = tick(self.right);
        for index in 0..=(self.right / step).floor() as u32 {
            let value = f64::from(index) * step;
            let (x, y) = (self.x(value), HEIGHT - 6.0);
            let _ = write!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{}</text>"#, words(value));
        }
        svg
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + (value / self.right).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        ABOVE + (1.0 - value / self.top) * (HEIGHT - ABOVE - BELOW)
    }
}

/// A round distance such that two to five of it make `most`.
fn tick(most: f64) -> f64 {
    if most <= 0.0 || !most.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf((most / 2.0).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|factor| factor * power).find(|tick| most / tick >= 2.0).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (most, expected) in [(10.0, 5.0), (7.0, 2.0), (0.3, 0.1), (1500.0, 500.0), (2.0, 1.0), (0.0, 1.0)] {
            assert!((tick(most) - expected).abs() < 1e-9, "{most}: {}", tick(most));
        }
        for most in (1..10_000).map(f64::from) {
            assert!((1.9..=5.1).contains(&(most / tick(most))), "{most}: {}", tick(most));
        }
    }
}
