//! How long messages took between two peers.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::Duration;

use rumormill_core::Instant;
use rumormill_core::trace::{EventId, Kind};

use super::each;
use crate::Run;
use crate::batch::EventRef;
use crate::hash::FastMap;
use crate::segment::Need;

/// Messages of a direction whose times are kept, at most; of more, the latest.
pub const LINK_TIMES_MAX: usize = 200_000;

/// What became of the messages from one peer to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkTimes {
    /// Messages that left.
    pub sent: u64,
    /// Arrivals; a message that arrives twice has two.
    pub delivered: u64,
    /// Messages that were lost.
    pub lost: u64,
    /// How long those took that arrived; `None` when none did.
    pub took: Option<Took>,
}

/// How long messages took from their sending to their arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Took {
    /// Arrivals that were measured: all, or the latest ones of more than [`LINK_TIMES_MAX`].
    pub measured: u64,
    /// The shortest time.
    pub least: Duration,
    /// The middle one; of two in the middle, the shorter.
    pub median: Duration,
    /// The longest.
    pub most: Duration,
}

impl Run {
    /// What became of the messages between two peers up to a moment: those from `one` to `other`, and those
    /// the other way.
    #[must_use]
    pub fn link_times(&self, one: u32, other: u32, until: Instant) -> [LinkTimes; 2] {
        let (mut there, mut back) = (Way::default(), Way::default());
        each(self, Need::MESSAGES, Instant::ZERO, |event| {
            if event.time > until {
                return ControlFlow::Break(());
            }
            match ends(event) {
                Some((from, to)) if (from, to) == (one, other) => there.take(event),
                Some((from, to)) if (from, to) == (other, one) => back.take(event),
                _ => {}
            }
            ControlFlow::Continue(())
        });
        [there.times(), back.times()]
    }
}

/// Sender and receiver of the message that an event is about; see [`EventRef::link`].
fn ends(event: &EventRef<'_>) -> Option<(u32, u32)> {
    let peer = event.id.peerid();
    let other = u32::try_from(event.other?.0).ok()?;
    let is_at_receiver = match event.kind {
        Kind::Sent => false,
        Kind::Delivered => true,
        Kind::Dropped => event.cause.is_some_and(|cause| cause.peerid() != peer),
        _ => return None,
    };
    Some(if is_at_receiver { (other, peer) } else { (peer, other) })
}

/// Messages of one direction. Between processes an arrival may be told before its sending, so that they are
/// paired when all are known.
#[derive(Default)]
struct Way {
    counts: LinkTimes,
    left: VecDeque<(EventId, Instant)>,
    arrived: VecDeque<(EventId, Instant)>,
}

impl Way {
    fn take(&mut self, event: &EventRef<'_>) {
        let (list, id) = match event.kind {
            Kind::Sent => {
                self.counts.sent += 1;
                (&mut self.left, Some(event.id))
            }
            Kind::Delivered => {
                self.counts.delivered += 1;
                (&mut self.arrived, event.cause)
            }
            _ => {
                self.counts.lost += 1;
                return;
            }
        };
        let Some(id) = id else { return };
        if list.len() == LINK_TIMES_MAX {
            list.pop_front();
        }
        list.push_back((id, event.time));
    }

    fn times(self) -> LinkTimes {
        let left: FastMap<EventId, Instant> = self.left.into_iter().collect();
        let took = self.arrived.iter().filter_map(|(sent, at)| Some(at.since(*left.get(sent)?)));
        LinkTimes { took: Took::of(took.collect()), ..self.counts }
    }
}

impl Took {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        let (least, most) = (*times.iter().min()?, *times.iter().max()?);
        let middle = (times.len() - 1) / 2;
        let (_, &mut median, _) = times.select_nth_unstable(middle);
        Some(Self { measured: times.len() as u64, least, median, most })
    }
}
