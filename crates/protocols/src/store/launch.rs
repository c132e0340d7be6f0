//! A store as an experiment: its clients are made up, and checkers judge what they saw.

use std::time::Duration;

use rumormill_core::property::Property;
use rumormill_core::{Launch, ParameterError, Parameters, PeerId, Seat};

use super::{Ask, Config, Errand, Exercise, Order, Request, Service, SessionId, Store, Token, properties};

/// The session of whoever types at a front end.
const TYPED: SessionId = SessionId(0);

/// How long a typed call is tried.
const PATIENCE: Duration = Duration::from_secs(5);

impl<A: Exercise> Launch for Store<A> {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Config::from_parameters(parameters)
    }

    fn peer(config: &Config, seat: Seat) -> Self {
        let mut peer = Self::new(config, seat);
        // A real server makes nothing up, and keeps no journal of what its clients do.
        if let (Self::FrontEnd(front), Some(_)) = (&mut peer, &config.load) {
            front.exercise(A::draw);
        }
        peer
    }

    /// To a replica: `online`, `offline`, `overloaded`, `gossip`, `add 6`, `remove 2`, `evict 2`. To a front
    /// end: what the application understands, such as `set x 5`, with `forced` or `immediate` before it if it
    /// shall be. To both: `status`.
    fn request(text: &str) -> Option<Request<A>> {
        let mut words = text.split_whitespace();
        let (first, second, third) = (words.next()?, words.next(), words.next());
        match (first, second.map(peer_id), third) {
            ("online", None, None) => Some(Request::Switch(Service::Online)),
            ("offline", None, None) => Some(Request::Switch(Service::Offline)),
            ("overloaded", None, None) => Some(Request::Switch(Service::Overloaded)),
            ("gossip", None, None) => Some(Request::Gossip),
            ("status", None, None) => Some(Request::Status),
            ("add", Some(Some(peer)), None) => Some(Request::Change(Errand::Add(peer))),
            ("remove", Some(Some(peer)), None) => Some(Request::Change(Errand::Remove(peer))),
            ("evict", Some(Some(peer)), None) => Some(Request::Change(Errand::Evict(peer))),
            _ => call(text),
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }
}

/// A peer's number, or its id in sixteen hexadecimal digits.
fn peer_id(text: &str) -> Option<PeerId> {
    let number = text.parse::<u32>().ok().map(u64::from);
    let id = || if text.len() == 16 { u64::from_str_radix(text, 16).ok() } else { None };
    number.or_else(id).map(PeerId)
}

/// A call that somebody typed at a front end.
fn call<A: Exercise>(text: &str) -> Option<Request<A>> {
    let text = text.trim();
    let (order, text) = match text.split_once(char::is_whitespace) {
        Some(("forced", rest)) => (Order::Forced, rest),
        Some(("immediate", rest)) => (Order::Immediate, rest),
        _ => (Order::Causal, text),
    };
    let op = A::parse(text.trim())?;
    let seen = Token::default();
    Some(Request::Calls(vec![Ask { ticket: 0, session: TYPED, seen, order, wait: true, op, patience: PATIENCE }]))
}
