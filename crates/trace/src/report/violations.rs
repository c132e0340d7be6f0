//! Properties that did not hold, each with the space-time diagram of what led there.

use std::collections::BTreeSet;
use std::fmt::Write;

use rumormill_core::Instant;
use rumormill_core::trace::{Event, EventId, Kind};

use super::words::seconds;
use crate::export::xml;
use crate::query::{Message, Picture, SpacetimeQuery};
use crate::{Run, RunFile, Violation};

/// Violations that get a diagram: the first ones.
const DIAGRAMS_MAX: usize = 5;

/// Peers of a diagram: those through which it came, the last ones.
const PEERS_MAX: usize = 12;

/// Events of a diagram. When there are more, it begins later.
const EVENTS_MAX: usize = 300;

/// Steps of the path that a diagram shows, if there is room.
const STEPS_MAX: usize = 16;

const WIDTH: f64 = 900.0;
const ROW: f64 = 26.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 18.0;
const ABOVE: f64 = 10.0;
const BELOW: f64 = 26.0;

/// A section for each violation: what, when, where, why, and its diagram.
pub(super) fn sections(file: &RunFile, run: Option<&Run>) -> String {
    let mut html = String::new();
    for (place, violation) in file.violations.iter().enumerate() {
        let at = seconds(violation.at_s);
        let who = if violation.peer == 0 { String::new() } else { format!(" at peer {}", violation.peer) };
        let name = xml(&violation.property);
        let _ = writeln!(html, "<section><h2><span class=\"violated\">◆ {name}</span> did not hold at {at}{who}</h2>");
        let _ = writeln!(html, "<p>{}</p>", xml(&violation.text));
        if let Some(run) = run.filter(|_| place < DIAGRAMS_MAX) {
            html += &diagram(run, violation).unwrap_or_default();
        }
        html += "</section>\n";
    }
    html
}

/// What led to the violation; `None` when its event is not recorded.
fn diagram(run: &Run, violation: &Violation) -> Option<String> {
    let cone = run.cone(violation.event?)?;
    // The fewer steps are shown, the fewer other events stand between them.
    [STEPS_MAX, 8, 4, 2, 1].into_iter().find_map(|steps| {
        let path = since_a_message(&cone.path[cone.path.len().saturating_sub(steps)..]);
        let peers = peers(path, &cone.event);
        let from = path.first().map_or(cone.event.time, |event| event.time);
        let query = SpacetimeQuery {
            from: Some(from),
            to: Some(cone.event.time),
            peers,
            fold: false,
            limit: EVENTS_MAX,
            ..SpacetimeQuery::default()
        };
        let shown = run.spacetime(&query);
        let Picture::Detail { events, messages } = shown.picture else { return None };
        let diagram = Diagram { peers: &shown.peers, from, to: cone.event.time, path, event: cone.event.id };
        Some(diagram.draw(&events, &messages))
    })
}

/// The path from the step that led to its first message on: the timers before that may reach far back, and say
/// little.
fn since_a_message(path: &[Event]) -> &[Event] {
    let sent = path.iter().position(|step| step.kind == Kind::Sent).unwrap_or(0);
    &path[sent.saturating_sub(1)..]
}

/// Peers through which it came, the nearest first to be kept; in the order of their numbers.
fn peers(path: &[Event], event: &Event) -> Vec<u32> {
    let mut peers = BTreeSet::new();
    for step in path.iter().chain([event]).rev() {
        if peers.len() < PEERS_MAX && step.id.peerid() != 0 {
            peers.insert(step.id.peerid());
        }
    }
    peers.into_iter().collect()
}

struct Diagram<'a> {
    peers: &'a [u32],
    from: Instant,
    to: Instant,
    path: &'a [Event],
    event: EventId,
}

impl Diagram<'_> {
    fn draw(&self, events: &[Event], messages: &[Message]) -> String {
        let height = ABOVE + BELOW + ROW * self.peers.len() as f64;
        let label = "Space-time diagram: what led to the violation";
        let mut svg =
            format!(r#"<svg class="spacetime" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">"#);
        for (row, peer) in self.peers.iter().enumerate() {
            let y = self.y(row);
            let _ = write!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{}"/>"#, WIDTH - RIGHT);
            let _ = write!(svg, r#"<text x="{}" y="{:.1}" text-anchor="end">peer {peer}</text>"#, LEFT - 8.0, y + 4.0);
        }
        messages.iter().for_each(|message| self.message(message, &mut svg));
        events.iter().for_each(|event| self.event(event, &mut svg));
        for (x, anchor, at) in [(LEFT, "start", self.from), (WIDTH - RIGHT, "end", self.to)] {
            let (y, words) = (height - 6.0, seconds(at.as_secs_f64()));
            let _ = write!(svg, r#"<text x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>"#);
        }
        let steps = self.path.len();
        let caption = format!(
            "What led there: the last {steps} steps are strong; time goes to the right. Lost messages end in a cross."
        );
        format!("<figure class=\"wide\">{svg}</svg><figcaption>{caption}</figcaption></figure>\n")
    }

    fn message(&self, message: &Message, svg: &mut String) {
        let (Some(from), Some(to)) = (self.row(message.from), self.row(message.to)) else { return };
        let end = message.ended_at.unwrap_or(self.to);
        let (x, y) = (self.x(message.sent_at), self.y(from));
        let (mut to_x, mut to_y) = (self.x(end), self.y(to));
        if message.is_lost {
            (to_x, to_y) = ((x + to_x) / 2.0, (y + to_y) / 2.0);
        }
        let is_step = message.end.is_some_and(|end| self.is_step(end)) && self.is_step(message.sent);
        let class = match (is_step, message.is_lost) {
            (true, _) => "step",
            (false, true) => "other lost",
            (false, false) => "other",
        };
        let title = format!("{}, {} to {}", message.kind, message.from, message.to);
        let _ = write!(
            svg,
            r#"<path class="{class}" d="M{x:.1} {y:.1}L{to_x:.1} {to_y:.1}"><title>{}</title></path>"#,
            xml(&title)
        );
        if message.is_lost {
            let (left, right, up, down) = (to_x - 3.0, to_x + 3.0, to_y - 3.0, to_y + 3.0);
            let _ = write!(
                svg,
                r#"<path class="cross" d="M{left:.1} {up:.1}L{right:.1} {down:.1}M{left:.1} {down:.1}L{right:.1} {up:.1}"/>"#
            );
        }
    }

    fn event(&self, event: &Event, svg: &mut String) {
        let Some(row) = self.row(event.id.peerid()) else { return };
        let (x, y) = (self.x(event.time), self.y(row));
        let mut title = event.kind.name().to_string();
        for part in [&*event.name, &event.text] {
            if !part.is_empty() {
                let _ = write!(title, " {part}");
            }
        }
        let title = xml(&title).to_string();
        let shape = if event.id == self.event || event.kind == Kind::Violated {
            format!(r#"<path class="here" d="M{x:.1} {:.1}l6 6l-6 6l-6 -6z">"#, y - 6.0)
        } else {
            let (class, radius) = if self.is_step(event.id) { ("step-dot", 3.5) } else { ("dot", 2.0) };
            format!(r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}">"#)
        };
        let close = if shape.starts_with("<path") { "</path>" } else { "</circle>" };
        let _ = write!(svg, "{shape}<title>{title}</title>{close}");
    }

    fn is_step(&self, id: EventId) -> bool {
        self.path.iter().any(|step| step.id == id)
    }

    fn row(&self, peer: u32) -> Option<usize> {
        self.peers.iter().position(|&known| known == peer)
    }

    fn x(&self, time: Instant) -> f64 {
        let (from, to) = (self.from.as_secs_f64(), self.to.as_secs_f64());
        let share = if to > from { ((time.as_secs_f64() - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
        LEFT + 8.0 + share * (WIDTH - LEFT - RIGHT - 16.0)
    }

    fn y(&self, row: usize) -> f64 {
        ABOVE + ROW * (row as f64 + 0.5)
    }
}
