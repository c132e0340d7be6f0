//! Messages: a sending and what became of it, paired by causes.

use rumormill_core::Instant;
use rumormill_core::rng::mix;
use rumormill_core::trace::{EventId, Kind};

use super::spacetime::Rows;
use crate::batch::EventRef;
use crate::hash::FastMap;

/// A message between two peers that are shown. One that arrives twice is there twice.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The event of its sending.
    pub sent: EventId,
    /// The event of its arrival or of its loss; `None` while it is under way, or when nobody told.
    pub end: Option<EventId>,
    /// Number of the sender.
    pub from: u32,
    /// Number of the receiver.
    pub to: u32,
    /// When it left.
    pub sent_at: Instant,
    /// When it arrived or was lost.
    pub ended_at: Option<Instant>,
    /// What kind of message it is.
    pub kind: String,
    /// Was it lost?
    pub is_lost: bool,
    /// Bytes of its body.
    pub bytes: u64,
}

/// Pairs messages as their events come by. Keeps an even sample: which messages are in it depends on nothing
/// but their ids, so that both ends are.
pub(super) struct Messages<'a> {
    rows: &'a Rows,
    sample_max: usize,
    /// Messages whose hash is above this are left out.
    threshold: u64,
    all: Vec<Message>,
    /// Where in `all` the message of a sending is.
    places: FastMap<EventId, usize>,
    /// Messages that left and of whose end nothing is known.
    open: usize,
}

impl<'a> Messages<'a> {
    /// Between the peers of these rows, at most so many (while going on, twice as many).
    pub(super) fn new(rows: &'a Rows, sample_max: usize) -> Self {
        Self { rows, sample_max, threshold: u64::MAX, all: Vec::new(), places: FastMap::default(), open: 0 }
    }

    /// Looks at the next event; says whether it is a message's that left between two peers that are shown.
    pub(super) fn take(&mut self, event: &EventRef<'_>) -> bool {
        match event.kind {
            Kind::Sent => self.leave(event),
            Kind::Delivered | Kind::Dropped => {
                if let Some(&place) = event.cause.and_then(|cause| self.places.get(&cause)) {
                    self.end(place, event);
                }
                false
            }
            _ => false,
        }
    }

    /// Looks at an event after the span: only ends of messages that are still open matter.
    pub(super) fn finish(&mut self, event: &EventRef<'_>) {
        if let Some(&place) = event.cause.and_then(|cause| self.places.get(&cause))
            && matches!(event.kind, Kind::Delivered | Kind::Dropped)
            && self.all[place].end.is_none()
        {
            self.end(place, event);
        }
    }

    fn leave(&mut self, event: &EventRef<'_>) -> bool {
        let (from, to) = (event.id.peerid(), event.other.and_then(|other| u32::try_from(other.0).ok()).unwrap_or(0));
        if !self.rows.has(from) || !self.rows.has(to) {
            return false;
        }
        if mix(event.id.0) <= self.threshold {
            self.places.insert(event.id, self.all.len());
            self.open += 1;
            self.all.push(Message {
                sent: event.id,
                end: None,
                from,
                to,
                sent_at: event.time,
                ended_at: None,
                kind: event.name.into(),
                is_lost: false,
                bytes: event.bytes,
            });
            if self.all.len() > self.sample_max.saturating_mul(2) {
                self.thin();
            }
        }
        true
    }

    fn end(&mut self, place: usize, event: &EventRef<'_>) {
        let message = &self.all[place];
        let is_first = message.end.is_none();
        let ended = Message {
            end: Some(event.id),
            ended_at: Some(event.time),
            is_lost: event.kind == Kind::Dropped,
            ..message.clone()
        };
        if is_first {
            self.open -= 1;
            self.all[place] = ended;
        } else if self.all.len() < self.sample_max.saturating_mul(2) {
            // A copy.
            self.all.push(ended);
        }
    }

    /// Leaves out every second one.
    fn thin(&mut self) {
        self.threshold /= 2;
        self.all.retain(|message| mix(message.sent.0) <= self.threshold);
        self.open = self.all.iter().filter(|message| message.end.is_none()).count();
        self.places.clear();
        for (place, message) in self.all.iter().enumerate() {
            self.places.entry(message.sent).or_insert(place);
        }
    }

    /// Is there a message of whose end nothing is known yet?
    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// The messages that were under way in this span, in the order of their sending, and whether they are
    /// all there were.
    pub(super) fn between(mut self, from: Instant, to: Instant) -> (Vec<Message>, bool) {
        self.all.retain(|message| {
            let ends_after = message.ended_at.map_or(message.sent_at >= from, |end| end >= from);
            message.sent_at <= to && ends_after
        });
        let is_whole = self.threshold == u64::MAX && self.all.len() <= self.sample_max;
        if self.all.len() > self.sample_max {
            self.all.sort_by_key(|message| mix(message.sent.0));
            self.all.truncate(self.sample_max);
        }
        self.all.sort_by_key(|message| (message.sent_at, message.sent, message.end));
        (self.all, is_whole)
    }
}
