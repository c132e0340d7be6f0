//! Whatever dies first, no process is left.

use crate::support::lab::Lab;
use crate::support::{finish, folder, processes, rumormill};
use crate::{LONG, all_gone, order, peers_of};

#[test]
fn none_is_left_when_the_runner_is_killed() {
    let folder = folder();
    let mut runner = rumormill(folder.path()).args(LONG).arg("--no-record").spawn().unwrap();
    let peers = peers_of(runner.id(), 10);
    runner.kill().unwrap();
    runner.wait().unwrap();
    all_gone(&peers, 3);
}

#[test]
fn none_is_left_when_the_runner_is_killed_while_a_peer_is_stopped() {
    let folder = folder();
    let mut runner = rumormill(folder.path()).args(LONG).arg("--no-record").spawn().unwrap();
    let peers = peers_of(runner.id(), 10);
    processes::signal(peers[0], "STOP");
    runner.kill().unwrap();
    runner.wait().unwrap();
    all_gone(&peers, 3);
}

#[test]
fn ctrl_c_ends_all_in_good_order() {
    let folder = folder();
    let runner = rumormill(folder.path()).args(LONG).args(["--record", "runs"]).spawn().unwrap();
    let peers = peers_of(runner.id(), 10);
    processes::signal(runner.id(), "INT");
    let said = finish(runner).expect(130);
    all_gone(&peers, 3);
    let run = crate::support::only_entry(&folder.path().join("runs"));
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("run.json")).unwrap()).unwrap();
    assert_eq!(file["outcome"], "stopped", "{said:#?}");
}

#[test]
fn none_is_left_when_the_lab_is_killed() {
    let folder = folder();
    let mut lab = Lab::start(folder.path(), &[]);
    lab.launch(&order());
    let peers = peers_of(lab.pid(), 10);
    lab.kill();
    all_gone(&peers, 3);
}

#[test]
fn the_lab_ends_its_runs_before_itself() {
    let folder = folder();
    let mut lab = Lab::start(folder.path(), &[]);
    lab.launch(&order());
    let peers = peers_of(lab.pid(), 10);
    lab.stop();
    all_gone(&peers, 1);
}

#[test]
fn two_runs_at_once_and_one_after_them() {
    let folder = folder();
    let lab = Lab::start(folder.path(), &[]);
    let runs = [lab.launch(&order()), lab.launch(&order())];
    assert_ne!(runs[0], runs[1]);
    for run in &runs {
        let ended = lab.until(run, |run| run["state"] == "ended");
        assert_eq!(ended["outcome"], "completed", "{ended:#}");
    }
    let last = lab.launch(&order());
    assert_eq!(lab.until(&last, |run| run["state"] == "ended")["outcome"], "completed");
    assert!(processes::children(lab.pid()).is_empty(), "peers are left after their runs");
}
