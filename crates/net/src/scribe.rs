//! What a process tells its supervisor: the trace and how far its peers are. Nothing here ever waits:
//! what does not fit is dropped and counted.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::rc::Rc;
use std::sync::Arc;

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use crate::control::{Counts, PeerStatus};
use crate::members::Members;

/// Events that wait to be sent, at most, in one process; newer ones are dropped and counted.
pub(crate) const MAX_WAITING_EVENTS: usize = 65_536;

/// The most bytes of any text in the trace, which are all that a recording keeps.
const MAX_TEXT_BYTES: usize = 8 << 10;

/// The bytes after which a part of the trace is sent: less than a document of the control connection may have.
const PART_BYTES: usize = 2 << 20;

/// Bits of an event's count for one life of a peer; the other ten number its lives.
const LIFE_BITS: u32 = 30;

/// The most letters of a message's or an indication's content in the trace.
const MAX_TEXT: usize = 160;

/// The id of an event that the supervisor tells of a life of a peer: at the end of that life's range,
/// where the peer itself never comes.
pub(crate) fn closing_event(peerid: u32, incarnation: u32) -> EventId {
    EventId::new(peerid, (u64::from(incarnation + 1) << LIFE_BITS) - 1)
}

/// What waits to be sent to the supervisor, for all peers of a process.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    recording: bool,
    /// The protocol's own community, to which events belong unless they say otherwise.
    community: &'static str,
    events: Vec<Event>,
    dropped: u64,
    statuses: BTreeMap<u32, Rc<RefCell<PeerStatus>>>,
    changed: Rc<Cell<bool>>,
}

impl Outbox {
    pub fn new(recording: bool, protocol: &str) -> Self {
        // Once a process: a name that lives as long as it need not be copied into every event.
        Self { recording, community: Box::leak(protocol.into()), ..Self::default() }
    }

    /// Takes up to `most` events, or as many fewer as fit into a document, and how many were dropped before
    /// them.
    pub fn take_events(&mut self, most: usize) -> Option<(Vec<Event>, u64)> {
        if self.events.is_empty() && self.dropped == 0 {
            return None;
        }
        let mut bytes = 0;
        let fits = self.events.iter().take(most).take_while(|event| {
            let is_room = bytes < PART_BYTES;
            bytes += weight(event);
            is_room
        });
        let rest = self.events.split_off(fits.count());
        let events = std::mem::replace(&mut self.events, rest);
        Some((events, std::mem::take(&mut self.dropped)))
    }

    /// How far all peers are, if that changed.
    pub fn take_statuses(&mut self) -> Option<Vec<PeerStatus>> {
        self.changed.take().then(|| self.statuses.values().map(|status| status.borrow().clone()).collect())
    }
}

/// The pen of one life of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Scribe {
    outbox: Rc<RefCell<Outbox>>,
    recording: bool,
    status: Rc<RefCell<PeerStatus>>,
    changed: Rc<Cell<bool>>,
    members: Arc<Members>,
    next: Rc<Cell<u64>>,
    peerid: u32,
}

impl Scribe {
    pub fn new(outbox: Rc<RefCell<Outbox>>, members: Arc<Members>, peerid: u32, incarnation: u32) -> Self {
        let status = Rc::new(RefCell::new(PeerStatus { peerid, incarnation, ..PeerStatus::default() }));
        let (recording, changed) = {
            let mut outbox = outbox.borrow_mut();
            outbox.statuses.insert(peerid, Rc::clone(&status));
            outbox.changed.set(true);
            (outbox.recording, Rc::clone(&outbox.changed))
        };
        let first = u64::from(incarnation) << LIFE_BITS;
        Self { outbox, recording, status, changed, members, next: Rc::new(Cell::new(first)), peerid }
    }

    /// The number of a peer, as the trace names it.
    pub fn number(&self, peer: PeerId) -> Option<PeerId> {
        self.members.number(peer).map(|number| PeerId(number.into()))
    }

    /// Does anybody read the trace?
    pub fn recording(&self) -> bool {
        self.recording
    }

    /// Writes an event, when anybody reads the trace; `fill` says what is special about it.
    pub fn event(&self, time: Instant, kind: Kind, fill: impl FnOnce(&mut Event)) -> Option<EventId> {
        if !self.recording {
            return None;
        }
        let mut outbox = self.outbox.borrow_mut();
        let id = EventId::new(self.peerid, self.next.replace(self.next.get() + 1));
        if outbox.events.len() >= MAX_WAITING_EVENTS {
            outbox.dropped += 1;
            return Some(id);
        }
        let mut event = Event::new(id, time, PeerId(self.peerid.into()), kind);
        event.community = Cow::Borrowed(outbox.community);
        fill(&mut event);
        event.text.truncate(event.text.floor_char_boundary(MAX_TEXT_BYTES));
        outbox.events.push(event);
        Some(id)
    }

    /// Counts.
    pub fn count(&self, count: impl FnOnce(&mut Counts)) {
        self.status(|status| count(&mut status.counts));
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.status.borrow().counts
    }

    /// The peer said that it is done; was it news?
    pub fn done(&self) -> bool {
        let mut news = false;
        self.status(|status| news = !std::mem::replace(&mut status.done, true));
        news
    }

    /// A target moved; was it news?
    pub fn target(&self, name: &str, current: u64, goal: u64) -> bool {
        let mut news = true;
        self.status(|status| match status.targets.iter_mut().find(|target| target.0 == name) {
            Some(target) => {
                news = (target.1, target.2) != (current, goal);
                (target.1, target.2) = (current, goal);
            }
            None => status.targets.push((name.to_string(), current, goal)),
        });
        news
    }

    fn status(&self, change: impl FnOnce(&mut PeerStatus)) {
        self.changed.set(true);
        change(&mut self.status.borrow_mut());
    }
}

/// About the bytes of an event on its way to the supervisor.
fn weight(event: &Event) -> usize {
    64 + event.community.len() + event.name.len() + event.text.len() + event.body.len()
}

/// The `Debug` form of a value, cut after [`MAX_TEXT`] letters without formatting the rest.
pub(crate) fn brief(value: &impl fmt::Debug) -> String {
    struct Short(String);
    impl fmt::Write for Short {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = MAX_TEXT.saturating_sub(self.0.len());
            if text.len() <= room {
                self.0.push_str(text);
                return Ok(());
            }
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            self.0.push('…');
            Err(fmt::Error)
        }
    }
    let mut short = Short(String::new());
    let _ = write!(short, "{value:?}");
    short.0
}

/// The name at the beginning of a `Debug` form: of `Sync { epoch: 3 }`, `Sync`.
pub(crate) fn name_of(brief: &str) -> Cow<'static, str> {
    let end = brief.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(brief.len());
    Cow::Owned(brief[..end].to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scribe(outbox: &Rc<RefCell<Outbox>>, peerid: u32, incarnation: u32) -> Scribe {
        Scribe::new(Rc::clone(outbox), Arc::new(Members::new(Vec::new())), peerid, incarnation)
    }

    #[test]
    fn a_full_trace_drops_and_counts_and_keeps_the_rest() {
        let outbox = Rc::new(RefCell::new(Outbox::new(true, "flood")));
        let scribe = scribe(&outbox, 3, 0);
        for _ in 0..MAX_WAITING_EVENTS + 5 {
            scribe.event(Instant::ZERO, Kind::Note, |_| {});
        }
        let (events, dropped) = outbox.borrow_mut().take_events(1_000).unwrap();
        assert_eq!((events.len(), dropped), (1_000, 5));
        assert_eq!(events[999].id, EventId::new(3, 999));
        // A part is bounded in bytes too, so the rest takes a few.
        let mut rest = 0;
        while let Some((events, dropped)) = outbox.borrow_mut().take_events(usize::MAX) {
            rest += events.len();
            assert_eq!(dropped, 0);
        }
        assert_eq!(rest, MAX_WAITING_EVENTS - 1_000);
    }

    #[test]
    fn what_is_sent_at_once_fits_into_a_document() {
        let outbox = Rc::new(RefCell::new(Outbox::new(true, "flood")));
        let scribe = scribe(&outbox, 3, 0);
        for _ in 0..1_000 {
            scribe.event(Instant::ZERO, Kind::Note, |event| event.text = "é".repeat(10_000));
        }
        let mut taken = 0;
        while let Some((events, dropped)) = outbox.borrow_mut().take_events(usize::MAX) {
            let document = postcard::to_stdvec(&crate::control::Up::Trace { events: events.clone(), dropped }).unwrap();
            assert!(document.len() <= crate::control::MAX_DOCUMENT_BYTES);
            taken += events.len();
        }
        assert_eq!(taken, 1_000);
    }

    #[test]
    fn lives_of_a_peer_never_share_an_event_id() {
        let outbox = Rc::new(RefCell::new(Outbox::new(true, "flood")));
        let first = scribe(&outbox, 3, 0).event(Instant::ZERO, Kind::Started, |_| {}).unwrap();
        let second = scribe(&outbox, 3, 1).event(Instant::ZERO, Kind::Restarted, |_| {}).unwrap();
        assert!(first < closing_event(3, 0) && closing_event(3, 0) < second);
    }

    #[test]
    fn only_news_is_news() {
        let outbox = Rc::new(RefCell::new(Outbox::new(false, "flood")));
        let scribe = scribe(&outbox, 1, 0);
        assert!(scribe.target("messages", 1, 2) && !scribe.target("messages", 1, 2) && scribe.target("messages", 2, 2));
        assert!(scribe.done() && !scribe.done());
        let statuses = outbox.borrow_mut().take_statuses().unwrap();
        assert!(statuses[0].done && statuses[0].targets == [("messages".to_string(), 2, 2)]);
        assert!(outbox.borrow_mut().take_statuses().is_none());
    }

    #[test]
    fn long_contents_are_cut_at_a_letter() {
        let text = brief(&"ü".repeat(500));
        assert!(text.ends_with('…') && text.len() <= MAX_TEXT + '…'.len_utf8());
        assert_eq!(brief(&Some(3)), "Some(3)");
        assert_eq!(name_of("Misbehaved { peer: #1 }"), "Misbehaved");
    }
}
