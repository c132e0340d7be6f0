//! Replicas come and go while a store serves: nothing that was acknowledged is lost, and what cannot be is said.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crashes::holds;
use crate::history::{Ends, Writer};
use crate::http::send;
use crate::resp::Client;
use crate::store::Store;
use crate::support::processes::signal;
use crate::support::{Said, eventually, finish, folder, rumormill, run};

/// `store` with these words, about this store.
fn manage(folder: &Path, store: &Store, words: &[&str]) -> Said {
    run(folder, [&["store"], words, &["--server", &store.url()]].concat())
}

/// The numbers of all members, as the store tells.
fn members(store: &Store) -> Vec<u64> {
    let rows = store.rows();
    rows.iter().filter(|row| row["member"] == true).map(|row| row["replica"].as_u64().unwrap()).collect()
}

fn row(store: &Store, number: u64) -> Value {
    store.rows().into_iter().find(|row| row["replica"] == number).unwrap()
}

#[test]
fn replicas_come_and_go_under_load() {
    const WRITERS: usize = 3;
    let folder = folder();
    let store = Store::up(folder.path(), &["--front-ends", "2", "--spares", "1", "--ack", "f+1"]);
    assert_eq!(members(&store), [1, 2, 3]);
    let addresses: Vec<String> = [0, 1].map(|place| store.redis(place)).into();
    let over = AtomicBool::new(false);
    let writers: Vec<Writer> = thread::scope(|scope| {
        let load: Vec<_> = (0..WRITERS)
            .map(|number| {
                let (mut writer, over) = (Writer::new(number, WRITERS, addresses.clone()), &over);
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        writer.round();
                    }
                    writer.round();
                    writer
                })
            })
            .collect();
        let ends = Ends(&over);
        let pause = || thread::sleep(Duration::from_millis(500));
        pause();
        let said = [manage(folder.path(), &store, &["add", "6"]), manage(folder.path(), &store, &["remove", "1"])];
        pause();
        // It never answers again, and nobody starts it anew.
        signal(store.process_of(2), "STOP");
        pause();
        let evicted = manage(folder.path(), &store, &["evict", "2"]);
        pause();
        drop(ends);
        let writers = load.into_iter().map(|writer| writer.join().unwrap()).collect();
        let [added, removed] = said.map(|said| said.expect(0).out);
        assert_eq!(
            (added.as_str(), removed.as_str()),
            ("replica 6 is a member\n", "replica 1 is no member any more\n")
        );
        assert_eq!(evicted.expect(0).out, "the store goes on without replica 2\n");
        writers
    });
    assert_eq!(members(&store), [3, 6]);
    let rounds: u64 = writers.iter().map(Writer::rounds).sum();
    println!("{rounds} rounds");
    for replica in [3, 6] {
        holds(&store, replica, &[3, 6], &writers);
    }
    // Whoever comes back is told.
    signal(store.process_of(2), "CONT");
    let back = eventually(Duration::from_secs(30), || Some(row(&store, 2)).filter(|row| row["fenced"] == true));
    assert!(back.is_some(), "{}", row(&store, 2));
    assert_eq!(members(&store), [3, 6]);
    // And may be taken in again.
    store.ask_only(3, &[3]);
    store.ask_only(6, &[6]);
    manage(folder.path(), &store, &["add", "2"]).expect(0);
    holds(&store, 2, &[2, 3, 6], &writers);
}

#[test]
fn a_front_end_finds_who_came_when_all_that_it_knew_have_left() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--replicas", "1", "--spares", "1"]);
    assert_eq!(Client::to(&store.redis(0)).ask(&["SET", "kept", "yes"]), "+OK");
    manage(folder.path(), &store, &["add", "3"]).expect(0);
    manage(folder.path(), &store, &["remove", "1"]).expect(0);
    assert_eq!(Client::to(&store.redis(0)).ask(&["GET", "kept"]), "yes");
}

#[test]
fn who_was_let_go_does_not_found_the_store_again() {
    let folder = folder();
    let arguments = ["--dir", "shop", "--replicas", "1", "--spares", "1"];
    let mut first = Store::up(folder.path(), &arguments);
    assert_eq!(Client::to(&first.redis(0)).ask(&["SET", "kept", "yes"]), "+OK");
    manage(folder.path(), &first, &["add", "3"]).expect(0);
    manage(folder.path(), &first, &["remove", "1"]).expect(0);
    first.stop();
    let second = Store::up(folder.path(), &arguments);
    assert_eq!(Client::to(&second.redis(0)).ask(&["GET", "kept"]), "yes");
}

#[test]
fn who_is_a_member_stays_when_the_store_comes_back() {
    let folder = folder();
    let arguments = ["--dir", "shop", "--spares", "1"];
    let mut first = Store::up(folder.path(), &arguments);
    assert_eq!(Client::to(&first.redis(0)).ask(&["SET", "kept", "yes"]), "+OK");
    manage(folder.path(), &first, &["add", "5"]).expect(0);
    manage(folder.path(), &first, &["remove", "1"]).expect(0);
    first.stop();
    let second = Store::up(folder.path(), &arguments);
    assert_eq!(Client::to(&second.redis(0)).ask(&["GET", "kept"]), "yes");
    // The last change is known again when a primary is elected.
    let same = eventually(Duration::from_secs(30), || (members(&second) == [2, 3, 5]).then_some(()));
    assert!(same.is_some(), "{:?}", second.rows());
    let told: Value = manage(folder.path(), &second, &["status", "--json"]).expect(0).json();
    assert_eq!((&told["replicas"][0]["member"], &told["replicas"][3]["member"]), (&json!(false), &json!(true)));
    let shown = manage(folder.path(), &second, &["status"]).expect(0).out;
    assert!(shown.lines().count() == 5 && shown.contains("spare"), "{shown}");
}

#[test]
fn with_a_lease_a_replica_that_is_out_of_touch_takes_no_calls() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--lease", "2s"]);
    let write = |patience| {
        let path = format!("/v1/keys/a?patience_ms={patience}");
        send(&store.http(0), "PUT", &path, &[], r#"{"value": "1"}"#).status
    };
    assert_eq!(write(30_000), 200);
    let others = [1, 2].map(|number| store.process_of(number));
    others.iter().for_each(|&pid| signal(pid, "STOP"));
    thread::sleep(Duration::from_secs(3));
    let refused = write(1_500);
    signal(others[0], "CONT");
    assert!(matches!(refused, 503 | 504), "{refused}");
    assert_eq!(write(30_000), 200);
    // Nobody gives it a lease any more: it may be evicted when its last one is over.
    let start = Instant::now();
    let said = manage(folder.path(), &store, &["evict", "2"]);
    println!("evicted after {:?}", start.elapsed());
    signal(others[1], "CONT");
    said.expect(0);
    assert_eq!((write(30_000), members(&store)), (200, vec![1, 3]));
}

#[test]
fn what_cannot_be_is_said() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--replicas", "1", "--spares", "1"]);
    let manage = |words: &[&str]| manage(folder.path(), &store, words);
    manage(&["add", "9"]).expect(2).complains(&["no replica 9", "1, 3"]);
    manage(&["add", "2"]).expect(2).complains(&["no replica 2"]);
    manage(&["remove", "first"]).expect(2).complains(&["first"]);
    manage(&["remove", "1"]).expect(1).complains(&["last replica"]);
    // What is so already is done.
    manage(&["remove", "3"]).expect(0);
    let row = manage(&["add", "1", "--json"]).expect(0).json();
    assert_eq!((&row["replica"], &row["member"], &row["fenced"]), (&json!(1), &json!(true), &json!(false)));
    signal(store.process_of(3), "STOP");
    let said = manage(&["add", "3"]);
    signal(store.process_of(3), "CONT");
    said.expect(1).complains(&["replica 3"]);
    for (server, code, words) in [
        ("http://127.0.0.1:1", 1, "does not answer"),
        ("https://127.0.0.1:1", 2, "--server"),
        ("no address", 2, "--server"),
        (&store.redis(0), 1, "http://"),
    ] {
        run(folder.path(), ["store", "status", "--server", server]).expect(code).complains(&[words]);
    }
}

#[test]
fn the_only_store_on_this_machine_needs_no_name() {
    let folder = folder();
    let announced = folder.path().join("announced");
    std::fs::create_dir(&announced).unwrap();
    std::fs::set_permissions(&announced, std::fs::Permissions::from_mode(0o700)).unwrap();
    let command = || {
        let mut command = rumormill(folder.path());
        command.env_remove("XDG_RUNTIME_DIR").env("TMPDIR", &announced);
        command
    };
    let status = || finish(command().args(["store", "status"]).spawn().unwrap());
    status().expect(2).complains(&["no store runs on this machine"]);
    let one = Store::start(command(), &[]);
    assert_eq!(status().expect(0).out.lines().count(), 4);
    let other = Store::start(command(), &[]);
    status().expect(2).complains(&["2 stores", &one.url(), &other.url()]);
}
