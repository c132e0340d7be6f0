//! What is known of one client of the Redis protocol.

use std::rc::Rc;
use std::time::Duration;

use rumormill_protocols::store::apps::Bundle;
use rumormill_protocols::store::{Order, SessionId, Token};

use super::reply::Version;
use super::server::Server;
use crate::desk::{Desk, Manner};

/// How long a command may take, with all its tries; then its outcome is not known.
const PATIENCE: Duration = Duration::from_secs(30);

/// One client: its connection is its session.
pub(super) struct Client {
    pub desk: Rc<Desk<Bundle>>,
    pub server: Rc<Server>,
    /// Counts connections, from 1.
    pub id: u64,
    pub name: Vec<u8>,
    pub version: Version,
    pub session: SessionId,
    /// What the session has seen elsewhere, until its next command takes it along.
    pub seen: Token,
    /// What the session had seen with its newest answer.
    pub token: Token,
}

impl Client {
    pub fn new(desk: Rc<Desk<Bundle>>, server: Rc<Server>, id: u64, session: SessionId) -> Self {
        let (seen, token) = (Token::default(), Token::default());
        Self { desk, server, id, name: Vec::new(), version: Version::default(), session, seen, token }
    }

    /// How the next command is to be carried out; `wait` for what it returns?
    pub fn manner(&mut self, wait: bool) -> Manner {
        let seen = std::mem::take(&mut self.seen);
        Manner { session: self.session, seen, order: Order::Causal, wait, patience: PATIENCE }
    }

    /// Goes on from what another session has seen.
    pub fn see(&mut self, token: Token) {
        for all in [&mut self.seen, &mut self.token] {
            all.label.merge(&token.label);
            all.time = all.time.max(token.time);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.desk.close(self.session);
        self.server.left();
    }
}
