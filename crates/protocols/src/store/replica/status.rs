//! How far a replica is.

use std::mem;

use rumormill_core::{Context, PeerId, Seat};
use serde::Serialize;

use super::Replica;
use crate::store::{Application, Role, Service, Slot, Status, Store, Timestamp, numbers};

/// What a replica has done since it booted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// Updates that it took from front ends.
    pub(super) taken: u64,
    /// Updates executed.
    pub(super) executed: u64,
    /// Queries answered.
    pub(super) queries: u64,
    /// Gossip messages sent.
    pub(super) gossip_sent: u64,
    /// Gossip messages received.
    pub(super) gossip_received: u64,
}

/// What was last measured, so that only changes are told.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Measured {
    held: Timestamp,
    value: Timestamp,
    log: Option<usize>,
    calls: Option<usize>,
    /// Whether it was told that this replica is no member.
    outside: bool,
    /// Activations since the last round of gossip whose changes were told.
    told: u32,
    /// How far its target was, and how far it can be.
    spread: Option<(u64, u64)>,
}

/// So many activations between two rounds of gossip have their changes told at once; what others change is told
/// with the next round. A calm store is seen exactly, and a busy one does not fill its trace with itself.
const TOLD_AT_ONCE: u32 = 16;

/// The name of the target: updates that this replica has executed and knows that all have, of those it holds.
const TARGET: &str = "spread";

/// A slot with the number of its replica, where it has one, rather than its id: people know peers by number.
fn by_number<A: Application>(cx: &Context<'_, Store<A>>, seat: Seat, slot: Slot) -> String {
    let place = numbers(cx, seat, u32::MAX).iter().position(|&peer| peer == slot.replica);
    match place {
        Some(place) if slot != Slot::FORCED => format!("{:?}", Slot { replica: PeerId(place as u64 + 1), ..slot }),
        _ => format!("{slot:?}"),
    }
}

/// What a timestamp says of lines of updates, one by one.
fn counted(timestamp: &Timestamp) -> Timestamp {
    timestamp.parts().filter(|&(slot, _)| slot != Slot::ENDED).collect()
}

impl<A: Application> Replica<A> {
    /// How far it is, at this moment.
    pub(super) fn status_now(&self, cx: &Context<'_, Store<A>>) -> Status {
        Status { out_of_touch: self.has_lost_touch(cx), ..self.status() }
    }

    /// How far it is, as far as that does not depend on the time.
    pub(super) fn status(&self) -> Status {
        Status {
            role: Role::Replica,
            replica_timestamp: counted(self.log.held()),
            value_timestamp: counted(&self.value_timestamp),
            log: self.log.len() as u64,
            calls: self.calls.len() as u64,
            waiting: (self.parked.len() + self.delayed()) as u64,
            gossip_sent: self.counts.gossip_sent,
            gossip_received: self.counts.gossip_received,
            executed: self.counts.executed,
            queries: self.counts.queries,
            service: self.service,
            members: self.members.replicas.members.clone(),
            version: self.members.replicas.version,
            fenced: self.is_fenced(),
            out_of_touch: false,
            stopped: self.is_stopped(),
            primary: self.council.primary(),
        }
    }

    /// Says how far it is from having nothing left to do: a run may end when all replicas have all.
    pub(super) fn report(&mut self, cx: &mut Context<'_, Store<A>>) {
        let held: u64 = counted(self.log.held()).parts().map(|(_, count)| count).sum();
        let catches_up = u64::from(self.recovery.is_some() && self.is_member());
        let spread = (held - self.log.len() as u64, held + catches_up);
        if self.measured.spread.replace(spread) != Some(spread) {
            cx.progress(TARGET, spread.0, spread.1);
        }
    }

    /// Tells the trace what has changed, at the end of an activation.
    pub(super) fn measure_change(&mut self, cx: &mut Context<'_, Store<A>>) {
        if self.measured.told < TOLD_AT_ONCE && self.measure(cx) {
            self.measured.told += 1;
        }
    }

    /// Tells the trace that it answers calls from now on, or does not.
    pub(super) fn measure_service(&self, cx: &mut Context<'_, Store<A>>, next: Service) {
        for (name, state) in [("offline", Service::Offline), ("overloaded", Service::Overloaded)] {
            if (self.service == state) != (next == state) {
                cx.measure(name, u64::from(next == state));
            }
        }
    }

    /// Tells the trace what has changed since the round of gossip before.
    pub(super) fn measure_round(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.measure(cx);
        self.measured.told = 0;
    }

    /// Tells the trace what has changed. Returns whether anything has.
    fn measure(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        let (mut is_news, held, value) = (false, counted(self.log.held()), counted(&self.value_timestamp));
        let outside = !self.is_member();
        let measured = &mut self.measured;
        if mem::replace(&mut measured.outside, outside) != outside {
            cx.measure("member", u64::from(!outside));
            is_news = true;
        }
        for (name, told, now) in
            [("replica timestamp", &mut measured.held, &held), ("value timestamp", &mut measured.value, &value)]
        {
            // A line that has ended has no part of its own any more.
            let gone = told.parts().filter(|&(slot, _)| now.get(slot) == 0).map(|(slot, _)| (slot, 0));
            for (slot, count) in now.parts().filter(|&(slot, count)| told.get(slot) != count).chain(gone) {
                cx.measure(&format!("{name} {}", by_number(cx, self.seat, slot)), count);
                is_news = true;
            }
            told.clone_from(now);
        }
        for (name, told, now) in
            [("log", &mut measured.log, self.log.len()), ("calls", &mut measured.calls, self.calls.len())]
        {
            if told.replace(now) != Some(now) {
                cx.measure(name, now as u64);
                is_news = true;
            }
        }
        is_news
    }
}
