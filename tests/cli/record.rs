//! Recorded runs: the folder, and the commands that read it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{folder, only_entry, run};

/// Every file below a folder that belongs to the events of a run, finished or not.
pub fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(segments(&path));
        } else if path.file_name().unwrap().to_string_lossy().contains("events-") {
            found.push(path);
        }
    }
    found
}

/// A recorded run of five peers below this folder, and its report.
fn recorded(folder: &Path) -> (PathBuf, Value) {
    let arguments = ["run", "flood", "--peers", "5", "--messages", "2", "--seed", "7", "--record", "runs", "--json"];
    let report = run(folder, arguments).expect(0).json();
    (only_entry(&folder.join("runs")), report)
}

#[test]
fn a_run_folder_has_what_a_person_needs() {
    let folder = folder();
    let (run_folder, report) = recorded(folder.path());
    let named = PathBuf::from(report["run"].as_str().unwrap());
    assert_eq!(named.file_name(), run_folder.file_name());
    let file: Value = serde_json::from_slice(&fs::read(run_folder.join("run.json")).unwrap()).unwrap();
    assert_eq!(file["experiment"], "flood");
    assert_eq!(file["seed"], 7);
    assert_eq!(file["outcome"], "completed");
    assert_eq!(file["digest"], report["digest"]);
    assert!(file["source"].as_str().unwrap().contains("experiment("), "the experiment is kept as it was");
    assert!(!segments(&run_folder).is_empty());
    let html = fs::read_to_string(run_folder.join("report.html")).unwrap();
    assert!(html.contains("<svg") && !html.contains("<script src"), "one self-contained page");
}

#[test]
fn a_run_is_shown_and_replayed_to_the_same_digest() {
    let folder = folder();
    let (run_folder, report) = recorded(folder.path());
    let name = run_folder.file_name().unwrap().to_str().unwrap();
    let said = run(folder.path(), ["show", name]).expect(0);
    assert!(said.out.contains("flood") && said.out.contains("messages"), "{said:#?}");
    run(folder.path(), ["replay", name]).expect(0);
    let replay = run(folder.path(), ["replay", run_folder.to_str().unwrap(), "--json"]).expect(0).json();
    assert!(replay.to_string().contains(report["digest"].as_str().unwrap()), "{replay:#}");
}

#[test]
fn a_replay_that_differs_is_no_success() {
    let folder = folder();
    let (run_folder, report) = recorded(folder.path());
    let path = run_folder.join("run.json");
    let digest = report["digest"].as_str().unwrap();
    let other: String = digest.chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(digest));
    fs::write(&path, text.replace(digest, &other)).unwrap();
    run(folder.path(), ["replay", run_folder.to_str().unwrap()]).expect(1);
}

#[test]
fn recording_does_not_change_the_run() {
    let folder = folder();
    let (_, recorded) = recorded(folder.path());
    let arguments = ["run", "flood", "--peers", "5", "--messages", "2", "--seed", "7", "--no-record", "--json"];
    assert_eq!(run(folder.path(), arguments).expect(0).json()["digest"], recorded["digest"]);
}

#[test]
fn a_run_is_exported_in_every_format() {
    let folder = folder();
    let (run_folder, _) = recorded(folder.path());
    for (format, sign) in [
        ("perfetto", "traceEvents"),
        ("shiviz", "{"),
        ("graphml", "<graphml"),
        ("dot", "digraph"),
        ("csv", "peer"),
        ("mermaid", "sequenceDiagram"),
    ] {
        let said = run(folder.path(), ["export", run_folder.to_str().unwrap(), "--format", format]).expect(0);
        assert!(said.out.contains(sign), "{format}: {:?}", said.out.get(..300));
    }
}

#[test]
fn segments_are_parquet_files() {
    let folder = folder();
    let (run_folder, _) = recorded(folder.path());
    for segment in segments(&run_folder) {
        let bytes = fs::read(&segment).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{}", segment.display());
    }
}
