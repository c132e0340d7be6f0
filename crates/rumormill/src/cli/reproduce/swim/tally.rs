//! What peers report of each other, and what they send.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rumormill_core::trace::{Event, Kind, Sink};
use rumormill_core::{Instant, PeerId};

/// The protocol period of the runs.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// Messages count from here on: all have joined.
const BEGIN: Duration = Duration::from_secs(30);

/// What was counted in a run.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    slow: u32,
    until: Instant,
    /// The crashes, in their order.
    pub(super) crashes: Vec<Crash>,
    /// Which of them has not ended.
    down: BTreeMap<u64, usize>,
    /// Messages sent since the group is complete.
    pub(super) sent: u64,
    /// Reports of failures of peers that are up: of those that are never slow, and of the others.
    pub(super) false_about_well: u64,
    pub(super) false_about_slow: u64,
}

/// A crash, and who noticed it.
#[derive(Clone, Debug)]
pub(super) struct Crash {
    at: Instant,
    heard: BTreeSet<PeerId>,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Crash {
    /// Periods from the crash to the first report of it.
    pub(super) fn first(&self) -> Option<f64> {
        self.first.map(|first| periods(first.since(self.at)))
    }

    /// Periods from the first report to the last of so many others; none when some did not hear of it.
    pub(super) fn spread(&self, others: u32) -> Option<f64> {
        let is_known = self.heard.len() as u64 == u64::from(others);
        Some(periods(self.last.filter(|_| is_known)?.since(self.first?)))
    }
}

fn periods(span: Duration) -> f64 {
    span.as_secs_f64() / PERIOD.as_secs_f64()
}

impl Tally {
    /// Counts in a run in which the first `slow` peers may be slow, until so long after its beginning.
    pub(super) fn new(slow: u32, span: Duration) -> Self {
        Self {
            slow,
            until: Instant::ZERO + span,
            crashes: Vec::new(),
            down: BTreeMap::new(),
            sent: 0,
            false_about_well: 0,
            false_about_slow: 0,
        }
    }

    /// Messages that a peer of so many sends in a period.
    pub(super) fn load(&self, peers: u32) -> f64 {
        let counted = periods(self.until.since(Instant::ZERO + BEGIN));
        self.sent as f64 / f64::from(peers) / counted
    }

    fn failed(&mut self, event: &Event) {
        let digits = event.text.split("peer: #").nth(1).unwrap_or_default();
        let digits = digits.split(|char: char| !char.is_ascii_digit()).next().unwrap_or_default();
        let Ok(about) = digits.parse::<u64>() else { return };
        match self.down.get(&about).and_then(|place| self.crashes.get_mut(*place)) {
            Some(crash) => {
                crash.heard.insert(event.peer);
                crash.first.get_or_insert(event.time);
                crash.last = Some(event.time);
            }
            None if about <= self.slow.into() => self.false_about_slow += 1,
            None => self.false_about_well += 1,
        }
    }
}

impl Sink for Tally {
    fn event(&mut self, event: &Event) {
        match event.kind {
            Kind::Sent if event.time >= Instant::ZERO + BEGIN => self.sent += 1,
            Kind::Crashed => {
                self.down.insert(event.peer.0, self.crashes.len());
                self.crashes.push(Crash { at: event.time, heard: BTreeSet::new(), first: None, last: None });
            }
            Kind::Restarted => _ = self.down.remove(&event.peer.0),
            Kind::Indicated if event.name == "Failed" => self.failed(event),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use rumormill_core::trace::EventId;

    use super::*;

    fn told(tally: &mut Tally, seconds: u64, peer: u64, kind: Kind, about: u64) {
        let at = Instant::from_nanos(seconds * 1_000_000_000);
        let mut event = Event::new(EventId::new(peer as u32, seconds), at, PeerId(peer), kind);
        if kind == Kind::Indicated {
            (event.name, event.text) = ("Failed".into(), format!("Failed {{ peer: #{about} }}"));
        }
        tally.event(&event);
    }

    #[test]
    fn crashes_are_timed_and_other_failures_are_false() {
        let mut tally = Tally::new(2, Duration::from_secs(130));
        told(&mut tally, 40, 7, Kind::Crashed, 0);
        told(&mut tally, 42, 5, Kind::Indicated, 7);
        told(&mut tally, 45, 6, Kind::Indicated, 7);
        told(&mut tally, 46, 6, Kind::Indicated, 1);
        told(&mut tally, 50, 7, Kind::Restarted, 0);
        told(&mut tally, 51, 6, Kind::Indicated, 7);
        let crash = &tally.crashes[0];
        assert_eq!((crash.first(), crash.spread(2), crash.spread(3)), (Some(2.0), Some(3.0), None));
        assert_eq!((tally.false_about_well, tally.false_about_slow), (1, 1));
        (0..130).for_each(|second| told(&mut tally, second, 3, Kind::Sent, 0));
        assert_eq!(tally.load(2), 0.5);
    }
}
