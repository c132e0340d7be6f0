//! Many events in little memory: fixed-size rows, with names and texts kept beside them.

use std::borrow::Cow;
use std::collections::HashMap;

use rumormill_core::trace::{BODY_BYTES_MAX, Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

/// Bytes of a text or name that are kept; what is longer is cut.
pub(crate) const TEXT_MAX: usize = 8 << 10;

/// Bytes of names that a reader remembers from one batch to the next.
const NAMES_BYTES_MAX: usize = 256 << 10;

/// An event that borrows its names and text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventRef<'a> {
    pub(crate) id: EventId,
    pub(crate) time: Instant,
    pub(crate) peer: PeerId,
    pub(crate) community: &'a str,
    pub(crate) kind: Kind,
    pub(crate) other: Option<PeerId>,
    pub(crate) cause: Option<EventId>,
    pub(crate) name: &'a str,
    pub(crate) value: u64,
    pub(crate) goal: u64,
    pub(crate) bytes: u64,
    pub(crate) text: &'a str,
    pub(crate) body: &'a [u8],
}

impl EventRef<'_> {
    /// Sender and receiver of the message that this event is about.
    ///
    /// A lost message happens to whoever was about to send or to receive it: when the event that it follows
    /// from is the peer's own sending, the peer is the sender.
    pub(crate) fn link(&self) -> Option<(PeerId, PeerId)> {
        let (peer, other) = (self.peer, self.other?);
        match self.kind {
            Kind::Sent => Some((peer, other)),
            Kind::Delivered => Some((other, peer)),
            Kind::Dropped if self.cause.is_some_and(|cause| u64::from(cause.peerid()) != peer.0) => Some((other, peer)),
            Kind::Dropped => Some((peer, other)),
            _ => None,
        }
    }

    pub(crate) fn to_event(self) -> Event {
        Event {
            id: self.id,
            time: self.time,
            peer: self.peer,
            community: Cow::Owned(self.community.into()),
            kind: self.kind,
            other: self.other,
            cause: self.cause,
            name: Cow::Owned(self.name.into()),
            value: self.value,
            goal: self.goal,
            bytes: self.bytes,
            text: self.text.into(),
            body: self.body.into(),
        }
    }
}

impl EventRef<'_> {
    /// The same in place of another event, whose memory is used again.
    pub(crate) fn copy_to(self, event: &mut Event) {
        (event.id, event.time, event.peer, event.kind) = (self.id, self.time, self.peer, self.kind);
        (event.other, event.cause) = (self.other, self.cause);
        (event.value, event.goal, event.bytes) = (self.value, self.goal, self.bytes);
        copy(self.community, &mut event.community);
        copy(self.name, &mut event.name);
        event.text.clear();
        event.text.push_str(self.text);
        event.body.clear();
        event.body.extend_from_slice(self.body);
    }
}

fn copy(text: &str, to: &mut Cow<'static, str>) {
    if let Cow::Owned(owned) = to {
        owned.clear();
        owned.push_str(text);
    } else {
        *to = Cow::Owned(text.into());
    }
}

/// An event without its strings.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: EventId,
    pub(crate) time: Instant,
    pub(crate) peer: PeerId,
    pub(crate) other: Option<PeerId>,
    pub(crate) cause: Option<EventId>,
    pub(crate) value: u64,
    pub(crate) goal: u64,
    pub(crate) bytes: u64,
    pub(crate) community: u32,
    pub(crate) name: u32,
    /// Where the text lies in the batch's text.
    pub(crate) text: (u32, u32),
    /// Where the body lies among the batch's bodies; empty when nobody kept it.
    pub(crate) body: (u32, u32),
    pub(crate) kind: Kind,
}

/// Events, their names, their texts and their bodies.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<Row>,
    pub(crate) names: Names,
    pub(crate) text: String,
    pub(crate) bodies: Vec<u8>,
}

impl Batch {
    pub(crate) fn push(&mut self, event: &Event) {
        let (community, name) = (self.names.number(&event.community), self.names.number(&event.name));
        let (text, body) = (self.keep(&event.text), self.keep_body(&event.body));
        self.rows.push(Row {
            id: event.id,
            time: event.time,
            peer: event.peer,
            other: event.other,
            cause: event.cause,
            value: event.value,
            goal: event.goal,
            bytes: event.bytes,
            community,
            name,
            text,
            body,
            kind: event.kind,
        });
    }

    /// Keeps a text; says where.
    pub(crate) fn keep(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len();
        self.text.push_str(cut(text));
        // A batch is closed long before its text reaches 4 GiB.
        (start as u32, self.text.len() as u32)
    }

    /// Keeps the beginning of a body; says where.
    pub(crate) fn keep_body(&mut self, body: &[u8]) -> (u32, u32) {
        let start = self.bodies.len();
        self.bodies.extend_from_slice(&body[..body.len().min(BODY_BYTES_MAX)]);
        (start as u32, self.bodies.len() as u32)
    }

    pub(crate) fn get(&self, index: usize) -> Option<EventRef<'_>> {
        self.rows.get(index).map(|row| self.event(row))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = EventRef<'_>> {
        self.rows.iter().map(|row| self.event(row))
    }

    fn event(&self, row: &Row) -> EventRef<'_> {
        EventRef {
            id: row.id,
            time: row.time,
            peer: row.peer,
            community: self.names.get(row.community),
            kind: row.kind,
            other: row.other,
            cause: row.cause,
            name: self.names.get(row.name),
            value: row.value,
            goal: row.goal,
            bytes: row.bytes,
            text: &self.text[row.text.0 as usize..row.text.1 as usize],
            body: &self.bodies[row.body.0 as usize..row.body.1 as usize],
        }
    }

    /// Puts the events in the order of their times; those of one moment stay as they came.
    pub(crate) fn sort(&mut self) {
        if !self.rows.is_sorted_by_key(|row| row.time) {
            self.rows.sort_by_key(|row| row.time);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of names, texts and bodies.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text.len() + self.bodies.len() + self.names.bytes
    }

    /// Empties the batch of events; names keep their numbers, unless they have become many.
    pub(crate) fn clear_for_more(&mut self) {
        self.rows.clear();
        self.text.clear();
        self.bodies.clear();
        if self.names.bytes > NAMES_BYTES_MAX {
            self.names.clear();
        }
    }

    /// Empties the batch and keeps its memory.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.names.clear();
        self.text.clear();
        self.bodies.clear();
    }
}

/// The first [`TEXT_MAX`] bytes, or as many fewer as make whole characters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_MAX)]
}

/// Names by number. There are few, and they come again and again.
#[derive(Default)]
pub(crate) struct Names {
    all: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
    /// Static names by where they lie: (address, length, number). A static name stays where it is, so that
    /// it need not be compared.
    places: Vec<(usize, usize, u32)>,
    bytes: usize,
    epoch: u64,
}

impl Names {
    /// Places to remember; programs have some tens of static names, and the search is linear.
    const PLACES_MAX: usize = 24;

    /// The number of no name.
    pub(crate) const NONE: u32 = u32::MAX;

    #[expect(clippy::ptr_arg, reason = "whether the name is static is the question")]
    fn number(&mut self, name: &Cow<'static, str>) -> u32 {
        let Cow::Borrowed(name) = name else { return self.number_of(name) };
        let place = (name.as_ptr() as usize, name.len());
        if let Some(&(.., number)) = self.places.iter().find(|&&(start, len, _)| (start, len) == place) {
            return number;
        }
        let number = self.number_of(name);
        if self.places.len() < Self::PLACES_MAX {
            self.places.push((place.0, place.1, number));
        }
        number
    }

    pub(crate) fn number_of(&mut self, name: &str) -> u32 {
        let name = cut(name);
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.all.len() as u32;
        self.all.push(name.into());
        self.numbers.insert(name.into(), number);
        self.bytes += name.len();
        number
    }

    fn get(&self, number: u32) -> &str {
        self.all.get(number as usize).map_or("", |name| name)
    }

    pub(crate) fn all(&self) -> &[Box<str>] {
        &self.all
    }

    /// Changes when names lose their numbers.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    fn clear(&mut self) {
        self.epoch += 1;
        self.all.clear();
        self.numbers.clear();
        self.places.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_comes_back_and_long_text_is_cut_at_a_character() {
        let mut event = Event::new(EventId::new(3, 7), Instant::from_nanos(5), PeerId(3), Kind::Note);
        event.name = Cow::Borrowed("greeting");
        (event.text, event.body) = ("é".repeat(TEXT_MAX), vec![7; BODY_BYTES_MAX + 1]);
        let mut batch = Batch::default();
        batch.push(&event);
        event.text.truncate(TEXT_MAX);
        event.body.truncate(BODY_BYTES_MAX);
        batch.push(&event);
        assert_eq!(batch.get(0).unwrap().to_event(), event);
        assert_eq!(batch.get(1).unwrap().to_event(), event);
        assert_eq!(batch.names.all().len(), 2, "the community, which is empty, and the name");
    }

    #[test]
    fn a_lost_message_knows_its_direction_wherever_it_was_lost() {
        let mut event = Event::new(EventId::new(3, 7), Instant::ZERO, PeerId(3), Kind::Dropped);
        event.other = Some(PeerId(4));
        let mut direction = |cause| {
            let mut batch = Batch::default();
            event.cause = cause;
            batch.push(&event);
            batch.get(0).unwrap().link()
        };
        assert_eq!(direction(Some(EventId::new(3, 6))), Some((PeerId(3), PeerId(4))), "lost after sending");
        assert_eq!(direction(Some(EventId::new(4, 6))), Some((PeerId(4), PeerId(3))), "lost at the receiver");
    }
}
