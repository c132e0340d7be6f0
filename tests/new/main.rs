//! `rumormill new NAME`: what it writes compiles, passes its own test, and runs in the lab.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::{folder, root, run};

/// Cargo in the new crate. It shares our folder of built crates, so that only what is new is compiled.
fn cargo(crate_folder: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo told this test about itself is not for the other crate.
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG_")
            || name_text.starts_with("CARGO_BIN_")
            || name_text == "CARGO_MANIFEST_DIR"
        {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(crate_folder).env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true");
    cargo
}

/// Where cargo put the binary under test: target/release/rumormill.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_rumormill")).ancestors().nth(2).unwrap().to_path_buf()
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    out.into_owned()
}

#[test]
fn a_new_crate_compiles_passes_its_test_and_runs() {
    let folder = folder();
    let checkout = root().to_str().unwrap();
    run(folder.path(), ["new", "hearsay", "--path", checkout]).expect(0);
    let hearsay = folder.path().join("hearsay");
    // The versions that are here, so that nothing is fetched.
    fs::copy(root().join("Cargo.lock"), hearsay.join("Cargo.lock")).unwrap();

    let out = succeed(cargo(&hearsay).args(["test", "--release"]));
    assert!(out.contains("test result: ok. ") && !out.contains(" 0 passed"), "{out}");
    succeed(cargo(&hearsay).args(["build", "--release"]));

    let binary = target().join("release/hearsay");
    for mode in ["sim", "processes"] {
        let arguments = ["run", "hearsay", "--seed", "7", "--as", mode, "--no-record", "--json"];
        let report: serde_json::Value =
            serde_json::from_str(&succeed(Command::new(&binary).current_dir(&hearsay).args(arguments))).unwrap();
        assert_eq!(report["outcome"], "completed", "{report:#}");
        assert_eq!(report["targets"], json!({"heard": {"met": 20, "peers": 20}}));
    }
    let list = succeed(Command::new(&binary).current_dir(&hearsay).arg("list"));
    assert!(list.contains("hearsay"), "{list}");
}

#[test]
fn nothing_is_written_over() {
    let folder = folder();
    fs::create_dir(folder.path().join("mine")).unwrap();
    run(folder.path(), ["new", "mine"]).expect(2).complains(&["mine", "exists"]);
    run(folder.path(), ["new", "My Crate"]).expect(2).complains(&["My Crate"]);
    run(folder.path(), ["new", "other", "--path", "/nowhere"]).expect(2).complains(&["/nowhere"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
