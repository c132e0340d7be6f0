//! Who talks to whom: messages counted by sender and receiver.

use rumormill_core::PeerId;
use rumormill_core::trace::Kind;
use serde::Serialize;

use crate::batch::EventRef;
use crate::hash::FastMap;

/// Messages from one peer to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Link {
    /// Number of the sender.
    pub from: u64,
    /// Number of the receiver.
    pub to: u64,
    /// Messages that left.
    pub sent: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages that were lost.
    pub dropped: u64,
    /// Bytes of the bodies of those that left.
    pub bytes: u64,
}

impl Link {
    /// Messages, however they are known: a run may tell of arrivals only.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.sent.max(self.delivered + self.dropped)
    }
}

/// Counts messages by link, up to a number of links.
pub(crate) struct Links {
    links: FastMap<(PeerId, PeerId), Link>,
    links_max: usize,
    /// Messages on links beyond those that are counted.
    pub(crate) uncounted: u64,
}

impl Links {
    pub(crate) fn new(links_max: usize) -> Self {
        Self { links: FastMap::default(), links_max, uncounted: 0 }
    }

    pub(crate) fn add(&mut self, event: &EventRef<'_>) {
        let Some((from, to)) = event.link() else { return };
        if self.links.len() >= self.links_max && !self.links.contains_key(&(from, to)) {
            self.uncounted += u64::from(event.kind == Kind::Sent);
            return;
        }
        let link = self.links.entry((from, to)).or_insert(Link { from: from.0, to: to.0, ..Link::default() });
        match event.kind {
            Kind::Sent => {
                link.sent += 1;
                link.bytes += event.bytes;
            }
            Kind::Delivered => link.delivered += 1,
            _ => link.dropped += 1,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// All links, by sender and receiver.
    pub(crate) fn in_order(&self) -> Vec<Link> {
        let mut links: Vec<Link> = self.links.values().copied().collect();
        links.sort_unstable_by_key(|link| (link.from, link.to));
        links
    }

    /// The links with the most messages.
    pub(crate) fn top(&self, count: usize) -> Vec<Link> {
        let mut links = self.in_order();
        links.sort_by_key(|link| std::cmp::Reverse(link.messages()));
        links.truncate(count);
        links
    }
}
