//! How fast a run is recorded and read back: `cargo run --release -p rumormill-trace --example record_speed`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::borrow::Cow;
use std::time::Instant as Clock;

use rumormill_core::rng::mix;
use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, PeerId};
use rumormill_trace::{Recorder, Run, RunFile};

const PEERS: u64 = 1000;

/// A flood as the simulator records it: each message sent and delivered, with its text.
fn main() {
    let events: u64 = std::env::args().nth(1).map_or(4_000_000, |count| count.parse().unwrap());
    let runs = tempfile::tempdir().unwrap();
    let mut recorder =
        Recorder::create(runs.path(), RunFile { experiment: "speed".into(), ..RunFile::default() }).unwrap();
    let folder = recorder.folder().to_path_buf();
    let mut event = Event::new(EventId(0), Instant::ZERO, PeerId(1), Kind::Sent);
    event.community = Cow::Borrowed("flood");
    event.name = Cow::Borrowed("rumor");

    let start = Clock::now();
    for count in 0..events {
        let random = mix(count);
        let (peer, other) = (1 + random % PEERS, 1 + (random >> 20) % PEERS);
        event.id = EventId::new(peer as u32, count / PEERS);
        event.time = Instant::from_nanos(count * 1_337 + random % 1000);
        event.peer = PeerId(peer);
        event.other = Some(PeerId(other));
        event.kind = if count % 2 == 0 { Kind::Sent } else { Kind::Delivered };
        event.cause = (count > 1000).then(|| EventId::new(other as u32, (count - 1000) / PEERS));
        event.bytes = 40 + count % 3;
        event.text.clear();
        if event.kind == Kind::Sent {
            use std::fmt::Write;
            write!(event.text, "Rumor {{ author: #{other}, number: {} }}", random % 50_000).unwrap();
        }
        recorder.event(&event);
    }
    let file = recorder.file().clone();
    let file = recorder.finish(file).unwrap();
    let recorded = start.elapsed().as_secs_f64();
    assert_eq!(file.trace_events, events);
    let bytes: u64 = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();

    let start = Clock::now();
    let run = Run::at(&folder).unwrap();
    assert_eq!(run.events().filter(Result::is_ok).count() as u64, events);
    let read = start.elapsed().as_secs_f64();

    let millions = events as f64 / 1e6;
    println!("recorded {:.2} M events/s, {:.1} bytes an event", millions / recorded, bytes as f64 / events as f64);
    println!("read     {:.2} M events/s", millions / read);
}
