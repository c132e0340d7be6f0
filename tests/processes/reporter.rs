//! A program in another language, shown by the lab: the example of the guide, as it stands there.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use crate::support::lab::Lab;
use crate::support::{eventually, folder, root};

#[test]
fn the_python_example_becomes_a_run() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    // A free port; nobody else takes it in the moment between.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let folder = folder();
    let lab = Lab::start(folder.path(), &["--reporter", &port]);
    let example = Command::new("python3").arg(root().join("examples/report.py")).args(["6", &port]).output().unwrap();
    assert!(String::from_utf8_lossy(&example.stdout).contains("all ended"), "{example:?}");
    let run = eventually(Duration::from_secs(10), || {
        let runs = lab.get("/api/runs").json();
        let run = runs["runs"].as_array()?.iter().find(|run| run["mode"] == "reporter")?.clone();
        (run["state"] == "ended").then_some(run)
    });
    let run = run.unwrap_or_else(|| panic!("{:#}", lab.get("/api/runs").json()));
    assert_eq!(run["outcome"], "completed", "{run:#}");
    assert_eq!(run["peers"], 6, "{run:#}");
    assert!(run["messages"]["sent"].as_u64().unwrap() > 0, "{run:#}");
}
