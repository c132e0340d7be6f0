//! What single events change in a view.

use rumormill_core::trace::{Event, Kind};

use super::links::{LinkId, Traffic};
use super::peers::{Progress, Status};
use super::{View, number};

impl View {
    /// A peer boots; a real one says in which process.
    pub(super) fn note_boot(&mut self, event: &Event, peerid: u32) -> bool {
        self.gauges.forget(peerid);
        let pid = event.text.strip_prefix("process ").and_then(|pid| pid.parse().ok());
        let moved = pid.is_some_and(|pid| self.peers.set_pid(peerid, pid));
        self.peers.set_status(peerid, Status::Up) || moved
    }

    /// Is the peer known to belong to the event's community?
    pub(super) fn is_member(&mut self, event: &Event, peerid: u32) -> bool {
        !event.community.is_empty() && self.peers.is_member(peerid, self.names.communities.number(&event.community))
    }

    /// A peer belongs to every community in which something happened to it.
    pub(super) fn note_community(&mut self, event: &Event, peerid: u32) -> bool {
        let joined =
            if event.kind == Kind::Joined && event.community.is_empty() { &event.name } else { &event.community };
        !joined.is_empty() && peerid > 0 && self.peers.join(peerid, self.names.communities.number(joined))
    }

    pub(super) fn note_progress(&mut self, event: &Event, peerid: u32) -> bool {
        let target = self.names.targets.number(&event.name);
        let progress = Progress { target, current: event.value, goal: event.goal };
        let news = self.peers.set_progress(peerid, progress);
        if news && let Some(&reach) = self.peers.reach().get(usize::from(target)) {
            self.timeline.target(event, target, reach.met == reach.peers);
            if self.counts_totals() {
                let name = &self.names.targets.list()[usize::from(target)];
                match self.run.targets.get_mut(name) {
                    Some(known) => *known = reach.into(),
                    None => drop(self.run.targets.insert(name.clone(), reach.into())),
                }
            }
        }
        news
    }

    /// A pause or its end: of one peer, or of those that the plan names next.
    pub(super) fn note_fault(&mut self, event: &Event, peerid: u32) -> bool {
        let paused = match &*event.name {
            "pause" => true,
            "resume" => false,
            _ => return false,
        };
        if peerid > 0 {
            return self.peers.set_paused(peerid, paused);
        }
        let peers = self.pauses.take(paused);
        for peerid in peers.map(|peers| peers.resolve(self.run.seed, self.run.peers)).unwrap_or_default() {
            self.change(peerid, |view| view.peers.set_paused(peerid, paused));
        }
        false
    }

    /// A peer measured itself, or somebody measured its process.
    pub(super) fn note_measure(&mut self, event: &Event, peerid: u32) {
        if self.groups.is_some() {
            return;
        }
        let peerid = event.other.map_or(peerid, |other| number(other.0));
        let measures = &mut self.names.measures;
        let name = measures.number(&event.name);
        // Names that are too many or too long are not told apart, so neither would their values be.
        if measures.list().get(usize::from(name)).is_some_and(|known| *known == event.name) {
            self.gauges.set(peerid, name, event.value);
        } else {
            self.gauges.leave_out();
        }
    }

    pub(super) fn note_message(&mut self, event: &Event, peerid: u32) {
        let messages = &mut self.totals;
        match event.kind {
            Kind::Delivered => messages.delivered += 1,
            Kind::Dropped => messages.dropped += 1,
            _ => {
                messages.sent += 1;
                messages.bytes += event.bytes;
            }
        }
        if self.counts_totals() {
            self.run.messages = self.totals;
        }
        let traffic = match event.kind {
            Kind::Delivered => return,
            Kind::Dropped => Traffic { sent: 0, bytes: 0, lost: 1, last: event.time },
            _ => Traffic { sent: 1, bytes: event.bytes, lost: 0, last: event.time },
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
        if self.is_watched() && self.tells_links {
            self.news.links.add(link, traffic);
        }
    }
}
