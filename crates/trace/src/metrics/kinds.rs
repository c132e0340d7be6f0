//! Messages by their kind: how many left, arrived and were lost, and how long they took.

use rumormill_core::Instant;

use super::latency::Latencies;
use super::tracks::{Fold, TrackId, Tracks};

/// Kinds of messages that are told apart; the rest are counted together.
const KINDS_MAX: usize = 32;

/// What the rest is called.
const OTHERS: &str = "others";

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Sent,
    Delivered,
    Lost,
}

impl Direction {
    pub(super) const ALL: [Self; 3] = [Self::Sent, Self::Delivered, Self::Lost];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Lost => "lost",
        }
    }
}

/// Messages of one kind, or of all.
#[derive(Clone, Debug)]
pub(super) struct MessageKind {
    pub(super) name: String,
    messages: [TrackId; 3],
    bytes: [TrackId; 3],
    /// Seconds that messages took, and how many did, by when they arrived.
    pub(super) took: TrackId,
    pub(super) arrived: TrackId,
    pub(super) latencies: Latencies,
}

impl MessageKind {
    fn new(name: &str, tracks: &mut Tracks) -> Self {
        let mut open = || tracks.open(Fold::Sum);
        let messages = [(); 3].map(|()| open());
        let bytes = [(); 3].map(|()| open());
        let (took, arrived) = (open(), open());
        Self { name: name.into(), messages, bytes, took, arrived, latencies: Latencies::default() }
    }

    pub(super) fn messages(&self, direction: Direction) -> TrackId {
        self.messages[direction as usize]
    }

    pub(super) fn bytes(&self, direction: Direction) -> TrackId {
        self.bytes[direction as usize]
    }
}

/// Messages by kind, all together first.
#[derive(Clone, Debug)]
pub(super) struct MessageKinds {
    all: Vec<MessageKind>,
}

impl MessageKinds {
    pub(super) fn new(tracks: &mut Tracks) -> Self {
        Self { all: vec![MessageKind::new("", tracks)] }
    }

    pub(super) fn count(&mut self, tracks: &mut Tracks, time: Instant, name: &str, direction: Direction, bytes: u64) {
        let place = self.place(tracks, name);
        let column = tracks.column(time);
        for kind in [&self.all[0], &self.all[place]] {
            tracks.add(kind.messages(direction), column, 1.0);
            tracks.add(kind.bytes(direction), column, bytes as f64);
        }
    }

    /// A message of this kind arrived now, and had left then.
    pub(super) fn time(&mut self, tracks: &mut Tracks, name: &str, sent: Instant, arrived: Instant) {
        let place = self.place(tracks, name);
        let nanos = arrived.as_nanos().saturating_sub(sent.as_nanos());
        let column = tracks.column(arrived);
        for kind in [0, place] {
            let kind = &mut self.all[kind];
            kind.latencies.add(nanos);
            tracks.add(kind.took, column, nanos as f64 / 1e9);
            tracks.add(kind.arrived, column, 1.0);
        }
    }

    pub(super) fn all(&self) -> &[MessageKind] {
        &self.all
    }

    fn place(&mut self, tracks: &mut Tracks, name: &str) -> usize {
        // Few, and compared by length first: a map would take longer.
        let known = |kinds: &[MessageKind], name| kinds.iter().skip(1).position(|kind| kind.name == name);
        if let Some(place) = known(&self.all, name) {
            return place + 1;
        }
        let name = if self.all.len() <= KINDS_MAX { name } else { OTHERS };
        known(&self.all, name).map_or_else(
            || {
                self.all.push(MessageKind::new(name, tracks));
                self.all.len() - 1
            },
            |place| place + 1,
        )
    }
}
