//! core <- {protocols, charts, check, sim, trace, net} <- lab <- rumormill.

use std::process::Command;

use serde_json::Value;

use crate::code::root;

/// Every room, and which rooms its product code may know.
const MAY_KNOW: [(&str, &[&str]); 10] = [
    ("core", &[]),
    ("protocols", &["core", "check"]),
    ("charts", &["core"]),
    ("check", &["core"]),
    ("sim", &["core"]),
    ("trace", &["core"]),
    ("net", &["core"]),
    ("serve", &["core", "protocols", "net"]),
    ("lab", &["core", "protocols", "charts", "check", "sim", "trace", "net"]),
    ("rumormill", &["core", "protocols", "charts", "check", "sim", "trace", "net", "serve", "lab"]),
];

/// Rooms that no other may depend on: they may know all.
const OUTSIDE: [&str; 3] = ["xtask", "fuzz", "benches"];

/// Libraries that these rooms may not bring in, not even through another library.
const BANNED: [(&str, &[&str]); 5] = [
    ("core", &["tokio", "mio", "rand", "getrandom", "tracing"]),
    ("protocols", &["tokio", "mio", "rand", "getrandom", "tracing"]),
    ("charts", &["tokio", "mio", "rand", "getrandom", "tracing"]),
    ("check", &["tokio", "mio", "rand", "getrandom", "tracing"]),
    ("sim", &["tokio", "mio", "quinn", "tracing"]),
];

fn cargo(arguments: &[&str]) -> Option<String> {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// The name of a package without the project's own.
fn room(package: &str) -> &str {
    package.strip_prefix("rumormill-").unwrap_or(package)
}

/// What is wrong with the crate graph.
fn violations(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = room(package["name"].as_str().unwrap());
        if OUTSIDE.contains(&name) {
            continue;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(room, _)| *room == name) else {
            found.push(format!("{name}: say in tests/house/direction.rs whom this room may know"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let (other, kind) = (room(dependency["name"].as_str().unwrap()), dependency["kind"].as_str());
            // Those of tests (kind "dev") reach no product code.
            if dependency["path"].is_string() && kind != Some("dev") && !allowed.contains(&other) {
                found.push(format!("{name} may not know {other}"));
            }
        }
    }
    found
}

#[test]
fn rooms_know_only_those_below_them() {
    let text = cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]).unwrap();
    let metadata: Value = serde_json::from_str(&text).unwrap();
    let found = violations(&metadata);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.iter().any(|package| package["name"] == "rumormill"), "the crate graph is not ours");
}

#[test]
fn an_edge_against_the_direction_is_noticed() {
    let dependency = |name: &str, kind: Option<&str>| serde_json::json!({"name": name, "kind": kind, "path": "/"});
    let package = |name: &str, dependencies: &[Value]| serde_json::json!({"name": name, "dependencies": dependencies});
    let graph = serde_json::json!({"packages": [
        package("rumormill-sim", &[dependency("rumormill-core", None), dependency("rumormill-net", None)]),
        package("rumormill-protocols", &[dependency("rumormill-sim", Some("dev"))]),
        package("rumormill-attic", &[]),
    ]});
    let found = violations(&graph);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "sim may not know net");
    assert!(found[1].starts_with("attic: "), "{found:?}");
}

#[test]
fn deterministic_rooms_bring_in_no_runtime() {
    let mut seen = 0;
    for (room, banned) in BANNED {
        // A room without content is not there yet.
        let arguments = ["--edges=normal", "--prefix=none", "--format={p}", "--offline"];
        let package = format!("--package=rumormill-{room}");
        let Some(tree) = cargo(&[&["tree", &package], &arguments[..]].concat()) else { continue };
        seen += 1;
        for line in tree.lines() {
            let library = line.split_whitespace().next().unwrap_or_default();
            assert!(!banned.contains(&library), "{room} brings in {library}: see cargo tree -p rumormill-{room}");
        }
    }
    assert!(seen >= 3, "core, protocols and sim are there");
}
