//! Messages by their kind: how many left, arrived and were lost, and how long they took.

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

/// Messages of one kind.
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

    pub(super) fn count(&self, tracks: &mut Tracks, column: usize, direction: Direction, bytes: u64) {
        tracks.add(self.messages(direction), column, 1.0);
        tracks.add(self.bytes(direction), column, bytes as f64);
    }

    /// A message arrived in this column after so long.
    pub(super) fn time(&mut self, tracks: &mut Tracks, column: usize, nanos: u64) {
        self.latencies.add(nanos);
        tracks.add(self.took, column, nanos as f64 / 1e9);
        tracks.add(self.arrived, column, 1.0);
    }

    pub(super) fn messages(&self, direction: Direction) -> TrackId {
        self.messages[direction as usize]
    }

    pub(super) fn bytes(&self, direction: Direction) -> TrackId {
        self.bytes[direction as usize]
    }
}

/// Messages by kind.
#[derive(Clone, Debug, Default)]
pub(super) struct MessageKinds(Vec<MessageKind>);

impl MessageKinds {
    /// The kind of this name, or of all others when there are too many.
    pub(super) fn of(&mut self, tracks: &mut Tracks, name: &str) -> &mut MessageKind {
        // Few, and compared by length first: a map would take longer.
        let known = |kinds: &[MessageKind], name| kinds.iter().position(|kind| kind.name == name);
        let place = known(&self.0, name).or_else(|| known(&self.0, OTHERS).filter(|_| self.0.len() >= KINDS_MAX));
        let place = place.unwrap_or_else(|| {
            let name = if self.0.len() < KINDS_MAX { name } else { OTHERS };
            self.0.push(MessageKind::new(name, tracks));
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    pub(super) fn all(&self) -> &[MessageKind] {
        &self.0
    }

    /// How long messages of all kinds took.
    pub(super) fn latencies(&self) -> Latencies {
        let mut all = Latencies::default();
        self.0.iter().for_each(|kind| all.merge(&kind.latencies));
        all
    }
}
