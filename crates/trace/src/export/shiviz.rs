//! A log with vector clocks for ShiViz (Beschastnikh, Wang, Brun, Ernst: Debugging distributed systems, CACM
//! 2016). The first line is the regular expression that reads the rest; the second would tell executions apart.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use rumormill_core::PeerId;
use rumormill_core::trace::{EventId, Kind};

use super::escape::line;
use crate::batch::EventRef;
use crate::walk::Walk;

/// Events written: more, and ShiViz does not draw them.
const EVENTS_MAX: u64 = 100_000;

/// Entries of all clocks, of peers and of messages under way.
const ENTRIES_MAX: usize = 5_000_000;

/// What each peer has heard of the others: their counts of events.
type Clock = BTreeMap<u64, u64>;

pub(super) fn write(walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "(?<host>\\S*) (?<clock>{{.*}}) (?<time>\\S*)\\n(?<event>.*)\n")?;
    let mut clocks = Clocks::default();
    let (mut written, mut left_out) = (0, 0);
    while let Some(event) = walk.next() {
        if event.peer == PeerId(0) || event.kind == Kind::Progress {
            continue;
        }
        if written == EVENTS_MAX || clocks.entries >= ENTRIES_MAX {
            left_out += 1;
            continue;
        }
        written += 1;
        let clock = clocks.tick(&event);
        write!(out, "peer{} {{\"peer{}\":{}", event.peer.0, event.peer.0, clock[&event.peer.0])?;
        for (peer, count) in clock.iter().filter(|&(&peer, _)| peer != event.peer.0) {
            write!(out, ",\"peer{peer}\":{count}")?;
        }
        writeln!(out, "}} {:.9}s", event.time.as_secs_f64())?;
        write_event(&event, out)?;
    }
    if left_out > 0 {
        walk.notes.push(format!("the first {written} events; the other {left_out} are left out"));
    }
    Ok(())
}

#[derive(Default)]
struct Clocks {
    peers: HashMap<PeerId, Clock>,
    /// Clocks of messages, as they were when they were sent.
    sent: HashMap<EventId, Clock>,
    entries: usize,
}

impl Clocks {
    /// The peer's clock after this event.
    fn tick(&mut self, event: &EventRef<'_>) -> &Clock {
        let clock = self.peers.entry(event.peer).or_default();
        let before = clock.len();
        *clock.entry(event.peer.0).or_default() += 1;
        // A message may arrive twice, so that its clock is kept.
        let heard = event.cause.filter(|_| event.kind == Kind::Delivered).and_then(|sent| self.sent.get(&sent));
        for (&peer, &count) in heard.into_iter().flatten() {
            let known = clock.entry(peer).or_default();
            *known = count.max(*known);
        }
        self.entries += clock.len() - before;
        if event.kind == Kind::Sent {
            self.entries += clock.len();
            self.sent.insert(event.id, clock.clone());
        }
        clock
    }
}

fn write_event(event: &EventRef<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}", event.kind.name())?;
    if !event.name.is_empty() {
        write!(out, " {}", line(event.name))?;
    }
    match (event.kind, event.other) {
        (Kind::Sent, Some(other)) => write!(out, " to {}", other.0)?,
        (Kind::Delivered, Some(other)) => write!(out, " from {}", other.0)?,
        _ => {}
    }
    if !event.text.is_empty() {
        write!(out, ": {}", line(event.text))?;
    }
    writeln!(out)
}
