//! The steps of the test suite, and their summary.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::command::{cargo, read};
use crate::tally::Tally;
use crate::{browser, needs, page};

/// One part of the test suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Compiles everything, so that the times of the others are their own.
    Build,
    /// Every Rust test.
    Rust,
    /// The deterministic crates with debug assertions.
    Debug,
    /// The page's own tests.
    Page,
    /// The committed page against its source.
    Dist,
    /// The page against the real lab.
    Browser,
}

impl Step {
    /// Every step, in the order in which they run.
    pub const ALL: [Self; 6] = [Self::Build, Self::Rust, Self::Debug, Self::Page, Self::Dist, Self::Browser];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Rust => "rust",
            Self::Debug => "debug",
            Self::Page => "page",
            Self::Dist => "dist",
            Self::Browser => "browser",
        }
    }

    /// What it does.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Build => "compiles everything in the release profile, once for all other steps",
            Self::Rust => "every Rust test: units, scenarios, the command line, real processes, fuzz smoke, docs",
            Self::Debug => "core, protocols, check and sim with debug assertions: the same digests as in release",
            Self::Page => "the page's types, lints and unit tests",
            Self::Dist => "builds the page and compares it with the committed ui/dist",
            Self::Browser => "drives the real lab in Chromium; screenshots stay in target/screenshots",
        }
    }

    /// The step of this name.
    pub fn from_name(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|step| step.name() == name) {
            Some(step) => Ok(step),
            None => bail!("no step is called {name:?}; there are {}", Self::names()),
        }
    }

    /// The names of all steps, for a message.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Runs it; false when a test failed.
    fn run(self, tally: &mut Tally) -> Result<bool> {
        match self {
            Self::Build => read(workspace(&mut cargo()).arg("--no-run"), |_| {}),
            Self::Rust => {
                needs::redis_tools()?;
                read(workspace(&mut cargo()).arg("--no-fail-fast"), |line| tally.read(line))
            }
            Self::Debug => {
                let packages = ["core", "protocols", "check", "sim"].map(|name| format!("--package=rumormill-{name}"));
                read(cargo().args(["test", "--no-fail-fast"]).args(packages), |line| tally.read(line))
            }
            Self::Page => {
                needs::node_packages()?;
                page::check(tally)
            }
            Self::Dist => {
                needs::node_packages()?;
                page::rebuild(tally)
            }
            Self::Browser => {
                needs::node_packages()?;
                needs::chromium()?;
                let built = Self::Build.run(tally)?;
                Ok(built && browser::run(tally)?)
            }
        }
    }
}

/// The one build that all share: the same packages and features, so that nothing is compiled twice. The
/// benches stay out: what they compare with asks for other features of tokio.
fn workspace(cargo: &mut std::process::Command) -> &mut std::process::Command {
    cargo.args(["test", "--release", "--workspace", "--exclude", "rumormill-benches"])
}

/// Runs the steps, all of them also after one failed, and prints what came of each; false when any failed.
pub fn run(steps: &[Step]) -> Result<bool> {
    let mut results = Vec::new();
    for &step in steps {
        println!("\n== {}: {}", step.name(), step.about());
        let start = Instant::now();
        let mut tally = Tally::default();
        let succeeded = step.run(&mut tally).unwrap_or_else(|error| {
            println!("{error:#}");
            false
        });
        if !succeeded && tally.failed == 0 {
            tally.failed = 1; // it failed outside a test: to compile, or to find what it needs
        }
        results.push((step, tally, start.elapsed()));
    }
    Ok(summarize(&results))
}

fn summarize(results: &[(Step, Tally, Duration)]) -> bool {
    let mut total = Tally::default();
    println!("\n{:<8} {:>7} {:>7} {:>9}", "step", "passed", "failed", "seconds");
    for (step, tally, time) in results {
        println!("{:<8} {:>7} {:>7} {:>9.1}", step.name(), tally.passed, tally.failed, time.as_secs_f64());
        total.add(*tally);
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}
