//! Made-up clients: each has a session and makes one call after the other, and some move on to another front
//! end with their token.
//!
//! A client is a person outside: its front end may crash, but the client knows what it has seen, and comes
//! back with its token. So it is on the disk of the front end where it is.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use rumormill_core::{Context, PeerId, Rng};
use serde::{Deserialize, Serialize};

use super::journal::Journal;
use super::outbox::Outbox;
use super::session::Who;
use super::{FrontEnd, Timer, place};
use crate::store::{
    Application, Ask, Config, Indication, Load, Message, Op, OpOf, Order, Roam, SessionId, Store, Token, numbers,
};

/// The name of the target: calls of made-up clients that are over, of those that there are.
pub(crate) const TARGET: &str = "answered";

/// What keys of clients begin with.
const PREFIX: &[u8] = b"client/";

/// Makes up an operation of a client: [`Exercise::draw`](crate::store::Exercise::draw).
pub(crate) type Draw<A> = fn(&mut Rng, SessionId, u64, f64, Range<u32>) -> OpOf<A>;

/// The made-up clients of a front end, and its journal.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Clients<A: Application> {
    #[serde(skip)]
    draw: Draw<A>,
    /// All that have ever been here, by number.
    all: BTreeMap<u32, Client>,
    /// Calls that were over here.
    over: u64,
    pub journal: Journal<A>,
}

/// A made-up client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Client {
    /// Where it is.
    place: Place,
    /// Moves that it has made.
    moves: u32,
    /// Calls that it has made, anywhere.
    asked: u32,
    /// How many of them are over.
    over: u32,
    /// How many were over when it came here.
    arrived: u32,
    /// What it has seen.
    token: Token,
}

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// At this front end.
    Here,
    /// On its way to another one, which has not said yet that it arrived.
    Moving,
    /// At another one.
    Gone,
}

impl<A: Application> Clients<A> {
    /// Calls that this client has made.
    pub fn asked(&self, client: u32) -> u32 {
        self.all.get(&client).map_or(0, |client| client.asked)
    }

    /// Calls that are over here, and with those that are still to be made here.
    fn progress(&self, load: &Load) -> (u64, u64) {
        let here = self.all.values().filter(|client| client.place != Place::Gone);
        let left: u64 = here.map(|client| u64::from(load.calls.saturating_sub(client.over))).sum();
        (self.over, self.over + left)
    }
}

impl<A: Application> FrontEnd<A> {
    /// Made-up clients will use this front end, if the configuration has a load.
    pub(crate) fn exercise(&mut self, draw: Draw<A>) {
        let journal = Journal::default();
        self.clients = Some(Box::new(Clients { draw, all: BTreeMap::new(), over: 0, journal }));
    }

    /// Begins, or goes on where the disk says that the clients are.
    pub(super) fn start_clients(&mut self, cx: &mut Context<'_, Store<A>>) {
        let (Some(clients), Some(load)) = (&mut self.clients, &cx.config.load) else { return cx.done() };
        clients.journal = Journal::read(cx);
        let mut found = Vec::new();
        cx.scan(PREFIX, |key, bytes| {
            let number = key.strip_prefix(PREFIX).and_then(|key| key.try_into().ok()).map(u32::from_be_bytes);
            found.extend(number.zip(postcard::from_bytes::<Client>(bytes).ok()));
        });
        clients.all.extend(found);
        let first = place(cx.config, self.seat) * load.clients + 1;
        let mut changed = Vec::new();
        for number in first..first + load.clients {
            clients.all.entry(number).or_insert_with(|| {
                changed.push(number);
                Client { place: Place::Here, moves: 0, asked: 0, over: 0, arrived: 0, token: Token::default() }
            });
        }
        for (&number, client) in &mut clients.all {
            // What was under way when the front end crashed has an unknown end.
            if std::mem::replace(&mut client.over, client.asked) < client.asked {
                changed.push(number);
            }
        }
        clients.over = clients.journal.of_clients();
        let numbers: Vec<(u32, Place, u32)> =
            clients.all.iter().map(|(&number, client)| (number, client.place, client.moves)).collect();
        for number in changed {
            self.write_client(cx, number);
        }
        for (number, place, moves) in numbers {
            match place {
                Place::Here => self.think(cx, number),
                Place::Moving => self.tell_again(cx, number, moves),
                Place::Gone => {}
            }
        }
        self.report(cx);
    }

    /// A client pauses before its next call, or moves on.
    fn think(&mut self, cx: &mut Context<'_, Store<A>>, number: u32) {
        let (Some(clients), Some(load)) = (&mut self.clients, &cx.config.load) else { return };
        let Some(client) = clients.all.get_mut(&number) else { return };
        if client.over >= load.calls {
            return;
        }
        if load.roam_after > 0 && client.over.saturating_sub(client.arrived) >= load.roam_after {
            return self.set_off(cx, number);
        }
        let asked = client.asked;
        let pause = cx.rng.between(Duration::ZERO, load.think * 2);
        cx.set_timer(pause, crate::store::Timer::FrontEnd(Timer::Think { client: number, asked }));
    }

    /// A client makes its next call.
    pub(super) fn client_asks(&mut self, cx: &mut Context<'_, Store<A>>, out: &mut Outbox<A>, number: u32, asked: u32) {
        let (Some(clients), Some(load)) = (&mut self.clients, &cx.config.load) else { return };
        let Some(client) = clients.all.get_mut(&number) else { return };
        if client.place != Place::Here || client.asked != asked || client.over != asked || asked >= load.calls {
            return;
        }
        client.asked += 1;
        let name = SessionId(number.into());
        let is_immediate = cx.rng.chance(load.immediate);
        let keys = if is_immediate { load.immediate_keys() } else { 0..load.keys };
        let op = (clients.draw)(&mut cx.rng, name, client.asked.into(), load.updates, keys);
        let is_update = matches!(op, Op::Update(_));
        let order = match is_immediate {
            true => Order::Immediate,
            false if is_update && cx.rng.chance(load.forced) => Order::Forced,
            false => Order::Causal,
        };
        let ask = Ask {
            ticket: 0,
            session: client.session(number),
            seen: client.token.clone(),
            order,
            wait: order == Order::Immediate || cx.rng.chance(0.5),
            op,
            // Copies that are older than δ are refused.
            patience: cx.config.delta,
        };
        self.write_client(cx, number);
        if let Some(place) = self.ask(cx, out, ask, Who::Client(number)) {
            self.proceed(cx, out, place);
        }
    }

    /// A client's call is over.
    pub(super) fn client_answered(&mut self, cx: &mut Context<'_, Store<A>>, number: u32, token: Token) {
        let Some(clients) = &mut self.clients else { return };
        let Some(client) = clients.all.get_mut(&number) else { return };
        client.over = client.asked;
        client.token.label.merge(&token.label);
        client.token.time = client.token.time.max(token.time);
        clients.over += 1;
        self.write_client(cx, number);
        self.think(cx, number);
        self.report(cx);
    }

    /// A client leaves for the next front end; with only one, it comes back to this one in a new session.
    fn set_off(&mut self, cx: &mut Context<'_, Store<A>>, number: u32) {
        let Some(clients) = &mut self.clients else { return };
        let Some(client) = clients.all.get_mut(&number) else { return };
        let handle = client.session(number);
        client.moves += 1;
        let moves = client.moves;
        let is_alone = cx.config.front_ends < 2;
        client.place = if is_alone { Place::Here } else { Place::Moving };
        client.arrived = client.over;
        if let Some(place) = self.sessions.place(handle)
            && let Some(session) = self.sessions.at(place)
        {
            // Its last call is just being handed over: the session is closed when that is done.
            session.closing = true;
        }
        self.write_client(cx, number);
        if is_alone { self.think(cx, number) } else { self.tell_again(cx, number, moves) }
    }

    /// Tells the next front end of a client that moves there, until that says that it arrived.
    pub(super) fn tell_again(&mut self, cx: &mut Context<'_, Store<A>>, number: u32, moves: u32) {
        let Some(clients) = &self.clients else { return };
        let Some(client) = clients.all.get(&number) else { return };
        if client.place != Place::Moving || client.moves != moves {
            return;
        }
        let Some(to) = next_front_end(cx, self.seat) else { return };
        let token = client.token.to_string();
        cx.send(to, Message::Roam(Roam { client: number, moves, calls: client.over, token }));
        cx.set_timer(cx.config.retry_after, crate::store::Timer::FrontEnd(Timer::Roam { client: number, moves }));
    }

    /// A client comes from another front end.
    pub(in crate::store) fn on_roam(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, roam: Roam) {
        let (Some(clients), Some(load)) = (&mut self.clients, &cx.config.load) else { return };
        let Roam { client: number, moves, calls, token } = roam;
        let numbers = 1..=load.clients.saturating_mul(cx.config.front_ends);
        // A client makes a call at least before it moves.
        let is_there = numbers.contains(&number) && moves <= calls && calls <= load.calls;
        let (true, Ok(token)) = (is_there, token.parse::<Token>()) else {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "a client that there is not" });
        };
        let is_news = clients.all.get(&number).is_none_or(|known| known.moves < moves);
        if is_news {
            let client = Client { place: Place::Here, moves, asked: calls, over: calls, arrived: calls, token };
            clients.all.insert(number, client);
            self.write_client(cx, number);
            self.think(cx, number);
            self.report(cx);
        }
        cx.send(from, Message::Arrived { client: number, moves });
    }

    /// A client has arrived where it went.
    pub(in crate::store) fn on_arrived(&mut self, cx: &mut Context<'_, Store<A>>, number: u32, moves: u32) {
        let Some(clients) = &mut self.clients else { return };
        let client = clients.all.get_mut(&number);
        if let Some(client) = client.filter(|client| client.place == Place::Moving && client.moves == moves) {
            client.place = Place::Gone;
            self.write_client(cx, number);
            self.report(cx);
        }
    }

    fn write_client(&self, cx: &mut Context<'_, Store<A>>, number: u32) {
        let client = self.clients.as_ref().and_then(|clients| clients.all.get(&number));
        // Numbers and lists of known length are always encoded.
        let bytes = client.and_then(|client| postcard::to_stdvec(client).ok()).unwrap_or_default();
        cx.persist(&[PREFIX, &number.to_be_bytes()].concat(), &bytes);
    }

    /// Says how far the load is.
    fn report(&self, cx: &mut Context<'_, Store<A>>) {
        let (Some(clients), Some(load)) = (&self.clients, &cx.config.load) else { return };
        let (over, all) = clients.progress(load);
        cx.progress(TARGET, over, all);
        if over == all {
            cx.done();
        }
    }
}

impl Client {
    /// What it calls its session: another one after each move, which begins with its token.
    fn session(&self, number: u32) -> SessionId {
        SessionId(u128::from(self.moves) << 32 | u128::from(number))
    }
}

/// The front end after this one; they stand in a circle.
fn next_front_end<A: Application>(cx: &Context<'_, Store<A>>, seat: rumormill_core::Seat) -> Option<PeerId> {
    let Config { replicas, front_ends, .. } = cx.config;
    let next = replicas + (place(cx.config, seat) + 1) % (*front_ends).max(1);
    numbers(cx, seat, replicas + front_ends).get(next as usize).copied()
}
