//! Which peers are up, and which are done.

use rumormill_core::trace::Kind;
use rumormill_core::{Instant, PeerId};

use super::tracks::{Fold, TrackId, Tracks};
use crate::hash::FastMap;

/// Peers that are followed, here and for their targets.
pub(super) const PEERS_MAX: usize = 2_000_000;

/// How many peers are up and done.
#[derive(Clone, Debug)]
pub(super) struct Peers {
    states: FastMap<PeerId, Condition>,
    up: u64,
    done: u64,
    /// Changes of those numbers.
    pub(super) up_track: TrackId,
    pub(super) done_track: TrackId,
    /// Peers that are not followed.
    pub(super) unfollowed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Condition {
    up: bool,
    done: bool,
}

impl Peers {
    pub(super) fn new(tracks: &mut Tracks) -> Self {
        let [up_track, done_track] = [Fold::Sum; 2].map(|fold| tracks.open(fold));
        Self { states: FastMap::default(), up: 0, done: 0, up_track, done_track, unfollowed: 0 }
    }

    pub(super) fn up(&self) -> u64 {
        self.up
    }

    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Nothing changes any more.
    pub(super) fn close(&mut self) {
        self.states = FastMap::default();
    }

    pub(super) fn change(&mut self, tracks: &mut Tracks, time: Instant, peer: PeerId, kind: Kind) {
        if self.states.len() >= PEERS_MAX && !self.states.contains_key(&peer) {
            self.unfollowed += u64::from(kind == Kind::Started);
            return;
        }
        let state = self.states.entry(peer).or_default();
        let now = match kind {
            // It has to say again in its next life that it is done.
            Kind::Started | Kind::Restarted => Condition { up: true, done: false },
            Kind::Crashed => Condition::default(),
            Kind::Stopped => Condition { up: false, ..*state },
            Kind::Done => Condition { done: true, ..*state },
            _ => *state,
        };
        let before = std::mem::replace(state, now);
        if before == now {
            return;
        }
        let column = tracks.column(time);
        for (total, track, was, is) in
            [(&mut self.up, self.up_track, before.up, now.up), (&mut self.done, self.done_track, before.done, now.done)]
        {
            *total = *total + u64::from(is) - u64::from(was);
            tracks.add(track, column, f64::from(u8::from(is)) - f64::from(u8::from(was)));
        }
    }
}
