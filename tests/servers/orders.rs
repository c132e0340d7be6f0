//! Forced and immediate calls: one order of all forced ones, nothing older than what was answered before, and both
//! go on when processes die.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::history::Ends;
use crate::http::send;
use crate::resp::Client;
use crate::store::Store;
use crate::support::processes::signal;
use crate::support::{eventually, folder};

/// Rounds of gossip so far apart that nothing is known anywhere because of one.
const SELDOM: [&str; 2] = ["--gossip-every", "5s"];

/// A client at this front end whose commands have this order.
fn client(store: &Store, place: usize, order: &str) -> Client {
    let mut client = Client::to(&store.redis(place));
    assert_eq!(client.ask(&["SESSION", "ORDER", order]), "+OK");
    assert_eq!(client.ask(&["SESSION", "ORDER"]), format!("+{order}"));
    client
}

/// Counts up, and returns what the counter was then.
#[track_caller]
fn increment(client: &mut Client) -> u64 {
    let answer = client.ask(&["INCR", "counter"]);
    answer.strip_prefix(':').and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("INCR: {answer}"))
}

#[test]
fn forced_increments_happen_in_one_order() {
    const EACH: u64 = 25;
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2"]);
    let counted: Vec<Vec<u64>> = thread::scope(|scope| {
        let counting = |place| {
            let mut client = client(&store, place, "forced");
            (0..EACH).map(|_| increment(&mut client)).collect()
        };
        let all: Vec<_> = [0, 1, 0, 1].map(|place| scope.spawn(move || counting(place))).into();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Each was told its place in the order, and of causal ones two could have been told the same.
    assert!(counted.iter().all(|own| own.is_sorted()), "{counted:?}");
    let all: BTreeSet<u64> = counted.into_iter().flatten().collect();
    assert!(all.into_iter().eq(1..=4 * EACH));
    for place in [0, 1] {
        assert_eq!(client(&store, place, "immediate").ask(&["GET", "counter"]), (4 * EACH).to_string());
    }
}

#[test]
fn immediate_reads_see_what_was_written_anywhere() {
    let folder = folder();
    let store = Store::up(folder.path(), &[&["--front-ends", "3"], &SELDOM[..]].concat());
    let mut writers = [0, 1].map(|place| client(&store, place, "causal"));
    let mut reader = client(&store, 2, "immediate");
    for nth in 0..40 {
        let value = nth.to_string();
        assert_eq!(writers[nth % 2].ask(&["SET", "news", &value]), "+OK");
        assert_eq!(reader.ask(&["GET", "news"]), value, "round {nth}");
        let body = json!({ "value": format!("{nth} again") });
        assert_eq!(send(&store.http(0), "PUT", "/v1/keys/other", &[], &body.to_string()).status, 200);
        let read = send(&store.http(1), "GET", "/v1/keys/other?order=immediate", &[], "");
        assert!(read.body.contains(&format!("\"{nth} again\"")), "round {nth}: {read:?}");
    }
}

#[test]
fn immediate_updates_are_seen_at_once_and_counted_once() {
    let folder = folder();
    let store = Store::up(folder.path(), &[&["--front-ends", "2"], &SELDOM[..]].concat());
    let mut clients = [0, 1].map(|place| client(&store, place, "immediate"));
    for nth in 1..=30 {
        assert_eq!(increment(&mut clients[nth as usize % 2]), nth);
    }
    let refused = clients[0].ask(&["SESSION", "ORDER", "any"]);
    assert!(refused.starts_with("-ERR SESSION ORDER: 'any' is none; say causal"), "{refused}");
    assert_eq!(clients[0].ask(&["SESSION", "ORDER"]), "+immediate", "a wrong one changes nothing");
    let answer = send(&store.http(1), "POST", "/v1/keys/counter/add?order=immediate", &[], r#"{"by": 2}"#);
    assert!(answer.body.contains("32"), "{answer:?}");
}

#[test]
fn forced_updates_go_on_when_the_primary_is_killed() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2"]);
    let (over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let told: Vec<u64> = thread::scope(|scope| {
        let counting = |place| {
            let mut client = client(&store, place, "forced");
            let mut told = Vec::new();
            while !over.load(Ordering::Relaxed) {
                told.push(increment(&mut client));
                count.fetch_add(1, Ordering::Relaxed);
            }
            told
        };
        let before = || count.load(Ordering::Relaxed);
        let all = [0, 1].map(|place| scope.spawn(move || counting(place)));
        let ends = Ends(&over);
        for _ in 0..2 {
            let had = before();
            let goes_on = eventually(Duration::from_secs(60), || (before() >= had + 20).then_some(()));
            goes_on.expect("increments go on");
            signal(primary(&store), "KILL");
        }
        let had = before();
        let goes_on = eventually(Duration::from_secs(60), || (before() >= had + 20).then_some(()));
        drop(ends);
        goes_on.expect("increments go on after the last one died");
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let total = told.len() as u64;
    assert!(told.into_iter().collect::<BTreeSet<u64>>().into_iter().eq(1..=total), "one is lost, or was done twice");
    let read = eventually(Duration::from_secs(60), || {
        let read = client(&store, 0, "immediate").ask(&["GET", "counter"]);
        (!read.starts_with('-')).then_some(read)
    });
    assert_eq!(read, Some(total.to_string()));
}

/// The process of the primary, now.
fn primary(store: &Store) -> u32 {
    let found = eventually(Duration::from_secs(60), || {
        let rows = store.rows();
        let primary = rows.iter().find_map(|row| row["primary"].as_u64())?;
        let running = store.processes();
        // Who was killed before is another process now.
        running.into_iter().find(|&pid| number_of(pid) == Some(primary))
    });
    found.expect("there is a primary")
}

/// The number that a replica's process was started with.
fn number_of(pid: u32) -> Option<u64> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
    let place = words.iter().position(|word| *word == b"--number")?;
    std::str::from_utf8(words.get(place + 1)?).ok()?.parse().ok()
}

#[test]
fn an_immediate_call_needs_all_replicas() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let path = "/v1/keys/a?order=immediate&patience_ms=4000";
    assert_eq!(send(&store.http(0), "PUT", path, &[], r#"{"value": "1"}"#).status, 200);
    let primary = store.rows().iter().find_map(|row| row["primary"].as_u64()).expect("there is a primary");
    let other = primary % 3 + 1;
    signal(store.process_of(other), "STOP");
    let start = Instant::now();
    let refused = send(&store.http(0), "PUT", path, &[], r#"{"value": "2"}"#);
    signal(store.process_of(other), "CONT");
    // Whoever asked others meanwhile does not know what became of it.
    let is_named = refused.status == 503 && refused.body.contains(&format!("it needs replica {other}"));
    assert!(is_named || refused.status == 504, "{refused:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    let path = path.replace("4000", "30000");
    assert_eq!(send(&store.http(0), "PUT", &path, &[], r#"{"value": "3"}"#).status, 200);
    assert!(send(&store.http(0), "GET", &path, &[], "").body.contains(r#""value":"3""#));
}
