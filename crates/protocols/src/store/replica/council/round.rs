//! The primary's part: it holds rounds.
//!
//! Ladin et al. 1992, section 3. An immediate call comes after everything that was answered before it, and before
//! everything that is asked after its answer. So all members stop, the primary gathers what they hold, and the
//! council agrees on it together with the immediate updates. If a member does not answer, the round is over
//! without a result, and the calls are refused: somebody has to evict that member.
//!
//! What else needs to know all that there is rides along: lines of lives that have ended, and members who go.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::{Context, Instant, PeerId, Protocol as _};
use serde::Serialize;

use super::super::Replica;
use super::super::outbox::Seen;
use super::super::parked::Owed;
use super::stop;
use crate::raft;
use crate::store::{
    Application, Call, CallId, Decree, Message, Minutes, Op, Ordered, Refusal, Round, Slot, Store, Timestamp,
};

/// Bytes of the updates of one round, at most, unless it is one.
const MAX_BYTES: usize = 1 << 20;

/// Calls that may wait for a round; more are refused.
const MAX_CALLS: usize = 1 << 12;

/// A round without calls, to end lines, is tried again after so many times the council's timeout.
const AGAIN: u32 = 4;

/// What the primary does.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Chair<A: Application> {
    term: u64,
    /// When it was elected.
    pub(super) since: Instant,
    /// The last round that was begun.
    number: u64,
    /// The one that is under way.
    present: Option<Sitting<A>>,
    /// What the next one will be about.
    agenda: Agenda<A>,
    /// Who is being taken in.
    pub(super) joining: Option<super::join::Joining>,
    /// When a round last failed or was held to end lines.
    ended_at: Option<Instant>,
    /// The council had no room for the decree that this round is over.
    over: Option<Round>,
}

/// What a round is about.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
struct Agenda<A: Application> {
    #[serde(skip)]
    updates: Vec<Ordered<A>>,
    bytes: usize,
    /// Queries, and to whom the answers go.
    #[serde(skip)]
    queries: Vec<(PeerId, Call<A>)>,
    /// Who goes; and does it take part?
    going: Option<Going>,
    /// There are lines that have ended.
    lines: bool,
}

/// A member that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Going {
    peer: PeerId,
    /// It does not answer, and what only it holds is lost.
    is_lost: bool,
}

/// A round that is under way.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
struct Sitting<A: Application> {
    round: Round,
    began_at: Instant,
    agenda: Agenda<A>,
    /// Who has not stopped yet.
    missing: BTreeSet<PeerId>,
    /// What the others hold, as they said.
    standings: BTreeMap<PeerId, Standing>,
    /// Has the council been asked?
    is_proposed: bool,
}

/// What a member that has stopped said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::store) struct Standing {
    /// Its life.
    pub(in crate::store) line: Slot,
    /// What it holds.
    pub(in crate::store) held: Timestamp,
    /// The latest stamp's time that it has heard of.
    pub(in crate::store) time: u64,
}

impl<A: Application> Default for Agenda<A> {
    fn default() -> Self {
        Self { updates: Vec::new(), bytes: 0, queries: Vec::new(), going: None, lines: false }
    }
}

impl<A: Application> Agenda<A> {
    fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.queries.is_empty() && self.going.is_none() && !self.lines
    }

    /// Does it find out where lines end?
    fn is_of_lines(&self) -> bool {
        self.lines || self.going.is_some()
    }

    fn has(&self, id: CallId, is_update: bool) -> bool {
        if is_update {
            return self.updates.iter().any(|update| update.call == id);
        }
        self.queries.iter().any(|(_, query)| query.id == id)
    }
}

impl<A: Application> Chair<A> {
    fn of(term: u64, since: Instant) -> Self {
        let (agenda, present, joining) = (Agenda::default(), None, None);
        Self { term, since, number: 0, present, agenda, joining, ended_at: None, over: None }
    }

    /// Does the primary gather what members hold?
    pub(super) fn is_gathering(&self) -> bool {
        self.present.as_ref().is_some_and(|sitting| !sitting.is_proposed)
    }

    /// Is there a round under way?
    pub(super) fn is_sitting(&self) -> bool {
        self.present.is_some()
    }

    /// The least time of the updates that wait for a round.
    pub(super) fn earliest(&self) -> Option<u64> {
        let present = self.present.iter().flat_map(|sitting| &sitting.agenda.updates);
        present.chain(&self.agenda.updates).map(|update| update.time).min()
    }

    /// A member has stopped.
    pub(super) fn hear_stopped(&mut self, from: PeerId, round: Round, standing: Standing) {
        let Some(sitting) = self.present.as_mut().filter(|sitting| sitting.round == round && !sitting.is_proposed)
        else {
            return;
        };
        if sitting.missing.remove(&from) {
            sitting.standings.insert(from, standing);
        }
    }
}

impl<A: Application> Replica<A> {
    /// This member leads the council's term, or somebody else does, or nobody yet.
    pub(super) fn take_chair(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        term: Option<u64>,
    ) -> Option<raft::Request<Decree<A>>> {
        let before = self.council.chair.take();
        let asked = before.map(|chair| (chair.agenda, chair.present.filter(|sitting| !sitting.is_proposed)));
        if let Some((next, present)) = asked {
            // What nobody has proposed is certainly not done.
            let present = present.map(|sitting| sitting.agenda);
            present.into_iter().chain([next]).for_each(|agenda| self.fail(cx, agenda, Refusal::NotPrimary(None)));
        }
        self.council.chair = term.map(|term| Box::new(Chair::of(term, cx.now)));
        // Whoever waits asks the next primary, and is told what became of its call.
        self.council.owed.clear();
        // Rounds of earlier terms will not be decided: their primaries are gone.
        term.map(|term| raft::Request::Propose(Decree::Over(Round { term, number: 0 })))
    }

    /// An immediate call: it is of the next round.
    pub(in crate::store::replica) fn convene(
        &mut self,
        front: PeerId,
        call: &Call<A>,
        prev: &Timestamp,
    ) -> Result<(), Refusal> {
        let primary = self.council.primary();
        let Some(chair) = self.council.chair.as_deref_mut() else { return Err(Refusal::NotPrimary(primary)) };
        let is_update = matches!(call.op, Op::Update(_));
        let known = |agenda: &Agenda<A>| agenda.has(call.id, is_update);
        if known(&chair.agenda) || chair.present.as_ref().is_some_and(|sitting| known(&sitting.agenda)) {
            return Ok(());
        }
        let agenda = &mut chair.agenda;
        match &call.op {
            Op::Update(update) => {
                let (prev, update) = (prev.clone(), update.clone());
                let ordered = Ordered { call: call.id, prev, time: call.time, update };
                let bytes = postcard::experimental::serialized_size(&ordered).unwrap_or(MAX_BYTES);
                let is_full = !agenda.updates.is_empty() && agenda.bytes + bytes > MAX_BYTES;
                if is_full || agenda.updates.len() >= MAX_CALLS {
                    return Err(Refusal::Overloaded);
                }
                agenda.bytes += bytes;
                agenda.updates.push(ordered);
                self.owe_ordered(Owed { front, id: call.id, wait: call.wait });
            }
            Op::Query(_) if agenda.queries.len() >= MAX_CALLS => return Err(Refusal::Overloaded),
            Op::Query(_) => agenda.queries.push((front, call.clone())),
        }
        Ok(())
    }

    /// A member shall go: with all that it holds, or without what only it holds.
    pub(super) fn let_go(&mut self, peer: PeerId, is_lost: bool) -> Result<(), Refusal> {
        let primary = self.council.primary();
        let Some(chair) = self.council.chair.as_deref_mut() else { return Err(Refusal::NotPrimary(primary)) };
        let going = Going { peer, is_lost };
        match chair.agenda.going {
            // Whoever asks again while it goes is not asking for another round.
            None if chair.present.as_ref().is_some_and(|sitting| sitting.agenda.going == Some(going)) => {}
            Some(other) if other.peer != peer => return Err(Refusal::Overloaded),
            _ => chair.agenda.going = Some(going),
        }
        Ok(())
    }

    /// Goes on with rounds, as far as it can now: begins one if there is reason to, and has the council decide the
    /// one in which all have stopped. True when something was done.
    pub(in crate::store::replica) fn preside(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        let Some(chair) = self.council.chair.as_deref() else { return false };
        match &chair.present {
            None => self.begin_round(cx),
            Some(sitting) if sitting.missing.is_empty() && !sitting.is_proposed => self.close_round(cx),
            Some(_) => false,
        }
    }

    fn begin_round(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        // Before this member has executed what the last round found, it does not hold another one, except to find
        // out that some of that is lost.
        let goes_on = self.council.stop.as_ref().is_none_or(stop::Stop::is_decided);
        let (is_waiting, is_fenced) = (self.is_stopped(), self.is_fenced());
        let Some(chair) = self.council.chair.as_deref_mut().filter(|chair| !is_waiting || chair.agenda.is_of_lines())
        else {
            return false;
        };
        if !goes_on || is_fenced {
            return false;
        }
        // Before everything of earlier terms is carried out, it does not know all of it.
        let is_open = self.council.cursor.round >= Round { term: chair.term, number: 0 };
        let is_free = is_open && chair.joining.as_ref().is_none_or(|joining| !joining.is_proposed);
        if !is_free || chair.agenda.is_empty() {
            return false;
        }
        let agenda = std::mem::take(&mut chair.agenda);
        chair.number += 1;
        let round = Round { term: chair.term, number: chair.number };
        let lost = agenda.going.filter(|going| going.is_lost).map(|going| going.peer);
        let others = self.members.others().into_iter().filter(|&peer| Some(peer) != lost);
        let missing: BTreeSet<PeerId> = others.collect();
        if let Some(&absent) = missing.iter().find(|&&peer| !self.council.hears(peer, cx)) {
            // Nobody has to stop for a round that cannot be held.
            self.fail(cx, agenda, Refusal::Missing(absent));
            return true;
        }
        for &peer in &missing {
            cx.send(peer, Message::Stop(round));
        }
        let (standings, began_at) = (BTreeMap::new(), cx.now);
        if let Some(chair) = self.council.chair.as_deref_mut() {
            chair.present = Some(Sitting { round, began_at, agenda, missing, standings, is_proposed: false });
        }
        self.stop(cx, round);
        true
    }

    /// Has the council decide on what a round found, when this member holds all of it.
    fn close_round(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        let (held, lines) = (self.log.held().clone(), self.lines());
        let Some(sitting) = self.council.chair.as_deref_mut().and_then(|chair| chair.present.as_mut()) else {
            return false;
        };
        let ended = &self.members.ended;
        let behind = |(_, standing): &(&PeerId, &Standing)| !ended.covers(&held, &standing.held);
        let ahead: Vec<PeerId> = sitting.standings.iter().filter(behind).map(|(&peer, _)| peer).collect();
        if !ahead.is_empty() {
            ahead.into_iter().for_each(|peer| self.ask(cx, peer));
            return false;
        }
        sitting.is_proposed = true;
        let time = sitting.standings.values().map(|standing| standing.time).fold(self.heard, u64::max);
        let going = sitting.agenda.going;
        let lives: BTreeSet<Slot> = sitting.standings.values().map(|standing| standing.line).collect();
        let goes = |slot: Slot| going.is_some_and(|going| going.peer == slot.replica);
        let is_living = |slot: Slot| (slot == self.line || lives.contains(&slot)) && !goes(slot);
        let is_known = |slot: Slot| self.members.ended.get(slot).is_some();
        let ended = lines.into_iter().filter(|&slot| !is_known(slot) && !is_living(slot)).collect();
        let minutes = Minutes {
            round: sitting.round,
            held,
            time,
            updates: std::mem::take(&mut sitting.agenda.updates),
            ended,
            dismissed: going.map(|going| going.peer),
        };
        let decree = Decree::Round(Box::new(minutes));
        self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Propose(decree)));
        true
    }

    /// A round of this member is decided and what it found is executed: answers its queries.
    pub(super) fn answer_round(&mut self, cx: &mut Context<'_, Store<A>>, round: Round) {
        let Some(chair) = self.council.chair.as_deref_mut() else { return };
        let Some(sitting) = chair.present.take_if(|sitting| sitting.round == round) else { return };
        for (front, call) in sitting.agenda.queries {
            let Op::Query(query) = &call.op else { continue };
            let answer = self.value.query(query);
            self.counts.queries += 1;
            self.reply(cx, front, (call.id, false), Seen::Value, Ok(Some(answer)));
        }
    }

    /// A round is not held: its calls are refused.
    fn fail(&mut self, cx: &mut Context<'_, Store<A>>, agenda: Agenda<A>, refusal: Refusal) {
        for update in agenda.updates {
            self.refuse_owed(cx, update.call, refusal);
        }
        for (front, call) in agenda.queries {
            self.reply(cx, front, (call.id, false), Seen::Nothing, Err(refusal));
        }
        if let Some(chair) = self.council.chair.as_deref_mut() {
            chair.ended_at = Some(cx.now);
        }
    }

    /// The council does not take what a round found: the round is over without a result.
    pub(super) fn round_is_refused(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        minutes: Minutes<A>,
        refusal: Refusal,
    ) -> Option<raft::Request<Decree<A>>> {
        let Minutes { round, updates, .. } = minutes;
        let chair = self.council.chair.as_deref_mut()?;
        let sitting = chair.present.take_if(|sitting| sitting.round == round)?;
        self.fail(cx, Agenda { updates, ..sitting.agenda }, refusal);
        Some(raft::Request::Propose(Decree::Over(round)))
    }

    /// Nor that it is over: that is proposed again at the next tick, for members stay stopped until then.
    pub(super) fn over_is_refused(&mut self, round: Round) {
        if let Some(chair) = self.council.chair.as_deref_mut() {
            chair.over = chair.over.max(Some(round));
        }
    }

    /// A member has forgotten that it stopped, and has to stop again. Unless the council is deciding already: then the
    /// member hears of the decision before it is one of the council again.
    pub(super) fn distrust(&mut self, peer: PeerId) {
        let sitting = self.council.chair.as_deref_mut().and_then(|chair| chair.present.as_mut());
        if let Some(sitting) = sitting.filter(|sitting| !sitting.is_proposed && sitting.standings.contains_key(&peer)) {
            sitting.standings.remove(&peer);
            sitting.missing.insert(peer);
        }
    }

    /// Looks after a round that is under way: asks again who has not stopped, and gives up when it takes too long.
    pub(super) fn chair_tick(&mut self, cx: &mut Context<'_, Store<A>>) {
        let patience = cx.config.council.timeout * 2;
        let Some(chair) = self.council.chair.as_deref_mut() else { return };
        let absent = match &chair.present {
            Some(sitting) if !sitting.is_proposed => {
                for &peer in &sitting.missing {
                    cx.send(peer, Message::Stop(sitting.round));
                }
                let is_over = cx.now.since(sitting.began_at) >= patience;
                is_over.then(|| sitting.missing.first().copied().unwrap_or(cx.me))
            }
            _ => None,
        };
        let mut over = chair.over.take();
        if let Some(absent) = absent
            && let Some(sitting) = chair.present.take()
        {
            over = over.max(Some(sitting.round));
            self.fail(cx, sitting.agenda, Refusal::Missing(absent));
        }
        if let Some(round) = over {
            self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Propose(Decree::Over(round))));
        }
    }

    /// The lines that this member knows of: it holds some of them, or waits for some, of which nobody may hold any.
    fn lines(&self) -> BTreeSet<Slot> {
        let waited_for = self.waiting.lacks().into_iter().map(|(slot, _)| slot);
        let lines = self.log.held().parts().map(|(slot, _)| slot).chain(waited_for);
        lines.filter(|&slot| slot != Slot::FORCED && slot != Slot::ENDED).collect()
    }

    /// Lines of lives that are over hold others up, when updates are lost with them: a round finds out how long
    /// they are.
    pub(super) fn look_for_ended_lines(&mut self, cx: &mut Context<'_, Store<A>>) {
        let pause = cx.config.council.timeout * AGAIN;
        let is_over = |slot: Slot| match self.members.life(slot.replica) {
            _ if slot == self.line || self.members.ended.get(slot).is_some() => false,
            _ if slot.replica == cx.me || !self.members.replicas.members.contains(&slot.replica) => true,
            Some(life) => life != slot.incarnation,
            None => false,
        };
        let has_ended = self.lines().into_iter().any(is_over);
        let Some(chair) = self.council.chair.as_deref_mut() else { return };
        if has_ended && chair.ended_at.is_none_or(|at| cx.now.since(at) >= pause) {
            chair.ended_at = Some(cx.now);
            chair.agenda.lines = true;
        }
    }
}
