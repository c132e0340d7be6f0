//! Reads once a second what each process takes of the machine, into the trace.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::PeerId;
use rumormill_core::trace::{Event, EventId, Kind};
use tokio::time::Instant;

use super::conductor::{Conductor, named};
use crate::usage::{Usage, usage};

/// How often.
const EVERY: Duration = Duration::from_secs(1);

/// What was read last.
#[derive(Debug, Default)]
pub(super) struct Meter {
    last: Option<Instant>,
    /// By process: its first peer, and what it had used.
    processes: BTreeMap<u32, (u32, Usage)>,
}

impl Conductor {
    /// Reads all processes, if it is time.
    pub(super) fn measure(&mut self) {
        let now = Instant::now();
        let since = self.meter.last.map(|last| now - last);
        if !self.launchpad.recording || since.is_some_and(|since| since < EVERY) {
            return;
        }
        self.meter.last = Some(now);
        let running = self.units.iter().filter_map(|unit| Some((unit.running.as_ref()?.pid, unit.peers.clone())));
        let running: Vec<(u32, Vec<u32>)> = running.collect();
        let mut gone = std::mem::take(&mut self.meter.processes);
        for (pid, peers) in running {
            let (Some(now), Some(&first)) = (usage(pid), peers.first()) else { continue };
            let text = format!("process {pid}, {}", named(&peers));
            if let (Some((_, before)), Some(since)) = (gone.remove(&pid), since) {
                let share = now.cpu.saturating_sub(before.cpu).as_secs_f64() / since.as_secs_f64();
                self.measured("cpu", first, (share * 1000.0).round() as u64, text.clone());
            }
            self.measured("memory", first, now.memory_bytes, text);
            self.meter.processes.insert(pid, (first, now));
        }
        // What a process takes that is gone is nothing, unless another runs in its place.
        let taken: Vec<u32> = self.meter.processes.values().map(|&(first, _)| first).collect();
        for (pid, (first, _)) in gone.into_iter().filter(|(_, (first, _))| !taken.contains(first)) {
            for name in ["cpu", "memory"] {
                self.measured(name, first, 0, format!("process {pid} has ended"));
            }
        }
    }

    fn measured(&mut self, name: &'static str, peerid: u32, value: u64, text: String) {
        self.events += 1;
        let mut event = Event::new(EventId::new(0, self.events), self.clock.now(), PeerId(0), Kind::Measured);
        event.other = Some(PeerId(peerid.into()));
        event.name = name.into();
        event.value = value;
        event.text = text;
        self.trace(event);
    }
}
