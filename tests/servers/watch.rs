//! A lab finds the stores that its user runs, and tells how far their replicas are.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};

use crate::resp::Client;
use crate::store::Store;
use crate::support::http::request;
use crate::support::lab::Lab;
use crate::support::processes::signal;
use crate::support::{eventually, folder, rumormill, run};

const LIMIT: Duration = Duration::from_secs(30);

/// What the lab lists of the store with this front end.
fn listed(lab: &Lab, address: &str) -> Option<Value> {
    let told = lab.get("/api/stores").json();
    let stores = told["stores"].as_array().unwrap();
    stores.iter().find(|store| store["front_ends"].as_array().unwrap().contains(&json!(address))).cloned()
}

fn replicas(lab: &Lab, address: &str) -> Vec<Value> {
    let told = lab.get(&format!("/api/stores/{address}")).json();
    assert_eq!(told["answers"], true, "{told}");
    told["told"]["replicas"].as_array().unwrap().clone()
}

#[test]
fn a_store_is_found_watched_and_switched() {
    let folder = folder();
    let lab = Lab::start(folder.path(), &["--token-file", "token"]);
    let token = std::fs::read_to_string(folder.path().join("token")).unwrap();
    let put = |path: &str, body: &Value| request(&lab.address, &token, "PUT", path, Some(body));
    let store = Store::up(folder.path(), &["--dir", "shop", "--front-ends", "2"]);
    let address = store.http(0);
    let found = listed(&lab, &address).expect("the store is found");
    assert_eq!(found["front_ends"], json!([store.http(0), store.http(1)]));
    assert_eq!((&found["pid"], &found["replicas"]), (&json!(store.pid()), &json!(3)));
    assert!(found["folder"].as_str().unwrap().ends_with("/shop"), "{found}");

    let mut client = Client::to(&store.redis(0));
    for key in ["a", "b", "c"] {
        assert_eq!(client.ask(&["SET", key, "1"]), "+OK");
    }
    let executed = |replica: &Value| -> u64 {
        replica["lines"].as_array().unwrap().iter().map(|line| line["executed"].as_u64().unwrap()).sum()
    };
    let all = eventually(LIMIT, || replicas(&lab, &address).iter().all(|one| executed(one) == 3).then_some(()));
    assert!(all.is_some(), "{:?}", replicas(&lab, &address));

    let switched = put(&format!("/api/stores/{address}/replicas/2/service"), &json!({ "service": "offline" }));
    assert_eq!((switched.status, &switched.json()["service"]), (200, &json!("offline")));
    assert_eq!(replicas(&lab, &address)[1]["service"], "offline");
    let gossip = lab.post(&format!("/api/stores/{address}/replicas/1/gossip"), &json!({}));
    assert_eq!((gossip.status, &gossip.json()["replica"]), (200, &json!(1)));
    let absent = lab.post(&format!("/api/stores/{address}/replicas/9/gossip"), &json!({}));
    assert_eq!(absent.status, 400);
}

#[test]
fn a_store_that_has_ended_is_no_longer_listed_however_it_ended() {
    let folder = folder();
    let (mut stopped, mut killed) = (Store::up(folder.path(), &[]), Store::up(folder.path(), &[]));
    // One that comes later finds them as well.
    let lab = Lab::start(folder.path(), &[]);
    let (first, second) = (stopped.http(0), killed.http(0));
    assert!(listed(&lab, &first).is_some() && listed(&lab, &second).is_some());
    stopped.stop();
    assert!(listed(&lab, &first).is_none() && listed(&lab, &second).is_some());
    killed.kill();
    assert!(listed(&lab, &second).is_none());
    let told = lab.get(&format!("/api/stores/{first}")).json();
    assert_eq!((&told["answers"], &told["told"]), (&json!(false), &Value::Null));
}

#[test]
fn a_killed_replica_is_not_reached_until_it_is_back() {
    let folder = folder();
    let (store, lab) = (Store::up(folder.path(), &[]), Lab::start(folder.path(), &[]));
    let address = store.http(0);
    let reached = |number: usize| replicas(&lab, &address)[number - 1]["reached"] == true;
    assert!(reached(2));
    let victim: u32 = store.line["replicas"][1]["pid"].as_u64().unwrap().try_into().unwrap();
    // While the keeper holds its breath, nobody starts it again.
    signal(store.pid(), "STOP");
    signal(victim, "KILL");
    let gone = eventually(LIMIT, || (!reached(2)).then_some(()));
    let others = reached(1) && reached(3);
    signal(store.pid(), "CONT");
    assert!(gone.is_some() && others);
    assert!(eventually(LIMIT, || reached(2).then_some(())).is_some());
}

#[test]
fn a_store_says_how_to_watch_it_and_a_lab_can_be_told() {
    let folder = folder();
    let mut up = rumormill(folder.path()).args(["store", "up"]).spawn().unwrap();
    let lines: Vec<String> = {
        let mut said = BufReader::new(up.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains("Ctrl-C")) {
            lines.push(said.next().expect("it says how it ends"));
        }
        lines
    };
    assert!(lines.iter().any(|line| line == "watch it: rumormill lab"), "{lines:?}");
    let url = lines.iter().flat_map(|line| line.split_whitespace()).find(|word| word.starts_with("http://")).unwrap();
    let address = url.trim_start_matches("http://");
    let lab = Lab::start(folder.path(), &["--store", url]);
    assert!(listed(&lab, address).is_some());
    assert_eq!(replicas(&lab, address).len(), 3);
    signal(up.id(), "INT");
    up.wait().unwrap();
    assert_eq!(listed(&lab, address).expect("it was named")["pid"], Value::Null);
    for wrong in ["10.0.0.1:80", "nowhere", "https://127.0.0.1:80"] {
        run(folder.path(), ["lab", "--no-open", "--store", wrong]).expect(2).complains(&["--store", wrong]);
    }
}
