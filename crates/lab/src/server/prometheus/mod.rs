//! `GET /metrics`: what the lab and its runs do, for Prometheus.

mod text;

use std::sync::{Arc, LazyLock};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Lab;
use super::error::ApiError;
use super::live::PAGES_MAX;
use crate::bench::LiveRun;
use crate::view::{RunLine, State as RunState};
use text::{Text, Type};

/// When this process began to serve: close enough to when it started.
static STARTED: LazyLock<f64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));

/// Begins to count how long the process has been there.
pub(super) fn begin() {
    LazyLock::force(&STARTED);
}

/// One of the lab's own runs: those under way, and the last that ended.
struct Scraped {
    line: RunLine,
    up: u64,
    done: u64,
}

/// `GET /metrics`: everything in Prometheus' text format.
pub(super) async fn scrape(State(lab): State<Arc<Lab>>) -> Result<Response, ApiError> {
    let text = lab.work(told).await?;
    Ok(([(CONTENT_TYPE, text::CONTENT_TYPE)], text).into_response())
}

fn told(lab: &Lab) -> String {
    let runs: Vec<Scraped> = lab.bench.own().iter().map(scraped).collect();
    let mut text = Text::default();
    the_lab(lab, &runs, &mut text);
    progress(&runs, &mut text);
    messages(&runs, &mut text);
    peers(&runs, &mut text);
    this_process(&mut text);
    text.finish()
}

fn scraped(run: &Arc<LiveRun>) -> Scraped {
    let (up, done) = {
        let meter = run.meter();
        (meter.up(), meter.done())
    };
    Scraped { line: run.view.lock().run().clone(), up, done }
}

/// The labels that every number of a run has.
fn labels(line: &RunLine) -> [(&str, &str); 3] {
    [("run", &line.name), ("experiment", &line.experiment), ("mode", &line.mode)]
}

fn with<'a>(line: &'a RunLine, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    labels(line).into_iter().chain(more.iter().copied()).collect()
}

fn the_lab(lab: &Lab, runs: &[Scraped], text: &mut Text) {
    let build = [("version", env!("CARGO_PKG_VERSION"))];
    text.family("rumormill_build_info", Type::Gauge, "The version that runs; always 1.").sample(&build, 1.0);
    let mut states = text.family("rumormill_runs", Type::Gauge, "Runs of this lab by state.");
    for (name, state) in [("starting", RunState::Starting), ("running", RunState::Running), ("ended", RunState::Ended)]
    {
        let count = runs.iter().filter(|run| run.line.state == state).count();
        states.sample(&[("state", name)], count as f64);
    }
    let pages = PAGES_MAX - lab.pages.available_permits();
    text.family("rumormill_pages", Type::Gauge, "Pages that watch a run now.").sample(&[], pages as f64);
    let mut info = text.family("rumormill_run_info", Type::Gauge, "What a run is and how it ended; always 1.");
    for Scraped { line, .. } in runs {
        let (seed, outcome) = (line.seed.to_string(), line.outcome.map_or("", |outcome| outcome.name()));
        info.sample(&with(line, &[("id", &line.id), ("seed", &seed), ("outcome", outcome)]), 1.0);
    }
}

fn progress(runs: &[Scraped], text: &mut Text) {
    let mut one = |name: &str, kind, help: &str, value: &dyn Fn(&RunLine) -> f64| {
        let mut family = text.family(name, kind, help);
        runs.iter().for_each(|run| family.sample(&labels(&run.line), value(&run.line)));
    };
    let help = "Events that the run handled: deliveries, timers and starts.";
    one("rumormill_run_events_total", Type::Counter, help, &|line| line.events as f64);
    let help = "Seconds on the run's own clock.";
    one("rumormill_run_virtual_seconds", Type::Gauge, help, &|line| line.virtual_seconds);
    let help = "Seconds that the run has taken.";
    one("rumormill_run_wall_seconds", Type::Gauge, help, &|line| line.wall_seconds);
    let help = "Events of the trace that were dropped because somebody could not keep up.";
    one("rumormill_run_trace_dropped_total", Type::Counter, help, &|line| line.trace_dropped as f64);
    let help = "Bytes of the bodies of messages that peers sent.";
    one("rumormill_run_message_bytes_total", Type::Counter, help, &|line| line.messages.bytes as f64);
}

fn messages(runs: &[Scraped], text: &mut Text) {
    let mut family = text.family("rumormill_run_messages_total", Type::Counter, "Messages by what became of them.");
    for Scraped { line, .. } in runs {
        let messages = line.messages;
        for (what, count) in [("sent", messages.sent), ("delivered", messages.delivered), ("dropped", messages.dropped)]
        {
            family.sample(&with(line, &[("what", what)]), count as f64);
        }
    }
}

fn peers(runs: &[Scraped], text: &mut Text) {
    let mut family =
        text.family("rumormill_run_peers", Type::Gauge, "Peers: all, those that are up, those that are done.");
    for run in runs {
        for (state, count) in [("all", u64::from(run.line.peers)), ("up", run.up), ("done", run.done)] {
            family.sample(&with(&run.line, &[("state", state)]), count as f64);
        }
    }
    let mut family =
        text.family("rumormill_run_target_peers", Type::Gauge, "Peers that have a target, and that met it.");
    for Scraped { line, .. } in runs {
        for (name, target) in &line.targets {
            for (state, count) in [("all", target.peers), ("met", target.met)] {
                family.sample(&with(line, &[("target", name), ("state", state)]), count as f64);
            }
        }
    }
}

fn this_process(text: &mut Text) {
    let help = "Start time of the process since the Unix epoch, in seconds.";
    text.family("process_start_time_seconds", Type::Gauge, help).sample(&[], *STARTED);
    // Absent where the system does not tell.
    let Some(usage) = rumormill_net::usage(std::process::id()) else { return };
    let help = "Processor time that the process has used, in seconds.";
    text.family("process_cpu_seconds_total", Type::Counter, help).sample(&[], usage.cpu.as_secs_f64());
    let help = "Memory that the process holds, in bytes.";
    text.family("process_resident_memory_bytes", Type::Gauge, help).sample(&[], usage.memory_bytes as f64);
}
