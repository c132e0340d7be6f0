//! The failure detector of SWIM: one member a period is pinged, by others too when it does not answer.

use std::collections::BTreeMap;

use rumormill_core::{Duration, Instant, PeerId};
use serde::Serialize;
use smallvec::SmallVec;

use super::health::Sign;
use super::{Body, Config, Cx, Detector, Indication, Membership, Stage, Timer};

/// Pings on behalf of others that wait for their answers, at most. Beyond, the oldest is given up.
const RELAYS_MAX: usize = 256;

/// Contacts that are asked at once for what they know.
const ASKED_TO_JOIN: usize = 2;

/// A ping of this period that is not yet answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Probe {
    number: u32,
    target: PeerId,
    /// Who was asked to ping too. At most [`Config::indirect`].
    asked: SmallVec<[PeerId; 4]>,
    /// Who of these said that there was no answer.
    nacks: SmallVec<[PeerId; 4]>,
}

/// Pings on behalf of others, by their numbers. At most [`RELAYS_MAX`].
pub(super) type Relays = BTreeMap<u32, Relay>;

/// A ping on behalf of another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Relay {
    /// Who asked for it.
    origin: PeerId,
    /// By which number.
    number: u32,
    target: PeerId,
    since: Instant,
}

impl Membership {
    /// A protocol period ends, and another begins.
    pub(super) fn period(&mut self, cx: Cx<'_, '_>) {
        self.conclude(cx);
        self.states = 0;
        let period = self.health.stretch(cx.config.period);
        self.relays.retain(|_, relay| cx.now.since(relay.since) < period);
        self.table.forget_before(Instant::ZERO + cx.now.since(Instant::ZERO + cx.config.remember));
        if self.stage == Stage::Joining {
            self.ask_to_join(cx, ASKED_TO_JOIN);
        }
        match cx.config.detector {
            Detector::Probes => self.probe_next(cx),
            Detector::Heartbeats { watchers, .. } => self.beat(cx, watchers),
        }
        cx.set_timer(period, Timer::Period(self.epoch));
    }

    fn probe_next(&mut self, cx: Cx<'_, '_>) {
        let Some(target) = self.order.next(&mut cx.rng) else { return };
        let number = self.next_number();
        self.probe = Some(Probe { number, target, asked: SmallVec::new(), nacks: SmallVec::new() });
        self.send(cx, target, Body::Ping { number });
        cx.set_timer(self.health.stretch(cx.config.ping_timeout), Timer::Unanswered(number));
    }

    /// The member that was pinged does not answer: others shall try.
    pub(super) fn unanswered(&mut self, cx: Cx<'_, '_>, number: u32) {
        let Some(probe) = self.probe.as_mut().filter(|probe| probe.number == number) else { return };
        let target = probe.target;
        // One more than are needed, for the target may be among them.
        let drawn = cx.rng.sample(self.order.all(), cx.config.indirect + 1);
        probe.asked = drawn.into_iter().filter(|peer| *peer != target).take(cx.config.indirect).collect();
        for relay in probe.asked.clone() {
            self.send(cx, relay, Body::PingReq { number, target });
        }
    }

    /// Somebody is up: the answer to a ping of this member, or to one that it sent for another.
    pub(super) fn acknowledged(&mut self, cx: Cx<'_, '_>, from: PeerId, number: u32, of: PeerId) {
        let is_answer =
            |probe: &Probe| probe.number == number && probe.target == of && (from == of || probe.asked.contains(&from));
        if self.probe.as_ref().is_some_and(is_answer) {
            self.probe = None;
            return self.health.note(Sign::Answered);
        }
        let relay = self.relays.get(&number).copied().filter(|relay| relay.target == of && from == of);
        if let Some(relay) = relay {
            self.relays.remove(&number);
            self.send(cx, relay.origin, Body::Ack { number: relay.number, of });
        }
    }

    /// Whoever was asked to ping had no answer, but is up itself.
    pub(super) fn no_answer_elsewhere(&mut self, from: PeerId, number: u32) {
        let Some(probe) = self.probe.as_mut().filter(|probe| probe.number == number) else { return };
        if probe.asked.contains(&from) && !probe.nacks.contains(&from) {
            probe.nacks.push(from);
        }
    }

    /// At the end of the period: there was no answer.
    fn conclude(&mut self, cx: Cx<'_, '_>) {
        let Some(probe) = self.probe.take() else { return };
        self.health.note(Sign::Unanswered);
        if cx.config.has_nacks() {
            self.health.note(Sign::MissedNacks((probe.asked.len() - probe.nacks.len()) as u32));
        }
        self.accuse(cx, probe.target);
    }

    /// Pings somebody for another member.
    pub(super) fn relay(&mut self, cx: Cx<'_, '_>, origin: PeerId, number: u32, target: PeerId) {
        if target == origin {
            return cx.indicate(Indication::Misbehaved { peer: origin, why: "asks others whether it is up itself" });
        }
        if target == cx.me {
            return self.send(cx, origin, Body::Ack { number, of: cx.me });
        }
        // A stranger is not pinged because somebody says so.
        if self.table.get(target).is_none() {
            if cx.config.has_nacks() {
                self.send(cx, origin, Body::Nack { number });
            }
            return;
        }
        if self.relays.len() == RELAYS_MAX {
            self.relays.pop_first();
        }
        let own = self.next_number();
        self.relays.insert(own, Relay { origin, number, target, since: cx.now });
        self.send(cx, target, Body::Ping { number: own });
        if cx.config.has_nacks() {
            cx.set_timer(nack_after(cx.config), Timer::Relay(own));
        }
    }

    /// A ping for somebody else is not answered so far: tells it that this member at least is up. A late answer is
    /// still passed on.
    pub(super) fn relay_unanswered(&mut self, cx: Cx<'_, '_>, number: u32) {
        if let Some(relay) = self.relays.get(&number).copied().filter(|_| self.is_active()) {
            self.send(cx, relay.origin, Body::Nack { number: relay.number });
        }
    }
}

/// So early that it arrives before the end of the period even of a healthy member: four fifths of the time that a ping
/// has, as in Lifeguard.
fn nack_after(config: &Config) -> Duration {
    config.ping_timeout * 4 / 5
}
