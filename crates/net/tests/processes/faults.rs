//! Faults on real processes and real traffic.

use std::time::Duration;

use rumormill_core::plan::{Churn, Conditions, DiskFate, Fault, Peers, Timed};
use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Instant, Outcome, Parameters, PeerId, Value};
use rumormill_net::{Launchpad, Supervisor};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{assert_completed, finish, finish_after, flood, launchpad, of, run, until};

const SECOND: Duration = Duration::from_secs(1);

/// Three probes that each want so many pongs.
fn probes(pongs: u64, adjust: impl FnOnce(&mut Launchpad)) -> Launchpad {
    let parameters = [
        ("pongs", Value::Count(pongs)),
        ("ballast", Value::Count(10)),
        ("lossy", Value::Flag(false)),
        ("oversized", Value::Flag(false)),
    ];
    let parameters = Parameters(parameters.map(|(name, value)| (name.into(), value)).into());
    let mut launchpad = launchpad("probe", parameters, 3);
    adjust(&mut launchpad);
    launchpad
}

fn at(seconds: f64, fault: Fault) -> Timed {
    Timed { at: Duration::from_secs_f64(seconds), fault }
}

fn peer(number: u32) -> Peers {
    Peers::Numbers(vec![number])
}

fn moment(seconds: f64) -> Instant {
    Instant::ZERO + Duration::from_secs_f64(seconds)
}

fn by(trace: &[Event], number: u64) -> impl Iterator<Item = &Event> {
    trace.iter().filter(move |event| event.peer == PeerId(number))
}

/// The notes of a peer that begin like this, in order, without that beginning.
fn notes<'t>(trace: &'t [Event], number: u64, prefix: &str) -> Vec<&'t str> {
    by(trace, number)
        .filter(|event| event.kind == Kind::Note)
        .filter_map(|note| note.text.strip_prefix(prefix))
        .collect()
}

/// Is an event the note of a peer's first boot?
fn booted(number: u64) -> impl Fn(&Event) -> bool {
    move |event| event.peer == PeerId(number) && event.text == "boot 1"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_crosses_a_partition_until_it_heals() {
    let (report, trace) = run(flood(6, 10, |launchpad| {
        let groups = vec![Peers::Share { from: 0.0, to: 0.5 }];
        launchpad.plan.faults = vec![at(0.0, Fault::Partition { groups }), at(1.5, Fault::Heal)];
    }))
    .await;
    assert_completed(&report);
    assert!(report.wall > Duration::from_millis(1_500), "{:?}", report.wall);
    let crosses = |event: &&&Event| (event.peer.0 <= 3) != (event.other.unwrap().0 <= 3);
    let early = |event: &&&Event| event.time > moment(0.1) && event.time < moment(1.5);
    assert_eq!(of(&trace, Kind::Delivered).iter().filter(crosses).filter(early).count(), 0);
    assert!(of(&trace, Kind::Delivered).iter().filter(crosses).count() > 0, "nothing crossed after the heal");
    assert!(of(&trace, Kind::Dropped).iter().any(|event| event.text == "the network is cut here"));
    let faults: Vec<&str> = of(&trace, Kind::Fault).iter().map(|event| event.name.as_ref()).collect();
    assert_eq!(faults, ["partition", "heal"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crashed_peers_come_back_with_the_disk_that_the_plan_leaves_them() {
    let mut supervisor = Supervisor::start(probes(100, |_| {})).await.unwrap();
    // A note of a boot leaves when the boot's write is durable.
    let trace = until(&mut supervisor, &[&booted(2), &booted(3)]).await;
    supervisor.inject(Fault::Crash { peers: Peers::Numbers(vec![2, 3]) }).await;
    supervisor.inject(Fault::Restart { peers: peer(2), disk: DiskFate::Kept }).await;
    supervisor.inject(Fault::Restart { peers: peer(3), disk: DiskFate::Lost }).await;
    let (report, trace) = finish_after(trace, supervisor).await;
    assert_completed(&report);
    assert_eq!(notes(&trace, 1, "boot "), ["1"]);
    assert_eq!(notes(&trace, 2, "boot "), ["1", "2"], "what was durable is gone");
    assert_eq!(notes(&trace, 3, "boot "), ["1", "1"], "the disk was to be empty");
    for number in [2, 3] {
        let all: Vec<&Event> = by(&trace, number).collect();
        assert!(all.is_sorted_by_key(|event| event.id), "the events of peer {number} are out of order");
        let life: Vec<Kind> = by(&trace, number)
            .map(|event| event.kind)
            .filter(|kind| matches!(kind, Kind::Started | Kind::Crashed | Kind::Restarted | Kind::Stopped))
            .collect();
        assert_eq!(life, [Kind::Started, Kind::Crashed, Kind::Restarted, Kind::Stopped]);
    }
    assert_eq!(report.pids.len(), 5);
    assert_eq!(report.restarts, 0, "the plan's own restarts are not counted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_survives_the_kill_of_a_peer_and_completes() {
    let mut supervisor = Supervisor::start(flood(5, 100, |_| {})).await.unwrap();
    let processes = supervisor.remote().processes();
    let (victim, peers) = processes[2].clone();
    let number = PeerId(peers[0].into());
    let far = |event: &Event| event.peer == number && event.kind == Kind::Progress && event.value >= 20;
    let trace = until(&mut supervisor, &[&far]).await;
    kill_process(Pid::from_raw(victim as i32).unwrap(), Signal::KILL).unwrap();
    let (report, trace) = finish_after(trace, supervisor).await;
    assert_completed(&report);
    assert_eq!(report.restarts, 1);
    assert_eq!(report.targets["messages"].met, 5);
    let crashed = of(&trace, Kind::Crashed);
    assert_eq!(crashed.len(), 1);
    assert_eq!(crashed[0].peer, number);
    assert_eq!(crashed[0].text, "signal 9");
    let restarted = of(&trace, Kind::Restarted);
    assert!(restarted[0].time >= crashed[0].time + SECOND);
    // What it told of was durable.
    let again =
        by(&trace, number.0).find(|event| event.kind == Kind::Progress && event.time >= restarted[0].time).unwrap();
    assert!(again.value >= 20, "after the restart it holds {} of {}", again.value, again.goal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_process_is_stopped_and_goes_on() {
    let supervisor = Supervisor::start(probes(60, |launchpad| {
        launchpad.plan.faults =
            vec![at(0.3, Fault::Pause { peers: peer(2) }), at(1.3, Fault::Resume { peers: peer(2) })];
    }))
    .await
    .unwrap();
    let remote = supervisor.remote();
    let (pid, _) = remote.processes().into_iter().find(|(_, peers)| peers == &[2]).unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    assert_eq!(stat.rsplit(')').next().unwrap().trim_start().chars().next(), Some('T'), "{stat}");
    let (report, trace) = finish(supervisor).await;
    assert_completed(&report);
    let frozen = |event: &&Event| event.time > moment(0.5) && event.time < moment(1.3);
    assert_eq!(by(&trace, 2).filter(frozen).count(), 0, "it did something while it was paused");
    assert!(by(&trace, 1).filter(frozen).count() > 0);
    assert!(by(&trace, 2).any(|event| event.time >= moment(1.3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_lost_and_late_as_asked_for() {
    let (report, trace) = run(probes(60, |launchpad| {
        let delay = Duration::from_millis(100);
        launchpad.plan.network.conditions = Conditions { loss: 0.3, delay, ..Conditions::default() };
    }))
    .await;
    assert_completed(&report);
    let (sent, lost) = (of(&trace, Kind::Sent), of(&trace, Kind::Dropped));
    let share = lost.len() as f64 / sent.len() as f64;
    assert!((0.2..0.4).contains(&share), "{share} of {} lost", sent.len());
    assert!(lost.iter().all(|event| event.text == "lost on the way"));
    for delivered in of(&trace, Kind::Delivered) {
        let sending = sent.iter().find(|event| Some(event.id) == delivered.cause).unwrap();
        let travelled = delivered.time.since(sending.time);
        assert!(travelled >= Duration::from_millis(100) && travelled < SECOND, "{travelled:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_and_long_messages_arrive() {
    for (lossy, ballast) in [(true, 500), (true, 50_000), (false, 90_000)] {
        let (report, trace) = run(probes(20, |launchpad| {
            launchpad.parameters.0.insert("lossy".into(), Value::Flag(lossy));
            launchpad.parameters.0.insert("ballast".into(), Value::Count(ballast));
        }))
        .await;
        assert_completed(&report);
        assert!(of(&trace, Kind::Delivered).iter().any(|event| event.bytes > ballast));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_above_the_limit_never_leaves() {
    let (report, trace) = run(probes(10, |launchpad| {
        launchpad.parameters.0.insert("oversized".into(), Value::Flag(true));
    }))
    .await;
    assert_completed(&report);
    let dropped = of(&trace, Kind::Dropped);
    assert_eq!(dropped.len(), 2);
    assert!(dropped.iter().all(|event| event.text == "longer than the protocol allows"));
    assert_eq!(report.bad_frames, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_peer_joins_and_the_run_waits_for_it() {
    let (report, trace) = run(flood(4, 20, |launchpad| {
        launchpad.plan.faults = vec![at(1.0, Fault::Join { peers: peer(4) })];
    }))
    .await;
    assert_completed(&report);
    assert_eq!(report.targets["messages"].met, 4);
    let started = of(&trace, Kind::Started);
    let late = started.iter().find(|event| event.peer == PeerId(4)).unwrap();
    assert!(late.time >= moment(1.0) && late.time < moment(3.0), "{:?}", late.time);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_peers_are_slow_and_wrong_clocks_are_wrong() {
    let (report, trace) = run(probes(20, |launchpad| {
        launchpad.until_time_limit = true;
        launchpad.time_limit = 2 * SECOND;
        launchpad.plan.faults = vec![
            at(0.0, Fault::Clock { peers: peer(2), offset_ns: 3_600_000_000_000, drift_ppm: 0 }),
            at(0.0, Fault::Slow { peers: peer(3), by: Duration::from_millis(100) }),
        ];
    }))
    .await;
    assert_completed(&report);
    let seconds = |note: &&str| note.parse::<u64>().unwrap() / 1_000_000_000;
    let clocks = notes(&trace, 2, "clock ");
    assert!(clocks.iter().skip(5).all(|note| (3_600..3_700).contains(&seconds(note))), "{clocks:?}");
    assert!(notes(&trace, 1, "clock ").iter().all(|note| seconds(note) < 100));
    let handled =
        |number| by(&trace, number).filter(|event| matches!(event.kind, Kind::Timer | Kind::Delivered)).count();
    assert!((5..=25).contains(&handled(3)), "{} in two seconds of 100 ms each", handled(3));
    assert!(handled(1) > 100, "{}", handled(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_of_a_shared_process_crash_freeze_and_boot_by_hand() {
    let mut supervisor = Supervisor::start(probes(100, |launchpad| launchpad.peers_per_process = 3)).await.unwrap();
    let remote = supervisor.remote();
    let trace = until(&mut supervisor, &[&booted(1), &booted(2), &booted(3)]).await;
    let from = trace.last().unwrap().time;
    remote.inject(Fault::Crash { peers: peer(2) }).await;
    remote.inject(Fault::Pause { peers: peer(3) }).await;
    remote.request(1, "tea".into()).await;
    tokio::time::sleep(SECOND / 2).await;
    remote.inject(Fault::Restart { peers: peer(2), disk: DiskFate::Kept }).await;
    remote.inject(Fault::Resume { peers: peer(3) }).await;
    let (report, trace) = finish_after(trace, supervisor).await;
    assert_completed(&report);
    assert_eq!(report.pids.len(), 1, "the process went on");
    let boots = notes(&trace, 2, "boot ");
    assert_eq!(boots, ["1", "2"]);
    let frozen = |event: &&Event| event.time > from + SECOND / 5 && event.time < from + SECOND * 2 / 5;
    assert_eq!(by(&trace, 3).filter(frozen).count(), 0);
    assert_eq!(notes(&trace, 1, "asked for "), ["tea"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_by_hand_happens_at_the_time_that_it_says() {
    let mut supervisor = Supervisor::start(probes(100, |_| {})).await.unwrap();
    let remote = supervisor.remote();
    let trace = until(&mut supervisor, &[&booted(1), &booted(2), &booted(3)]).await;
    let cut = remote.inject(Fault::Cut { from: peer(1), to: peer(2), both: false }).await.unwrap();
    tokio::time::sleep(SECOND / 2).await;
    let healed = remote.inject(Fault::Heal).await.unwrap();
    let tea = Fault::Request { peers: Peers::Numbers(vec![1, 3]), text: "tea".into() };
    let asked = remote.inject(tea).await.unwrap();
    let (report, trace) = finish_after(trace, supervisor).await;
    assert_completed(&report);
    let faults: Vec<_> = of(&trace, Kind::Fault).iter().map(|event| (event.name.as_ref(), event.time)).collect();
    assert_eq!(faults, [("cut", cut), ("heal", healed), ("request", asked)]);
    let arrived = |from: u64, to: u64| {
        let between = |event: &&&Event| event.time > cut + SECOND / 10 && event.time < healed;
        let delivered = of(&trace, Kind::Delivered);
        let theirs = |event: &&&Event| event.peer.0 == to && event.other == Some(PeerId(from));
        delivered.iter().filter(between).filter(theirs).count()
    };
    assert_eq!(arrived(1, 2), 0, "the way is cut");
    assert!(arrived(2, 1) > 0, "the way back is not");
    assert_eq!([1, 2, 3].map(|number| notes(&trace, number, "asked for ").concat()), ["tea", "", "tea"]);
    assert_eq!(remote.inject(Fault::Heal).await, None, "the run is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protocol_that_panics_fails_the_run_with_its_words() {
    let supervisor = Supervisor::start(probes(1_000, |_| {})).await.unwrap();
    supervisor.remote().request(2, "a panic".into()).await;
    let (report, _) = finish(supervisor).await;
    assert_eq!(report.outcome, Some(Outcome::Failed));
    let error = report.error.unwrap();
    assert!(error.starts_with("peer 2: its protocol panicked") && error.contains("as asked for"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_come_and_go_by_a_schedule_and_the_run_completes_after() {
    let second = |seconds: f64| Duration::from_secs_f64(seconds);
    let (report, trace) = run(flood(5, 60, |launchpad| {
        let absences =
            vec![(2, second(0.2), second(0.6)), (3, second(0.4), second(0.9)), (2, second(1.0), second(1.2))];
        launchpad.plan.churn = Some(Churn::Schedule { absences, disk: DiskFate::Kept });
    }))
    .await;
    assert_completed(&report);
    assert_eq!(of(&trace, Kind::Crashed).len(), 3);
    assert_eq!(of(&trace, Kind::Restarted).len(), 3);
    assert_eq!(report.targets["messages"].met, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_does_not_wait_for_peers_that_are_gone_for_good() {
    let (report, trace) = run(flood(4, 30, |launchpad| {
        launchpad.plan.faults = vec![at(0.2, Fault::Crash { peers: peer(4) })];
    }))
    .await;
    assert_completed(&report);
    assert_eq!(report.targets["messages"].met, 3);
    assert_eq!(of(&trace, Kind::Restarted).len(), 0);

    let (report, _) = run(flood(2, 30, |launchpad| {
        launchpad.plan.faults = vec![at(0.2, Fault::Crash { peers: Peers::All })];
    }))
    .await;
    assert_eq!(report.outcome, Some(Outcome::Failed));
    assert!(report.error.unwrap().contains("all peers are gone"));
}
