//! A front end: makes calls for clients, keeps their labels, and tries again.
//!
//! A session has one chain of calls under way at a time ([`Calls`](super::Calls)); what its client asks for
//! meanwhile waits for it, so that each call comes after the ones before, whoever answers them. A chain goes
//! to one replica, and when that does not answer or refuses, to the next, under the same names. All chains
//! that one activation sends to a replica are one message.

mod calls;
mod chain;
pub(super) mod changes;
mod journal;
mod load;
mod outbox;
mod route;
mod session;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use rumormill_core::{Context, Instant, PeerId, Seat};
use serde::Serialize;

use self::load::Clients;
use self::outbox::Outbox;
use self::route::Routes;
use self::session::{Heard, Sessions, Who};
use super::lines::EndedLines;
use super::{Application, Config, Indication, Message, Replicas, Replies, Request, Role, Status, Store};

pub use journal::{End, Entry};

/// The most calls at a front end that are not over; more are refused as [`Failure::Full`](super::Failure).
const MAX_CALLS: usize = 1 << 16;

/// A front end.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct FrontEnd<A: Application> {
    seat: Seat,
    /// Whom it asks.
    routes: Routes,
    /// Lines that need not be named any more.
    ended: EndedLines,
    /// Its sessions, with their calls.
    sessions: Sessions<A>,
    /// When to look at which session's chain.
    deadlines: BTreeSet<(Instant, u32)>,
    /// For when the timer is set that counts, and its number.
    alarm: Option<Instant>,
    alarms: u32,
    /// The latest stamp's time that it has heard of.
    heard: u64,
    /// Calls that are not over.
    waiting: usize,
    /// Updates and queries that were answered.
    answered: [u64; 2],
    /// Members that come and go, in experiments.
    changes: changes::Changes,
    /// Made-up clients, and a journal of what was done here: only of experiments.
    clients: Option<Box<Clients<A>>>,
}

/// What a front end's timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// Look for calls that wait too long; only the latest of these timers counts.
    Retry(u32),
    /// A made-up client makes its next call, unless it has made more than so many by then.
    Think {
        /// Which client.
        client: u32,
        /// Calls that it had made.
        asked: u32,
    },
    /// Ask for the next change of membership; the times of changes count from this one.
    Change {
        /// Nanoseconds on the front end's clock.
        start: u64,
    },
    /// A made-up client that moves has not arrived yet: tell the other front end again.
    Roam {
        /// Which client.
        client: u32,
        /// The how manieth move it is.
        moves: u32,
    },
}

impl<A: Application> FrontEnd<A> {
    pub(super) fn new(config: &Config, seat: Seat) -> Self {
        Self {
            seat,
            routes: Routes::new(place(config, seat) as usize),
            ended: EndedLines::default(),
            sessions: Sessions::new(),
            deadlines: BTreeSet::new(),
            alarm: None,
            alarms: 0,
            heard: 0,
            waiting: 0,
            answered: [0; 2],
            changes: changes::Changes::default(),
            clients: None,
        }
    }

    /// What was done here, when the front end has a made-up load: for checkers.
    #[must_use]
    pub fn journal(&self) -> &[Entry<A>] {
        self.clients.as_ref().map_or(&[], |clients| clients.journal.entries())
    }

    pub(super) fn on_start(&mut self, cx: &mut Context<'_, Store<A>>) {
        let members = super::numbers(cx, self.seat, cx.config.replicas);
        self.routes.learn(Replicas { version: 0, members });
        let front_ends = cx.config.replicas as usize..(cx.config.replicas + cx.config.front_ends) as usize;
        let all = super::numbers(cx, self.seat, u32::MAX).into_iter().enumerate();
        self.routes.meet(all.filter(|(place, _)| !front_ends.contains(place)).map(|(_, peer)| peer).collect());
        if cx.config.load.is_some() {
            self.start_clients(cx);
            self.start_changes(cx);
        } else {
            cx.done();
        }
    }

    pub(super) fn on_replies(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, replies: Replies<A>) {
        self.heard = self.heard.max(replies.time);
        if let Some(replicas) = replies.replicas {
            self.routes.learn(replicas);
        }
        replies.ended.into_iter().for_each(|ended| self.ended.learn(ended));
        let (mut out, mut touched) = (Outbox::new(), Vec::new());
        for reply in replies.replies {
            let Some((place, session)) = self.sessions.known_as(reply.id.session) else { continue };
            let label = replies.labels.get(reply.label as usize);
            match session.hear(from, reply, label) {
                Heard::Something if touched.last() != Some(&place) => touched.push(place),
                Heard::Something | Heard::Nothing => {}
                Heard::Wrong(why) => cx.indicate(Indication::Misbehaved { peer: from, why }),
            }
        }
        for place in touched {
            self.proceed(cx, &mut out, place);
        }
        self.send_all(cx, out);
    }

    pub(super) fn on_timer(&mut self, cx: &mut Context<'_, Store<A>>, timer: Timer) {
        let mut out = Outbox::new();
        match timer {
            Timer::Retry(number) if number == self.alarms => self.retry(cx, &mut out),
            Timer::Retry(_) => {}
            Timer::Think { client, asked } => self.client_asks(cx, &mut out, client, asked),
            Timer::Roam { client, moves } => self.tell_again(cx, client, moves),
            Timer::Change { start } => self.ask_for_change(cx, start),
        }
        self.send_all(cx, out);
    }

    pub(super) fn on_request(&mut self, cx: &mut Context<'_, Store<A>>, request: Request<A>) {
        let mut out = Outbox::new();
        match request {
            Request::Calls(asks) => {
                let mut touched = Vec::new();
                for ask in asks {
                    let who = Who::Above(ask.ticket);
                    let place = self.ask(cx, &mut out, ask, who);
                    touched.extend(place.filter(|place| touched.last() != Some(place)));
                }
                for place in touched {
                    self.proceed(cx, &mut out, place);
                }
            }
            Request::Close(handle) => {
                if let Some(place) = self.sessions.place(handle) {
                    self.end_session(cx, &mut out, place);
                }
            }
            Request::Status => cx.indicate(Indication::Status(Box::new(self.status()))),
            Request::Manage { ticket, replica, errand } => cx.send(replica, Message::Manage { ticket, errand }),
            // These are for replicas.
            Request::Switch(_) | Request::Gossip | Request::Change(_) => {}
        }
        self.send_all(cx, out);
    }

    /// A link went down.
    pub(super) fn on_lost(&mut self, cx: &mut Context<'_, Store<A>>, peer: PeerId) {
        let mut out = Outbox::new();
        self.lost(cx, &mut out, peer);
        self.send_all(cx, out);
    }

    /// The session ends when its calls are over.
    fn end_session(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, place: u32) {
        if let Some(session) = self.sessions.at(place) {
            session.closing = true;
            self.proceed(cx, out, place);
        }
    }

    /// Looks at the chains whose time has come.
    fn retry(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>) {
        // A clock that was set back does not make everybody wait: what was due then is due.
        let now = self.alarm.take().map_or(cx.now, |alarm| alarm.max(cx.now));
        let due: Vec<u32> = self.deadlines.range(..=(now, u32::MAX)).map(|&(_, place)| place).collect();
        for place in due {
            self.look(cx, out, place, now);
        }
    }

    /// Ends an activation: what it has for others goes, and the timer is set.
    fn send_all(&mut self, cx: &mut Context<'_, Store<A>>, out: Outbox<A>) {
        out.send(cx, &mut self.sessions, self.routes.version());
        if let Some(&(first, _)) = self.deadlines.first()
            && self.alarm.is_none_or(|alarm| first < alarm)
        {
            self.alarms = self.alarms.wrapping_add(1);
            self.alarm = Some(first);
            cx.set_timer(first - cx.now, super::Timer::FrontEnd(Timer::Retry(self.alarms)));
        }
    }

    fn status(&self) -> Status {
        Status {
            role: Role::FrontEnd,
            calls: self.sessions.len() as u64,
            waiting: self.waiting as u64,
            executed: self.answered[0],
            queries: self.answered[1],
            members: self.routes.members().to_vec(),
            primary: self.routes.primary(),
            ..Status::default()
        }
    }
}

/// The how manieth front end this is, from 0.
fn place(config: &Config, seat: Seat) -> u32 {
    seat.peerid.saturating_sub(config.replicas + 1)
}
