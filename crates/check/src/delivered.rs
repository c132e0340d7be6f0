//! Every message that arrives was sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use rumormill_core::PeerId;
use rumormill_core::property::Monitor;
use rumormill_core::trace::{Event, EventId, Kind};

/// Messages whose sending is remembered: the last that were sent. Of earlier ones nothing is claimed.
pub const SENT_MAX: usize = 1 << 20;

/// Messages that arrived before the trace of their sender told of them. When there are more, nothing is
/// claimed of the oldest.
pub const PENDING_MAX: usize = 1 << 16;

/// Every message that arrives was sent: to this peer, by the one that it is said to come from, and under the
/// same name.
///
/// The traces of real peers come together in nearly the right order: what arrived may be known before what
/// was sent. And what a peer did last before it was killed may never be known.
#[derive(Debug, Default)]
pub struct DeliveredWasSent {
    sent: BTreeMap<EventId, Letter>,
    /// The same by age.
    order: VecDeque<EventId>,
    /// Of each peer: how far its trace is known, what is no longer remembered of it, and its last crash.
    known: BTreeMap<u32, Known>,
    pending: BTreeMap<EventId, Letter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    from: PeerId,
    to: Option<PeerId>,
    name: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    up_to: EventId,
    forgotten: EventId,
    crashed: EventId,
}

impl Monitor for DeliveredWasSent {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        let known = self.known.entry(event.id.peerid()).or_default();
        known.up_to = known.up_to.max(event.id);
        match event.kind {
            Kind::Sent => self.sent(event),
            Kind::Delivered => self.delivered(event),
            Kind::Crashed => {
                known.crashed = known.crashed.max(event.id);
                // What it did not get to tell of before it was killed.
                self.pending.retain(|sent, _| sent.peerid() != event.id.peerid() || *sent > event.id);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), String> {
        match self.pending.values().next() {
            Some(letter) => Err(format!("{}; no trace tells of its sending", letter.arrived())),
            None => Ok(()),
        }
    }
}

impl DeliveredWasSent {
    fn sent(&mut self, event: &Event) -> Result<(), String> {
        let letter = Letter { from: event.peer, to: event.other, name: event.name.clone() };
        if let Some(arrived) = self.pending.remove(&event.id) {
            arrived.is(&letter)?;
        }
        if self.order.len() == SENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.sent.remove(&oldest);
            let known = self.known.entry(oldest.peerid()).or_default();
            known.forgotten = known.forgotten.max(oldest);
        }
        self.order.push_back(event.id);
        self.sent.insert(event.id, letter);
        Ok(())
    }

    fn delivered(&mut self, event: &Event) -> Result<(), String> {
        let from = event.other.unwrap_or_default();
        let arrived = Letter { from, to: Some(event.peer), name: event.name.clone() };
        // Of a sender whose trace is not kept, nothing is known.
        let Some(cause) = event.cause else { return Ok(()) };
        if let Some(letter) = self.sent.get(&cause) {
            return arrived.is(letter);
        }
        let known = self.known.get(&cause.peerid()).copied().unwrap_or_default();
        if cause <= known.forgotten || cause <= known.crashed {
            return Ok(());
        }
        if cause <= known.up_to {
            return Err(format!("{}; what is said to have led to that is no sending", arrived.arrived()));
        }
        if self.pending.len() == PENDING_MAX {
            self.pending.pop_first();
        }
        self.pending.insert(cause, arrived);
        Ok(())
    }
}

impl Letter {
    fn is(&self, sent: &Self) -> Result<(), String> {
        if self == sent {
            return Ok(());
        }
        let to = sent.to.map_or_else(|| "nobody".into(), |to| format!("peer {to}"));
        Err(format!("{}; but it was a {} from peer {} to {to} that was sent", self.arrived(), sent.name, sent.from))
    }

    fn arrived(&self) -> String {
        let to = self.to.unwrap_or_default();
        format!("a {} that is said to come from peer {} arrived at peer {to}", self.name, self.from)
    }
}
