//! `store up`: what it says, what it keeps, what it refuses, and that it leaves no process.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::resp::Client;
use crate::store::Store;
use crate::support::http::request;
use crate::support::processes::{alive, signal};
use crate::support::{eventually, folder, run};

#[track_caller]
fn all_gone(pids: &[u32]) {
    let left = || pids.iter().copied().filter(|&pid| alive(pid)).collect::<Vec<_>>();
    let gone = eventually(Duration::from_secs(10), || left().is_empty().then_some(()));
    assert!(gone.is_some(), "left: {:?}", left());
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect()
}

#[test]
fn one_line_says_where_everybody_is() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--replicas", "3", "--front-ends", "2", "--spares", "2"]);
    let line = &store.line;
    assert_eq!(line["pid"], json!(store.pid()));
    assert!(Path::new(line["dir"].as_str().unwrap()).join("cluster.json").is_file());
    assert_eq!((numbers(&line["replicas"]), numbers(&line["front_ends"])), (vec![1, 2, 3], vec![4, 5]));
    assert_eq!(numbers(&line["spares"]), [6, 7]);
    let all = ["replicas", "front_ends", "spares"].into_iter().flat_map(|list| line[list].as_array().unwrap());
    let mut pids: Vec<u32> = all.map(|one| one["pid"].as_u64().unwrap().try_into().unwrap()).collect();
    pids.sort_unstable();
    assert_eq!(pids, store.processes());
    for place in [0, 1] {
        assert_eq!(Client::to(&store.redis(place)).ask(&["PING"]), "+PONG");
    }
}

#[test]
fn it_is_ready_when_every_replica_has_the_data() {
    let folder = folder();
    // Without waiting for gossip, only one would have it.
    let store = Store::up(folder.path(), &["--sample", "--gossip-every", "2s"]);
    let told = request(&store.http(0), "", "GET", "/v1/replicas", None).json();
    let lines: Vec<Value> = told["replicas"].as_array().unwrap().iter().map(|one| one["lines"].clone()).collect();
    let executed = |line: &Value| line["executed"].as_u64() >= Some(1) && line["executed"] == line["held"];
    assert!(lines[0].as_array().unwrap().iter().any(executed), "{told}");
    assert!(lines.iter().all(|all| *all == lines[0] && all.as_array().unwrap().iter().all(executed)), "{told}");
}

#[test]
fn a_folder_keeps_the_store_and_its_addresses() {
    let folder = folder();
    let mut first = Store::up(folder.path(), &["--dir", "shop"]);
    assert_eq!(Client::to(&first.redis(0)).ask(&["SET", "kept", "yes"]), "+OK");
    let (line, pids) = (first.line.clone(), first.processes());
    assert_eq!(first.stop().code(), Some(130));
    all_gone(&pids);
    let second = Store::up(folder.path(), &["--dir", "shop"]);
    assert_eq!(Client::to(&second.redis(0)).ask(&["GET", "kept"]), "yes");
    for part in ["http", "redis", "address"] {
        assert_eq!(second.line["front_ends"][0][part], line["front_ends"][0][part]);
    }
}

#[test]
fn a_store_of_another_size_is_refused() {
    let folder = folder();
    Store::up(folder.path(), &["--dir", "shop"]).stop();
    let said = run(folder.path(), ["store", "up", "--dir", "shop", "--replicas", "5"]);
    let words = ["3 replicas, 1 front ends and 0 spares, not 5, 1 and 0", "--replicas 3 --front-ends 1 --spares 0"];
    said.expect(2).complains(&words);
}

#[test]
fn what_cannot_be_listened_on_is_refused() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for option in ["--http", "--redis"] {
        run(folder.path(), ["store", "up", option, &address]).expect(2).complains(&[option, &address]);
    }
    let store = Store::up(folder.path(), &["--dir", "shop"]);
    let said = run(folder.path(), ["store", "up", "--dir", "shop"]);
    said.expect(2).complains(&["front end 4 cannot listen", "running already"]);
    assert_eq!(Client::to(&store.redis(0)).ask(&["PING"]), "+PONG");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_starts() {
    let folder = folder();
    for (arguments, words) in [
        (&["--replicas", "0"][..], "0"),
        (&["--ack", "f+3"], "f+3 needs at least 4 replicas"),
        (&["--ack", "maybe"], "fsync"),
        (&["--overload", "2"], "between 0 and 1"),
        (&["--lease", "1s"], "--lease must be between 2000ms"),
        (&["--lease", "1h"], "--lease must be between 2000ms"),
        (&["--spares", "65"], "65"),
        (&["--gossip-every", "soon"], "100ms"),
        (&["--data", "nowhere"], "name a folder"),
        (&["--data", "nowhere", "--sample"], "cannot be used with"),
    ] {
        let said = run(folder.path(), [&["store", "up", "--dir", "shop"], arguments].concat());
        said.expect(2).complains(&[words]);
    }
    assert!(!folder.path().join("shop").join("cluster.json").exists());
}

#[test]
fn no_process_is_left_however_it_ends() {
    let folder = folder();
    for by in ["INT", "TERM", "KILL"] {
        let mut store = Store::up(folder.path(), &[]);
        let pids = store.processes();
        assert_eq!(pids.len(), 4);
        match by {
            "KILL" => store.kill(),
            "INT" => assert_eq!(store.stop().code(), Some(130)),
            other => signal(store.pid(), other),
        }
        all_gone(&pids);
    }
}

#[test]
fn a_folder_belongs_to_one_process() {
    let folder = folder();
    let store = Store::up(folder.path(), &["--dir", "shop"]);
    let holder = store.line["replicas"][0]["pid"].to_string();
    let one = |role, number| ["store", role, "--cluster", "shop/cluster.json", "--number", number];
    run(folder.path(), one("replica", "1")).expect(1).complains(&["in use by process", &holder]);
    run(folder.path(), one("replica", "9")).expect(2).complains(&["no replica 9", "1, 2, 3"]);
    run(folder.path(), one("frontend", "1")).expect(2).complains(&["no front end 1", "4"]);
    run(folder.path(), ["store", "replica", "--cluster", "none.json", "--number", "1"])
        .expect(2)
        .complains(&["none.json"]);
}

#[test]
fn a_process_that_dies_comes_back() {
    let folder = folder();
    let store = Store::up(folder.path(), &[]);
    let before = store.processes();
    signal(before[0], "KILL");
    let after = eventually(Duration::from_secs(20), || {
        Some(store.processes()).filter(|now| now.len() == 4 && !now.contains(&before[0]))
    });
    assert!(after.is_some(), "{before:?}, then {:?}", store.processes());
    let mut client = Client::to(&store.redis(0));
    assert_eq!((client.ask(&["SET", "a", "1"]), client.ask(&["GET", "a"])), ("+OK".into(), "1".into()));
}
