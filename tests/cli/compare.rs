//! Runs beside each other.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{folder, run};

/// Records a run of five peers; gives its folder's name.
fn record(folder: &Path, seed: &str, more: &[&str]) -> String {
    let arguments = ["run", "flood", "--peers", "5", "--messages", "2", "--seed", seed, "--json"];
    let report = run(folder, arguments.iter().chain(more)).expect(0).json();
    Path::new(report["run"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_string()
}

#[test]
fn two_runs_of_one_seed_agree_and_of_two_seeds_differ() {
    let folder = folder();
    let one = record(folder.path(), "7", &[]);
    let again = record(folder.path(), "7", &["--threads", "2"]);
    let other = record(folder.path(), "8", &[]);
    let words = run(folder.path(), ["compare", &one, &again]).expect(0).out;
    assert!(words.contains("A and B agree") && words.contains("messages sent"), "{words}");

    let words = run(folder.path(), ["compare", &one, &other]).expect(1).out;
    assert!(words.contains("A and B differ after") && words.contains("asked differently"), "{words}");
    let compared = run(folder.path(), ["compare", &one, &again, &other, "--json"]).expect(1).json();
    assert_eq!(compared["differences"][0], Value::Null);
    assert_eq!(compared["difference"]["with"], other.as_str());
    let total = |name: &str| {
        let totals = compared["totals"].as_array().unwrap();
        totals.iter().find(|total| total["name"] == name).unwrap()["values"][2].as_f64().unwrap()
    };
    let file = fs::read(folder.path().join("runs").join(&other).join("run.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    assert_eq!(Some(total("messages sent")), file["messages"]["sent"].as_f64());
    assert_eq!(Some(total("bytes sent")), file["messages"]["bytes"].as_f64());
}

#[test]
fn a_simulated_run_is_compared_with_a_real_one_peer_by_peer() {
    let folder = folder();
    let simulated = record(folder.path(), "7", &[]);
    let real = record(folder.path(), "7", &["--as", "processes"]);
    let answer = run(folder.path(), ["compare", &simulated, &real, "--json"]);
    let compared: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(compared["aligned"][0], "peer by peer");
    let asked: Vec<&Value> = compared["parameters"].as_array().unwrap().iter().map(|asked| &asked["name"]).collect();
    assert_eq!(asked, ["as"], "nothing else was asked differently");
    assert!(compared["same"][0].as_u64().unwrap() >= 5, "all peers start in both");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = folder();
    let one = record(folder.path(), "7", &[]);
    assert!(run(folder.path(), ["compare", &one, "nothing"]).expect(2).err.contains("nothing: no such run"));
    assert!(run(folder.path(), ["compare", &one]).expect(2).err.contains("2"));
}
