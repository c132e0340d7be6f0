//! How far each peer is.

use std::collections::BTreeMap;

use rumormill_core::trace::Kind;
use rumormill_core::{Instant, PeerId};

use super::{Slow, TargetCount};
use crate::batch::EventRef;
use crate::hash::FastMap;

/// Targets of peers that are followed; a million peers have one or two each.
const TARGETS_MAX: usize = 2_000_000;

#[derive(Default)]
pub(super) struct Progress {
    peers: FastMap<PeerId, Peer>,
    targets: FastMap<PeerId, Vec<PeerTarget>>,
    /// Names of targets by number.
    names: Vec<String>,
    followed: usize,
    /// Events about targets beyond those that are followed.
    pub(super) unfollowed: u64,
}

#[derive(Clone, Copy, Default)]
struct Peer {
    done: Option<Instant>,
}

#[derive(Clone, Copy)]
struct PeerTarget {
    name: usize,
    value: u64,
    goal: u64,
    /// When it was met, if it is.
    met: Option<Instant>,
}

impl Progress {
    /// Takes note of an event; says by how much the number of peers that are done changes.
    pub(super) fn add(&mut self, event: &EventRef<'_>) -> i64 {
        if event.peer == PeerId(0) {
            return 0;
        }
        let peer = self.peers.entry(event.peer).or_default();
        let was_done = peer.done.is_some();
        match event.kind {
            Kind::Done => peer.done = peer.done.or(Some(event.time)),
            // It has to say so again in its next life.
            Kind::Crashed | Kind::Restarted | Kind::Started => peer.done = None,
            _ => {}
        }
        let change = i64::from(peer.done.is_some()) - i64::from(was_done);
        if event.kind == Kind::Progress {
            self.move_target(event);
        }
        change
    }

    fn move_target(&mut self, event: &EventRef<'_>) {
        let name = self.names.iter().position(|name| name == event.name);
        let targets = self.targets.entry(event.peer).or_default();
        let known = name.and_then(|name| targets.iter().position(|target| target.name == name));
        if known.is_none() && self.followed >= TARGETS_MAX {
            self.unfollowed += 1;
            return;
        }
        let index = known.unwrap_or_else(|| {
            self.followed += 1;
            let name = name.unwrap_or_else(|| {
                self.names.push(event.name.into());
                self.names.len() - 1
            });
            targets.push(PeerTarget { name, value: 0, goal: 0, met: None });
            targets.len() - 1
        });
        let target = &mut targets[index];
        (target.value, target.goal) = (event.value, event.goal);
        target.met = (event.value >= event.goal).then(|| target.met.unwrap_or(event.time));
    }

    pub(super) fn peers(&self) -> u64 {
        self.peers.len() as u64
    }

    pub(super) fn done(&self) -> u64 {
        self.peers.values().filter(|peer| peer.done.is_some()).count() as u64
    }

    pub(super) fn targets(&self) -> BTreeMap<String, TargetCount> {
        let mut counts = vec![TargetCount::default(); self.names.len()];
        for target in self.targets.values().flatten() {
            let count = &mut counts[target.name];
            count.peers += 1;
            count.value = count.value.saturating_add(target.value);
            count.goal = count.goal.saturating_add(target.goal);
            if let Some(met) = target.met.map(Instant::as_secs_f64) {
                count.met += 1;
                count.first_met_s = Some(count.first_met_s.map_or(met, |first| first.min(met)));
                count.last_met_s = Some(count.last_met_s.map_or(met, |last| last.max(met)));
            }
        }
        self.names.iter().cloned().zip(counts).collect()
    }

    /// Peers that are not done, then those that were done last. None when no peer ever was: then the
    /// protocol does not say.
    pub(super) fn slowest(&self, count: usize) -> Vec<Slow> {
        if self.done() == 0 {
            return Vec::new();
        }
        let mut peers: Vec<(Option<Instant>, PeerId)> =
            self.peers.iter().map(|(&peer, state)| (state.done, peer)).collect();
        let place = |&(done, peer): &(Option<Instant>, PeerId)| (std::cmp::Reverse(done.unwrap_or(Instant::MAX)), peer);
        if peers.len() > count {
            peers.select_nth_unstable_by_key(count, place);
            peers.truncate(count);
        }
        peers.sort_unstable_by_key(place);
        peers.into_iter().map(|(done, peer)| Slow { peer: peer.0, done_s: done.map(Instant::as_secs_f64) }).collect()
    }
}
