//! How far the peers are with each target: the least, the median, the most, and all together.

use std::collections::BTreeMap;

use rumormill_core::{Instant, PeerId};

use super::tracks::{Fold, TrackId, Tracks};
use crate::hash::FastMap;

/// Values of one target, peer by peer.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: String,
    peers: FastMap<PeerId, Progress>,
    /// How many peers have it, as far as they have told.
    pub(super) peers_known: u64,
    /// How many peers have each value.
    values: BTreeMap<u64, u64>,
    /// When it moved last, while the figures of that column are not written yet.
    moved: Option<Instant>,
    pub(super) least: TrackId,
    pub(super) median: TrackId,
    pub(super) most: TrackId,
    /// Changes of the sum of all values.
    pub(super) sum: TrackId,
    /// Changes of the number of peers that met it.
    pub(super) met: TrackId,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    value: u64,
    is_met: bool,
}

/// Whose value moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// A peer's that is followed.
    Known,
    /// A peer's that is followed from now on.
    New,
    /// A peer's for which there is no room.
    Unfollowed,
}

impl Target {
    pub(super) fn new(name: &str, tracks: &mut Tracks) -> Self {
        let [least, median, most] = [Fold::Last; 3].map(|fold| tracks.open(fold));
        let [sum, met] = [Fold::Sum; 2].map(|fold| tracks.open(fold));
        let (peers, values) = (FastMap::default(), BTreeMap::new());
        Self { name: name.into(), peers, peers_known: 0, values, moved: None, least, median, most, sum, met }
    }

    /// A peer's value is now `(value, goal)`; a peer that is not known yet is only taken when there is room.
    pub(super) fn move_to(
        &mut self,
        tracks: &mut Tracks,
        time: Instant,
        peer: PeerId,
        (value, goal): (u64, u64),
        is_room: bool,
    ) -> Moved {
        let column = tracks.column(time);
        // The figures of a column are those at its end.
        if let Some(moved) = self.moved
            && tracks.column(moved) < column
        {
            self.settle(tracks);
        }
        let now = Progress { value, is_met: value >= goal };
        let (before, moved) = match self.peers.get_mut(&peer) {
            Some(known) => (std::mem::replace(known, now), Moved::Known),
            None if !is_room => return Moved::Unfollowed,
            None => {
                self.peers.insert(peer, now);
                self.peers_known += 1;
                (Progress::default(), Moved::New)
            }
        };
        if moved == Moved::Known {
            forget(&mut self.values, before.value);
        }
        *self.values.entry(value).or_default() += 1;
        tracks.add(self.sum, column, value as f64 - before.value as f64);
        tracks.add(self.met, column, f64::from(u8::from(now.is_met)) - f64::from(u8::from(before.is_met)));
        self.moved = self.moved.max(Some(time));
        moved
    }

    /// Writes the figures of the column in which it moved last.
    pub(super) fn settle(&mut self, tracks: &mut Tracks) {
        let Some(moved) = self.moved.take() else { return };
        let column = tracks.column(moved);
        let (first, last) = (self.values.first_key_value(), self.values.last_key_value());
        for (track, value) in [(self.least, first), (self.most, last)] {
            tracks.set(track, column, value.map_or(f64::NAN, |(&value, _)| value as f64));
        }
        tracks.set(self.median, column, self.middle());
    }

    /// Nothing moves any more.
    pub(super) fn close(&mut self, tracks: &mut Tracks) {
        self.settle(tracks);
        (self.peers, self.values) = (FastMap::default(), BTreeMap::new());
    }

    /// The value of the middle peer: half of the others have no more.
    fn middle(&self) -> f64 {
        let mut before = 0;
        let half = (self.peers.len() as u64).div_ceil(2);
        let middle = self.values.iter().find(|&(_, count)| {
            before += count;
            before >= half
        });
        middle.map_or(f64::NAN, |(&value, _)| value as f64)
    }
}

fn forget(values: &mut BTreeMap<u64, u64>, value: u64) {
    if let Some(count) = values.get_mut(&value) {
        *count -= 1;
        if *count == 0 {
            values.remove(&value);
        }
    }
}
