//! `rumormill run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Command;
use rumormill_core::Outcome;
use rumormill_lab::experiment::{Problem, Problems, Values};
use rumormill_lab::run::{Order, Resolved, RunHandle, StartError, Workbench};
use rumormill_trace::{Messages, RunFile, Target, Violation};
use serde::Serialize;

use super::args::{Choice, JsonArgs, Places, RunArgs};
use super::bar::RunBar;
use super::interrupt::Interrupt;
use super::{Done, Ended, Failure, check, options, say, serve, sweep};

/// Up to this many peers, a run is recorded unless asked otherwise.
const RECORDED_PEERS_MAX: u32 = 10_000;

/// From this many peers on, all processors work unless asked otherwise.
const THREADED_PEERS_MIN: u32 = 5_000;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    experiment: &'a str,
    mode: rumormill_trace::Mode,
    seed: u64,
    peers: u32,
    outcome: Outcome,
    virtual_seconds: f64,
    wall_seconds: f64,
    events: u64,
    messages: Messages,
    targets: &'a std::collections::BTreeMap<String, Target>,
    digest: Option<&'a str>,
    run: Option<PathBuf>,
    peak_memory_bytes: Option<u64>,
    threads: u32,
    pids: &'a [u32],
    trace_dropped: u64,
    checks: &'a [String],
    violations: &'a [Violation],
    error: Option<&'a str>,
}

/// Runs an experiment.
pub(crate) fn run(args: &RunArgs, workbench: Workbench, places: &Places, table: &Command) -> Done {
    let order = order(args)?;
    if let Some(asked) = &args.sweep {
        return sweep::sweep(args, asked, order, &workbench, table);
    }
    let mut resolved = workbench.resolve(order).map_err(|problems| meant(problems, table))?;
    resolved.order.threads = args.choice.threads.unwrap_or_else(|| threads_for(resolved.setup.peers));
    resolved.order.record = record(args, &resolved, places);
    if args.watch {
        return serve::watch(resolved.order, workbench, places);
    }
    go(resolved, &workbench, args.json)
}

/// Starts what was asked, waits for its end, and says how it was.
pub(crate) fn go(resolved: Resolved, workbench: &Workbench, json: JsonArgs) -> Done {
    let interrupt = Interrupt::listen();
    let handle = workbench.start(resolved, Box::new(RunBar::new())).map_err(|error| match error {
        StartError::Record(error) => Failure::input(error),
        other => Failure::run(other),
    })?;
    interrupt.tell(handle.stopper());
    let folder = handle.folder().map(PathBuf::from);
    let file = RunHandle::wait(handle);
    let outcome = file.outcome.unwrap_or(Outcome::Failed);
    if json.json {
        say::json(&report(&file, outcome, folder));
        if let Some(error) = &file.error {
            say::note(error);
        }
    } else {
        summary(&file, outcome, folder.as_deref());
    }
    match outcome {
        Outcome::Completed if file.error.is_none() => Ok(Ended::Well),
        Outcome::Stopped if interrupt.is_asked() => Ok(Ended::Interrupted),
        _ => Ok(Ended::Badly),
    }
}

fn order(args: &RunArgs) -> Result<Order, Failure> {
    let mut order = chosen(&args.choice)?;
    order.mode = args.mode.into();
    order.seed = args.seed;
    order.speed = args.speed.parse()?;
    order.peers_per_process = args.peers_per_process;
    Ok(order)
}

/// The experiment and its values.
pub(crate) fn chosen(choice: &Choice) -> Result<Order, Failure> {
    let mut values = Values::new();
    let typed = [("peers", &choice.peers), ("messages", &choice.messages)];
    for (name, value) in typed {
        values.extend(value.iter().map(|value| (name.to_string(), value.as_str().into())));
    }
    for pair in &choice.set {
        let Some((name, value)) = pair.split_once('=') else {
            let problem = Problem::field("set", format!("\"{pair}\" has no \"=\""));
            return Err(problem.next("for example: --set loss=0.3").into());
        };
        values.insert(name.trim().into(), value.into());
    }
    let span = |text: &String| -> Result<Duration, Problem> {
        let wrong =
            || Problem::field("time-limit", format!("\"{text}\" is not a span of time")).next("for example: 60s");
        humantime::parse_duration(text).map_err(|_| wrong())
    };
    let time_limit = choice.time_limit.as_ref().map(span).transpose()?;
    let threads = choice.threads.unwrap_or(1);
    Ok(Order { values, time_limit, threads, check: check(&choice.check), ..Order::new(&choice.experiment) })
}

/// The properties to check, when they are not those of the experiment.
fn check(asked: &[String]) -> Option<Vec<String>> {
    let name = |name: &String| if name == "all" { "*".to_string() } else { name.clone() };
    (!asked.is_empty()).then(|| asked.iter().filter(|asked| *asked != "none").map(name).collect())
}

/// A parameter that does not exist may have been meant as an option.
pub(crate) fn meant(problems: Problems, table: &Command) -> Failure {
    let with_option = |problem: Problem| {
        let unknown = problem.message.ends_with("has no such parameter");
        let option = problem.field.as_deref().filter(|_| unknown).and_then(|field| options::option_meant(field, table));
        match option {
            Some(option) => problem.next(format!("did you mean {option}?")),
            None => problem,
        }
    };
    Problems(problems.0.into_iter().map(with_option).collect()).into()
}

/// The threads that help with so many peers.
fn threads_for(peers: u32) -> u32 {
    if peers < THREADED_PEERS_MIN {
        return 1;
    }
    std::thread::available_parallelism().map_or(1, |threads| u32::try_from(threads.get()).unwrap_or(1)).min(16)
}

fn record(args: &RunArgs, resolved: &Resolved, places: &Places) -> Option<PathBuf> {
    let asked = args.record.clone();
    if asked.is_some() || args.no_record {
        return asked;
    }
    if resolved.setup.peers > RECORDED_PEERS_MAX {
        say::note(&format!(
            "not recorded: more than {} peers; --record DIR does it",
            say::count(RECORDED_PEERS_MAX.into())
        ));
        return None;
    }
    Some(places.runs.clone())
}

fn report(file: &RunFile, outcome: Outcome, run: Option<PathBuf>) -> Report<'_> {
    Report {
        experiment: &file.experiment,
        mode: file.mode,
        seed: file.seed,
        peers: file.peers,
        outcome,
        virtual_seconds: file.virtual_seconds,
        wall_seconds: file.wall_seconds,
        events: file.events,
        messages: file.messages,
        targets: &file.targets,
        digest: file.digest.as_deref(),
        run,
        peak_memory_bytes: file.peak_memory_bytes,
        threads: file.threads,
        pids: &file.pids,
        trace_dropped: file.trace_dropped,
        checks: &file.checks,
        violations: &file.violations,
        error: file.error.as_deref(),
    }
}

/// How many properties were checked, and how many of them hold.
fn properties(file: &RunFile) -> String {
    let checked = file.checks.len() as u64;
    let violated = file.violations.iter().map(|violation| &violation.property);
    let violated = violated.collect::<std::collections::BTreeSet<_>>().len();
    let hold = if violated == 0 { "all hold".to_string() } else { format!("{violated} violated") };
    format!("{} checked, {hold}", say::count(checked))
}

/// What a person reads.
pub(crate) fn summary(file: &RunFile, outcome: Outcome, folder: Option<&std::path::Path>) {
    let (virtual_time, wall) = (say::seconds(file.virtual_seconds), say::seconds(file.wall_seconds));
    let peers = say::plural(file.peers.into(), "peer");
    let how = format!("{} as {}, {peers}, seed {}", file.experiment, file.mode, file.seed);
    say::line(&format!("{}  {}", say::strong(&file.title), say::quiet(&how)));
    say::line(&format!("{} after {virtual_time}  {}", say::outcome(outcome), say::quiet(&format!("it took {wall}"))));
    let mut table = say::plain_table();
    let mut row = |name: &str, value: String| _ = table.add_row([say::quiet_cell(name), value.into()]);
    for (name, Target { met, peers, .. }) in &file.targets {
        row(name, format!("met by {} of {}", say::count(*met), say::plural(*peers, "peer")));
    }
    if !file.checks.is_empty() {
        row("properties", properties(file));
    }
    let Messages { sent, delivered, dropped, bytes, .. } = file.messages;
    let (delivered, dropped) = (say::count(delivered), say::count(dropped));
    row(
        "sent",
        format!("{}, {}; {delivered} delivered, {dropped} dropped", say::plural(sent, "message"), say::bytes(bytes)),
    );
    row(
        "events",
        format!(
            "{}, {} a second",
            say::count(file.events),
            say::count((file.events as f64 / file.wall_seconds.max(1e-6)) as u64)
        ),
    );
    if let Some(digest) = &file.digest {
        row("digest", digest.clone());
    }
    if let Some(memory) = file.peak_memory_bytes {
        row("memory", format!("{} at most", say::bytes(memory)));
    }
    if let Some(folder) = folder {
        row("recorded", folder.display().to_string());
    }
    if file.trace_dropped > 0 {
        row("not recorded", format!("{} events, for lack of time", say::count(file.trace_dropped)));
    }
    say::print(&table);
    file.violations.iter().for_each(check::violation);
    if let Some(error) = &file.error {
        say::error(&anyhow::anyhow!("{error}"));
    }
}
