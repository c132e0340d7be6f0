//! Properties: what a run says of them, and `rumormill check`.

use serde_json::{Value, json};

use crate::support::{folder, run};

#[test]
fn a_violated_property_is_named_with_what_shows_it() {
    let folder = folder();
    let arguments = ["run", "flood-faults", "--anti-entropy", "no", "--seed", "3"];
    let said = run(folder.path(), arguments).expect(1);
    assert!(said.out.contains("everyone_has_all at 60.0 s: peer "), "{}", said.out);
    let report = run(folder.path(), [&arguments[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(report["outcome"], "violated");
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.contains(&json!("everyone_has_all")) && checks.contains(&json!("delivered_was_sent")), "{checks:?}");
    let violations = report["violations"].as_array().unwrap();
    assert_eq!((violations.len(), &violations[0]["property"]), (1, &json!("everyone_has_all")), "{violations:?}");
    assert_eq!((&violations[0]["at_s"], &violations[0]["event"]), (&json!(60.0), &Value::Null));
    // It happens again.
    let name = report["run"].as_str().unwrap();
    let replayed = run(folder.path(), ["replay", name, "--json"]).expect(0).json();
    assert_eq!((&replayed["same"], &replayed["replayed_outcome"]), (&json!(true), &json!("violated")), "{replayed}");
    // Its trace is all right.
    let checked = run(folder.path(), ["check", name, "--json"]).expect(0).json();
    assert_eq!((&checked["violations"], &checked["outcome"]), (&json!([]), &json!("violated")), "{checked:#}");
    assert!(checked["events"].as_u64().unwrap() > 1_000, "{checked:#}");
}

#[test]
fn what_holds_changes_nothing() {
    let report = |more: &[&str]| {
        let arguments = ["run", "flood-faults", "--seed", "2", "--no-record", "--json"];
        run(folder().path(), [&arguments[..], more].concat()).expect(0).json()
    };
    let (checked, unchecked) = (report(&[]), report(&["--check", "none"]));
    assert_eq!((&checked["digest"], &checked["events"]), (&unchecked["digest"], &unchecked["events"]));
    assert_eq!((&unchecked["checks"], checked["checks"].as_array().unwrap().len()), (&json!([]), 7));
    assert_eq!(report(&["--check", "counts_twice"])["checks"], json!(["counts_twice"]));
    assert_eq!(report(&["--check", "all", "--threads", "2"])["digest"], checked["digest"]);
}

#[test]
fn a_recorded_run_is_checked_for_what_its_trace_tells() {
    let folder = folder();
    let report = run(folder.path(), ["run", "flood", "--json"]).expect(0).json();
    let name = report["run"].as_str().unwrap();
    let said = run(folder.path(), ["check", name]).expect(0);
    for word in ["delivered_was_sent", "down_is_silent", "done_means_targets_met", "holds", "events read"] {
        assert!(said.out.contains(word), "no {word:?} in {}", said.out);
    }
    let one = run(folder.path(), ["check", name, "--property", "down_is_silent", "--json"]).expect(0).json();
    assert_eq!(one["checked"].as_array().unwrap().len(), 1, "{one:#}");
    let of_state = ["check", name, "--property", "everyone_has_all"];
    run(folder.path(), of_state).expect(2).complains(&["none of everyone_has_all is about the trace"]);
    let slip = ["check", name, "--property", "down_is_slient"];
    run(folder.path(), slip).expect(2).complains(&["down_is_slient", "did you mean down_is_silent?"]);
    run(folder.path(), ["check", "nothing"]).expect(2).complains(&["nothing"]);
}

#[test]
fn a_property_that_does_not_exist_is_refused() {
    let arguments = ["run", "flood", "--check", "evryone_has_all", "--no-record"];
    run(folder().path(), arguments).expect(2).complains(&["evryone_has_all", "did you mean everyone_has_all?"]);
    let file = folder();
    let text =
        include_str!("../../experiments/flood.star").replace("    stop =", "    check = [\"unity\"],\n    stop =");
    std::fs::write(file.path().join("mine.star"), text).unwrap();
    run(file.path(), ["run", "mine.star"]).expect(2).complains(&["mine.star", "there is no property \"unity\""]);
}

#[test]
fn of_real_peers_the_trace_is_checked() {
    let arguments = ["run", "flood", "--as", "processes", "--peers", "4", "--check", "all", "--json"];
    let folder = folder();
    let report = run(folder.path(), arguments).expect(0).json();
    assert_eq!(report["checks"], json!(["delivered_was_sent", "down_is_silent", "done_means_targets_met"]));
    assert_eq!(report["violations"], json!([]));
    let name = report["run"].as_str().unwrap();
    let checked = run(folder.path(), ["check", name, "--json"]).expect(0).json();
    assert_eq!(checked["violations"], json!([]), "{checked:#}");
}
