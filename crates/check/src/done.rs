//! A peer that is done meets its targets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rumormill_core::property::Monitor;
use rumormill_core::trace::{Event, Kind};

/// At the end, a peer that said that it is done meets its targets. Remembers each peer's targets, which are
/// few.
#[derive(Debug, Default)]
pub struct DoneMeansTargetsMet {
    peers: BTreeMap<u32, Peer>,
}

#[derive(Debug, Default)]
struct Peer {
    is_done: bool,
    targets: BTreeMap<Cow<'static, str>, (u64, u64)>,
}

impl Monitor for DoneMeansTargetsMet {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        let peerid = event.id.peerid();
        match event.kind {
            Kind::Done => self.peers.entry(peerid).or_default().is_done = true,
            Kind::Progress => {
                let peer = self.peers.entry(peerid).or_default();
                peer.targets.insert(event.name.clone(), (event.value, event.goal));
            }
            // A life begins anew.
            Kind::Crashed => _ = self.peers.remove(&peerid),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        for (peerid, peer) in self.peers.iter().filter(|(_, peer)| peer.is_done) {
            if let Some((name, (value, goal))) = peer.targets.iter().find(|(_, (value, goal))| value < goal) {
                return Err(format!("peer {peerid} said that it is done, but {name} stands at {value} of {goal}"));
            }
        }
        Ok(())
    }
}
