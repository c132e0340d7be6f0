//! `rumormill reproduce`: a published table or figure, ours beside the paper's.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::processes::signal;
use crate::support::{finish, folder, root, rumormill, run};

#[test]
fn what_can_be_reproduced_is_listed() {
    let said = run(folder().path(), ["reproduce"]).expect(0);
    assert!(said.out.contains("lazy-replication") && said.out.contains("TOCS"), "{}", said.out);
    let json = run(folder().path(), ["reproduce", "--json"]).expect(0).json();
    let all = json["reproductions"].as_array().unwrap();
    for one in all {
        for field in ["name", "title", "source", "about"] {
            assert!(one[field].as_str().is_some_and(|text| !text.is_empty()), "no {field} in {one}");
        }
        assert!(one["seconds"].as_u64().is_some_and(|seconds| seconds > 0), "{one}");
    }
    let guide = std::fs::read_to_string(root().join("docs/reproduce.md")).unwrap();
    for one in all {
        let name = one["name"].as_str().unwrap();
        assert!(guide.contains(&format!("rumormill reproduce {name}")), "{name} is not in the guide");
    }
}

#[test]
fn a_reproduction_that_there_is_not_is_refused() {
    run(folder().path(), ["reproduce", "lazy-replicas"]).expect(2).complains(&["did you mean lazy-replication?"]);
    run(folder().path(), ["reproduce", "zebra"]).expect(2).complains(&["there are: lazy-replication, swim"]);
}

#[test]
fn lazy_replication_costs_what_the_paper_says() {
    let folder = folder();
    let arguments = ["reproduce", "lazy-replication", "--quick", "--seed", "3", "--json"];
    let said = run(folder.path(), arguments).expect(0);
    assert_eq!(said.err, "");
    let found = said.json();
    assert_eq!((&found["holds"], &found["seed"], &found["quick"]), (&true.into(), &3.into(), &true.into()));
    for table in found["tables"].as_array().unwrap() {
        let columns = table["columns"].as_array().unwrap().len();
        let rows = table["rows"].as_array().unwrap();
        assert!(rows.len() > 1 && rows.iter().all(|row| row.as_array().unwrap().len() == columns), "{table:#}");
        assert!(table["claims"].as_array().is_some_and(|claims| !claims.is_empty()), "{table:#}");
    }
    let rows = found["tables"][0]["rows"].as_array().unwrap();
    for operation in ["query", "causal update", "forced update", "immediate update"] {
        assert_eq!(rows.iter().filter(|row| row[0] == operation).count(), 3, "{operation}");
    }
    // What the claims mean, from the numbers.
    let costs = column(&found, "Messages for each operation", "ours");
    let formula = column(&found, "Messages for each operation", "formula");
    assert_eq!(costs.len(), formula.len());
    assert!((costs[0] - 2.0).abs() < 0.05, "a query is two messages: {costs:?}");
    let queries = column(&found, "Capacity against one replica, when messages are the work", "0 % updates");
    assert!(queries.windows(2).all(|pair| pair[1] > pair[0] + 1.0), "{queries:?}");
    let by_batch = column(&found, "Messages for each causal update", "ours");
    assert!(by_batch.windows(2).all(|pair| pair[1] < pair[0]), "{by_batch:?}");
    // The same seed, the same words.
    assert_eq!(run(folder.path(), arguments).expect(0).out, said.out);
    let other = run(folder.path(), ["reproduce", "lazy-replication", "--quick", "--seed", "4", "--json"]);
    assert_ne!(other.json()["tables"], found["tables"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is recorded");
}

#[test]
fn swim_notices_failures_as_soon_as_the_papers_say() {
    let folder = folder();
    let arguments = ["reproduce", "swim", "--quick", "--seed", "3", "--json"];
    let said = run(folder.path(), [&arguments[..], &["--csv", "swim.csv"]].concat()).expect(0);
    let found = said.json();
    let cells: usize = found["tables"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|table| table["rows"].as_array().unwrap())
        .map(|row| row.as_array().unwrap().len())
        .sum();
    assert_eq!(std::fs::read_to_string(folder.path().join("swim.csv")).unwrap().lines().count(), cells + 1);
    assert_eq!((&found["holds"], said.err.as_str()), (&true.into(), ""), "{found:#}");
    // What the claims mean, from the numbers.
    let periods = column(&found, "First detection", "ours");
    let errors = column(&found, "First detection", "± error");
    assert!(periods.len() >= 3 && periods.iter().all(|mean| (1.2..2.0).contains(mean)), "{periods:?}");
    assert!(errors.iter().all(|error| (0.01..0.3).contains(error)), "{errors:?}");
    let loads = column(&found, "Messages that a peer sends", "ours");
    assert!(loads.iter().all(|load| (1.9..2.4).contains(load)), "{loads:?}");
    let failures = column(&found, "Reports of failures of peers that are up", "about peers that are well");
    assert!(failures[0] > 10.0 * failures[4], "{failures:?}");
    assert_eq!(run(folder.path(), arguments).expect(0).out, said.out, "the same seed, the same words");
}

#[test]
fn a_person_reads_tables_claims_and_notes() {
    let said = run(folder().path(), ["reproduce", "lazy-replication", "--quick"]).expect(0);
    for words in ["Messages for each operation", "causal update", "✓ ", "within", "Argus", " hold"] {
        assert!(said.out.contains(words), "no {words:?} in {}", said.out);
    }
    assert!(!said.out.contains('✗'), "{}", said.out);
}

#[test]
fn ctrl_c_ends_it_in_good_order() {
    let folder = folder();
    let child = rumormill(folder.path()).args(["reproduce", "lazy-replication"]).spawn().unwrap();
    thread::sleep(Duration::from_secs(1));
    signal(child.id(), "INT");
    let said = finish(child).expect(130);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}

/// The numbers in a column of the table whose title begins so.
fn column(found: &Value, title: &str, name: &str) -> Vec<f64> {
    let tables = found["tables"].as_array().unwrap();
    let table = tables.iter().find(|table| table["title"].as_str().unwrap().starts_with(title)).unwrap();
    let columns = table["columns"].as_array().unwrap();
    let place = columns.iter().position(|column| column["name"] == name).unwrap();
    table["rows"].as_array().unwrap().iter().map(|row| row[place].as_f64().unwrap()).collect()
}
