//! The end-to-end test: the real lab on loopback, driven in a real Chromium.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::command::{npm, read, target};
use crate::tally::Tally;

/// How long the lab may take to print its address.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long it may take to end its runs and itself.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Starts the lab, runs the page's browser tests against it, and stops it.
pub fn run(tally: &mut Tally) -> Result<bool> {
    let screenshots = target().join("screenshots");
    let runs = target().join("browser-runs");
    // What the tests save as experiments is not the gallery's.
    let experiments = target().join("browser-experiments");
    for folder in [&screenshots, &runs, &experiments] {
        let _ = fs::remove_dir_all(folder); // it may not be there
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let binary = target().join("release/rumormill");
    let mut command = Command::new(&binary);
    command.args(["lab", "--no-open", "--listen", "127.0.0.1:0", "--runs"]).arg(&runs);
    let mut lab = Lab::start(command.arg("--experiments").arg(&experiments))?;
    let mut e2e = npm();
    e2e.args(["run", "e2e"]).env("RUMORMILL_URL", &lab.address).env("SCREENSHOTS", &screenshots);
    // Tests hold what the page shows against what the command line reads from the run folders.
    e2e.env("RUMORMILL_BIN", &binary).env("RUNS", &runs);
    let passed = read(&mut e2e, |line| tally.read(line))?;
    let stopped = lab.stop()?;
    println!("Screenshots: {}", screenshots.display());
    Ok(passed && stopped)
}

/// A lab of our own; it ends with this value.
struct Lab {
    child: Child,
    address: String,
}

impl Lab {
    fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let (found, address) = mpsc::channel();
        if let Some(output) = child.stdout.take() {
            watch(output, found.clone());
        }
        if let Some(output) = child.stderr.take() {
            watch(output, found);
        }
        // Made before the address is known, so that the child ends also when it never prints one.
        let mut lab = Self { child, address: String::new() };
        lab.address = address.recv_timeout(START_LIMIT).context("the lab printed no address")?;
        println!("The lab listens at {}", lab.address);
        Ok(lab)
    }

    /// Asks the lab to end, as Ctrl-C does; false when it does not end in time or not in good order.
    fn stop(&mut self) -> Result<bool> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().context("cannot send a signal to the lab")?;
        let tick = Duration::from_millis(50);
        for _ in 0..STOP_LIMIT.as_millis() / tick.as_millis() {
            if let Some(status) = self.child.try_wait()? {
                println!("The lab ended with {status}");
                return Ok(true);
            }
            thread::sleep(tick);
        }
        println!("The lab did not end within {STOP_LIMIT:?} of being asked");
        Ok(false)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what the lab prints to its end, on a thread of its own, and sends on the address it names.
fn watch(output: impl std::io::Read + Send + 'static, found: mpsc::Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("lab: {line}");
            if let Some(address) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                let _ = found.send(address.to_string()); // nobody listens after the first
            }
        }
    });
}
