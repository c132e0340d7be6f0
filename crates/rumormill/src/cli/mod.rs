//! The command line: arguments to what the lab can do, and what came of it to words and exit codes.

mod args;
mod bar;
mod branch;
mod check;
mod compare;
mod explore;
mod interrupt;
mod list;
mod movies;
mod options;
mod recorded;
mod reproduce;
mod run;
mod say;
mod serve;
mod store;
mod sweep;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use rumormill_lab::experiment::{Problem, Problems};
use rumormill_lab::run::{PeerCommand, Workbench};

use crate::Lab;
use args::{Cli, Command, Places};

/// How a command ended.
enum Ended {
    /// All was done, and well.
    Well,
    /// It was done, and what it found is not well; everything has been said.
    Badly,
    /// A person stopped it.
    Interrupted,
}

/// Why a command did not do what it was asked.
enum Failure {
    /// The usage or the input is wrong: exit code 2.
    Input(anyhow::Error),
    /// It went wrong on the way: exit code 1.
    Run(anyhow::Error),
}

type Done = Result<Ended, Failure>;

impl Failure {
    fn input(error: impl Into<anyhow::Error>) -> Self {
        Self::Input(error.into())
    }

    fn run(error: impl Into<anyhow::Error>) -> Self {
        Self::Run(error.into())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::input(problem)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::input(problems)
    }
}

/// Reads the arguments and does what they say.
pub(crate) fn main(lab: Lab, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // A peer process has no time to lose and nothing to say.
    if arguments.get(1).is_some_and(|argument| argument == "peer") && arguments.len() == 2 {
        return exit(lab.registry.peer().map(|()| Ended::Well).map_err(Failure::run));
    }
    let table = table(arguments.first());
    let matches = match table.clone().try_get_matches_from(options::rewrite(arguments, &table)) {
        Ok(matches) => matches,
        Err(error) => error.exit(),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let log = tracing_subscriber::EnvFilter::try_from_env("RUMORMILL_LOG");
    let log = log.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(log).with_writer(std::io::stderr).init();
    exit(dispatch(lab, cli, table))
}

fn dispatch(lab: Lab, cli: Cli, mut table: clap::Command) -> Done {
    let places = cli.places;
    match cli.command.unwrap_or(Command::Lab(cli.lab)) {
        Command::Lab(args) => serve::lab(&args, workbench(lab, &places)?, &places),
        Command::List(args) => list::list(args, &workbench(lab, &places)?),
        Command::Run(args) => run::run(&args, workbench(lab, &places)?, &places, &table),
        Command::Explore(args) => explore::explore(&args, &workbench(lab, &places)?, &table),
        Command::Show(args) => recorded::show(&args, &places),
        Command::Check(args) => check::check(&args, &workbench(lab, &places)?, &places),
        Command::Replay(args) => recorded::replay(&args, &workbench(lab, &places)?, &places),
        Command::Branch(args) => branch::branch(&args, &workbench(lab, &places)?, &places),
        Command::Compare(args) => compare::compare(&args, &places),
        Command::Reproduce(args) => reproduce::reproduce(&args, &workbench(lab, &places)?),
        Command::Export(args) => recorded::export(&args, &places),
        Command::Store { command } => store::store(&command),
        Command::Movies(args) => movies::movies(&args),
        Command::New(args) => {
            let options = crate::new::Options { name: args.name, parent: args.parent, checkout: args.path };
            let folder = crate::new::create(&options).map_err(Failure::input)?;
            say::line(&format!("wrote {0}; now: cd {0} && cargo run --release", folder.display()));
            Ok(Ended::Well)
        }
        Command::Completions { shell } => {
            let name = table.get_name().to_string();
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut table, name, &mut script);
            say::raw(&script);
            Ok(Ended::Well)
        }
        Command::Peer => lab.registry.peer().map(|()| Ended::Well).map_err(Failure::run),
    }
}

/// The table of arguments under the name by which this program was called: a user's own lab has its own.
fn table(called: Option<&OsString>) -> clap::Command {
    let table = Cli::command();
    let path = called.map(std::path::PathBuf::from).unwrap_or_default();
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if name.is_empty() || name == "rumormill" {
        return table;
    }
    let rename = |command: clap::Command| {
        let help = command.get_after_help().map(|help| help.to_string().replace("rumormill", &name));
        match help {
            Some(help) => command.after_help(help),
            None => command,
        }
    };
    rename(table.name(name.clone())).mut_subcommands(rename)
}

fn workbench(lab: Lab, places: &Places) -> Result<Workbench, Failure> {
    let peer = PeerCommand::this_program().map_err(Failure::run)?;
    Ok(Workbench { gallery: lab.gallery.with_folder(&places.experiments), registry: lab.registry, peer })
}

fn exit(done: Done) -> ExitCode {
    match done {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Badly) => ExitCode::from(1),
        Ok(Ended::Interrupted) => ExitCode::from(130),
        Err(Failure::Input(error)) => {
            say::error(&error);
            ExitCode::from(2)
        }
        Err(Failure::Run(error)) => {
            say::error(&error);
            ExitCode::from(1)
        }
    }
}

/// For fuzzing: reads bytes as what a store's front end answers.
pub(crate) fn fuzz_answer(bytes: &[u8]) {
    store::fuzz(bytes);
}
