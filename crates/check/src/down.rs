//! A peer that crashed does nothing until it boots again.

use std::collections::BTreeMap;

use rumormill_core::property::Monitor;
use rumormill_core::trace::{Event, EventId, Kind};

/// A peer that crashed does nothing until it boots again. Remembers one event of each peer that is down.
///
/// What a real peer did before it was killed may come to be known later: its events are numbered below its
/// crash.
#[derive(Debug, Default)]
pub struct NobodyActsWhileDown {
    crashed: BTreeMap<u32, EventId>,
}

impl Monitor for NobodyActsWhileDown {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        let peerid = event.id.peerid();
        match event.kind {
            Kind::Crashed | Kind::Stopped => _ = self.crashed.insert(peerid, event.id),
            Kind::Started | Kind::Restarted => _ = self.crashed.remove(&peerid),
            // Not its doing: messages to it are lost, and others measure it and break it.
            Kind::Dropped | Kind::Measured | Kind::Fault | Kind::Violated => {}
            kind => {
                if self.crashed.get(&peerid).is_some_and(|&crashed| event.id > crashed) {
                    return Err(format!("peer {peerid} is down, but its trace says: {} {}", kind.name(), event.name));
                }
            }
        }
        Ok(())
    }
}
