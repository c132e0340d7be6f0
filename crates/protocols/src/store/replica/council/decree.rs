//! Carrying out what the council has agreed on: every member does, in the same order.

use rumormill_core::Context;
use serde::{Deserialize, Serialize};

use super::super::Replica;
use crate::store::{Application, Decree, Minutes, Order, Replicas, Round, Slot, Store, Timestamp};

/// How far the decrees have been carried out: the same at all members that have come as far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Cursor {
    /// The place of the last decree in the council's log.
    pub(in crate::store) index: u64,
    /// How many updates have been ordered.
    pub(in crate::store) forced: u64,
    /// The time of the last one's stamp.
    pub(in crate::store) time: u64,
    /// What is stamped up to this time comes before the last round; no such call is taken any more.
    pub(in crate::store) fence: u64,
    /// So many ordered updates come before every call that is taken now.
    pub(in crate::store) fenced: u64,
    /// The last round that is over.
    pub(in crate::store) round: Round,
    /// What must be executed before calls are taken after it.
    pub(in crate::store) found: Timestamp,
    /// The members of the store.
    pub(in crate::store) replicas: Replicas,
}

impl<A: Application> Replica<A> {
    /// The council has agreed on a decree.
    pub(in crate::store::replica) fn carry_out(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        index: u64,
        decree: Decree<A>,
    ) {
        // After a boot the council tells again what the state has in it.
        if index <= self.council.cursor.index {
            return;
        }
        self.council.cursor.index = index;
        match decree {
            Decree::Forced(ordered) => self.order(cx, *ordered, Order::Forced, None),
            Decree::Round(minutes) => self.carry_out_round(cx, *minutes),
            Decree::Over(round) => {
                let last = &mut self.council.cursor.round;
                *last = round.max(*last);
                self.rounds_are_over(round);
            }
            Decree::Admit(peer) => {
                let mut members = self.council.cursor.replicas.members.clone();
                if !members.contains(&peer) {
                    members.push(peer);
                    self.set_members(cx, members);
                }
                self.admitted(peer);
            }
        }
    }

    fn carry_out_round(&mut self, cx: &mut Context<'_, Store<A>>, minutes: Minutes<A>) {
        let Minutes { round, mut held, time, updates, ended, dismissed } = minutes;
        if round <= self.council.cursor.round {
            return;
        }
        self.council.cursor.round = round;
        for slot in ended {
            self.end_line(cx, slot, held.get(slot));
        }
        for update in updates {
            self.order(cx, update, Order::Immediate, Some((&held, time)));
        }
        let cursor = &mut self.council.cursor;
        cursor.time = cursor.time.max(time);
        cursor.fence = cursor.time;
        cursor.fenced = cursor.forced;
        self.heard = self.heard.max(self.council.cursor.fence);
        held.raise(Slot::FORCED, self.council.cursor.forced);
        self.council.cursor.found = held;
        self.round_is_decided();
        // It may have been asked for twice.
        if let Some(peer) = dismissed.filter(|peer| self.council.cursor.replicas.members.contains(peer)) {
            let mut members = self.council.cursor.replicas.members.clone();
            members.retain(|&member| member != peer);
            self.set_members(cx, members);
            self.council.leaving |= peer == cx.me && self.council.counts;
        }
    }

    /// From now on these are the members of the store.
    fn set_members(&mut self, cx: &mut Context<'_, Store<A>>, members: Vec<rumormill_core::PeerId>) {
        let replicas = Replicas { version: self.council.cursor.replicas.version + 1, members };
        self.council.cursor.replicas = replicas.clone();
        self.adopt_members(cx, replicas);
    }

    /// Knows these as the members, unless it knows later ones.
    pub(in crate::store::replica) fn adopt_members(&mut self, cx: &mut Context<'_, Store<A>>, replicas: Replicas) {
        let is_news = self.members.replicas.members.is_empty() || replicas.version > self.members.replicas.version;
        if !is_news || !replicas.members.contains(&cx.me) {
            return;
        }
        cx.note(format_args!("the members are {:?}", replicas.members));
        self.members.change(cx.me, replicas);
        if self.is_empty_handed() && !self.is_taking() {
            // Whoever was taken in gets a state now.
            self.recover(cx);
        } else if self.is_fenced() {
            self.greet(cx);
        }
    }
}
