//! `rumormill explore`.

use clap::Command;
use rumormill_lab::run::{Step, Workbench};

use super::args::ExploreArgs;
use super::bar::Bar;
use super::interrupt::Interrupt;
use super::run::{chosen, meant};
use super::{Done, Ended, say};

/// Runs an experiment with many seeds.
pub(crate) fn explore(args: &ExploreArgs, workbench: &Workbench, table: &Command) -> Done {
    let order = chosen(&args.choice)?;
    let cores = || std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
    let threads = args.choice.threads.unwrap_or_else(cores).clamp(1, 256);
    let (interrupt, bar) = (Interrupt::listen(), Bar::new());
    let progress = |step| match step {
        Step::Exploring(at) => bar.set(at.tried, at.total, || format!("{} seeds tried", say::count(at.tried))),
        Step::Shrinking { seed, tries } => {
            bar.set(tries.into(), 300, || format!("seed {seed} failed; {tries} smaller runs tried"));
        }
        _ => {}
    };
    let seeds = args.seeds.0..=args.seeds.1;
    let found = workbench.explore(&order, seeds, threads, &args.failures, progress, interrupt.flag());
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
