//! The project's chores. `cargo xtask test` runs every test there is and first installs what testing needs.

mod browser;
mod command;
mod needs;
mod page;
mod steps;
mod tally;

use std::process::ExitCode;

use anyhow::{Result, bail};

use steps::Step;

const HELP: &str = "\
The project's chores

Usage: cargo xtask test [OPTIONS]

Runs every test there is, in one build profile, and closes with a line that counts them. What is missing
(Node.js, Chromium, Redis's tools, npm packages) is installed first; each installation is announced.

Options:
      --only STEP   run only this step and what it needs; may be given several times
      --list        name the steps and what each does
  -h, --help        print this help

Examples:
  cargo xtask test
  cargo xtask test --only page --only browser";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Does what the arguments say; false when a test failed.
fn run(mut arguments: impl Iterator<Item = String>) -> Result<bool> {
    match arguments.next().as_deref() {
        Some("test") => test(arguments),
        Some("-h" | "--help" | "help") | None => {
            println!("{HELP}");
            Ok(true)
        }
        Some(other) => bail!("no chore is called {other:?}; see cargo xtask --help"),
    }
}

fn test(mut arguments: impl Iterator<Item = String>) -> Result<bool> {
    let mut only = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => match arguments.next() {
                Some(name) => only.push(Step::from_name(&name)?),
                None => bail!("--only needs the name of a step: {}", Step::names()),
            },
            "--list" => {
                for step in Step::ALL {
                    println!("{:<8} {}", step.name(), step.about());
                }
                return Ok(true);
            }
            "-h" | "--help" => {
                println!("{HELP}");
                return Ok(true);
            }
            other => bail!("unknown option {other:?}; see cargo xtask test --help"),
        }
    }
    std::env::set_current_dir(command::root())?;
    steps::run(if only.is_empty() { &Step::ALL } else { &only })
}
