//! The other failure detector: heartbeats that some members expect, and phi accrual to say how late is too late.
//!
//! All members stand in a circle by their ids, and each sends heartbeats to the few after it. So the load of a member
//! is constant, as with probes. Views of the circle differ for a while when somebody comes or goes: whoever expects
//! heartbeats for the first time gives the sender time to hear that it should send them.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::{Duration, Instant, PeerId};
use serde::Serialize;

use super::phi::{Arrivals, PhiConfig};
use super::{Body, Config, Cx, Detector, Membership, Timer};

/// How many times a period a member looks whether heartbeats are late.
const LOOKS: u32 = 4;

/// Heartbeats sent and expected.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Heartbeats {
    /// Who expects this member's heartbeats. As many as there are watchers.
    watchers: BTreeSet<PeerId>,
    /// The heartbeats of those before this one. As many as there are watchers.
    arrivals: BTreeMap<PeerId, Arrivals>,
}

impl Heartbeats {
    /// A peer is no member any more.
    pub(super) fn forget(&mut self, peer: PeerId) {
        self.watchers.remove(&peer);
        self.arrivals.remove(&peer);
    }
}

impl Membership {
    /// Tells the next members that this one is up, and those who no longer expect it that they are right.
    pub(super) fn beat(&mut self, cx: Cx<'_, '_>, watchers: usize) {
        let next: BTreeSet<PeerId> = self.table.after(cx.me).take(watchers).collect();
        let before = std::mem::replace(&mut self.heartbeats.watchers, next.clone());
        for peer in before.difference(&next) {
            self.send(cx, *peer, Body::Heartbeat { again: false });
        }
        for peer in next {
            self.send(cx, peer, Body::Heartbeat { again: true });
        }
        // Along the circle news is as slow as the circle is long.
        if let Some(peer) = cx.rng.choose(self.order.all()).copied() {
            self.send(cx, peer, Body::Gossip);
        }
    }

    /// A heartbeat came. Those of peers whose heartbeats nobody here expects are only news.
    pub(super) fn heartbeat(&mut self, cx: Cx<'_, '_>, from: PeerId, again: bool) {
        let Detector::Heartbeats { phi, .. } = cx.config.detector else { return };
        let grace = self.grace(cx.config);
        let Some(arrivals) = self.heartbeats.arrivals.get_mut(&from) else { return };
        if again { arrivals.beat(cx.now, &phi) } else { *arrivals = Arrivals::new(cx.now + grace, cx.config.period) }
    }

    /// Looks whose heartbeats are too late, and who should send some.
    pub(super) fn watch(&mut self, cx: Cx<'_, '_>) {
        let Detector::Heartbeats { watchers, phi } = cx.config.detector else { return };
        let expected: BTreeSet<PeerId> = self.table.before(cx.me).take(watchers).collect();
        self.heartbeats.arrivals.retain(|peer, _| expected.contains(peer));
        let first = cx.now + self.grace(cx.config);
        for peer in expected {
            if self.suspicions.contains_key(&peer) {
                continue;
            }
            let arrivals = self.heartbeats.arrivals.entry(peer);
            if is_late(arrivals.or_insert_with(|| Arrivals::new(first, cx.config.period)), cx.now, &phi) {
                self.accuse(cx, peer);
            }
        }
        self.watch_later(cx);
    }

    pub(super) fn watch_later(&self, cx: Cx<'_, '_>) {
        cx.set_timer(cx.config.period / LOOKS, Timer::Watch(self.epoch));
    }

    /// As long as news takes: twice the logarithm of the members, in periods.
    fn grace(&self, config: &Config) -> Duration {
        config.period * 2 * (config.times(self.group()) / config.spread)
    }
}

fn is_late(arrivals: &Arrivals, now: Instant, phi: &PhiConfig) -> bool {
    arrivals.is_suspect(now, phi)
}
