//! A replica: holds the log and the value, answers calls, and gossips.

use rumormill_core::{Context, PeerId, Seat};
use serde::Serialize;

use super::{Application, Calls, Config, Gossip, Request, Store, Timestamp};

/// A replica.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct Replica<A: Application> {
    seat: Seat,
    /// What is in the log, or was once.
    replica_timestamp: Timestamp,
    /// What is executed.
    value_timestamp: Timestamp,
    /// What has been executed gives this.
    value: A,
}

/// What a replica's timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// It is time to gossip.
    Gossip,
}

impl<A: Application> Replica<A> {
    pub(super) fn new(_config: &Config, seat: Seat) -> Self {
        Self { seat, replica_timestamp: Timestamp::new(), value_timestamp: Timestamp::new(), value: A::default() }
    }

    pub(super) fn on_start(&mut self, _cx: &mut Context<'_, Store<A>>) {}

    pub(super) fn on_calls(&mut self, _cx: &mut Context<'_, Store<A>>, _from: PeerId, _calls: Calls<A>) {}

    pub(super) fn on_gossip(&mut self, _cx: &mut Context<'_, Store<A>>, _from: PeerId, _gossip: Gossip<A>) {}

    pub(super) fn on_pull(&mut self, _cx: &mut Context<'_, Store<A>>, _from: PeerId, _have: &Timestamp) {}

    pub(super) fn on_timer(&mut self, _cx: &mut Context<'_, Store<A>>, _timer: Timer) {}

    pub(super) fn on_request(&mut self, _cx: &mut Context<'_, Store<A>>, _request: Request<A>) {}
}
