//! The course of a call: asked, sent, refused or not answered, tried again, over.

use std::time::Duration;

use rumormill_core::{Context, Instant, PeerId};

use super::chain::Chain;
use super::outbox::Outbox;
use super::session::{Caller, MAX_SESSION_CALLS, Session, Waiting, Who, merge_bounded};
use super::{FrontEnd, MAX_CALLS};
use crate::store::lines::EndedLines;
use crate::store::{
    Answered, Application, Ask, Call, CallId, Failure, MAX_OPERATION_BYTES, Op, Order, Refusal, Store, Token,
};

/// The first pause after all replicas refused; it doubles each time, up to `retry_after`.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

impl<A: Application> FrontEnd<A> {
    /// Takes a call in, and says at which place its session is. It is sent when those before it are over.
    pub(super) fn ask(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        out: &mut Outbox<A>,
        ask: Ask<A>,
        who: Who,
    ) -> Option<u32> {
        let admitted = self.admit(cx, &ask);
        let Ask { session: handle, seen, order, wait, op, patience, .. } = ask;
        match admitted {
            Ok((place, bytes)) => {
                let session = self.sessions.at(place)?;
                session.used = true;
                let number = session.number(matches!(op, Op::Update(_)));
                let name = CallId { session: session.id, number };
                let entry = self.record(cx, who, name, order, &op);
                let give_up = (!patience.is_zero()).then(|| cx.now + patience);
                let caller = Caller { who, entry };
                let (time, outcome, said) = (0, None, None);
                let call = Waiting { caller, number, time, order, wait, op, bytes, seen, give_up, outcome, said };
                self.waiting += 1;
                self.sessions.at(place)?.calls.push_back(call);
                Some(place)
            }
            Err(failure) => {
                let place = self.sessions.place(handle);
                let session = place.and_then(|place| self.sessions.at(place));
                let label = session.map(|session| session.label.clone()).unwrap_or_default();
                let token = Token { label, time: self.heard };
                self.tell(cx, out, Answered { ticket: 0, session: handle, token, result: Err(failure) }, who);
                None
            }
        }
    }

    /// The place of the session of a call that can be taken in, and the bytes of its operation.
    fn admit(&mut self, cx: &mut Context<'_, Store<A>>, ask: &Ask<A>) -> Result<(u32, usize), Failure> {
        let bytes = postcard::experimental::serialized_size(&ask.op).unwrap_or(usize::MAX);
        if bytes > MAX_OPERATION_BYTES {
            return Err(Failure::Large);
        }
        // No honest stamp is later: replicas refuse what is more than δ ahead of their clocks. A time that was
        // made up must not carry others away.
        if ask.seen.time > (cx.now + cx.config.delta * 2).as_nanos() {
            return Err(Failure::Refused(Refusal::Early));
        }
        if self.waiting >= MAX_CALLS {
            return Err(Failure::Full);
        }
        let place = self.sessions.open(ask.session, &mut cx.rng).ok_or(Failure::Full)?;
        match self.sessions.at(place) {
            Some(session) if !session.closing && session.calls.len() < MAX_SESSION_CALLS => Ok((place, bytes)),
            _ => Err(Failure::Full),
        }
    }

    /// Goes on with a session after something happened to its calls: hands over what is over, and sends what is
    /// next.
    pub(super) fn proceed(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32) {
        loop {
            self.hand_over(cx, out, place);
            let Some(session) = self.sessions.at(place) else { return };
            match &mut session.chain {
                Some(chain) => match chain.refused.take() {
                    Some(refusal) => self.refused(cx, out, place, refusal),
                    None => return,
                },
                None if !session.calls.is_empty() => self.begin(cx, out, place),
                None if session.closing => return self.sessions.close(place),
                None => return,
            }
            if !self.sessions.has_outcome(place) {
                return;
            }
        }
    }

    /// Hands over the outcomes at the front, in order.
    fn hand_over(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32) {
        let mut finished = 0;
        while let Some(session) = self.sessions.at(place) {
            let Some(call) = session.calls.pop_front_if(|call| call.outcome.is_some()) else { break };
            if let Some(chain) = &mut session.chain {
                chain.shorten(1);
            }
            let token = Token { label: session.label.clone(), time: self.heard.max(call.time) };
            let is_update = call.is_update();
            if is_update {
                finished = call.number;
            }
            let Some(result) = call.outcome else { continue };
            let answered = Answered { ticket: 0, session: session.handle, token, result };
            self.waiting -= 1;
            self.answered[usize::from(!is_update)] += u64::from(answered.result.is_ok());
            if let Some(entry) = call.caller.entry {
                let said = (call.time, call.said.unwrap_or_default());
                self.note_outcome(cx, entry, said, answered.result.clone());
            }
            self.tell(cx, out, answered, call.caller.who);
        }
        if finished > 0 {
            self.sessions.finish(place, finished);
        }
        let Some(session) = self.sessions.at(place) else { return };
        if let Some(chain) = session.chain.take_if(|chain| chain.len == 0) {
            self.deadlines.remove(&(chain.deadline, place));
        }
    }

    /// A call is over: whoever made it hears of it.
    fn tell(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, answered: Answered<A>, who: Who) {
        match who {
            Who::Above(ticket) => out.answers.push(Answered { ticket, ..answered }),
            Who::Client(client) => self.client_answered(cx, client, answered.token),
        }
    }

    /// Makes the next chain of a session, and sends it.
    fn begin(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32) {
        let Some(session) = self.sessions.at(place) else { return };
        let Some(first) = session.calls.front() else { return };
        let (order, is_patient) = (first.order, first.give_up.is_some());
        let to = Self::whom(&mut self.routes, cx.now, order, is_patient);
        session.chain = Some(Chain::of(&session.calls, to, cx.now));
        self.send(cx, out, place);
    }

    /// Whom to ask first.
    fn whom(routes: &mut super::Routes, now: Instant, order: Order, is_patient: bool) -> PeerId {
        let to = match order {
            Order::Causal if is_patient => routes.nearest(now),
            Order::Causal => routes.first(),
            Order::Forced | Order::Immediate => routes.ordering(),
        };
        // There is always one: the founders are known from the start. No peer has this id.
        to.unwrap_or_default()
    }

    /// Sends what of a chain has no outcome to the replica that is to be asked.
    fn send(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32) {
        let heard = self.heard;
        let Some(session) = self.sessions.at(place) else { return };
        let Some(mut chain) = session.chain.take() else { return };
        self.deadlines.remove(&(chain.deadline, place));
        if !name_what_was_seen(session, &mut chain, &self.ended) {
            session.end_chain(chain, Failure::Refused(Refusal::Unknown));
            return;
        }
        let (calls, bytes) = session.copies(&chain, cx.now.as_nanos(), heard);
        chain.tried += 1;
        chain.is_resting = false;
        let finds_out = cx.config.council.timeout * 3;
        // A primary may need as long to find out that it cannot hold a round, for it looks when it gossips; asking
        // others does not help then.
        let least = match session.calls.front().map(|first| first.order) {
            Some(Order::Immediate) => finds_out + cx.config.gossip_every * 2,
            Some(Order::Forced) => finds_out,
            Some(Order::Causal) | None => Duration::ZERO,
        };
        chain.retry_at = cx.now + cx.config.retry_after.max(least);
        let (to, label) = (chain.to, chain.prev.clone());
        self.watch(place, chain);
        out.add(cx, &mut self.sessions, to, &label, (calls, bytes));
    }

    /// Looks at a session's chain again when it is time.
    fn watch(&mut self, place: u32, mut chain: Chain) {
        let Some(session) = self.sessions.at(place) else { return };
        let open = session.calls.iter().take(chain.len).filter(|call| call.outcome.is_none());
        let patience = open.filter_map(|call| call.give_up).min();
        chain.deadline = patience.map_or(chain.retry_at, |patience| patience.min(chain.retry_at));
        self.deadlines.insert((chain.deadline, place));
        session.chain = Some(chain);
    }

    /// The replica that is asked does not take the chain.
    fn refused(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32, refusal: Refusal) {
        let members = self.routes.members().len();
        let Some(mut chain) = self.sessions.at(place).and_then(|session| session.chain.take()) else { return };
        self.deadlines.remove(&(chain.deadline, place));
        let mut next = self.routes.after(chain.to);
        match refusal {
            Refusal::NotPrimary(Some(primary)) if primary != chain.to && self.routes.members().contains(&primary) => {
                self.routes.told_primary(primary);
                next = Some(primary);
            }
            // That passes: the next call is tried there again.
            Refusal::Overloaded | Refusal::NotPrimary(_) | Refusal::Missing(_) => {}
            // Its time was too early; that of the next try is later than what the refusal came with.
            Refusal::Past(_) => next = Some(chain.to),
            _ => self.routes.avoid(chain.to, cx.now),
        }
        chain.is_late |= refusal == Refusal::Late;
        chain.missing = match refusal {
            Refusal::Missing(replica) => Some(replica),
            _ => None,
        };
        let is_round_over = chain.tried >= members.max(2) || chain.missing.is_some();
        chain.to = next.unwrap_or(chain.to);
        let Some(session) = self.sessions.at(place) else { return };
        if let Refusal::Past(fence) = refusal {
            session.forget_times(&chain, fence);
        }
        if is_round_over {
            self.rest(cx, place, chain);
        } else {
            session.chain = Some(chain);
            self.send(cx, out, place);
        }
    }

    /// No replica takes the chain: it waits, or is over.
    fn rest(&mut self, cx: &mut Context<'_, Store<A>>, place: u32, mut chain: Chain) {
        let Some(session) = self.sessions.at(place) else { return };
        let Some(first) = session.calls.front() else { return };
        let (order, is_patient, is_update) = (first.order, first.give_up.is_some(), first.is_update());
        if chain.is_late {
            // Too old for every replica; and one may have taken it when it was not.
            session.end_updates(&chain, Failure::Unknown);
        }
        if !is_patient {
            let failure = chain.failure(is_update, true);
            session.end_chain(chain, failure);
            return;
        }
        let most = cx.config.retry_after.max(FIRST_PAUSE);
        let pause = FIRST_PAUSE.saturating_mul(1 << chain.rounds.min(20)).min(most);
        // Every other time somebody else is asked, unless it is known who is in the way.
        let stranger = if chain.missing.is_none() && chain.rounds % 2 == 1 { self.routes.stranger() } else { None };
        chain.to = stranger.unwrap_or_else(|| Self::whom(&mut self.routes, cx.now, order, is_patient));
        (chain.tried, chain.rounds, chain.is_resting) = (0, chain.rounds + 1, true);
        chain.retry_at = cx.now + cx.rng.between(pause / 2, pause);
        self.watch(place, chain);
    }

    /// It is time to look at a session's chain: patience ends, a pause is over, or the replica is silent.
    pub(super) fn look(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32, now: Instant) {
        let Some(session) = self.sessions.at(place) else { return };
        let Some(chain) = session.chain.take() else { return };
        self.deadlines.remove(&(chain.deadline, place));
        for call in session.calls.iter_mut().take(chain.len) {
            if call.outcome.is_none() && call.give_up.is_some_and(|give_up| give_up <= now) {
                call.outcome = Some(Err(chain.failure(call.is_update(), chain.is_resting)));
            }
        }
        let is_due = chain.retry_at <= now && session.calls.iter().take(chain.len).any(|call| call.outcome.is_none());
        if !is_due {
            self.watch(place, chain);
        } else if chain.is_resting {
            session.chain = Some(chain);
            self.send(cx, out, place);
        } else {
            self.silent(cx, out, place, chain);
        }
        self.proceed(cx, out, place);
    }

    /// The replica that is asked says nothing.
    fn silent(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32, mut chain: Chain) {
        let members = self.routes.members().len();
        self.routes.avoid(chain.to, cx.now);
        let Some(session) = self.sessions.at(place) else { return };
        chain.is_unsure = true;
        chain.to = self.routes.after(chain.to).unwrap_or(chain.to);
        let is_patient = session.calls.front().is_some_and(|call| call.give_up.is_some());
        if chain.tried >= members && !is_patient {
            session.end_chain(chain, Failure::Unknown);
            return;
        }
        chain.tried %= members.max(1);
        if chain.tried == 0 {
            chain.to = self.routes.stranger().unwrap_or(chain.to);
        }
        session.chain = Some(chain);
        self.send(cx, out, place);
    }

    /// The link to a replica went down: what it was asked, others are asked now.
    pub(super) fn lost(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, peer: PeerId) {
        let places: Vec<u32> = self.deadlines.iter().map(|&(_, place)| place).collect();
        for place in places {
            let Some(session) = self.sessions.at(place) else { continue };
            if let Some(chain) = session.chain.take_if(|chain| chain.to == peer && !chain.is_resting) {
                self.deadlines.remove(&(chain.deadline, place));
                self.silent(cx, out, place, chain);
                self.proceed(cx, out, place);
            }
        }
    }
}

impl<A: Application> Session<A> {
    /// Copies of what of a chain has no outcome, and the bytes of their operations.
    fn copies(&mut self, chain: &Chain, now: u64, heard: u64) -> (Vec<Call<A>>, usize) {
        let (mut copies, mut bytes, mut is_behind_query) = (Vec::with_capacity(chain.len), 0, false);
        for call in self.calls.iter_mut().take(chain.len) {
            let is_update = call.is_update();
            // A query sees no less than the one before it, which is asked again now: so is this one.
            if is_behind_query && !is_update && matches!(call.outcome, Some(Ok(_))) {
                call.outcome = None;
            }
            if call.outcome.is_some() {
                continue;
            }
            is_behind_query |= !is_update;
            // An update keeps its time: with its name, that is its stamp.
            if call.time == 0 || !is_update {
                let after = heard.max(self.time).max(call.seen.time);
                call.time = now.max(after.saturating_add(1));
                self.time = call.time;
            }
            bytes += call.bytes;
            let id = CallId { session: self.id, number: call.number };
            let (time, order, wait, op) = (call.time, call.order, call.wait, call.op.clone());
            copies.push(Call { id, label: 0, time, order, wait, op });
        }
        (copies, bytes)
    }

    /// The updates of a chain that have no outcome yet and are of before `fence` get a new time when they are sent
    /// again. It is certain that none was taken at its old time, and that none will be: all replicas had stopped.
    fn forget_times(&mut self, chain: &Chain, fence: u64) {
        let open = self.calls.iter_mut().take(chain.len).filter(|call| call.outcome.is_none());
        open.filter(|call| call.time <= fence).for_each(|call| call.time = 0);
    }

    /// The calls of a chain that have no outcome yet have this one.
    fn end_chain(&mut self, chain: Chain, failure: Failure) {
        for call in self.calls.iter_mut().take(chain.len) {
            call.outcome.get_or_insert(Err(failure));
        }
        // Its deadline is gone already; what is left of it is handed over.
        self.chain = Some(chain);
    }

    /// The updates of a chain that have no outcome yet have this one.
    fn end_updates(&mut self, chain: &Chain, failure: Failure) {
        for call in self.calls.iter_mut().take(chain.len).filter(|call| call.is_update()) {
            call.outcome.get_or_insert(Err(failure));
        }
    }
}

/// A chain comes after what its session has seen, here and elsewhere. False when a label with so many parts
/// could not travel: then somebody made one up.
fn name_what_was_seen<A: Application>(session: &mut Session<A>, chain: &mut Chain, ended: &EndedLines) -> bool {
    ended.shorten_need(&mut session.label, u64::MAX);
    chain.prev.clone_from(&session.label);
    session.calls.iter_mut().take(chain.len).all(|call| {
        ended.shorten_need(&mut call.seen.label, u64::MAX);
        merge_bounded(&mut chain.prev, &call.seen.label)
    })
}
