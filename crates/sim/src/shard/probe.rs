//! Looking at one peer of a run that is run again: its state before its last activation, and the message of
//! the event that is looked for.

use rumormill_core::Wire;
use rumormill_core::trace::{Event, Kind};

use super::{CauseOf, Shard};
use crate::event::Form;
use crate::recording::Recording;
use crate::simulation::Simulate;

/// What is kept of a peer, and of the event that is looked for.
pub(crate) struct Probe<P> {
    /// The peer's index in the shard; none when only the event is of interest.
    pub(crate) index: Option<usize>,
    pub(crate) clone: fn(&P) -> P,
    /// Its state before its last activation up to the event that is looked for.
    pub(crate) before: Option<P>,
    /// Its state right after that event, when its next activation came at once.
    pub(crate) after: Option<P>,
    /// The event's message, when it is about one.
    pub(crate) message: Option<Body>,
}

/// A message as it travels, and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The encoded message.
    pub bytes: Vec<u8>,
    /// All of it as text, one field a line.
    pub text: String,
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// A peer is about to be activated, by this cause.
    #[inline]
    pub(super) fn probe_state(&mut self, index: usize, cause: CauseOf<P, F>) {
        if !F::Tape::SEEKS {
            return;
        }
        let Some(probe) = self.probe.as_deref_mut().filter(|probe| probe.index == Some(index)) else { return };
        let state = (probe.clone)(&self.cells[index].state);
        // What opens an activation is written before it: then this is the one that is looked for.
        let opening = F::Tape::id(cause);
        let opens = |event: &Event| opening == Some(event.id) || opening.is_some() && opening == event.cause;
        if self.tape.found().is_some_and(|event| !opens(event)) {
            probe.after.get_or_insert(state);
        } else {
            probe.before = Some(state);
        }
    }

    /// An event about a message was written.
    #[inline]
    pub(super) fn probe_message(&mut self, message: &P::Message) {
        let is_about_one = |event: &Event| matches!(event.kind, Kind::Sent | Kind::Delivered | Kind::Dropped);
        if !F::Tape::SEEKS || !self.tape.found().is_some_and(is_about_one) {
            return;
        }
        if let Some(probe) = self.probe.as_deref_mut().filter(|probe| probe.message.is_none()) {
            let mut bytes = Vec::new();
            message.encode(&mut bytes);
            probe.message = Some(Body { bytes, text: format!("{message:#?}") });
        }
    }
}
