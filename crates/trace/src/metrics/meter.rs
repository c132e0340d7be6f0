//! Counts a run's events as they pass, in bounded memory: see [`Meter`].

use std::collections::HashMap;

use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Instant, PeerId};

use super::kinds::{Direction, MessageKinds};
use super::latency::UnderWay;
use super::peers::{PEERS_MAX, Peers};
use super::targets::{Moved, Target};
use super::tracks::{Fold, TrackId, Tracks};
use crate::batch::EventRef;

/// Targets, names of indications, reasons of loss, and gauges that are told apart, at most each.
const NAMES_MAX: usize = 64;

/// What the rest of the names is called.
const OTHERS: &str = "others";

/// Processes whose readings are kept for one gauge, at most.
const SOURCES_MAX: usize = 4_096;

/// Counts a run's events as they pass, in any order that is about that of their times.
///
/// Its memory does not grow with the run: each number has at most 2,400 columns over time, which become
/// twice as wide when the run outgrows them; up to 900,000 messages under way and two million peers are
/// followed. What goes beyond is said in [`Metrics::notes`](super::Metrics::notes).
#[derive(Clone, Debug)]
pub struct Meter {
    pub(super) tracks: Tracks,
    pub(super) last: Instant,
    pub(super) events: u64,
    pub(super) kinds: MessageKinds,
    pub(super) under_way: UnderWay,
    /// Changes of the number of messages under way.
    pub(super) in_flight: TrackId,
    pub(super) peers: Peers,
    pub(super) targets: Vec<Target>,
    /// Peers' targets that are followed.
    followed: usize,
    pub(super) unfollowed: u64,
    pub(super) lost: Vec<(String, TrackId)>,
    pub(super) indicated: Vec<(String, TrackId)>,
    pub(super) gauges: Vec<Gauge>,
    pub(super) notes: Vec<String>,
}

/// What is read from processes again and again.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    pub(super) name: String,
    /// By the peer whose process it is.
    readings: HashMap<PeerId, u64>,
    pub(super) sum: TrackId,
    pub(super) most: TrackId,
}

impl Default for Meter {
    fn default() -> Self {
        let mut tracks = Tracks::default();
        Self {
            kinds: MessageKinds::default(),
            in_flight: tracks.open(Fold::Sum),
            peers: Peers::new(&mut tracks),
            tracks,
            last: Instant::ZERO,
            events: 0,
            under_way: UnderWay::default(),
            targets: Vec::new(),
            followed: 0,
            unfollowed: 0,
            lost: Vec::new(),
            indicated: Vec::new(),
            gauges: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Meter {
    /// Counts one event.
    pub fn add(&mut self, event: &Event) {
        self.take(&EventRef {
            id: event.id,
            time: event.time,
            peer: event.peer,
            community: &event.community,
            kind: event.kind,
            other: event.other,
            cause: event.cause,
            name: &event.name,
            value: event.value,
            goal: event.goal,
            bytes: event.bytes,
            text: &event.text,
            body: &event.body,
        });
    }

    /// No more events come: gives back the memory of all that was followed, and keeps the numbers.
    pub fn close(&mut self) {
        let Self { targets, tracks, .. } = self;
        targets.iter_mut().for_each(|target| target.close(tracks));
        self.under_way.close();
        self.peers.close();
    }

    /// Events that were counted.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Peers that are up now.
    #[must_use]
    pub fn up(&self) -> u64 {
        self.peers.up()
    }

    /// Peers that are done now.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.peers.done()
    }

    pub(super) fn notes(&mut self, notes: Vec<String>) {
        self.notes.extend(notes);
    }

    pub(crate) fn take(&mut self, event: &EventRef<'_>) {
        self.events += 1;
        self.last = self.last.max(event.time);
        match event.kind {
            Kind::Sent => self.leave(event),
            Kind::Delivered => self.arrive(event, Direction::Delivered),
            Kind::Dropped => {
                count(&mut self.lost, &mut self.tracks, event.time, event.text);
                self.arrive(event, Direction::Lost);
            }
            Kind::Started | Kind::Restarted | Kind::Crashed | Kind::Stopped | Kind::Done => {
                self.peers.change(&mut self.tracks, event.time, event.peer, event.kind);
                if matches!(event.kind, Kind::Crashed | Kind::Stopped) {
                    self.forget_readings(event.time, event.peer);
                }
            }
            Kind::Progress => self.progress(event),
            Kind::Indicated => count(&mut self.indicated, &mut self.tracks, event.time, event.name),
            Kind::Measured => self.read(event),
            _ => {}
        }
    }

    fn leave(&mut self, event: &EventRef<'_>) {
        let column = self.tracks.column(event.time);
        let given_up = self.under_way.given_up;
        let arrived = self.under_way.leave(event.id, event.time);
        let given_up = self.under_way.given_up - given_up;
        let kind = self.kinds.of(&mut self.tracks, event.name);
        kind.count(&mut self.tracks, column, Direction::Sent, event.bytes);
        self.tracks.add(self.in_flight, column, 1.0 - given_up as f64);
        if let Some(arrived) = arrived {
            let arrived = arrived.max(event.time);
            let column = self.tracks.column(arrived);
            self.tracks.add(self.in_flight, column, -1.0);
            kind.time(&mut self.tracks, column, arrived.as_nanos() - event.time.as_nanos());
        }
    }

    fn arrive(&mut self, event: &EventRef<'_>, direction: Direction) {
        let column = self.tracks.column(event.time);
        let kind = self.kinds.of(&mut self.tracks, event.name);
        kind.count(&mut self.tracks, column, direction, event.bytes);
        if let Some(left) = event.cause.and_then(|sent| self.under_way.arrive(sent, event.time)) {
            self.tracks.add(self.in_flight, column, -1.0);
            if direction == Direction::Delivered {
                kind.time(&mut self.tracks, column, event.time.as_nanos().saturating_sub(left.as_nanos()));
            }
        }
    }

    fn progress(&mut self, event: &EventRef<'_>) {
        let known = self.targets.iter().position(|target| target.name == event.name);
        let place = match known {
            Some(place) => place,
            None if self.targets.len() < NAMES_MAX => {
                self.targets.push(Target::new(event.name, &mut self.tracks));
                self.targets.len() - 1
            }
            None => return self.unfollowed += 1,
        };
        let (target, is_room) = (&mut self.targets[place], self.followed < PEERS_MAX);
        match target.move_to(&mut self.tracks, event.time, event.peer, (event.value, event.goal), is_room) {
            Moved::Known => {}
            Moved::New => self.followed += 1,
            Moved::Unfollowed => self.unfollowed += 1,
        }
    }

    fn read(&mut self, event: &EventRef<'_>) {
        let column = self.tracks.column(event.time);
        let known = self.gauges.iter().position(|gauge| gauge.name == event.name);
        let place = match known {
            Some(place) => place,
            None if self.gauges.len() < NAMES_MAX => {
                let [sum, most] = [Fold::Last; 2].map(|fold| self.tracks.open(fold));
                self.gauges.push(Gauge { name: event.name.into(), readings: HashMap::new(), sum, most });
                self.gauges.len() - 1
            }
            None => return self.unfollowed += 1,
        };
        let readings = &mut self.gauges[place].readings;
        let source = event.other.unwrap_or(event.peer);
        if readings.len() >= SOURCES_MAX && !readings.contains_key(&source) {
            return self.unfollowed += 1;
        }
        readings.insert(source, event.value);
        self.gauges[place].write(&mut self.tracks, column);
    }

    /// Nobody reads a process any more that is gone.
    fn forget_readings(&mut self, time: Instant, peer: PeerId) {
        let column = self.tracks.column(time);
        for gauge in &mut self.gauges {
            if gauge.readings.remove(&peer).is_some() {
                gauge.write(&mut self.tracks, column);
            }
        }
    }
}

impl Gauge {
    fn write(&self, tracks: &mut Tracks, column: usize) {
        let values = || self.readings.values().map(|&value| value as f64);
        // The sum of no numbers at all is -0.
        tracks.set(self.sum, column, values().fold(0.0, |sum, value| sum + value));
        tracks.set(self.most, column, values().fold(0.0, f64::max));
    }
}

fn count(names: &mut Vec<(String, TrackId)>, tracks: &mut Tracks, time: Instant, name: &str) {
    let known = |names: &[(String, TrackId)], name| names.iter().find(|(known, _)| known == name).map(|known| known.1);
    let track = known(names, name).unwrap_or_else(|| {
        let name = if names.len() < NAMES_MAX { name } else { OTHERS };
        known(names, name).unwrap_or_else(|| {
            let track = tracks.open(Fold::Sum);
            names.push((name.into(), track));
            track
        })
    });
    let column = tracks.column(time);
    tracks.add(track, column, 1.0);
}
