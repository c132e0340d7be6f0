//! What a run looks like now, gathered from its trace, and told to pages in small pieces.
//!
//! A [`View`] takes a run's events and keeps its peers, links, counters and newest events. Each page
//! that watches has a cursor: it is told what has changed since it was told last, in frames of at most
//! [`FRAME_BYTES_MAX`] bytes; what does not fit waits for the next frame, longest waiting first. So a
//! page hears as much as it can take, whatever the run does, and ends up with the view's state.
//!
//! Bounds: [`links::LINKS_MAX`] links, [`log::LINES_MAX`] events, [`names::NAMES_MAX`] names of a sort,
//! [`gauges::GAUGES_MAX`] measured values;
//! runs of more than [`groups::PEERS_SHOWN_MAX`] peers are told in groups.

mod chunks;
mod cursor;
mod dirty;
mod frame;
pub mod gauges;
pub mod groups;
mod heard;
pub mod links;
mod lists;
pub mod log;
mod matrix;
pub mod names;
mod note;
mod pages;
mod pauses;
pub mod peers;
pub mod place;
pub mod places;
mod run;
mod shared;
pub mod timeline;
mod totals;

use rumormill_core::Instant;
use rumormill_core::plan::{Plan, Timed};
use rumormill_core::trace::{Event, EventId, Kind, POSITION, Sink};
use rumormill_trace::{Messages, Mode};

use cursor::{Changes, Cursor};
use gauges::Gauges;
use groups::{Groups, PEERS_SHOWN_MAX, Share};
use heard::Heard;
use links::Traffic;
use log::Log;
use names::Names;
use pauses::Pauses;
use peers::{Peers, Status};
use timeline::Timeline;
use totals::Totals;

pub use frame::FRAME_BYTES_MAX;
pub use pages::FOCUS_MAX;
pub use run::{RunLine, State};
pub use shared::{SharedView, Watcher};

/// A note of this name says what a peer calls itself, where that is not its number.
pub const LABEL: &str = "label";

/// What a run looks like now.
#[derive(Debug)]
pub struct View {
    run: RunLine,
    /// How much of a recording has been read, while it is being read.
    loading: Option<f64>,
    clock: Instant,
    /// May peers join that nobody announced?
    is_open: bool,
    /// Does it show a moment of the run's past? Then its totals are those of that moment.
    is_past: bool,
    pauses: Pauses,
    peers: Peers,
    groups: Option<Groups>,
    names: Vocabulary,
    links: Totals,
    /// Do pages hear of links as messages pass?
    tells_links: bool,
    /// Messages and bytes sent, by kind.
    kinds: Vec<Traffic>,
    /// What peers have measured; nothing where they are told in groups.
    gauges: Gauges,
    log: Log,
    timeline: Timeline,
    /// Messages in the trace so far; the run's own number is this until the run has ended.
    totals: Messages,
    /// Which events it has seen.
    heard: Heard,
    /// Grows when pages have to begin anew, because the run turned out otherwise.
    edition: u64,
    /// Counts changes, from 1.
    version: u64,
    /// Groups that some page looks into.
    focused: Vec<u32>,
    /// What changed since a page was last told anything; kept only while there are pages.
    news: Changes,
    cursors: Vec<Option<Cursor>>,
}

/// The names seen in a run.
#[derive(Clone, Debug, Default)]
struct Vocabulary {
    communities: Names,
    kinds: Names,
    targets: Names,
    measures: Names,
}

impl View {
    /// A run in which nothing has happened yet.
    #[must_use]
    pub fn new(run: RunLine) -> Self {
        let peers = run.peers;
        let groups = (peers > PEERS_SHOWN_MAX).then(|| Groups::new(peers));
        Self {
            loading: None,
            clock: Instant::ZERO,
            is_open: run.mode == Mode::Reporter.name(),
            is_past: false,
            pauses: Pauses::default(),
            run,
            peers: Peers::new(peers),
            names: Vocabulary::default(),
            links: Totals::new(groups.as_ref()),
            tells_links: true,
            groups,
            kinds: Vec::new(),
            gauges: Gauges::default(),
            log: Log::default(),
            timeline: Timeline::default(),
            totals: Messages::default(),
            heard: Heard::new(peers),
            edition: 0,
            version: 1,
            focused: Vec::new(),
            news: Changes::new(),
            cursors: Vec::new(),
        }
    }

    /// The run as the list of runs shows it.
    #[must_use]
    pub const fn run(&self) -> &RunLine {
        &self.run
    }

    /// The peers.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The newest events.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// The course of the run.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// What the run's clock shows.
    #[must_use]
    pub const fn clock(&self) -> Instant {
        self.clock
    }

    /// Changes what is known of the run as a whole.
    pub fn set_run(&mut self, change: impl FnOnce(&mut RunLine)) {
        change(&mut self.run);
        self.version += 1;
    }

    /// A recording is going to be read. Of groups, pages hear of links when all is read: until then each frame
    /// would tell of most pairs anew.
    pub(crate) fn begin_loading(&mut self) {
        self.set_loading(Some(0.0));
        self.tells_links = self.groups.is_none();
    }

    /// How much of a recording has been read, 0 to 1; `None` when all is.
    pub fn set_loading(&mut self, loading: Option<f64>) {
        self.loading = loading;
        if loading.is_none() && !self.tells_links {
            self.tells_links = true;
            self.tell_links();
        }
        self.version += 1;
    }

    /// The run's clock shows this; it never goes back.
    pub fn set_clock(&mut self, now: Instant) {
        if now > self.clock {
            self.clock = now;
            self.version += 1;
            if self.counts_totals() {
                self.run.virtual_seconds = now.as_secs_f64();
            }
        }
    }

    /// Are the run's totals what the trace tells? When it has ended, they are what its runtime told.
    fn counts_totals(&self) -> bool {
        self.is_past || self.run.state != State::Ended
    }

    /// What the run's plan does to its peers, so that a fault of many peers is seen at each.
    pub fn set_plan(&mut self, plan: &Plan) {
        self.pauses.set(plan);
    }

    /// Somebody did this by hand.
    pub fn add_fault(&mut self, timed: &Timed) {
        self.pauses.add(timed);
    }

    /// Snapshots taken from now on share what does not change with this and with each other.
    pub(crate) fn share(&mut self) {
        self.peers.share();
        self.links.share();
        self.heard.share();
    }

    /// A copy that no page watches, with the end of the log: a moment to come back to.
    #[must_use]
    pub(crate) fn snapshot(&self) -> Self {
        Self {
            run: self.run.clone(),
            loading: None,
            clock: self.clock,
            is_open: self.is_open,
            is_past: self.is_past,
            pauses: self.pauses.clone(),
            peers: self.peers.clone(),
            groups: self.groups.clone(),
            names: self.names.clone(),
            links: self.links.clone(),
            tells_links: true,
            kinds: self.kinds.clone(),
            gauges: self.gauges.clone(),
            log: self.log.tail(),
            timeline: self.timeline.clone(),
            totals: self.totals,
            heard: self.heard.clone(),
            edition: self.edition,
            version: self.version,
            focused: Vec::new(),
            news: Changes::new(),
            cursors: Vec::new(),
        }
    }

    /// Bytes that a snapshot takes, about, without what it shares with `other`.
    #[must_use]
    pub(crate) fn bytes(&self, other: Option<&Self>) -> usize {
        self.peers.bytes(other.map(|other| &other.peers))
            + self.links.bytes(other.map(|other| &other.links))
            + self.heard.bytes(other.map(|other| &other.heard))
            + (256 << 10)
    }

    /// From now on this shows a moment of the past of this run.
    pub(crate) fn set_past(&mut self, run: RunLine) {
        let names = self.names.targets.list().iter().zip(self.peers.reach());
        let targets = names.filter(|(_, reach)| reach.peers > 0).map(|(name, &reach)| (name.clone(), reach.into()));
        let (messages, virtual_seconds) = (self.totals, self.clock.as_secs_f64());
        self.run = RunLine { messages, virtual_seconds, targets: targets.collect(), peers: self.peers.count(), ..run };
        self.is_past = true;
        self.version += 1;
    }

    /// Has this event, or a later one of its peer, happened?
    #[must_use]
    pub(crate) fn has_seen(&self, id: EventId) -> bool {
        self.heard.has(id)
    }

    fn take(&mut self, event: &Event) {
        self.version += 1;
        self.set_clock(event.time);
        let (done, met) = (self.peers.done(), self.peers.met());
        self.apply(event);
        let (done_now, met_now) = (self.peers.done(), self.peers.met());
        self.timeline.add(event, i64::from(done_now) - i64::from(done), met_now as i64 - met as i64);
        if done_now != done {
            self.timeline.done(event, done_now == self.peers.count());
        }
    }

    fn apply(&mut self, event: &Event) {
        let peerid = number(event.peer.0);
        self.heard.hear(peerid, event.id);
        if self.is_open && (self.peers.count() + 1..=PEERS_SHOWN_MAX).contains(&peerid) {
            self.peers.grow(peerid);
            self.heard.grow(peerid);
            self.run.peers = peerid;
            self.changed(peerid);
        }
        if !Self::may_change_peer(event) && self.is_member(event, peerid) {
            // Most events are such. Of a million peers, few are in the cache.
            match event.kind {
                Kind::Sent | Kind::Delivered | Kind::Dropped => self.note_message(event, peerid),
                Kind::Measured => self.note_measure(event, peerid),
                _ => {}
            }
            return;
        }
        self.change(peerid, |view| {
            let joined = view.note_community(event, peerid);
            let changed = match event.kind {
                Kind::Started | Kind::Restarted => view.note_boot(event, peerid),
                Kind::Crashed => view.peers.set_status(peerid, Status::Crashed),
                Kind::Stopped => view.peers.set_status(peerid, Status::Stopped),
                Kind::Done => view.peers.set_done(peerid),
                Kind::Progress => view.note_progress(event, peerid),
                Kind::Fault => view.note_fault(event, peerid),
                Kind::Note if event.name == LABEL => view.peers.set_label(peerid, &event.text),
                Kind::Note if event.name == POSITION => view.peers.set_place(peerid, &event.text),
                Kind::Sent | Kind::Delivered | Kind::Dropped => {
                    view.note_message(event, peerid);
                    false
                }
                Kind::Measured => {
                    view.note_measure(event, peerid);
                    false
                }
                _ => false,
            };
            joined || changed
        });
    }

    /// Is the event one that may change its peer, whatever the community?
    fn may_change_peer(event: &Event) -> bool {
        match event.kind {
            Kind::Started | Kind::Restarted | Kind::Crashed | Kind::Stopped | Kind::Done => true,
            Kind::Joined | Kind::Progress | Kind::Fault => true,
            Kind::Note => event.name == LABEL || event.name == POSITION,
            _ => false,
        }
    }

    /// Does something that may change a peer, and says whether it did.
    fn change(&mut self, peerid: u32, change: impl FnOnce(&mut Self) -> bool) {
        let before = self.groups.as_ref().and_then(|_| Share::of(&self.peers, peerid));
        if change(self) {
            let after = Share::of(&self.peers, peerid);
            if let (Some(groups), Some(before), Some(after)) = (&mut self.groups, before, after) {
                groups.change(peerid, before, after);
            }
            self.changed(peerid);
        }
    }

    fn changed(&mut self, peerid: u32) {
        self.version += 1;
        if self.is_watched() {
            let unit = self.unit(peerid);
            self.news.units.insert(unit);
            if self.groups.is_some() && self.focused.contains(&unit) {
                self.news.members.insert(peerid);
            }
        }
    }

    fn is_watched(&self) -> bool {
        !self.cursors.is_empty()
    }

    /// What stands for a peer on the page: the peer, or its group.
    fn unit(&self, peerid: u32) -> u32 {
        self.groups.as_ref().map_or(peerid, |groups| groups.of(peerid))
    }

    /// What stands for a peer at the end of a link: the peer, or the first one of its group.
    fn end(&self, peerid: u32) -> u32 {
        self.groups.as_ref().map_or(peerid, |groups| groups.first_of(peerid))
    }

    fn first_unit(&self) -> u32 {
        u32::from(self.groups.is_none())
    }

    fn units(&self) -> u32 {
        self.groups.as_ref().map_or(self.peers.count(), Groups::count)
    }
}

impl View {
    /// Takes an event that the caller needs no more, and leaves memory to be used again in its place.
    pub(crate) fn take_over(&mut self, event: &mut Event) {
        self.take(event);
        self.log.push_over(event);
    }
}

impl Sink for View {
    fn event(&mut self, event: &Event) {
        self.log.push(event);
        self.take(event);
    }
}

/// Peers' numbers in a trace have 24 bits; whatever is larger is nobody.
fn number(peer: u64) -> u32 {
    u32::try_from(peer).ok().filter(|&peerid| peerid <= rumormill_core::MAX_PEERS).unwrap_or(0)
}

#[cfg(test)]
mod tests;
