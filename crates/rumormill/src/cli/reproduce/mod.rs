//! `rumormill reproduce`: a published table or figure, ours beside the paper's.
//!
//! Each reproduction is a [`Reproduction`] in a module of its own, and a line in [`ALL`]. It runs an experiment with
//! [`Session::measure`], and says what it found as [`Findings`]: tables, what they are to show, and notes.

mod findings;
mod lazy_replication;
mod session;
mod show;
mod swim;

use std::path::PathBuf;

use clap::Args;
use rumormill_lab::experiment::{Problem, did_you_mean};
use rumormill_lab::run::Workbench;
use serde::Serialize;
use serde_json::json;

use super::args::JsonArgs;
use super::recorded::write_file;
use super::{Done, Ended, Failure, say};
use findings::Findings;
use session::{Halt, Session};

/// All that can be reproduced.
const ALL: [Reproduction; 2] = [lazy_replication::REPRODUCTION, swim::REPRODUCTION];

/// Something published that can be reproduced.
#[derive(Serialize)]
struct Reproduction {
    /// What it is called on the command line.
    name: &'static str,
    /// A few words.
    title: &'static str,
    /// Where it was published.
    source: &'static str,
    /// What it shows, in a sentence.
    about: &'static str,
    /// How long it takes, about, when it is not to be quick.
    seconds: u32,
    /// Measures.
    #[serde(skip)]
    run: fn(&Session<'_>) -> Result<Findings, Halt>,
}

/// `rumormill reproduce`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReproduceArgs {
    /// What to reproduce; without it, all that can be reproduced is listed
    name: Option<String>,
    /// Decides every random draw: the same seed gives the same tables
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Fewer and shorter runs: in seconds, and less exact
    #[arg(long)]
    quick: bool,
    /// Also write the tables to this file: a line for each cell
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArgs,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    what: &'a Reproduction,
    seed: u64,
    quick: bool,
    /// Does everything hold that the tables are to show?
    holds: bool,
    #[serde(flatten)]
    findings: &'a Findings,
}

/// Reproduces something published, or lists what can be.
pub(crate) fn reproduce(args: &ReproduceArgs, workbench: &Workbench) -> Done {
    let Some(name) = &args.name else {
        if args.json.json {
            say::json(&json!({ "reproductions": &ALL[..] }));
        } else {
            show::list(&ALL);
        }
        return Ok(Ended::Well);
    };
    let what = find(name)?;
    let session = Session::new(workbench, args.seed, args.quick);
    let findings = match (what.run)(&session) {
        Ok(findings) => findings,
        Err(Halt::Interrupted) => return Ok(Ended::Interrupted),
        Err(Halt::Broken(error)) => return Err(Failure::Run(error)),
    };
    if let Some(path) = &args.csv {
        write_file(path, |out| out.write_all(findings.csv().as_bytes())).map_err(|error| {
            Failure::run(anyhow::Error::new(error).context(format!("cannot write {}", path.display())))
        })?;
    }
    let holds = findings.holds();
    if args.json.json {
        say::json(&Report { what, seed: args.seed, quick: args.quick, holds, findings: &findings });
    } else {
        show::findings(what, &findings, args.seed);
    }
    Ok(if holds { Ended::Well } else { Ended::Badly })
}

fn find(name: &str) -> Result<&'static Reproduction, Problem> {
    let names = || ALL.iter().map(|one| one.name);
    ALL.iter().find(|one| one.name == name).ok_or_else(|| {
        let next = match did_you_mean(name, names()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        Problem::field("name", format!("there is no reproduction \"{name}\"")).next(next)
    })
}
