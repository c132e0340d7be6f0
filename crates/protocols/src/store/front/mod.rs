//! A front end: makes calls for clients, keeps their labels, and tries again.

use rumormill_core::{Context, PeerId, Seat};
use serde::Serialize;

use super::{Application, Config, Replies, Request, Store};

/// A front end.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct FrontEnd<A: Application> {
    seat: Seat,
    application: std::marker::PhantomData<A>,
}

/// What a front end's timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// Look for calls that wait too long.
    Retry,
}

impl<A: Application> FrontEnd<A> {
    pub(super) fn new(_config: &Config, seat: Seat) -> Self {
        Self { seat, application: std::marker::PhantomData }
    }

    pub(super) fn on_start(&mut self, _cx: &mut Context<'_, Store<A>>) {}

    pub(super) fn on_replies(&mut self, _cx: &mut Context<'_, Store<A>>, _from: PeerId, _replies: Replies<A>) {}

    pub(super) fn on_timer(&mut self, _cx: &mut Context<'_, Store<A>>, _timer: Timer) {}

    pub(super) fn on_request(&mut self, _cx: &mut Context<'_, Store<A>>, _request: Request<A>) {}

    /// A link went down.
    pub(super) fn on_lost(&mut self, _cx: &mut Context<'_, Store<A>>, _peer: PeerId) {}
}
