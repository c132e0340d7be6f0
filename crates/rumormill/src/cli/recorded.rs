//! `rumormill show`, `replay` and `export`: what there is to know of a recorded run.

use std::io::Write;

use comfy_table::Cell;
use rumormill_core::Outcome;
use rumormill_lab::run::Workbench;
use rumormill_trace::{Run, Summary};
use serde_json::json;

use super::args::{ExportArgs, Places, ReplayArgs, ShowArgs};
use super::bar::Bar;
use super::interrupt::Interrupt;
use super::{Done, Ended, Failure, run, say};

/// Shows what happened in a run, or which runs there are.
pub(crate) fn show(args: &ShowArgs, places: &Places) -> Done {
    let Some(name) = &args.run else { return list(args, places) };
    let recorded = open(name, places)?;
    let summary = Summary::of(&recorded);
    let file = recorded.file();
    if args.json.json {
        say::json(&json!({ "run": file, "folder": recorded.folder(), "summary": summary }));
        return Ok(Ended::Well);
    }
    match file.outcome {
        Some(outcome) => run::summary(file, outcome, Some(recorded.folder())),
        None => say::line(&format!("{}  {}", say::strong(&file.title), file.state)),
    }
    messages(&summary);
    targets(&summary);
    moments(&summary);
    recorded.damage().iter().for_each(|damage| say::note(&format!("{}: {}", damage.file, damage.why)));
    summary.notes.iter().for_each(|note| say::note(note));
    Ok(Ended::Well)
}

/// The runs that there are, newest first.
fn list(args: &ShowArgs, places: &Places) -> Done {
    let runs = rumormill_trace::list(&places.runs);
    if args.json.json {
        let runs = runs.iter().map(|one| match &one.run {
            Ok(file) => json!({ "name": one.name, "outcome": file.outcome, "state": file.state, "seed": file.seed,
                "experiment": file.experiment, "mode": file.mode, "peers": file.peers, "started": file.started }),
            Err(why) => json!({ "name": one.name, "error": why }),
        });
        say::json(&json!({ "runs": runs.collect::<Vec<_>>() }));
        return Ok(Ended::Well);
    }
    if runs.is_empty() {
        say::line(&format!("there is no run in {}", places.runs.display()));
    }
    let mut table = say::table(&["run", "as", "peers", "how it ended"], &[2]);
    for listed in &runs {
        if let Ok(file) = &listed.run {
            let ended = file.outcome.map_or_else(|| file.state.to_string(), |outcome| outcome.to_string());
            table.add_row(
                [listed.name.clone(), file.mode.to_string(), say::count(file.peers.into()), ended].map(Cell::new),
            );
        }
    }
    if runs.iter().any(|listed| listed.run.is_ok()) {
        say::print(&table);
    }
    for listed in &runs {
        if let Err(why) = &listed.run {
            say::note(&format!("{}: {why}", listed.name));
        }
    }
    Ok(Ended::Well)
}

fn messages(summary: &Summary) {
    if summary.messages.is_empty() {
        return;
    }
    say::line("");
    let mut table = say::table(&["message", "sent", "delivered", "dropped", "size"], &[1, 2, 3, 4]);
    for (name, count) in &summary.messages {
        let [sent, delivered, dropped] = [count.sent, count.delivered, count.dropped].map(say::count);
        table.add_row([name.clone(), sent, delivered, dropped, say::bytes(count.bytes)].map(Cell::new));
    }
    say::print(&table);
    let lost = summary.lost.iter().map(|(why, count)| format!("{} {why}", say::count(*count))).collect::<Vec<_>>();
    if !lost.is_empty() {
        say::line(&say::quiet(&format!("dropped: {}", lost.join(", "))));
    }
}

fn targets(summary: &Summary) {
    if summary.targets.is_empty() {
        return;
    }
    say::line("");
    let mut table = say::table(&["target", "met by", "first", "last", "sum", "of"], &[1, 2, 3, 4, 5]);
    for (name, target) in &summary.targets {
        let at = |moment: Option<f64>| moment.map_or_else(|| "-".into(), say::seconds);
        let met = format!("{} of {}", say::count(target.met), say::count(target.peers));
        let [value, goal] = [target.value, target.goal].map(say::count);
        table.add_row([name.clone(), met, at(target.first_met_s), at(target.last_met_s), value, goal].map(Cell::new));
    }
    say::print(&table);
}

/// What went wrong, and for whom the others waited.
fn moments(summary: &Summary) {
    const SHOWN: usize = 20;
    if !summary.faults.is_empty() {
        say::line("");
        for fault in summary.faults.iter().take(SHOWN) {
            let who = if fault.peer == 0 { String::new() } else { format!("peer {} ", fault.peer) };
            let what = if fault.name.is_empty() { fault.kind.name() } else { &fault.name };
            say::line(&format!("{:>9}  {who}{what} {}", say::seconds(fault.at_s), say::quiet(&fault.text)));
        }
        if summary.faults.len() > SHOWN {
            say::line(&say::quiet(&format!("and {} more", summary.faults.len() - SHOWN)));
        }
    }
    let waiting: Vec<String> = summary
        .slowest
        .iter()
        .map(|slow| match slow.done_s {
            Some(done) => format!("{} at {}", slow.peer, say::seconds(done)),
            None => format!("{} never", slow.peer),
        })
        .collect();
    if !waiting.is_empty() {
        say::line(&say::quiet(&format!("\ndone last: {}", waiting.join(", "))));
    }
}

/// Runs a simulation again and compares.
pub(crate) fn replay(args: &ReplayArgs, workbench: &Workbench, places: &Places) -> Done {
    let recorded = open(&args.run, places)?;
    let file = recorded.file();
    let (interrupt, bar) = (Interrupt::listen(), Bar::new());
    let (all, threads) = ((file.virtual_seconds * 1e3) as u64, args.threads.unwrap_or(file.threads).max(1));
    let mut progress = |now: std::time::Duration| {
        bar.set(now.as_millis() as u64, all, || format!("{} of the run", say::seconds(now.as_secs_f64())));
    };
    let replayed = workbench.replay(file, threads, &mut progress, interrupt.flag());
    bar.clear();
    let Some(replayed) = replayed? else { return Ok(Ended::Interrupted) };
    if args.json.json {
        say::json(&replayed);
    } else if replayed.same {
        say::line(&format!(
            "{} again: {}, digest {}",
            say::strong("the same"),
            say::outcome(replayed.replayed_outcome),
            replayed.replayed
        ));
    } else {
        let then = replayed.recorded_outcome.map_or("unknown", Outcome::name);
        say::line(&say::strong("not the same"));
        say::line(&format!("recorded  {}  {then}", replayed.recorded));
        say::line(&format!("replayed  {}  {}", replayed.replayed, replayed.replayed_outcome));
        if !replayed.same_version {
            let build = &file.build;
            let commit = build.commit.as_deref().map(|commit| format!(" ({commit})")).unwrap_or_default();
            say::line(&format!("it was recorded by another build: version {}{commit}", build.version));
        }
    }
    Ok(if replayed.same { Ended::Well } else { Ended::Badly })
}

/// Turns a run into what other tools read.
pub(crate) fn export(args: &ExportArgs, places: &Places) -> Done {
    let recorded = open(&args.run, places)?;
    let exported = match &args.output {
        None => rumormill_trace::export(&recorded, args.format, &mut std::io::stdout().lock()),
        Some(path) => write_file(path, |out| rumormill_trace::export(&recorded, args.format, out)),
    };
    match exported {
        Ok(exported) => {
            exported.notes.iter().for_each(|note| say::note(note));
            Ok(Ended::Well)
        }
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe && args.output.is_none() => Ok(Ended::Well),
        Err(error) => {
            let place =
                args.output.as_ref().map_or_else(|| "standard output".into(), |path| path.display().to_string());
            Err(Failure::run(anyhow::Error::new(error).context(format!("cannot write {place}"))))
        }
    }
}

/// Writes a file, all of it or nothing.
pub(crate) fn write_file<T>(
    path: &std::path::Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut file = std::fs::File::create(&draft)?;
    let written = write(&mut file).and_then(|written| std::fs::rename(&draft, path).map(|()| written));
    if written.is_err() {
        // What is half-written helps nobody; the error says why it is not there.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

fn open(name: &str, places: &Places) -> Result<Run, Failure> {
    Run::open(name, &places.runs).map_err(Failure::input)
}
