//! A client that calls replicas itself, as a front end would: one call at a time, the same call again to another
//! replica when there is no answer. It knows what it has seen, and notices when an answer shows less.

use std::collections::BTreeSet;
use std::time::Duration;

use rumormill_core::{Context, PeerId};
use rumormill_protocols::store::{
    Call, CallId, Calls, Message, Op, Order, Refusal, Replies, SessionId, Stamp, Timestamp,
};

use super::Peer;
use super::ledger::{Answer, Ledger, Read, Write};

const KEYS: u64 = 5;

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    session: SessionId,
    label: Timestamp,
    /// The latest time that it used or heard of.
    time: u64,
    replicas: u32,
    todo: u32,
    updates: u64,
    queries: u64,
    /// The call that is under way, and its how manieth try.
    open: Option<(Call<Ledger>, u32)>,
    /// What it has seen of each key.
    seen: BTreeSet<(u8, Stamp)>,
    /// Its acknowledged updates.
    pub acknowledged: Vec<CallId>,
    /// Updates whose fate it does not know.
    pub unknown: u64,
    /// Answers that showed less than it had seen.
    pub backwards: u64,
    /// Calls that were refused because nobody had heard of what they depend on.
    pub unheard: u64,
}

impl Client {
    pub fn new(peerid: u32, replicas: u32, calls: u32) -> Self {
        Self {
            session: SessionId(u128::from(peerid) << 96),
            label: Timestamp::new(),
            time: 0,
            replicas,
            todo: calls,
            updates: 0,
            queries: 0,
            open: None,
            seen: BTreeSet::new(),
            acknowledged: Vec::new(),
            unknown: 0,
            backwards: 0,
            unheard: 0,
        }
    }

    pub fn is_done(&self) -> bool {
        self.todo == 0 && self.open.is_none()
    }

    /// Makes the next call.
    pub fn next(&mut self, cx: &mut Context<'_, Peer>) {
        if self.todo == 0 || self.open.is_some() {
            return;
        }
        self.todo -= 1;
        self.time = self.time.max(cx.now.as_nanos()) + 1;
        let (key, wait) = (cx.rng.below(KEYS) as u8, cx.rng.chance(0.7));
        let (op, number) = if cx.rng.chance(0.5) {
            self.updates += 1;
            let seen = self.seen.iter().rev().take(20).copied().collect();
            (Op::Update(Write { key, value: cx.rng.next_u64(), seen }), self.updates)
        } else {
            self.queries += 1;
            (Op::Query(Read(key)), self.queries)
        };
        let id = CallId { session: self.session, number };
        self.open = Some((Call { id, label: 0, time: self.time, order: Order::Causal, wait, op }, 0));
        self.again(cx);
    }

    /// Sends the open call to some replica; sometimes to two at once.
    pub fn again(&mut self, cx: &mut Context<'_, Peer>) {
        let Some((call, tries)) = &mut self.open else { return };
        *tries += 1;
        let finished = vec![CallId { session: self.session, number: self.updates.saturating_sub(1) }];
        let calls = Calls { labels: vec![self.label.clone()], calls: vec![call.clone()], finished, knows: 0 };
        for _ in 0..1 + u32::from(cx.rng.chance(0.1)) {
            let replica = PeerId(1 + cx.rng.below(self.replicas.into()));
            cx.send(replica, Message::Calls(calls.clone()));
        }
        let (number, tries) = (self.updates + self.queries, *tries);
        cx.set_timer(Duration::from_millis(400), super::Timer::Again { number, tries });
    }

    /// It is time to try again, if that call and try is still open.
    pub fn wake(&mut self, cx: &mut Context<'_, Peer>, number: u64, tries: u32) {
        let is_open = self.open.as_ref().is_some_and(|(_, open)| *open == tries);
        if is_open && number == self.updates + self.queries {
            self.again(cx);
        }
    }

    /// Answers came: of any try, of any call.
    pub fn take(&mut self, cx: &mut Context<'_, Peer>, replies: Replies<Ledger>) {
        self.time = self.time.max(replies.time);
        for reply in replies.replies {
            let Ok(answer) = reply.result else {
                self.refuse(cx, (reply.id, reply.update), reply.result.unwrap_err());
                continue;
            };
            self.label.merge(&replies.labels[reply.label as usize]);
            let is_open = |(call, _): &mut (Call<Ledger>, u32)| {
                call.id == reply.id && matches!(call.op, Op::Update(_)) == reply.update
            };
            let Some((call, _)) = self.open.take_if(is_open) else { continue };
            match (call.op, answer) {
                (Op::Update(write), _) => {
                    self.acknowledged.push(call.id);
                    self.seen.insert((write.key, Stamp { time: call.time, call: call.id }));
                }
                (Op::Query(Read(key)), Some(Answer::Entries(entries))) => {
                    let entries: BTreeSet<(u8, Stamp)> = entries.into_iter().map(|stamp| (key, stamp)).collect();
                    let mine = self.seen.iter().filter(|(seen, _)| *seen == key);
                    self.backwards += mine.filter(|seen| !entries.contains(seen)).count() as u64;
                    self.seen.extend(entries);
                }
                (op, answer) => panic!("{op:?} is answered by {answer:?}"),
            }
            self.pause(cx);
        }
    }

    fn refuse(&mut self, cx: &mut Context<'_, Peer>, (id, update): (CallId, bool), refusal: Refusal) {
        let is_open = |(call, _): &mut (Call<Ledger>, u32)| call.id == id && matches!(call.op, Op::Update(_)) == update;
        match refusal {
            // Another replica is asked when the time comes.
            Refusal::Fenced | Refusal::Overloaded | Refusal::Offline => {}
            _ => {
                if self.open.take_if(is_open).is_some() {
                    self.unheard += u64::from(refusal == Refusal::Unknown);
                    self.unknown += u64::from(update);
                    self.pause(cx);
                }
            }
        }
    }

    fn pause(&mut self, cx: &mut Context<'_, Peer>) {
        let pause = cx.rng.between(Duration::ZERO, Duration::from_millis(120));
        cx.set_timer(pause, super::Timer::Next);
    }
}
