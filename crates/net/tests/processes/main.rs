//! Real processes over real sockets. Each test starts a supervisor, whose peer processes are this very
//! test binary: [`peer_process`] is what they run.
#![allow(clippy::unwrap_used)]

mod faults;
mod harness;
mod life;
mod nodes;
mod ping;
mod probe;
mod system;
mod usage;

use std::time::Duration;

use rumormill_net::{Assignment, Supervisor, peer_main};
use rumormill_protocols::Flood;

use harness::{flood, peer_args};
use probe::Probe;

/// The body of a peer process. Run by hand it finds no assignment, and there is nothing to do.
#[test]
#[ignore = "the other tests start this as their peer processes"]
fn peer_process() {
    let Ok(assignment) = Assignment::read(std::io::stdin().lock()) else { return };
    let ended = match assignment.protocol.as_str() {
        "probe" => peer_main::<Probe>(assignment),
        _ => peer_main::<Flood>(assignment),
    };
    if let Err(error) = ended {
        eprintln!("{error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// A supervisor process, for being killed. It prints its peers' process ids and runs for a minute.
#[test]
#[ignore = "another test starts this, and kills it"]
fn supervisor_process() {
    if std::env::var_os("RUMORMILL_TEST_SUPERVISOR").is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut launchpad = flood(4, 0, |_| {});
        launchpad.args = peer_args();
        launchpad.until_time_limit = true;
        let supervisor = Supervisor::start(launchpad).await.unwrap();
        let pids: Vec<String> = supervisor.pids().iter().map(u32::to_string).collect();
        println!("pids {}", pids.join(" "));
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
}
