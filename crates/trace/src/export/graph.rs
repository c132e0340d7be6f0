//! The graph of who talked to whom, for the formats that hold graphs.

use std::collections::BTreeMap;

use rumormill_core::PeerId;
use rumormill_core::trace::Kind;

use crate::links::Links;
use crate::walk::Walk;

/// Links that are kept: what fits into some hundred megabytes, and more than any tool draws.
const LINKS_MAX: usize = 2_000_000;

pub(super) struct Graph {
    pub(super) peers: BTreeMap<u64, Peer>,
    pub(super) links: Links,
}

#[derive(Default)]
pub(super) struct Peer {
    pub(super) sent: u64,
    pub(super) received: u64,
    /// When it said last that it is done, in seconds.
    pub(super) done_s: Option<f64>,
    /// The last of started, crashed, restarted, stopped.
    pub(super) status: &'static str,
}

impl Graph {
    pub(super) fn of(walk: &mut Walk) -> Self {
        let (mut peers, mut links) = (BTreeMap::<u64, Peer>::new(), Links::new(LINKS_MAX));
        while let Some(event) = walk.next() {
            links.add(&event);
            if event.peer == PeerId(0) {
                continue;
            }
            let peer = peers.entry(event.peer.0).or_default();
            match event.kind {
                Kind::Sent => peer.sent += 1,
                Kind::Delivered => peer.received += 1,
                Kind::Done => peer.done_s = Some(event.time.as_secs_f64()),
                Kind::Started | Kind::Stopped | Kind::Crashed | Kind::Restarted => peer.status = event.kind.name(),
                _ => {}
            }
            if let Some(other) = event.other {
                peers.entry(other.0).or_default();
            }
        }
        if links.uncounted > 0 {
            let note = format!("{} messages beyond the first {LINKS_MAX} links are left out", links.uncounted);
            walk.notes.push(note);
        }
        Self { peers, links }
    }
}
