//! How fast questions about a recorded run are answered:
//! `cargo run --release -p rumormill-trace --example query_speed -- RUN_FOLDER`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::PathBuf;
use std::time::Instant as Clock;

use rumormill_core::Instant;
use rumormill_core::trace::EventId;
use rumormill_trace::{Part, Pattern, Picture, Run, SearchQuery, Spacetime, SpacetimeQuery};

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder of a recorded run"));
    let run = timed("open", || Run::at(&folder).unwrap());
    println!("{} events of {} peers", run.len(), run.file().peers);
    let whole = timed("spacetime, the whole run", || run.spacetime(&SpacetimeQuery::default()));
    tell(&whole);
    let middle = whole.to.as_nanos() / 2;
    for events in [1_000_000, 100_000, 10_000, 1_000] {
        let half = (u128::from(whole.to.as_nanos()) * events / u128::from(2 * run.len())) as u64;
        let (from, to) = (Some(Instant::from_nanos(middle - half)), Some(Instant::from_nanos(middle + half)));
        let span = SpacetimeQuery { from, to, ..SpacetimeQuery::default() };
        tell(&timed(&format!("spacetime, about {events} events"), || run.spacetime(&span)));
    }
    let id = some_event(&run, middle);
    timed("find one event", || run.find(&[id]));
    let cone = timed("cone in the middle", || run.cone(id)).unwrap();
    println!("    past {}, future {}, path {}", cone.past.events, cone.future.events, cone.path.len());
    for pattern in
        ["dropped", "sent compare then dropped within 500ms", "\"no such text\"", "crashed not followed by restarted"]
    {
        let found =
            timed(&format!("search {pattern}"), || run.search(&SearchQuery::new(Pattern::parse(pattern).unwrap())));
        println!("    {} results, {} events looked at", found.results.len(), found.scanned);
    }
    let charts = timed("charts", || run.charts(None));
    println!("    {} charts", charts.charts.len());
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Clock::now();
    let done = work();
    println!("{what}: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    done
}

fn tell(answer: &Spacetime) {
    let shown = match &answer.picture {
        Picture::Detail { events, messages } => format!("{} events, {} messages", events.len(), messages.len()),
        Picture::Density(density) => format!("{} of {} messages", density.messages.len(), density.messages_of),
        _ => String::new(),
    };
    println!("    {} of {} events at {} peers; {shown}", answer.total, answer.total_all, answer.peers.len());
}

/// An event about then.
fn some_event(run: &Run, at: u64) -> EventId {
    let query =
        SearchQuery { from: Some(Instant::from_nanos(at)), limit: 1, ..SearchQuery::new(Pattern::of(Part::default())) };
    run.search(&query).results[0].0.id
}
