//! What a run looks like now, gathered from its trace, and told to pages in small pieces.
//!
//! A [`View`] takes a run's events and keeps its peers, links, counters and newest events. Each page
//! that watches has a cursor: it is told what has changed since it was told last, in frames of at most
//! [`FRAME_BYTES_MAX`] bytes; what does not fit waits for the next frame, longest waiting first. So a
//! page hears as much as it can take, whatever the run does, and ends up with the view's state.
//!
//! Bounds: [`links::LINKS_MAX`] links, [`log::LINES_MAX`] events, [`names::NAMES_MAX`] names of a sort;
//! runs of more than [`groups::PEERS_SHOWN_MAX`] peers are told in groups.

mod cursor;
mod dirty;
mod frame;
pub mod groups;
pub mod links;
pub mod log;
pub mod names;
pub mod peers;
mod run;
mod shared;

use std::collections::VecDeque;

use rumormill_core::Instant;
use rumormill_core::plan::{self, Fault, Plan};
use rumormill_core::trace::{Event, Kind, Sink};
use rumormill_trace::{Mode, Target};

use cursor::{Changes, Cursor};
use groups::{Groups, PEERS_SHOWN_MAX, Share};
use links::{LINKS_MAX, LinkId, Links, Traffic};
use log::Log;
use names::Names;
use peers::{Peers, Progress, Status};

pub use frame::FRAME_BYTES_MAX;
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
    /// Whom the next faults of many peers meet: ends of pauses, and pauses.
    pauses: [VecDeque<plan::Peers>; 2],
    peers: Peers,
    groups: Option<Groups>,
    names: Vocabulary,
    links: Links,
    /// Messages and bytes sent, by kind.
    kinds: Vec<Traffic>,
    log: Log,
    /// Counts changes, from 1.
    version: u64,
    /// What changed since a page was last told anything; kept only while there are pages.
    news: Changes,
    cursors: Vec<Option<Cursor>>,
}

/// The names seen in a run.
#[derive(Debug, Default)]
struct Vocabulary {
    communities: Names,
    kinds: Names,
    targets: Names,
}

impl View {
    /// A run in which nothing has happened yet.
    #[must_use]
    pub fn new(run: RunLine) -> Self {
        let peers = run.peers;
        Self {
            loading: None,
            clock: Instant::ZERO,
            is_open: run.mode == Mode::Reporter.name(),
            pauses: Default::default(),
            run,
            peers: Peers::new(peers),
            groups: (peers > PEERS_SHOWN_MAX).then(|| Groups::new(peers)),
            names: Vocabulary::default(),
            links: Links::new(LINKS_MAX),
            kinds: Vec::new(),
            log: Log::default(),
            version: 1,
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

    /// Changes what is known of the run as a whole.
    pub fn set_run(&mut self, change: impl FnOnce(&mut RunLine)) {
        change(&mut self.run);
        self.version += 1;
    }

    /// How much of a recording has been read, 0 to 1; `None` when all is.
    pub fn set_loading(&mut self, loading: Option<f64>) {
        self.loading = loading;
        self.version += 1;
    }

    /// The run's clock shows this; it never goes back.
    pub fn set_clock(&mut self, now: Instant) {
        if now > self.clock {
            self.clock = now;
            self.version += 1;
            if self.counts() {
                self.run.virtual_seconds = now.as_secs_f64();
            }
        }
    }

    /// Are the run's totals what the trace tells? When it has ended, they are what its runtime told.
    fn counts(&self) -> bool {
        self.run.state != State::Ended
    }

    /// What the run's plan does to its peers, so that a fault of many peers is seen at each.
    pub fn set_plan(&mut self, plan: &Plan) {
        for timed in plan.schedule() {
            match &timed.fault {
                Fault::Pause { peers } => self.pauses[1].push_back(peers.clone()),
                Fault::Resume { peers } => self.pauses[0].push_back(peers.clone()),
                _ => {}
            }
        }
    }

    fn apply(&mut self, event: &Event) {
        let peerid = number(event.peer.0);
        if self.is_open && (self.peers.count() + 1..=PEERS_SHOWN_MAX).contains(&peerid) {
            self.peers.grow(peerid);
            self.run.peers = peerid;
            self.changed(peerid);
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
                Kind::Sent | Kind::Delivered | Kind::Dropped => {
                    view.note_message(event, peerid);
                    false
                }
                _ => false,
            };
            joined || changed
        });
    }

    /// Does something that may change a peer, and says whether it did.
    fn change(&mut self, peerid: u32, change: impl FnOnce(&mut Self) -> bool) {
        let before = self.groups.as_ref().and_then(|_| self.peers.get(peerid)).map(Share::from);
        if change(self) {
            if let (Some(groups), Some(before), Some(after)) = (&mut self.groups, before, self.peers.get(peerid)) {
                groups.change(peerid, before, Share::from(after));
            }
            self.changed(peerid);
        }
    }

    /// A peer boots; a real one says in which process.
    fn note_boot(&mut self, event: &Event, peerid: u32) -> bool {
        let pid = event.text.strip_prefix("process ").and_then(|pid| pid.parse().ok());
        let moved = pid.is_some_and(|pid| self.peers.set_pid(peerid, pid));
        self.peers.set_status(peerid, Status::Up) || moved
    }

    /// A peer belongs to every community in which something happened to it.
    fn note_community(&mut self, event: &Event, peerid: u32) -> bool {
        let joined =
            if event.kind == Kind::Joined && event.community.is_empty() { &event.name } else { &event.community };
        !joined.is_empty() && peerid > 0 && self.peers.join(peerid, self.names.communities.number(joined))
    }

    fn note_progress(&mut self, event: &Event, peerid: u32) -> bool {
        let target = self.names.targets.number(&event.name);
        let progress = Progress { target, current: event.value, goal: event.goal };
        let news = self.peers.set_progress(peerid, progress);
        if news
            && self.counts()
            && let Some(reach) = self.peers.reach().get(usize::from(target))
        {
            let count = Target { met: reach.met.into(), peers: reach.peers.into() };
            let name = &self.names.targets.list()[usize::from(target)];
            match self.run.targets.get_mut(name) {
                Some(known) => *known = count,
                None => drop(self.run.targets.insert(name.clone(), count)),
            }
        }
        news
    }

    /// A pause or its end: of one peer, or of those that the plan names next.
    fn note_fault(&mut self, event: &Event, peerid: u32) -> bool {
        let paused = match &*event.name {
            "pause" => true,
            "resume" => false,
            _ => return false,
        };
        if peerid > 0 {
            return self.peers.set_paused(peerid, paused);
        }
        let peers = self.pauses[usize::from(paused)].pop_front();
        for peerid in peers.map(|peers| peers.resolve(self.run.seed, self.run.peers)).unwrap_or_default() {
            self.change(peerid, |view| view.peers.set_paused(peerid, paused));
        }
        false
    }

    fn note_message(&mut self, event: &Event, peerid: u32) {
        if self.counts() {
            let messages = &mut self.run.messages;
            match event.kind {
                Kind::Delivered => messages.delivered += 1,
                Kind::Dropped => messages.dropped += 1,
                _ => {
                    messages.sent += 1;
                    messages.bytes += event.bytes;
                }
            }
        }
        let traffic = match event.kind {
            Kind::Delivered => return,
            Kind::Dropped => Traffic { sent: 0, bytes: 0, lost: 1 },
            _ => Traffic { sent: 1, bytes: event.bytes, lost: 0 },
        };
        let other = event.other.map_or(0, |other| number(other.0));
        let kind = self.names.kinds.number(&event.name);
        if self.kinds.len() <= usize::from(kind) {
            self.kinds.resize(usize::from(kind) + 1, Traffic::default());
        }
        self.kinds[usize::from(kind)] += traffic;
        if peerid == 0 || other == 0 {
            return;
        }
        let community = self.names.communities.number(&event.community);
        // A lost message happens to its sender, or, when it follows from another peer's event, to its receiver.
        let at_receiver = event.cause.is_some_and(|cause| u64::from(cause.peerid()) != event.peer.0);
        let at_receiver = event.kind == Kind::Dropped && at_receiver;
        let (from, to) = if at_receiver { (other, peerid) } else { (peerid, other) };
        let link = LinkId::new(self.end(from), self.end(to), kind, community);
        self.links.add(link, traffic);
        if self.is_watched() {
            self.news.links.add(link, traffic);
        }
    }

    fn changed(&mut self, peerid: u32) {
        self.version += 1;
        if self.is_watched() {
            let unit = self.unit(peerid);
            self.news.units.insert(unit);
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

/// For pages: what a run looks like and what has changed, each at its own pace. See [`SharedView::watch`].
impl View {
    /// A page begins to watch. Returns the number of its cursor.
    fn open(&mut self) -> usize {
        self.share_news();
        let cursor = Some(Cursor::new(self));
        match self.cursors.iter().position(Option::is_none) {
            Some(free) => {
                self.cursors[free] = cursor;
                free
            }
            None => {
                self.cursors.push(cursor);
                self.cursors.len() - 1
            }
        }
    }

    /// A page has gone.
    fn close(&mut self, cursor: usize) {
        self.share_news();
        self.cursors[cursor] = None;
        if self.cursors.iter().all(Option::is_none) {
            self.cursors.clear();
        }
    }

    /// What the page knows of the run before its first frame.
    fn hello(&self) -> String {
        frame::hello(self)
    }

    /// What the page has not been told, as far as it fits; `None` when it knows everything.
    fn frame(&mut self, cursor: usize) -> Option<String> {
        self.share_news();
        let mut page = self.cursors[cursor].take()?;
        let news = (!page.is_current(self)).then(|| frame::frame(self, &mut page));
        self.cursors[cursor] = Some(page);
        news
    }

    /// Hands what has changed to every page's cursor.
    fn share_news(&mut self) {
        let mut pages = self.cursors.iter_mut().flatten();
        let first = pages.next();
        for page in pages {
            self.news.units.iter().for_each(|unit| page.waiting.units.insert(unit));
            self.news.links.iter().for_each(|(link, traffic)| page.waiting.links.add(link, traffic));
        }
        if let Some(page) = first {
            self.news.units.iter().for_each(|unit| page.waiting.units.insert(unit));
            self.news.links.drain_into(&mut page.waiting.links);
        }
        self.news.units.clear();
    }
}

impl Sink for View {
    fn event(&mut self, event: &Event) {
        self.version += 1;
        self.set_clock(event.time);
        self.log.push(event);
        self.apply(event);
    }
}

/// Peers' numbers in a trace have 24 bits; whatever is larger is nobody.
fn number(peer: u64) -> u32 {
    u32::try_from(peer).ok().filter(|&peerid| peerid <= rumormill_core::MAX_PEERS).unwrap_or(0)
}

#[cfg(test)]
mod tests;
