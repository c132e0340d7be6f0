//! What is known of one client of the Redis protocol.

use std::rc::Rc;
use std::time::Duration;

use rumormill_protocols::store::{MAX_SLOTS, Order, SessionId, Token};

use super::reply::Version;
use super::server::Server;
use crate::desk::Manner;

/// How long a command may take, with all its tries; then its outcome is not known.
const PATIENCE: Duration = Duration::from_secs(30);

/// One client: its connection is its session.
pub(super) struct Client {
    pub server: Rc<Server>,
    /// Counts connections, from 1.
    pub id: u64,
    pub name: Vec<u8>,
    pub version: Version,
    pub session: SessionId,
    /// How its next commands are ordered.
    pub order: Order,
    /// What the session has seen elsewhere, until its next command takes it along.
    pub seen: Token,
    /// What the session had seen with its newest answer.
    pub token: Token,
}

impl Client {
    /// The client comes.
    pub fn new(server: Rc<Server>, session: SessionId) -> Self {
        let (id, seen, token) = (server.came(), Token::default(), Token::default());
        let order = Order::Causal;
        Self { server, id, name: Vec::new(), version: Version::default(), session, order, seen, token }
    }

    /// How the next command is to be carried out; `wait` for what it returns? Forced order is for updates: a query
    /// sees them causally.
    pub fn manner(&mut self, is_update: bool, wait: bool) -> Manner {
        let seen = std::mem::take(&mut self.seen);
        let order = if self.order == Order::Forced && !is_update { Order::Causal } else { self.order };
        Manner { session: self.session, seen, order, wait, patience: PATIENCE }
    }

    /// Goes on from what another session has seen. False when that and what this one has seen are more than one label
    /// may name, which tokens of one store are not.
    #[must_use]
    pub fn see(&mut self, token: &Token) -> bool {
        let merged = [&self.seen, &self.token].map(|own| {
            let mut merged = own.clone();
            merged.label.merge(&token.label);
            merged.time = merged.time.max(token.time);
            merged
        });
        let fits = merged.iter().all(|merged| merged.label.len() <= MAX_SLOTS);
        if fits {
            [self.seen, self.token] = merged;
        }
        fits
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.server.left();
    }
}

#[cfg(test)]
mod tests {
    use rumormill_protocols::store::Slot;

    use super::*;

    #[test]
    fn tokens_of_other_stores_do_not_pile_up() {
        let mut client = Client::new(Rc::new(Server::new(([127, 0, 0, 1], 6_379).into(), || 0)), SessionId(1));
        let token = |store: u64| {
            let slot = |nth: u64| Slot { replica: rumormill_core::PeerId(1_000 * store + nth), incarnation: 0 };
            Token { label: (1..=60).map(|nth| (slot(nth), 1)).collect(), time: store }
        };
        assert!(client.see(&token(1)) && client.see(&token(2)) && client.see(&token(1)));
        assert!(!client.see(&token(3)));
        assert_eq!((client.seen.label.len(), client.token.label.len(), client.token.time), (120, 120, 2));
    }
}
