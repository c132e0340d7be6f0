//! A branch is its parent up to a moment, and from there what was asked.

use rumormill_core::plan::Peers;
use rumormill_core::trace::Event;
use rumormill_trace::Run;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::Registry;
use crate::experiment::Gallery;
use crate::run::PeerCommand;

fn bench() -> Workbench {
    let peer = PeerCommand { binary: "/nonexistent/rumormill".into(), args: vec!["peer".into()] };
    Workbench { gallery: Gallery::new(), registry: Registry::new(), peer }
}

fn run(bench: &Workbench, resolved: Resolved, folder: &TempDir) -> (RunFile, Vec<Event>) {
    let order = Order { record: Some(folder.path().into()), ..resolved.order };
    let file = bench.start(Resolved { order, ..resolved }, Box::new(())).unwrap().wait();
    let events = Run::open(&file.name, folder.path()).unwrap().events().collect::<Result<_, _>>().unwrap();
    (file, events)
}

/// The flood under faults, recorded.
fn parent(bench: &Workbench, folder: &TempDir) -> (RunFile, Vec<Event>) {
    let values = [("peers".to_string(), json!(10)), ("messages".to_string(), json!("2"))].into();
    let order = Order { values, seed: 3, ..Order::new("flood-faults") };
    run(bench, bench.resolve(order).unwrap(), folder)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn with_nothing_changed_it_has_the_digest_of_its_parent() {
    let (bench, folder) = (bench(), tempfile::tempdir().unwrap());
    let (file, events) = parent(&bench, &folder);
    for (at, threads) in [(0, 1), (1_000, 1), (1_500, 2), (5_999, 1), (6_100, 2)] {
        let mut resolved = bench.branch(&file, millis(at), &Change::default()).unwrap();
        resolved.order.threads = threads;
        let (branch, again) = run(&bench, resolved, &folder);
        assert_eq!((&branch.digest, branch.outcome), (&file.digest, file.outcome), "{at} ms");
        assert_eq!(branch.parent, Some(Parent { run: file.name.clone(), at_s: at as f64 / 1e3 }));
        assert!(again == events, "{at} ms");
    }
}

#[test]
fn it_differs_from_where_it_was_asked_to() {
    let (bench, folder) = (bench(), tempfile::tempdir().unwrap());
    let (file, events) = parent(&bench, &folder);
    let two = || Peers::Numbers(vec![1, 2]);
    let changes = [
        Change { faults: vec![Fault::Crash { peers: two() }], ..Change::default() },
        Change { faults: vec![Fault::Request { peers: two(), text: "sync".into() }], ..Change::default() },
        Change { values: [("loss".to_string(), json!(0.0))].into(), ..Change::default() },
        Change { values: [("messages".to_string(), json!("3"))].into(), ..Change::default() },
    ];
    for change in changes {
        let at = bench.branch_time(&file, millis(2_000)).unwrap();
        assert_eq!(at, millis(2_000));
        let (branch, others) = run(&bench, bench.branch(&file, at, &change).unwrap(), &folder);
        let before = events.iter().take_while(|event| event.time < Instant::ZERO + at).count();
        assert!(events[..before] == others[..before], "{change:?}");
        let first = &others[before];
        assert_eq!((first.kind, first.time), (rumormill_core::trace::Kind::Fault, Instant::ZERO + at), "{change:?}");
        assert_ne!(branch.digest, file.digest, "{change:?}");
        assert_eq!((branch.by_hand, branch.plan.faults.len()), (1, file.plan.faults.len() + 1));
    }
}

#[test]
fn an_experiment_that_is_gone_does_not_matter() {
    let (bench, folder) = (bench(), tempfile::tempdir().unwrap());
    let (file, _) = parent(&bench, &folder);
    let file = RunFile { source: "nothing".into(), experiment: "gone".into(), ..file };
    let change = Change { values: [("anti_entropy".to_string(), json!("no"))].into(), ..Change::default() };
    let resolved = bench.branch(&file, millis(500), &change).unwrap();
    assert_eq!((resolved.experiment.name.as_str(), resolved.setup.peers), ("gone", 10));
    let same = bench.branch(&file, millis(500), &Change::default()).unwrap();
    assert_eq!(run(&bench, same, &folder).0.digest, file.digest);
}

#[test]
fn what_cannot_be_is_said_with_its_field() {
    let (bench, folder) = (bench(), tempfile::tempdir().unwrap());
    let (file, _) = parent(&bench, &folder);
    let wrong = |change: Change| bench.branch(&file, millis(500), &change).unwrap_err().to_string();
    let fault = |fault| Change { faults: vec![Fault::Heal, fault], ..Change::default() };
    let value = |name: &str, value| Change { values: [(name.to_string(), value)].into(), ..Change::default() };
    let crash = Fault::Crash { peers: Peers::Numbers(vec![11]) };
    assert!(wrong(fault(crash)).starts_with("faults[1].peers: peer 11 does not exist"));
    let asked = Fault::Request { peers: Peers::All, text: "sing".into() };
    assert!(wrong(fault(asked)).starts_with("faults[1].text: \"sing\" is nothing"));
    assert!(wrong(value("peers", json!(7))).starts_with("peers: "), "{}", wrong(value("peers", json!(7))));
    assert!(wrong(value("sync_every", json!("1s"))).starts_with("sync_every: the run has no such parameter"));
    assert!(wrong(value("loss", json!("much"))).starts_with("loss: "));
    assert!(bench.branch_time(&file, Duration::from_secs(1_000)).unwrap_err().to_string().starts_with("at: the run"));
    let real = RunFile { mode: rumormill_trace::Mode::Processes, ..file.clone() };
    assert!(
        bench.branch(&real, millis(500), &Change::default()).unwrap_err().to_string().contains("only a simulation")
    );
}
