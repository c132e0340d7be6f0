//! Runs that end well.

use serde_json::{Value, json};

use crate::support::lab::Lab;
use crate::support::{finish, folder, processes, rumormill, run};
use crate::{all_gone, order, peers_of};

fn pids(report: &Value) -> Vec<u32> {
    let mut pids: Vec<u32> =
        report["pids"].as_array().unwrap().iter().map(|pid| pid.as_u64().unwrap().try_into().unwrap()).collect();
    pids.sort_unstable();
    pids.dedup();
    pids
}

#[test]
fn ten_peers_are_ten_processes_and_none_is_left() {
    let folder = folder();
    let mut command = rumormill(folder.path());
    command.args(["run", "flood", "--as", "processes", "--peers", "10", "--messages", "100 if peerid == 1 else 0"]);
    let child = command.args(["--seed", "7", "--json"]).spawn().unwrap();
    let runner = child.id();
    let report = finish(child).expect(0).json();
    assert_eq!(report["mode"], "processes");
    assert_eq!(report["outcome"], "completed");
    assert_eq!(report["targets"], json!({"messages": {"met": 10, "peers": 10}}));
    let pids = pids(&report);
    assert_eq!(pids.len(), 10, "{report:#}");
    assert!(!pids.contains(&runner));
    all_gone(&pids, 3);
}

#[test]
fn several_peers_can_share_a_process() {
    let arguments =
        ["run", "flood", "--as", "processes", "--peers", "24", "--peers-per-process", "8", "--json", "--no-record"];
    let report = run(folder().path(), arguments).expect(0).json();
    assert_eq!(report["targets"], json!({"messages": {"met": 24, "peers": 24}}));
    assert_eq!(pids(&report).len(), 3, "{report:#}");
}

#[test]
fn a_killed_peer_comes_back_from_its_disk_and_the_run_completes() {
    let folder = folder();
    let lab = Lab::start(folder.path(), &[]);
    let run = lab.launch(&order());
    lab.until(&run, |run| run["messages"]["delivered"].as_u64() > Some(100));
    let peers = peers_of(lab.pid(), 10);
    processes::signal(peers[4], "KILL");
    let ended = lab.until(&run, |run| run["state"] == "ended");
    assert_eq!(ended["outcome"], "completed", "{ended:#}");
    assert_eq!(ended["targets"], json!({"messages": {"met": 10, "peers": 10}}));
    assert_eq!(pids(&ended).len(), 11, "the peer that came back has a process of its own: {ended:#}");
    all_gone(&pids(&ended), 3);
}

#[test]
fn one_experiment_has_one_verdict_simulated_and_as_processes() {
    let folder = folder();
    let verdict = |mode: &str| {
        let arguments = ["run", "flood-faults", "--as", mode, "--seed", "5", "--json", "--no-record"];
        let report = run(folder.path(), arguments).expect(0).json();
        (report["outcome"].clone(), report["targets"].clone())
    };
    assert_eq!(verdict("sim"), verdict("processes"));
}
