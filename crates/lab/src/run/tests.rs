//! Runs from an order to their end: simulated, recorded, replayed, explored.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rumormill_core::trace::Event;
use rumormill_core::{Instant, Outcome};
use rumormill_trace::{Run, RunFile};
use serde_json::json;

use super::{Mode, Observer, Order, PeerCommand, Progress, Search, Speed, Workbench};
use crate::Registry;
use crate::experiment::Gallery;

fn bench() -> Workbench {
    // No test here starts a process: those that do need a program to start, and are elsewhere.
    let peer = PeerCommand { binary: "/nonexistent/rumormill".into(), args: vec!["peer".into()] };
    Workbench { gallery: Gallery::new(), registry: Registry::new(), peer }
}

fn order(values: &[(&str, serde_json::Value)]) -> Order {
    let values = values.iter().map(|(name, value)| ((*name).to_string(), value.clone())).collect();
    Order { values, ..Order::new("flood") }
}

fn run(order: Order) -> RunFile {
    let bench = bench();
    bench.start(bench.resolve(order).unwrap(), Box::new(())).unwrap().wait()
}

/// Counts what it sees.
#[derive(Clone, Default)]
struct Counter(Arc<Mutex<(u64, u64, u64)>>);

impl Observer for Counter {
    fn wants_events(&self) -> bool {
        true
    }

    fn event(&mut self, _: &Event) {
        self.0.lock().unwrap().0 += 1;
    }

    fn clock(&mut self, _: Instant, _: &Progress) {
        self.0.lock().unwrap().1 += 1;
    }

    fn ended(&mut self, _: &RunFile) {
        self.0.lock().unwrap().2 += 1;
    }
}

#[test]
fn a_run_completes_and_tells_its_file_and_its_observer() {
    let (bench, counter) = (bench(), Counter::default());
    let messages = json!("100 if peerid == 1 else 0");
    let handle =
        bench.start(bench.resolve(order(&[("messages", messages)])).unwrap(), Box::new(counter.clone())).unwrap();
    let file = handle.wait();
    assert_eq!((file.outcome, &file.error), (Some(Outcome::Completed), &None));
    assert_eq!((file.targets["messages"].met, file.targets["messages"].peers), (10, 10));
    let (events, clocks, ended) = *counter.0.lock().unwrap();
    assert!(events > 1_000 && clocks > 0 && ended == 1, "{events} {clocks} {ended}");
}

#[test]
fn the_digest_depends_on_the_seed_and_not_on_who_watches() {
    let digest = |order: Order| run(order).digest.unwrap();
    let first = digest(order(&[]));
    assert_eq!(first, digest(Order { threads: 2, ..order(&[]) }));
    assert_ne!(first, digest(Order { seed: 2, ..order(&[]) }));
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(first, digest(Order { record: Some(folder.path().into()), ..order(&[]) }));
}

#[test]
fn a_recorded_run_is_replayed_to_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order { record: Some(folder.path().into()), ..Order::new("flood-faults") };
    let file = run(Order { seed: 3, ..order });
    let recorded = Run::open(&file.name, folder.path()).unwrap();
    assert_eq!(recorded.file(), &file);
    assert!(recorded.events().count() > 100);
    let replayed = bench().replay(recorded.file(), 2, &mut |_| {}, &AtomicBool::new(false)).unwrap().unwrap();
    assert!(replayed.same, "{replayed:?}");
    let other = RunFile { seed: 4, ..file };
    assert!(!bench().replay(&other, 1, &mut |_| {}, &AtomicBool::new(false)).unwrap().unwrap().same);
}

#[test]
fn a_run_in_real_time_can_be_stopped() {
    let bench = bench();
    let order = Order { speed: Speed::Times(0.01), ..order(&[]) };
    let handle = bench.start(bench.resolve(order).unwrap(), Box::new(())).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert!(!handle.is_ended());
    handle.stop();
    let file = handle.wait();
    assert_eq!(file.outcome, Some(Outcome::Stopped));
    assert!(file.virtual_seconds < 0.1, "{}", file.virtual_seconds);
}

#[test]
fn what_cannot_run_is_said_before_it_runs() {
    let wrong = |order: Order| bench().resolve(order).unwrap_err().to_string();
    assert!(wrong(order(&[("peers", json!(0))])).starts_with("peers: 0 is not between 1 and 16777215"));
    assert!(wrong(order(&[("peers", json!(1_000_000_000))])).starts_with("peers: "));
    let crowd = Order { mode: Mode::Processes, ..order(&[("peers", json!(5_000))]) };
    assert_eq!(wrong(crowd), "peers: 5000 real peers are more than 1000 (run it as sim for more)");
    let lonely = Order { mode: Mode::Processes, peers_per_process: 1, ..order(&[("peers", json!(500))]) };
    assert!(wrong(lonely).starts_with("peers-per-process: 500 processes"));
    assert!(wrong(Order { threads: 0, ..order(&[]) }).starts_with("threads: "));
    assert!(wrong(Order { time_limit: Some(Duration::ZERO), ..order(&[]) }).starts_with("time-limit: "));
    assert!(wrong(Order::new("flod")).contains("did you mean flood?"));
    let mut empty = bench();
    empty.registry = Registry::empty().protocol::<rumormill_protocols::Flood>("floods");
    assert!(empty.resolve(order(&[])).unwrap_err().to_string().contains("did you mean floods?"));
}

#[test]
fn a_peer_program_that_is_not_there_fails_the_run() {
    let file = run(Order { mode: Mode::Processes, ..order(&[]) });
    assert_eq!(file.outcome, Some(Outcome::Failed));
    assert!(file.error.unwrap().contains("/nonexistent/rumormill"));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_it_runs() {
    let folder = tempfile::NamedTempFile::new().unwrap();
    let bench = bench();
    let order = Order { record: Some(folder.path().join("runs")), ..order(&[]) };
    let error = bench.start(bench.resolve(order).unwrap(), Box::new(())).unwrap_err().to_string();
    assert!(error.contains("runs"), "{error}");
}

#[test]
fn a_planted_bug_is_found_made_small_and_kept() {
    let (folder, tried) = (tempfile::tempdir().unwrap(), AtomicU64::new(0));
    let values = [("anti_entropy".to_string(), json!(false))].into();
    let order = Order { values, ..Order::new("flood-faults") };
    let step = |_| _ = tried.fetch_add(1, Ordering::Relaxed);
    let search = Search { seeds: 1..=20, threads: 2, folder: folder.path(), all: false };
    let found = bench().explore(&order, &search, step, &AtomicBool::new(false)).unwrap();
    let failure = found.failure.unwrap();
    assert_eq!((failure.outcome, failure.minimal), (Outcome::Violated, true), "{failure:?}");
    assert_eq!(failure.violation.as_ref().unwrap().property, "everyone_has_all", "{failure:?}");
    assert!(failure.peers <= 4 && failure.faults <= 1, "{failure:?}");
    assert!(tried.into_inner() > u64::from(failure.tries));
    let again = run(Order { seed: failure.seed, ..Order::new(failure.file.display().to_string()) });
    assert_eq!((again.outcome, again.violations.first()), (Some(Outcome::Violated), failure.violation.as_ref()));
}

#[test]
fn flood_under_faults_holds_for_every_seed() {
    let folder = tempfile::tempdir().unwrap();
    let order = Order::new("flood-faults");
    let search = Search { seeds: 1..=30, threads: 2, folder: folder.path(), all: false };
    let found = bench().explore(&order, &search, |_| {}, &AtomicBool::new(false)).unwrap();
    assert_eq!((found.held, found.failure), (30, None));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
