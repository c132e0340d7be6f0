//! Chrome's trace events, which Perfetto's viewer reads: a track for each peer, a slice for each activation
//! and each sending, an arrow from a message's sending to its delivery.

use std::collections::HashSet;
use std::io::{self, Write};

use rumormill_core::PeerId;
use rumormill_core::trace::Kind;

use super::escape::json;
use crate::RunFile;
use crate::batch::EventRef;
use crate::walk::Walk;

/// The "process" whose threads the peers are, and the one of the network.
const PEERS: u32 = 1;
const NETWORK: u32 = 2;

pub(super) fn write(file: &RunFile, walk: &mut Walk, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, r#"{{"displayTimeUnit":"ms","otherData":{{"run":{}}},"traceEvents":["#, json(&file.name))?;
    let title = json(&format!("{}, seed {}", file.experiment, file.seed));
    write!(out, r#"{{"ph":"M","pid":{PEERS},"name":"process_name","args":{{"name":{title}}}}}"#)?;
    write!(out, ",\n{{\"ph\":\"M\",\"pid\":{NETWORK},\"name\":\"process_name\",\"args\":{{\"name\":\"network\"}}}}")?;
    let mut known = HashSet::new();
    while let Some(event) = walk.next() {
        if event.peer != PeerId(0) && known.insert(event.peer) {
            name_track(event.peer.0, out)?;
        }
        write_event(&event, out)?;
    }
    writeln!(out, "\n]}}")
}

fn name_track(peer: u64, out: &mut impl Write) -> io::Result<()> {
    let head = format!(r#"{{"ph":"M","pid":{PEERS},"tid":{peer},"name""#);
    write!(out, ",\n{head}:\"thread_name\",\"args\":{{\"name\":\"peer {peer}\"}}}}")?;
    write!(out, ",\n{head}:\"thread_sort_index\",\"args\":{{\"sort_index\":{peer}}}}}")
}

fn write_event(event: &EventRef<'_>, out: &mut impl Write) -> io::Result<()> {
    let place = place(event);
    let label =
        if event.name.is_empty() { event.kind.name().into() } else { format!("{} {}", event.kind.name(), event.name) };
    // In a simulation an activation takes no time. The shortest slice there is shows as a line, and arrows
    // can start and end at it.
    let shape = match event.kind {
        Kind::Started | Kind::Restarted | Kind::Sent | Kind::Delivered | Kind::Timer => r#""ph":"X","dur":0.001"#,
        Kind::Fault => r#""ph":"i","s":"g""#,
        _ => r#""ph":"i","s":"t""#,
    };
    // An arrow is tied to its slices: as an event of its own, it would take any slice of its moment.
    let arrow = match event.kind {
        Kind::Sent => Some(("out", event.id)),
        Kind::Delivered => event.cause.map(|sent| ("in", sent)),
        _ => None,
    };
    let arrow = arrow.map(|(end, sent)| format!(r#","bind_id":"{:#x}","flow_{end}":true"#, sent.0)).unwrap_or_default();
    let (kind, label) = (event.kind.name(), json(&label));
    write!(out, ",\n{{{shape},{place},\"cat\":\"{kind}\",\"name\":{label}{arrow},\"args\":{{")?;
    write_arguments(event, out)?;
    write!(out, "}}}}")
}

/// Track and time; times are in microseconds.
fn place(event: &EventRef<'_>) -> String {
    let (process, track) = if event.peer == PeerId(0) { (NETWORK, 1) } else { (PEERS, event.peer.0) };
    let nanos = event.time.as_nanos();
    format!(r#""pid":{process},"tid":{track},"ts":{}.{:03}"#, nanos / 1000, nanos % 1000)
}

fn write_arguments(event: &EventRef<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(out, r#""id":"{}""#, event.id.0)?;
    if let Some(other) = event.other {
        write!(out, r#","other":{}"#, other.0)?;
    }
    match event.kind {
        Kind::Sent | Kind::Delivered | Kind::Dropped => write!(out, r#","bytes":{}"#, event.bytes)?,
        Kind::Progress => write!(out, r#","value":{},"goal":{}"#, event.value, event.goal)?,
        _ => {}
    }
    if !event.text.is_empty() {
        write!(out, r#","text":{}"#, json(event.text))?;
    }
    Ok(())
}
