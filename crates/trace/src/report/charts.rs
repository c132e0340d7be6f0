//! Small charts as inline SVG.

use std::fmt::Write;

use super::words::{seconds, short};
use crate::{Activity, Link};

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 180.0;
/// Room for the numbers on the left axis, and below the lower one.
const LEFT: f64 = 48.0;
const BELOW: f64 = 24.0;
const ABOVE: f64 = 8.0;
const RIGHT: f64 = 12.0;

/// Peers up to which a matrix of who talks to whom is drawn.
pub(super) const MATRIX_PEERS_MAX: u64 = 200;

/// Shades of a matrix.
const SHADES: usize = 6;

/// Messages sent, delivered and lost a second, over time.
pub(super) fn messages(activity: &Activity) -> String {
    let rates = |counts: &[u64]| counts.iter().map(|&count| count as f64 / activity.step_s).collect::<Vec<f64>>();
    let [sent, delivered, lost] = [&activity.sent, &activity.delivered, &activity.dropped].map(|counts| rates(counts));
    let most = [&sent, &delivered, &lost].into_iter().flatten().copied().fold(0.0, f64::max);
    let axes = Axes::new(activity, most);
    let mut chart = axes.begin("Messages a second over time");
    for (class, rates) in [("sent", sent), ("delivered", delivered), ("lost", lost)] {
        let points = rates.iter().enumerate().map(|(step, &rate)| (step as f64 + 0.5, rate));
        let _ = write!(chart, r#"<polyline class="line {class}" points="{}"/>"#, axes.points(points));
    }
    chart + "</svg>"
}

/// What the lines of [`messages`] mean.
pub(super) const MESSAGES_KEY: &str = concat!(
    "<span class=\"key\" style=\"border-color:var(--quiet)\"></span>sent",
    "<span class=\"key\" style=\"border-color:var(--accent)\"></span>delivered",
    "<span class=\"key\" style=\"border-color:var(--low);border-top-style:dashed\"></span>lost",
);

/// Peers that are done, over time.
pub(super) fn done(activity: &Activity, peers: u64) -> String {
    let axes = Axes::new(activity, peers as f64);
    let mut chart = axes.begin("Peers that are done over time");
    let steps = activity.done.iter().enumerate();
    let stairs = steps.flat_map(|(step, &done)| [(step as f64, done as f64), (step as f64 + 1.0, done as f64)]);
    let area = [(0.0, 0.0)].into_iter().chain(stairs).chain([(activity.done.len() as f64, 0.0)]);
    let _ = write!(chart, r#"<polygon class="line done" points="{}"/>"#, axes.points(area));
    chart + "</svg>"
}

/// Who talks to whom: senders are rows, receivers columns, and the darker, the more messages (their square root).
pub(super) fn matrix(links: &[Link], peers: u64) -> String {
    let most = links.iter().map(Link::messages).max().unwrap_or(1);
    let mut shades = vec![String::new(); SHADES];
    for link in links.iter().filter(|link| link.from.max(link.to) <= peers && link.from.min(link.to) > 0) {
        let depth = (link.messages() as f64 / most as f64).sqrt();
        let shade = ((depth * SHADES as f64) as usize).min(SHADES - 1);
        let _ = write!(shades[shade], "M{} {}h1v1h-1z", link.to - 1, link.from - 1);
    }
    let mut chart = format!(
        r#"<svg class="matrix" viewBox="-0.5 -0.5 {side} {side}" role="img" aria-label="Who talks to whom">"#,
        side = peers + 1
    );
    let _ = write!(chart, r#"<rect class="grid" width="{peers}" height="{peers}" fill="none" stroke-width="0.1"/>"#);
    for (shade, path) in shades.iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        let opacity = (shade + 1) as f64 / SHADES as f64;
        let _ = write!(chart, r#"<path fill-opacity="{opacity:.2}" d="{path}"/>"#);
    }
    chart + "</svg>"
}

/// The axes of a chart over time.
struct Axes {
    steps: f64,
    step_s: f64,
    top: f64,
}

impl Axes {
    fn new(activity: &Activity, most: f64) -> Self {
        let tick = tick(most);
        Self {
            steps: activity.sent.len().max(1) as f64,
            step_s: activity.step_s,
            top: (most / tick).ceil().max(1.0) * tick,
        }
    }

    fn begin(&self, label: &str) -> String {
        let mut svg = format!(r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">"#);
        let step = tick(self.top);
        for index in 0..=(self.top / step).round() as u32 {
            let value = f64::from(index) * step;
            let y = self.y(value);
            let _ = write!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{}"/>"#, WIDTH - RIGHT);
            let _ =
                write!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">{}</text>"#, LEFT - 6.0, y + 4.0, short(value));
        }
        let end_s = self.steps * self.step_s;
        let step_s = tick(end_s);
        for index in 0..=(end_s / step_s).floor() as u32 {
            let time_s = f64::from(index) * step_s;
            let (x, y) = (self.x(time_s / self.step_s), HEIGHT - 6.0);
            let _ = write!(svg, r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{}</text>"#, seconds(time_s));
        }
        svg
    }

    fn points(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.fold(String::new(), |mut text, (step, value)| {
            let _ = write!(text, "{:.1},{:.1} ", self.x(step), self.y(value));
            text
        })
    }

    fn x(&self, step: f64) -> f64 {
        LEFT + step / self.steps * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        ABOVE + (1.0 - value / self.top) * (HEIGHT - ABOVE - BELOW)
    }
}

/// A round distance such that two to five of it make `most`.
fn tick(most: f64) -> f64 {
    if most <= 0.0 {
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
