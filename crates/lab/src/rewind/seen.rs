//! What a page is shown of a peer at a moment.

use rumormill_core::Instant;
use rumormill_core::trace::EventId;
use rumormill_sim::{DiskView, Inspection, Listed, PeerStatus, Pending, What};
use serde::Serialize;

use super::encode::bytes_text;
use super::tree::Tree;

/// A peer at a moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Seen {
    peer: u32,
    /// Seconds of the run.
    t: f64,
    /// The event right after which it is, in decimal.
    event: Option<String>,
    up: bool,
    status: &'static str,
    activations: u32,
    clock: Clock,
    /// Its state.
    pub state: Tree,
    /// Its state before its last activation.
    pub before: Option<Tree>,
    /// Where the two differ: steps joined by dots.
    pub changed: Vec<String>,
    timers: Vec<Waiting>,
    timers_more: u64,
    inbox: Vec<Waiting>,
    inbox_more: u64,
    waiting: Vec<Waiting>,
    waiting_more: u64,
    disk: Disk,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Clock {
    offset_ns: i64,
    drift_ppm: i32,
}

/// A message, a timer or a request that will reach the peer.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Waiting {
    /// Seconds of the run; none for what waits at the peer.
    at: Option<f64>,
    what: &'static str,
    from: Option<u64>,
    kind: String,
    text: String,
    bytes: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Disk {
    entries: Vec<DiskEntry>,
    /// Bytes of all durable keys and values.
    bytes: u64,
    more: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct DiskEntry {
    key: String,
    /// `removed` where the key is being removed.
    value: String,
    bytes: usize,
    durable: bool,
    /// Seconds of the run, when it is not durable yet.
    durable_at: Option<f64>,
}

impl Seen {
    /// The most timers, messages, inputs that wait and disk keys, of each.
    pub const LISTED_MAX: usize = 100;

    pub(super) fn new(
        peer: u32,
        now: Instant,
        event: Option<EventId>,
        state: Tree,
        before: Option<Tree>,
        kept: Inspection,
    ) -> Self {
        let (timers, timers_more) = listed(kept.timers);
        let (inbox, inbox_more) = listed(kept.inbox);
        let (waiting, waiting_more) = listed(kept.waiting);
        Self {
            peer,
            t: now.as_secs_f64(),
            event: event.map(|event| event.0.to_string()),
            up: matches!(kept.status, PeerStatus::Up | PeerStatus::Paused | PeerStatus::Slow),
            status: kept.status.name(),
            activations: kept.activations,
            clock: Clock { offset_ns: kept.clock.offset_ns, drift_ppm: kept.clock.drift_ppm },
            changed: before.as_ref().map(|before| state.differs_from(before)).unwrap_or_default(),
            state,
            before,
            timers,
            timers_more,
            inbox,
            inbox_more,
            waiting,
            waiting_more,
            disk: disk(kept.disk),
        }
    }
}

fn listed(list: Listed<Pending>) -> (Vec<Waiting>, u64) {
    let waiting = |pending: Pending| Waiting {
        at: pending.at.map(Instant::as_secs_f64),
        what: match pending.what {
            What::Timer => "timer",
            What::Request => "request",
            _ => "message",
        },
        from: pending.from.map(|from| from.0),
        kind: pending.name,
        text: pending.text,
        bytes: pending.bytes,
    };
    (list.items.into_iter().map(waiting).collect(), list.more)
}

fn disk(disk: DiskView) -> Disk {
    let entry = |entry: rumormill_sim::DiskEntry| DiskEntry {
        key: bytes_text(&entry.key),
        bytes: entry.value.as_ref().map_or(0, Vec::len),
        value: entry.value.as_ref().map_or_else(|| "removed".into(), |value| bytes_text(value)),
        durable: entry.durable_at.is_none(),
        durable_at: entry.durable_at.map(Instant::as_secs_f64),
    };
    Disk { entries: disk.entries.items.into_iter().map(entry).collect(), bytes: disk.bytes, more: disk.entries.more }
}
