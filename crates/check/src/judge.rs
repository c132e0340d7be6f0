//! Reads a trace for properties.

use rumormill_core::property::{Monitor, Property, Rule, Violation};
use rumormill_core::trace::{Event, Sink};
use rumormill_core::{Instant, Protocol};

/// Reads a trace for the properties that are about one. Each is found violated once at most.
pub struct Judge {
    monitors: Vec<(&'static str, Option<Box<dyn Monitor + Send>>)>,
    violations: Vec<Violation>,
    last: Instant,
}

impl Judge {
    /// A judge of those properties that are about the trace.
    #[must_use]
    pub fn new<P: Protocol>(properties: &[Property<P>]) -> Self {
        let monitor = |property: &Property<P>| match &property.rule {
            Rule::Trace(monitor) => Some((property.name, Some(monitor()))),
            _ => None,
        };
        let monitors = properties.iter().filter_map(monitor).collect();
        Self { monitors, violations: Vec::new(), last: Instant::ZERO }
    }

    /// The names of what is checked.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.monitors.iter().map(|(name, _)| *name)
    }

    /// Reads the next event; what it violates.
    pub fn read(&mut self, event: &Event) -> &[Violation] {
        self.last = self.last.max(event.time);
        let known = self.violations.len();
        for (name, place) in &mut self.monitors {
            let Some(monitor) = place else { continue };
            if let Err(text) = monitor.event(event) {
                let peer = u32::try_from(event.peer.0).unwrap_or(0);
                let (property, event) = ((*name).to_string(), Some(event.id));
                self.violations.push(Violation { property, time: self.last, event, peer, text });
                *place = None;
            }
        }
        &self.violations[known..]
    }

    /// Judges the end of a run that came to its end by itself.
    pub fn end(&mut self) {
        for (name, place) in &mut self.monitors {
            if let Some(Err(text)) = place.take().map(|mut monitor| monitor.end()) {
                let property = (*name).to_string();
                self.violations.push(Violation { property, time: self.last, event: None, peer: 0, text });
            }
        }
    }

    /// What did not hold, in the order in which it was seen.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl Sink for Judge {
    fn event(&mut self, event: &Event) {
        self.read(event);
    }
}
