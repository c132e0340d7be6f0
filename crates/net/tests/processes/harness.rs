//! Starts runs and gathers what they tell.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::{Conditions, Latency, Network};
use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Outcome, Parameters, Value};
use rumormill_net::{Launchpad, NetReport, Supervisor};

/// The arguments that make this test binary a peer process.
pub fn peer_args() -> Vec<String> {
    ["peer_process", "--exact", "--ignored", "--nocapture"].map(String::from).to_vec()
}

/// A launchpad for this test binary, on a network without latency.
pub fn launchpad(protocol: &str, parameters: Parameters, peers: u32) -> Launchpad {
    let mut launchpad = Launchpad::new(std::env::current_exe().unwrap(), protocol, parameters, peers);
    launchpad.args = peer_args();
    launchpad.seed = 7;
    launchpad.plan.network = Network { latency: Latency::Constant(Duration::ZERO), conditions: Conditions::default() };
    launchpad
}

/// A flood in which peer 1 creates `messages` and the others none.
pub fn flood(peers: u32, messages: u64, adjust: impl FnOnce(&mut Launchpad)) -> Launchpad {
    let shares: Arc<[u64]> = (1..=peers).map(|peer| if peer == 1 { messages } else { 0 }).collect();
    let parameters =
        [("peers", Value::Count(peers.into())), ("messages", Value::PerPeer(shares)), ("durable", Value::Flag(true))];
    let mut launchpad =
        launchpad("flood", Parameters(parameters.map(|(name, value)| (name.into(), value)).into()), peers);
    adjust(&mut launchpad);
    launchpad
}

/// Runs to the end and returns how it went, and the whole trace.
pub async fn run(launchpad: Launchpad) -> (NetReport, Vec<Event>) {
    finish(Supervisor::start(launchpad).await.unwrap()).await
}

/// Waits until events that fulfil all these conditions have come, and returns the trace up to then.
pub async fn until(supervisor: &mut Supervisor, conditions: &[&dyn Fn(&Event) -> bool]) -> Vec<Event> {
    let mut trace = Vec::new();
    while !conditions.iter().all(|holds| trace.iter().any(holds)) {
        trace.extend(supervisor.next_events().await.expect("the run ended before"));
    }
    trace
}

/// Runs a started supervisor to its end.
pub async fn finish(supervisor: Supervisor) -> (NetReport, Vec<Event>) {
    finish_after(Vec::new(), supervisor).await
}

/// Runs a started supervisor, of which this trace has been read, to its end.
pub async fn finish_after(mut trace: Vec<Event>, mut supervisor: Supervisor) -> (NetReport, Vec<Event>) {
    while let Some(events) = supervisor.next_events().await {
        trace.extend(events);
    }
    let report = supervisor.wait().await;
    for &pid in &report.pids {
        assert!(!alive(pid), "process {pid} is left after the run");
    }
    (report, trace)
}

/// Asserts that the run completed, and says what happened when not.
pub fn assert_completed(report: &NetReport) {
    assert_eq!(report.outcome, Some(Outcome::Completed), "{report:#?}");
}

/// Does this process exist? One that has ended but is not reaped does not count.
pub fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or("").trim_start().starts_with('Z'))
}

/// The events of this kind.
pub fn of(trace: &[Event], kind: Kind) -> Vec<&Event> {
    trace.iter().filter(|event| event.kind == kind).collect()
}
