//! `rumormill run --sweep`: one parameter over several values, each with several seeds.

use std::fs;

use serde_json::Value;

use crate::support::{folder, run};

#[test]
fn a_sweep_measures_every_point_with_every_seed() {
    let folder = folder();
    let sweep = ["run", "flood", "--sweep", "peers=5,10,20", "--seeds", "1..4", "--csv", "runs.csv"];
    let said = run(folder.path(), [&sweep[..], &["--json"]].concat()).expect(0).json();
    assert_eq!(
        (&said["experiment"], &said["parameter"], &said["as"]),
        (&"flood".into(), &"peers".into(), &"sim".into())
    );
    let points = said["points"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["value"].as_str().unwrap()).collect::<Vec<_>>(), ["5", "10", "20"]);
    for point in points {
        assert_eq!((&point["done"], &point["outcomes"]["completed"]), (&4.into(), &4.into()), "{point:#}");
        let measure = |name: &str| &point["measures"][name];
        for name in said["measures"].as_array().unwrap() {
            let measure = measure(name.as_str().unwrap());
            assert_eq!(measure["values"].as_array().unwrap().len(), 4, "{name}");
            let [min, p50, mean, max] = ["min", "p50", "mean", "max"].map(|field| measure[field].as_f64().unwrap());
            assert!(min <= p50 && p50 <= max && min <= mean && mean <= max, "{name}: {measure}");
        }
        // What one of the runs says alone.
        let peers = point["value"].as_str().unwrap();
        let arguments = ["run", "flood", "--peers", peers, "--seed", "3", "--no-record", "--json"];
        let alone = run(folder.path(), arguments).expect(0).json();
        assert_eq!(measure("messages_sent")["values"][2].as_f64(), alone["messages"]["sent"].as_f64());
        assert_eq!(measure("virtual_seconds")["values"][2], alone["virtual_seconds"]);
    }
    let table = fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 12, "{table}");
    assert!(table.starts_with("peers,seed,outcome,bytes,"), "{table}");
    assert!(!folder.path().join("runs").exists(), "nothing is recorded");
}

#[test]
fn a_sweep_is_a_table_for_a_person() {
    let said = run(folder().path(), ["run", "flood", "--sweep", "peers=4..12:4", "--seeds", "1..2"]).expect(0);
    for word in ["peers", "completed", "2 of 2", " ± ", "seeds 1 to 2"] {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
    assert_eq!(said.out.lines().count(), 5, "a title, a head and three points: {}", said.out);
}

#[test]
fn seeds_that_fail_are_named() {
    let arguments = ["run", "flood-faults", "--sweep", "anti_entropy=yes,no", "--seeds", "1..3"];
    let said = run(folder().path(), arguments).expect(1);
    assert!(said.out.contains("anti_entropy = no: 3 violated (seed 1, 2, 3)"), "{}", said.out);
    let json = run(folder().path(), [&arguments[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(json["points"][0]["failing"], Value::Array(Vec::new()));
    assert_eq!(json["points"][1]["failing"], serde_json::json!([1, 2, 3]));
    assert!(json["points"][1]["measures"]["virtual_seconds"].is_null(), "none of them came to an end");
}

#[test]
fn sweeps_that_cannot_run_are_refused() {
    for (arguments, words) in [
        (&["--sweep", "peers=10,0"][..], &["at peers = 0", "between 1"][..]),
        (&["--sweep", "pears=10"], &["pears", "no such parameter", "did you mean"]),
        (&["--sweep", "peers"], &["has no \"=\""]),
        (&["--sweep", "peers=9..1"], &["has no values"]),
        (&["--sweep", "peers=1..999", "--seeds", "1..999"], &["more than 20000 runs"]),
        (&["--seeds", "1..3"], &["--sweep"]),
    ] {
        run(folder().path(), [&["run", "flood"], arguments].concat()).expect(2).complains(words);
    }
}

#[test]
fn real_processes_are_swept_one_run_after_the_other() {
    let arguments = ["run", "flood", "--as", "processes", "--sweep", "peers=2,3", "--seeds", "1..2", "--json"];
    let said = run(folder().path(), arguments).expect(0).json();
    assert_eq!(said["as"], "processes");
    for point in said["points"].as_array().unwrap() {
        assert_eq!((&point["done"], &point["outcomes"]["completed"]), (&2.into(), &2.into()), "{point:#}");
        assert!(point["measures"]["messages_delivered"]["min"].as_f64().unwrap() > 0.0, "{point:#}");
    }
}
