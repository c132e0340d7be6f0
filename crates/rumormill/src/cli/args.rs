//! What can be typed: one table, from which help, errors and completions are made.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rumormill_lab::run::Mode;
use rumormill_lab::server::StoreAddress;

/// A workbench for distributed and peer-to-peer systems: write a protocol once, simulate it, run it as
/// real processes, and watch it.
#[derive(Debug, Parser)]
#[command(
    name = "rumormill",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  rumormill                                    the lab, with its page opened
  rumormill run flood --peers 1000             a thousand peers in the simulator
  rumormill run flood --as processes           ten real processes over encrypted sockets
  rumormill explore flood-faults --seeds 1..100"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) lab: LabArgs,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where things are.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Folders")]
pub(crate) struct Places {
    /// A folder of experiments, beside the built-in ones
    #[arg(long, global = true, value_name = "DIR", default_value = "experiments")]
    pub(crate) experiments: PathBuf,
    /// The folder of recorded runs
    #[arg(long, global = true, value_name = "DIR", default_value = "runs")]
    pub(crate) runs: PathBuf,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the lab: the page on which experiments are run and watched
    #[command(after_help = "\
Examples:
  rumormill lab
  rumormill lab --listen 127.0.0.1:0 --no-open
  rumormill lab --store http://127.0.0.1:40123")]
    Lab(LabArgs),
    /// List the experiments
    #[command(after_help = "\
Examples:
  rumormill list
  rumormill list --json --experiments elsewhere")]
    List(JsonArgs),
    /// Run an experiment
    #[command(after_help = "\
Every parameter of the experiment is an option too: --loss 0.3 is --set loss=0.3.
The exit code is 0 when the run completed, 1 when it did not, 2 when it could not begin.

Examples:
  rumormill run flood --peers 10 --messages \"100 if peerid == 1 else 0\" --seed 7
  rumormill run flood --peers 1000000 --messages \"1 if peerid == 1 else 0\" --no-record
  rumormill run flood --as processes --json
  rumormill run flood --sweep peers=10,100,1000 --seeds 1..20
  rumormill run mine.star --loss 0.3")]
    Run(RunArgs),
    /// Run an experiment with many seeds; the first that fails is made smaller and kept
    #[command(after_help = "\
The exit code is 0 when every seed completed, 1 when one failed, 2 when none could be tried.

Examples:
  rumormill explore flood-faults --seeds 1..1000
  rumormill explore flood-faults --seeds 1..100 --anti-entropy no")]
    Explore(ExploreArgs),
    /// Show what happened in a recorded run; without a run, list the recorded ones
    #[command(after_help = "\
Examples:
  rumormill show
  rumormill show 2026-11-20T03-31-07Z-flood-42")]
    Show(ShowArgs),
    /// Run a recorded simulation again and compare
    #[command(after_help = "\
The exit code is 0 when everything happened again as it did, 1 when not.

Examples:
  rumormill replay 2026-11-20T03-31-07Z-flood-42")]
    Replay(ReplayArgs),
    /// Check a recorded run's trace for what must hold of it
    #[command(after_help = "\
The exit code is 0 when all of it holds, 1 when something does not, 2 when it cannot be checked.

Examples:
  rumormill check 2026-11-20T03-31-07Z-flood-42
  rumormill check 2026-11-20T03-31-07Z-flood-42 --property delivered_was_sent --json")]
    Check(CheckArgs),
    /// Go on from a moment of a recorded simulation as a new run, with something done to it there
    #[command(after_help = "\
The new run is the same up to the moment, and remembers where it came from. With nothing done, it has the
digest of the other. Faults are written as in an experiment.

Examples:
  rumormill branch 2026-11-20T03-31-07Z-flood-42 --at 1.5s --fault \"crash([3, 4])\"
  rumormill branch latest --at 500ms --set fanout=2 --request \"3: sync\"")]
    Branch(BranchArgs),
    /// Compare recorded runs: totals, what was asked differently, the first event that differs
    #[command(after_help = "\
The exit code is 0 when nothing differs, 1 when something does, 2 when a run cannot be read.

Examples:
  rumormill compare 2026-11-20T03-31-07Z-flood-42 2026-11-20T03-35-40Z-flood-43
  rumormill compare --json 2026-11-20T03-31-07Z-flood-42 latest")]
    Compare(CompareArgs),
    /// Reproduce a published table or figure: ours beside the paper's
    #[command(after_help = "\
The exit code is 0 when all holds that the tables are to show, 1 when something does not, 2 when
there is no such reproduction.

Examples:
  rumormill reproduce
  rumormill reproduce lazy-replication
  rumormill reproduce lazy-replication --quick --seed 7 --json")]
    Reproduce(super::reproduce::ReproduceArgs),
    /// Turn a recorded run into what other tools read
    #[command(after_help = "\
Examples:
  rumormill export 2026-11-20T03-31-07Z-flood-42 --format perfetto --output trace.json
  rumormill export 2026-11-20T03-31-07Z-flood-42 --format dot | dot -Tsvg > flood.svg")]
    Export(ExportArgs),
    /// The gossip store: replicas and front ends as real servers
    #[command(after_help = "\
Examples:
  rumormill store up --replicas 3
  rumormill store up --replicas 3 --dir shop --ack f+1 --json")]
    Store {
        /// What to do
        #[command(subcommand)]
        command: super::store::StoreCommand,
    },
    /// Find, view, average, rate and delete ratings of movies; without an action, you are asked
    #[command(after_help = "\
The exit code is 0 when it was done, 1 when not (no such movie, all servers busy), 2 for wrong usage or a title
that several movies have.

Examples:
  rumormill movies
  rumormill movies average \"The Clockmaker's Orchard (1987)\"
  rumormill movies --data ml-latest-small average \"Toy Story (1995)\" --json
  rumormill movies --server http://127.0.0.1:40123 --user 7 rate \"#1\" 4.5")]
    Movies(super::movies::MoviesArgs),
    /// Write a new crate with a protocol of your own, to begin with
    #[command(after_help = "\
Examples:
  rumormill new gossip
  cd gossip && cargo run --release")]
    New(NewArgs),
    /// Write completions for a shell
    #[command(after_help = "\
Examples:
  rumormill completions bash > ~/.local/share/bash-completion/completions/rumormill")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Be a peer of a run: started by others, reads what to be from standard input
    #[command(hide = true)]
    Peer,
}

/// Where the page is served.
#[derive(Args, Clone, Debug)]
pub(crate) struct LabArgs {
    /// Where the page is served; only this machine can reach it, and port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7117")]
    pub(crate) listen: SocketAddr,
    /// Do not open a browser; the address is printed
    #[arg(long)]
    pub(crate) no_open: bool,
    /// Listen on this port for programs that report over the line protocol
    #[arg(long, value_name = "PORT")]
    pub(crate) reporter: Option<u16>,
    /// Write the page's token to this file, which only this user can read, for programs such as Prometheus
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Watch the store whose front end is here; can be given several times. Stores that this user runs on this
    /// machine are found without it
    #[arg(long, value_name = "URL")]
    pub(crate) store: Vec<StoreAddress>,
}

/// JSON or words.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct JsonArgs {
    /// Print one JSON document on standard output, and everything else on standard error
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which experiment, with which values.
#[derive(Args, Clone, Debug)]
pub(crate) struct Choice {
    /// An experiment's name, or a path to a .star file
    pub(crate) experiment: String,
    /// Number of peers
    #[arg(long, value_name = "N")]
    pub(crate) peers: Option<String>,
    /// Messages per peer: an expression that may use peerid, which runs from 1 to the number of peers
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) messages: Option<String>,
    /// Set a parameter of the experiment; as often as needed
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,
    /// Threads of the simulator; the result is the same for any number [default: as many as help]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<u32>,
    /// Check this property in place of those that the experiment names; all and none are names too
    #[arg(long, value_name = "PROPERTY")]
    pub(crate) check: Vec<String>,
    /// End the run at the latest then, on its own clock
    #[arg(long, value_name = "SPAN")]
    pub(crate) time_limit: Option<String>,
}

/// `rumormill run`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Decides every random draw: the same seed gives the same run
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How to run it
    #[arg(long = "as", value_name = "MODE", value_enum, default_value_t = ModeArg::Sim)]
    pub(crate) mode: ModeArg,
    /// How fast a simulation goes: max, 1 for real time, or a factor
    #[arg(long, default_value = "max")]
    pub(crate) speed: String,
    /// Peers in each process [default: 1 for up to 50 peers, then as many as make 20 processes]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) peers_per_process: u32,
    /// Record the run in this folder of runs [default: the folder of --runs, for up to 10,000 peers]
    #[arg(long, value_name = "DIR", conflicts_with = "no_record")]
    pub(crate) record: Option<PathBuf>,
    /// Do not record the run
    #[arg(long)]
    pub(crate) no_record: bool,
    /// Open the page on this run
    #[arg(long)]
    pub(crate) watch: bool,
    /// Run it with each of these values of a parameter, and tell what that changes: 10,100,1000 or 0..0.5:0.1
    #[arg(long, value_name = "NAME=VALUES", conflicts_with_all = ["record", "watch", "speed"])]
    pub(crate) sweep: Option<String>,
    /// The seeds of a sweep, as in 1..20 (both included) [default: the one of --seed]
    #[arg(long, value_name = "FIRST..LAST", requires = "sweep", value_parser = seeds)]
    pub(crate) seeds: Option<(u64, u64)>,
    /// Write every run of a sweep as a line into this file
    #[arg(long, value_name = "FILE", requires = "sweep")]
    pub(crate) csv: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// How a run runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeArg {
    /// In the simulator
    Sim,
    /// As real processes on this machine
    Processes,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Sim => Self::Sim,
            ModeArg::Processes => Self::Processes,
        }
    }
}

/// `rumormill explore`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExploreArgs {
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// The seeds to try, as in 1..1000 (both included)
    #[arg(long, value_name = "FIRST..LAST", default_value = "1..100", value_parser = seeds)]
    pub(crate) seeds: (u64, u64),
    /// Where a failing run is kept as an experiment
    #[arg(long, value_name = "DIR", default_value = "failures")]
    pub(crate) failures: PathBuf,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill show`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ShowArgs {
    /// The run's name, or a path to its folder
    pub(crate) run: Option<String>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill replay`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReplayArgs {
    /// The run's name, or a path to its folder
    pub(crate) run: String,
    /// Threads of the simulator; the result is the same for any number
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<u32>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill branch`.
#[derive(Args, Clone, Debug)]
pub(crate) struct BranchArgs {
    /// The run's name, or a path to its folder
    pub(crate) run: String,
    /// The moment on the run's clock, for example 1.5s: what happens up to it stays
    #[arg(long, value_name = "TIME")]
    pub(crate) at: String,
    /// A fault that happens then, as experiments write it; can be given several times
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<String>,
    /// A parameter's value from then on; can be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Something to ask of a peer then, after its number; * asks all
    #[arg(long, value_name = "PEER: TEXT")]
    pub(crate) request: Vec<String>,
    /// End at this time on the run's clock, in place of the other run's limit
    #[arg(long, value_name = "TIME")]
    pub(crate) time_limit: Option<String>,
    /// Do not record the new run
    #[arg(long)]
    pub(crate) no_record: bool,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill check`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// The run's name, or a path to its folder
    pub(crate) run: String,
    /// Check this property; as often as needed [default: all that are about a trace]
    #[arg(long)]
    pub(crate) property: Vec<String>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill compare`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArgs {
    /// Names of runs, or paths to their folders: 2 to 8; the first is what the others are compared with
    #[arg(required = true, num_args = 2..=rumormill_lab::compare::RUNS_MAX, value_name = "RUN")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill export`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExportArgs {
    /// The run's name, or a path to its folder
    pub(crate) run: String,
    /// What to make: perfetto, shiviz, graphml, dot, csv or mermaid
    #[arg(long)]
    pub(crate) format: rumormill_trace::Format,
    /// Write to this file, in place of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `rumormill new`.
#[derive(Args, Clone, Debug)]
pub(crate) struct NewArgs {
    /// The crate's name, which is also the protocol's and the experiment's
    pub(crate) name: String,
    /// The folder in which its own folder is made
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub(crate) parent: PathBuf,
    /// A checkout of Rumormill to depend on [default: the one that this program was built from]
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let wrong = || "write for example 1..1000".to_string();
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (first, last.trim_start_matches('=')),
        None => (text, text),
    };
    let first: u64 = first.trim().parse().map_err(|_| wrong())?;
    let last: u64 = last.trim().parse().map_err(|_| wrong())?;
    if first > last { Err("the first seed is greater than the last".into()) } else { Ok((first, last)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_table_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seeds_are_a_range() {
        assert_eq!(seeds("1..1000"), Ok((1, 1000)));
        assert_eq!(seeds("3..=5"), Ok((3, 5)));
        assert_eq!(seeds("7"), Ok((7, 7)));
        assert!(seeds("9..1").is_err() && seeds("").is_err() && seeds("1..x").is_err());
    }
}
