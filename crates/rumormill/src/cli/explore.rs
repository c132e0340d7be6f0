//! `rumormill explore`.

use std::sync::atomic::{AtomicU64, Ordering};

use clap::Command;
use rumormill_lab::run::{Search, Step, TRIES_MAX, Workbench};

use super::args::ExploreArgs;
use super::bar::Bar;
use super::interrupt::Interrupt;
use super::run::{chosen, meant};
use super::{Done, Ended, check, say};

/// Runs an experiment with many seeds.
pub(crate) fn explore(args: &ExploreArgs, workbench: &Workbench, table: &Command) -> Done {
    let order = chosen(&args.choice)?;
    let cores = || std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let threads = args.choice.threads.unwrap_or_else(cores).clamp(1, 256);
    let (interrupt, bar) = (Interrupt::listen(), Bar::new());
    let (first, last) = args.seeds;
    let tried = AtomicU64::new(0);
    let progress = |step| match step {
        Step::Tried { .. } => {
            let tried = tried.fetch_add(1, Ordering::Relaxed) + 1;
            bar.set(tried, (last - first).saturating_add(1), || format!("{} seeds tried", say::count(tried)));
        }
        Step::Shrinking { seed, tries, .. } => {
            bar.set(tries.into(), TRIES_MAX.into(), || format!("seed {seed} failed; {tries} smaller runs tried"));
        }
        _ => {}
    };
    let search = Search { seeds: first..=last, threads, folder: &args.failures, all: false };
    let found = workbench.explore(&order, &search, progress, interrupt.flag());
    bar.clear();
    let found = found.map_err(|problems| meant(problems, table))?;
    if args.json.json {
        say::json(&found);
    } else if let Some(failure) = &found.failure {
        let (seed, outcome) = (failure.seed, say::outcome(failure.outcome));
        say::line(&format!(
            "seed {} ends as {outcome}; {} before it completed",
            say::strong(&seed.to_string()),
            say::plural(found.held, "seed")
        ));
        failure.violation.iter().for_each(check::violation);
        let minimal = if failure.minimal { "nothing smaller fails" } else { "a smaller one may fail too" };
        let (peers, faults) = (say::plural(failure.peers.into(), "peer"), say::plural(failure.faults as u64, "fault"));
        let tries = failure.tries;
        say::line(&format!("the smallest run found has {peers} and {faults} ({tries} tried; {minimal})"));
        say::line(&format!("it is kept; run it with\n\n    rumormill run {} --seed {seed}", failure.file.display()));
    } else {
        say::line(&format!("{} completed", say::plural(found.held, "seed")));
    }
    match found.failure {
        _ if found.cancelled || interrupt.is_asked() => Ok(Ended::Interrupted),
        Some(_) => Ok(Ended::Badly),
        None => Ok(Ended::Well),
    }
}
