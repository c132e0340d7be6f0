//! Beginning, completion and end.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Outcome, Topology, Value};
use rumormill_net::{NetReport, StartError, Supervisor};

use crate::harness::{alive, assert_completed, finish, flood, of, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_processes_flood_a_hundred_messages() {
    let (report, trace) = run(flood(10, 100, |_| {})).await;
    assert_completed(&report);
    let target = report.targets["messages"];
    assert_eq!((target.met, target.peers), (10, 10));
    assert_eq!(report.pids.iter().collect::<BTreeSet<_>>().len(), 10);
    assert!(!report.pids.contains(&std::process::id()));
    assert_eq!(report.trace_dropped, 0);
    assert_eq!(report.bad_frames, 0);

    let ids: BTreeSet<EventId> = trace.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), trace.len(), "two events share an id");
    let of_peers = || trace.iter().filter(|event| event.kind != Kind::Measured);
    assert!(of_peers().all(|event| (1..=10).contains(&event.peer.0)), "peers are not numbered");
    assert_eq!(of(&trace, Kind::Started).len(), 10);
    assert_eq!(of(&trace, Kind::Stopped).len(), 10);
    assert_eq!(of(&trace, Kind::Done).len(), 10);
    let sent: BTreeSet<EventId> = of(&trace, Kind::Sent).iter().map(|event| event.id).collect();
    let delivered = of(&trace, Kind::Delivered);
    assert!(delivered.len() >= 900, "{} deliveries", delivered.len());
    assert!(delivered.iter().all(|event| sent.contains(&event.cause.unwrap())), "a delivery without its sending");
    assert_eq!(report.messages.sent as usize, sent.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_share_processes() {
    let (report, _) = run(flood(12, 20, |launchpad| launchpad.peers_per_process = 5)).await;
    assert_completed(&report);
    assert_eq!(report.pids.len(), 3);
    assert_eq!(report.targets["messages"].met, 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_stops_when_told_or_when_its_time_is_up() {
    let endless = |launchpad: &mut rumormill_net::Launchpad| launchpad.until_time_limit = true;
    let supervisor = Supervisor::start(flood(3, 1, endless)).await.unwrap();
    supervisor.stop().await;
    assert_eq!(finish(supervisor).await.0.outcome, Some(Outcome::Stopped));

    let (report, _) = run(flood(3, 1, |launchpad| {
        launchpad.until_time_limit = true;
        launchpad.time_limit = Duration::from_millis(600);
    }))
    .await;
    assert_completed(&report);
    assert!(report.wall >= Duration::from_millis(600), "{:?}", report.wall);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_dropped_leaves_nobody() {
    let supervisor = Supervisor::start(flood(3, 1, |launchpad| launchpad.until_time_limit = true)).await.unwrap();
    let pids = supervisor.pids();
    assert_eq!(pids.len(), 3);
    drop(supervisor);
    gone_within(Duration::from_secs(3), &pids).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_is_killed_leaves_nobody_not_even_stopped_ones() {
    let mut supervisor = Command::new(std::env::current_exe().unwrap())
        .args(["supervisor_process", "--exact", "--ignored", "--nocapture"])
        .env("RUMORMILL_TEST_SUPERVISOR", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(supervisor.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).find_map(|line| line.split_once("pids ").map(|(_, pids)| pids.to_string()));
    let pids: Vec<u32> = said.unwrap().split(' ').map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 4);
    assert!(pids.iter().all(|&pid| alive(pid)));
    let stopped = rustix::process::Pid::from_raw(pids[0] as i32).unwrap();
    rustix::process::kill_process(stopped, rustix::process::Signal::STOP).unwrap();
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    gone_within(Duration::from_secs(3), &pids).await;
}

async fn gone_within(patience: Duration, pids: &[u32]) {
    let start = Instant::now();
    while let Some(pid) = pids.iter().find(|&&pid| alive(pid)) {
        assert!(start.elapsed() < patience, "process {pid} is left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_prevents_a_start_is_said() {
    let error =
        Supervisor::start(flood(2, 1, |launchpad| launchpad.binary = "/no/such/program".into())).await.unwrap_err();
    assert!(matches!(error, StartError::Spawn { .. }), "{error}");

    let error = Supervisor::start(flood(2, 1, |launchpad| {
        launchpad.parameters.0.remove("messages");
    }))
    .await
    .unwrap_err();
    let StartError::Died { stderr, .. } = &error else { panic!("{error}") };
    assert!(stderr.contains("messages"), "{error}");

    // A disk that cannot be opened: a file is where its folder should be.
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("peers/2")).unwrap();
    std::fs::write(folder.path().join("peers/2/disk"), "").unwrap();
    let error =
        Supervisor::start(flood(2, 1, |launchpad| launchpad.folder = Some(folder.path().into()))).await.unwrap_err();
    let StartError::Died { stderr, .. } = &error else { panic!("{error}") };
    assert!(stderr.contains("peer 2: disk "), "{error}");

    let error =
        Supervisor::start(flood(2, 1, |launchpad| launchpad.folder = Some("/proc/nowhere".into()))).await.unwrap_err();
    assert!(matches!(error, StartError::Folder { .. }), "{error}");

    let error = Supervisor::start(flood(2, 1, |launchpad| launchpad.listen = [192, 0, 2, 1].into())).await.unwrap_err();
    assert!(error.to_string().contains("192.0.2.1"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_peers_in_twenty_processes_flood_a_message_each() {
    a_message_each(200, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_processes_of_one_peer_flood_a_message_each() {
    a_message_each(50, 1).await;
}

async fn a_message_each(peers: u32, peers_per_process: u32) {
    let begun = Instant::now();
    let supervisor = Supervisor::start(flood(peers, 0, |launchpad| {
        let shares = Value::PerPeer(vec![1; peers as usize].into());
        launchpad.parameters.0.insert("messages".into(), shares);
        launchpad.peers_per_process = peers_per_process;
        launchpad.topology = Topology::Random { degree: 8 };
    }))
    .await
    .unwrap();
    let started = begun.elapsed();
    let memory: u64 = supervisor.pids().into_iter().map(resident_kb).sum();
    let (report, trace) = finish(supervisor).await;
    assert_completed(&report);
    assert_eq!(report.targets["messages"].met, peers);
    assert_eq!(report.trace_dropped, 0);
    let NetReport { wall, events, messages, .. } = report;
    let ended = begun.elapsed() - started - wall;
    println!(
        "{peers} peers: started in {started:?}, complete in {wall:?}, ended in {ended:?}; {memory} kB at the start"
    );
    println!("{events} events");
    println!("{messages:?}, {} in the trace", trace.len());
}

/// Memory of a process that is resident, in kB.
fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
