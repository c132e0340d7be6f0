//! Recording, which is part of a run's type: a run that does not record has no code for it.

use std::borrow::Cow;
use std::fmt::{self, Debug, Write};

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use crate::limits::TRACE_TEXT;

mod counting;

pub(crate) use counting::Counting;

/// What a shard writes down.
pub(crate) trait Recording: Clone + Send + 'static {
    /// Is anything written down?
    const ON: bool;

    /// What an event remembers of the event that led to it.
    type Cause: Copy + Default + Send + 'static;

    /// For this many peers, beginning with number `first`, whose own community has this name.
    fn new(first: u32, peers: u32, community: &'static str) -> Self;

    /// Writes down that something happened to a peer (or to the run: 0); `fill` says the rest.
    fn write(
        &mut self,
        time: u64,
        peer: u32,
        kind: Kind,
        cause: Self::Cause,
        fill: impl FnOnce(&mut Event),
    ) -> Self::Cause;

    /// The event that a cause is, if it is one.
    fn id(cause: Self::Cause) -> Option<EventId>;

    /// Takes what was written since the last time.
    fn take(&mut self) -> Vec<Event>;

    /// Can it be told to look for an event? For that, [`Counting`].
    const SEEKS: bool = false;

    /// Looks for this event from now on.
    fn seek(&mut self, event: Option<EventId>) {
        let _ = event;
    }

    /// The event that was looked for, once it happened.
    fn found(&self) -> Option<&Event> {
        None
    }

    /// How many events of this peer there were, where they are counted.
    fn count(&self, peer: u32) -> u64 {
        let _ = peer;
        0
    }
}

/// Nothing is recorded.
#[derive(Clone)]
pub(crate) struct Silent;

impl Recording for Silent {
    const ON: bool = false;
    type Cause = ();

    fn new(_: u32, _: u32, _: &'static str) -> Self {
        Self
    }

    #[inline]
    fn write(&mut self, _: u64, _: u32, _: Kind, (): (), _: impl FnOnce(&mut Event)) {}

    fn id((): ()) -> Option<EventId> {
        None
    }

    fn take(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

/// Everything is recorded.
#[derive(Clone)]
pub(crate) struct Taping {
    counts: Counts,
    community: &'static str,
    events: Vec<Event>,
}

/// How many events there were so far.
#[derive(Clone)]
struct Counts {
    first: u32,
    /// Of each peer.
    peers: Vec<u64>,
    /// Of the run as a whole.
    run: u64,
}

impl Counts {
    fn new(first: u32, peers: u32) -> Self {
        Self { first, peers: vec![0; peers as usize], run: 0 }
    }

    fn of(&self, peer: u32) -> u64 {
        self.index(peer).and_then(|index| self.peers.get(index)).copied().unwrap_or(self.run)
    }

    /// The next event of a peer, or of the run: 0.
    fn next(&mut self, peer: u32) -> EventId {
        let count = match self.index(peer) {
            Some(index) => &mut self.peers[index],
            None => &mut self.run,
        };
        *count += 1;
        EventId::new(peer, *count)
    }

    fn index(&self, peer: u32) -> Option<usize> {
        peer.checked_sub(self.first).filter(|_| peer > 0).map(|index| index as usize)
    }

    /// What happens to the run as a whole is counted by every shard, and told by the first.
    fn tells(&self, peer: u32) -> bool {
        peer > 0 || self.first == 1
    }
}

/// An event of which nothing but its place is known yet.
fn blank(id: EventId, time: u64, peer: u32, kind: Kind, cause: Caused, community: &'static str) -> Event {
    let mut event = Event::new(id, Instant::from_nanos(time), PeerId(u64::from(peer)), kind);
    event.community = Cow::Borrowed(community);
    event.cause = cause.id();
    event
}

/// The id of an event, or `EventId(0)`, which is none: counts begin at 1.
pub(crate) const NO_CAUSE: EventId = EventId(0);

impl Recording for Taping {
    const ON: bool = true;
    type Cause = Caused;

    fn new(first: u32, peers: u32, community: &'static str) -> Self {
        Self { counts: Counts::new(first, peers), community, events: Vec::new() }
    }

    fn write(&mut self, time: u64, peer: u32, kind: Kind, cause: Caused, fill: impl FnOnce(&mut Event)) -> Caused {
        let id = self.counts.next(peer);
        if self.counts.tells(peer) {
            let mut event = blank(id, time, peer, kind, cause, self.community);
            fill(&mut event);
            self.events.push(event);
        }
        Caused(id)
    }

    fn id(cause: Caused) -> Option<EventId> {
        cause.id()
    }

    fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }
}

/// A cause that may be none.
#[derive(Clone, Copy)]
pub(crate) struct Caused(EventId);

impl Caused {
    fn id(self) -> Option<EventId> {
        (self.0 != NO_CAUSE).then_some(self.0)
    }
}

impl Default for Caused {
    fn default() -> Self {
        Self(NO_CAUSE)
    }
}

/// `value` as a person reads it, cut to what a trace holds.
pub(crate) fn text_of(value: &(impl Debug + ?Sized)) -> String {
    let mut text = Cut { text: String::new(), left: TRACE_TEXT };
    // An error means that the text is full.
    let _ = write!(text, "{value:?}");
    text.text
}

/// `arguments` as text, cut to what a trace holds.
pub(crate) fn text_of_arguments(arguments: fmt::Arguments<'_>) -> String {
    let mut text = Cut { text: String::new(), left: TRACE_TEXT };
    let _ = text.write_fmt(arguments);
    text.text
}

/// The first word of a value's text: the name of an enum's variant.
pub(crate) fn name_of(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// Text that stops growing at a number of characters, so that a long message costs no more than that.
struct Cut {
    text: String,
    left: usize,
}

impl Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for letter in more.chars() {
            if self.left == 0 {
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.text.push(letter);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(text_of("né"), "\"né\"");
        let long = text_of(&"é".repeat(1_000));
        assert_eq!(long.chars().count(), TRACE_TEXT + 1);
        assert!(long.ends_with('…'));
        assert_eq!(name_of(&text_of(&Some(3))), "Some");
    }
}
