//! `rumormill run` in the simulator: what it reports, and that it is the same each time.

use serde_json::{Value, json};

use crate::support::{folder, run};

/// The run of the README, with more arguments.
fn flood(more: &[&str]) -> Value {
    let base = ["run", "flood", "--peers", "10", "--messages", "100 if peerid == 1 else 0", "--json", "--no-record"];
    run(folder().path(), [&base, more].concat()).expect(0).json()
}

#[test]
fn a_run_reports_every_field() {
    let report = flood(&["--seed", "7"]);
    assert_eq!(report["experiment"], "flood");
    assert_eq!(report["mode"], "sim");
    assert_eq!(report["seed"], 7);
    assert_eq!(report["peers"], 10);
    assert_eq!(report["outcome"], "completed");
    assert_eq!(report["targets"], json!({"messages": {"met": 10, "peers": 10}}));
    assert_eq!(report["run"], Value::Null);
    for field in ["virtual_seconds", "wall_seconds"] {
        assert!(report[field].as_f64().unwrap() > 0.0, "{field} in {report:#}");
    }
    for field in ["events", "peak_memory_bytes"] {
        assert!(report[field].as_u64().unwrap() > 0, "{field} in {report:#}");
    }
    let messages = &report["messages"];
    let count = |field: &str| messages[field].as_u64().unwrap_or_else(|| panic!("{field} in {messages:#}"));
    // 100 messages reach 9 peers; each is signed, so it has 64 bytes at the least.
    assert!(count("delivered") >= 900, "{messages:#}");
    assert!(count("sent") >= count("delivered"), "{messages:#}");
    assert!(count("dropped") <= count("sent"), "{messages:#}");
    assert!(count("bytes") >= 64 * 900, "{messages:#}");
    let digest = report["digest"].as_str().unwrap();
    assert!(digest.len() >= 16 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
}

#[test]
fn the_digest_depends_on_the_seed_and_on_nothing_else() {
    let digest = |more: &[&str]| flood(more)["digest"].as_str().unwrap().to_string();
    let first = digest(&["--seed", "7"]);
    // Pinned beside the protocol, whose tests compute it in debug as well.
    assert_eq!(first, include_str!("../../crates/protocols/tests/flood.digest").trim());
    assert_eq!(first, digest(&["--seed", "7"]), "the same run twice");
    assert_eq!(first, digest(&["--seed", "7", "--threads", "1"]), "one thread");
    assert_eq!(first, digest(&["--seed", "7", "--threads", "2"]), "two threads");
    assert_eq!(first, digest(&["--seed", "7", "--threads", "4"]), "four threads");
    assert_ne!(first, digest(&["--seed", "8"]), "another seed");
    assert_eq!(flood(&["--seed", "7"])["events"], flood(&["--seed", "7", "--threads", "2"])["events"]);
}

#[test]
fn parameters_are_set_by_name() {
    let folder = folder();
    let arguments =
        ["run", "flood", "--set", "peers=4", "--set", "messages=2*peerid", "--seed", "3", "--json", "--no-record"];
    let report = run(folder.path(), arguments).expect(0).json();
    assert_eq!(report["peers"], 4);
    assert_eq!(report["targets"], json!({"messages": {"met": 4, "peers": 4}}));
}

#[test]
fn a_person_reads_how_it_ended() {
    let said = run(folder().path(), ["run", "flood", "--peers", "5", "--no-record"]).expect(0);
    assert!(said.out.contains("ompleted"), "{said:#?}");
    assert!(said.out.contains("messages"), "{said:#?}");
    assert!(!said.out.contains('\u{1b}'), "colors without a terminal: {said:#?}");
}

#[test]
fn time_over_is_no_success() {
    let arguments = ["run", "flood", "--peers", "10", "--time-limit", "1ms", "--json", "--no-record"];
    let report = run(folder().path(), arguments).expect(1).json();
    assert_eq!(report["outcome"], "time-limit");
    assert_ne!(report["targets"]["messages"]["met"], 10);
}

#[test]
fn a_hundred_thousand_peers_run_in_seconds() {
    let arguments =
        ["run", "flood", "--peers", "100000", "--messages", "1 if peerid == 1 else 0", "--json", "--no-record"];
    let report = run(folder().path(), arguments).expect(0).json();
    assert_eq!(report["targets"], json!({"messages": {"met": 100_000, "peers": 100_000}}));
    // A peer at rest costs little more than its state.
    assert!(report["peak_memory_bytes"].as_u64().unwrap() < 400_000_000, "{report:#}");
}

#[test]
fn the_experiments_are_listed() {
    let list = run(folder().path(), ["list", "--json"]).expect(0).json();
    let experiments = list.as_array().or_else(|| list["experiments"].as_array()).unwrap();
    let names: Vec<&str> = experiments.iter().map(|experiment| experiment["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"flood") && names.contains(&"flood-faults"), "{names:?}");
    let said = run(folder().path(), ["list"]).expect(0);
    assert!(said.out.contains("Flood"), "{}", said.out);
}
