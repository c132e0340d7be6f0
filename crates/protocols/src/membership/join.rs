//! Coming, going, and exchanging all that is known.

use rumormill_core::{Duration, PeerId};

use super::health::Health;
use super::message::PAGE_MAX;
use super::{
    Body, CONTACTS_MAX, Cx, Detector, FRESH_PERIODS, Indication, Membership, Rumor, STATES_PER_PERIOD, Stage, Standing,
    Status,
};
use super::{ProbeOrder, Rumors, Table, Timer};

/// Members that are told first that one leaves; the others hear it from them.
const TOLD_OF_LEAVE: usize = 4;

impl Membership {
    /// Joins through any of these; without any it is the first of its group. A member that is asked again knows more
    /// contacts from then on.
    pub(super) fn join(&mut self, cx: Cx<'_, '_>, contacts: Vec<PeerId>) {
        for contact in contacts {
            if contact != cx.me && !self.contacts.contains(&contact) && self.contacts.len() < CONTACTS_MAX {
                self.contacts.push(contact);
            }
        }
        if self.is_active() {
            return;
        }
        if self.stage == Stage::Left {
            self.incarnation = self.incarnation.saturating_add(1);
            self.save_incarnation(cx);
        }
        self.stage = Stage::Joining;
        self.epoch = self.epoch.wrapping_add(1);
        self.health = Health::new(cx.config.lifeguard.health_max);
        self.rumors.put(Rumor::new(cx.me, Standing::alive(self.incarnation)));
        self.set_timers(cx);
        if self.contacts.is_empty() { self.enter(cx) } else { self.ask_to_join(cx, 1) }
    }

    /// Periods of different members begin at different times, so that there is always somebody about to probe.
    fn set_timers(&mut self, cx: Cx<'_, '_>) {
        let first = cx.rng.between(Duration::ZERO, cx.config.period);
        cx.set_timer(first, Timer::Period(self.epoch));
        // When many join at once, the first that each hears is not much: it asks again soon.
        self.fresh_until = cx.now + cx.config.period * FRESH_PERIODS;
        self.sync_later(cx);
        self.reconnect_later(cx);
        if let Detector::Heartbeats { .. } = cx.config.detector {
            self.watch_later(cx);
        }
    }

    fn enter(&mut self, cx: Cx<'_, '_>) {
        self.stage = Stage::Inside;
        cx.indicate(Indication::Joined { peer: cx.me });
    }

    /// Asks some contacts for what they know.
    pub(super) fn ask_to_join(&mut self, cx: Cx<'_, '_>, count: usize) {
        for contact in cx.rng.sample(&self.contacts, count) {
            self.send(cx, contact, Body::Join);
        }
    }

    /// Sends all that it knows, in as many messages as it takes. In the last one it may ask for the same.
    pub(super) fn send_state(&mut self, cx: Cx<'_, '_>, to: PeerId, wants: bool) {
        if self.states >= STATES_PER_PERIOD {
            return;
        }
        self.states += 1;
        let own = Rumor::new(cx.me, Standing::alive(self.incarnation));
        let others = self.table.all().filter_map(|(peer, _)| self.rumor_of(peer));
        let all: Vec<Rumor> = [own].into_iter().chain(others).collect();
        let pages = all.chunks(PAGE_MAX);
        let last = pages.len() - 1;
        for (place, page) in pages.enumerate() {
            self.send_with(cx, to, Body::State { wants: wants && place == last }, page.to_vec());
        }
    }

    /// A peer told what it knows: whoever waited for that is a member now.
    pub(super) fn synchronized(&mut self, cx: Cx<'_, '_>, from: PeerId, wants: bool) {
        if self.stage == Stage::Joining {
            self.enter(cx);
        }
        if wants {
            self.send_state(cx, from, false);
        }
    }

    /// Exchanges all that is known with a random member; a newcomer with one through which it joined, who has heard most
    /// of others that came at the same time.
    pub(super) fn sync(&mut self, cx: Cx<'_, '_>) {
        let is_fresh = cx.now < self.fresh_until && !self.contacts.is_empty();
        let peers = if is_fresh { &self.contacts } else { self.order.all() };
        if let Some(peer) = cx.rng.choose(peers).copied() {
            self.send_state(cx, peer, true);
        }
        self.sync_later(cx);
    }

    /// Looks for a random peer that failed, or through which it joined and that it no longer knows: when the group was
    /// split, it is there and thinks the same of this one.
    pub(super) fn reconnect(&mut self, cx: Cx<'_, '_>) {
        let lost = self.table.gone().filter(|&peer| self.has_failed(peer));
        let unknown = self.contacts.iter().copied().filter(|&peer| self.table.get(peer).is_none());
        let lost: Vec<PeerId> = lost.chain(unknown).collect();
        if let Some(peer) = cx.rng.choose(&lost).copied() {
            self.send(cx, peer, Body::Join);
        }
        self.reconnect_later(cx);
    }

    fn has_failed(&self, peer: PeerId) -> bool {
        self.table.get(peer).is_some_and(|standing| standing.status == Status::Failed)
    }

    fn sync_later(&self, cx: Cx<'_, '_>) {
        let usual = cx.config.sync_every;
        let mean = if cx.now < self.fresh_until { usual.min(cx.config.period * 2) } else { usual };
        later(cx, mean, Timer::Sync(self.epoch));
    }

    fn reconnect_later(&self, cx: Cx<'_, '_>) {
        later(cx, cx.config.reconnect_every, Timer::Reconnect(self.epoch));
    }

    /// Leaves: tells some members, who tell the others. From then on it knows nobody.
    pub(super) fn leave(&mut self, cx: Cx<'_, '_>) {
        if !self.is_active() {
            return;
        }
        self.stage = Stage::Left;
        for peer in cx.rng.sample(self.order.all(), TOLD_OF_LEAVE) {
            self.tell_that_it_left(cx, peer);
        }
        self.epoch = self.epoch.wrapping_add(1);
        (self.table, self.order, self.rumors) = (Table::default(), ProbeOrder::default(), Rumors::default());
        (self.probe, self.contacts) = (None, Vec::new());
        self.suspicions.clear();
        self.relays.clear();
        self.heartbeats = Default::default();
        cx.indicate(Indication::Left { peer: cx.me });
    }

    /// Answers whoever has not heard that it left.
    pub(super) fn say_that_it_left(&self, cx: Cx<'_, '_>, from: PeerId, body: Body) {
        if matches!(body, Body::Ping { .. } | Body::Heartbeat { .. } | Body::Join) {
            self.tell_that_it_left(cx, from);
        }
    }

    fn tell_that_it_left(&self, cx: Cx<'_, '_>, to: PeerId) {
        let standing = Standing { incarnation: self.incarnation, status: Status::Left };
        self.send_with(cx, to, Body::Gossip, vec![Rumor::new(cx.me, standing)]);
    }
}

/// Sets a timer for a random time about so far off, so that members do not all do it at once; zero is never.
fn later(cx: Cx<'_, '_>, mean: Duration, timer: Timer) {
    if !mean.is_zero() {
        let after = cx.rng.between(mean / 2, mean * 3 / 2);
        cx.set_timer(after, timer);
    }
}
