//! The one trait that everything in the house is about.

use std::fmt::Debug;

use crate::{Context, PeerId, Wire};

/// A deterministic, sans-I/O protocol running on one peer.
///
/// A runtime (the simulator, a real node, a test) owns the value and calls one method at a time; what
/// the protocol wants done it asks of the [`Context`]. The same state, context and input must give the
/// same state and the same effects in the same order: no clock, no randomness and no I/O but the
/// context's. Bad input from a peer is an indication, never an error and never a panic.
pub trait Protocol: Sized {
    /// What all peers of a run share, by reference: never stored per peer.
    type Config;
    /// What peers send each other.
    type Message: Wire;
    /// What a timer hands back. A timer fires once and cannot be cancelled: put an epoch in it and
    /// compare.
    type Timer: Clone + Debug;
    /// What the layer above asks for (Cachin, Guerraoui, Rodrigues, section 1.4).
    type Request: Debug;
    /// What is reported to the layer above, and to the trace.
    type Indication: Debug;

    /// The peer boots, or reboots with what its disk holds ([`Context::stored`]).
    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let _ = cx;
    }

    /// A message from another peer arrived.
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Self::Message);

    /// A timer set by this peer since it last booted has run out.
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer) {
        let _ = (cx, timer);
    }

    /// The layer above, a person or an experiment asks for something.
    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Self::Request);

    /// The link to a peer came up or went down: a hint, never a promise.
    fn on_link(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, link: Link) {
        let _ = (cx, peer, link);
    }
}

/// What a runtime believes of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Messages probably arrive.
    Up,
    /// Messages probably do not arrive.
    Down,
}

/// The type for protocols without messages, timers, requests or indications: it has no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Never {}

impl Wire for Never {}
