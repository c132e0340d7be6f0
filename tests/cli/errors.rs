//! Every way to get it wrong: a message that says what, where and what next, the right exit code, and
//! nothing half-written.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::support::{Said, folder, run};

/// Runs flood with these arguments; nothing may be written into the folder.
#[track_caller]
fn flood(arguments: &[&str]) -> Said {
    let folder = folder();
    let said = run(folder.path(), [&["run", "flood"], arguments].concat());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was written by {arguments:?}");
    said
}

#[test]
fn wrong_usage_is_told_from_a_failed_run() {
    for arguments in [&["run"][..], &["fly"], &["run", "flood", "--seed", "x"], &["run", "flood", "--as", "magic"]] {
        let said = run(folder().path(), arguments).expect(2);
        assert_eq!(said.out, "", "{said:#?}");
        assert!(!said.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_unknown_experiment_is_answered_with_a_near_one() {
    run(folder().path(), ["run", "flod"]).expect(2).complains(&["flod", "flood", "list"]);
    run(folder().path(), ["run", "nowhere/mine.star"]).expect(2).complains(&["nowhere/mine.star"]);
}

#[test]
fn an_unknown_parameter_is_named() {
    flood(&["--set", "mesages=1"]).expect(2).complains(&["mesages", "messages"]);
    flood(&["--set", "peers"]).expect(2).complains(&["peers"]);
}

#[test]
fn too_few_and_too_many_peers_are_refused_with_the_limit() {
    flood(&["--peers", "0"]).expect(2).complains(&["peers", "1"]);
    flood(&["--peers", "1000000000"]).expect(2).complains(&["peers", "1000000000"]);
    flood(&["--peers", "100000", "--as", "processes"]).expect(2).complains(&["peers"]);
    flood(&["--peers", "-3"]).expect(2);
    flood(&["--peers", "ten"]).expect(2).complains(&["ten"]);
}

#[test]
fn a_wrong_expression_is_shown_where_it_is_wrong() {
    flood(&["--messages", "100 if peerid =="]).expect(2).complains(&["messages", "line 1", "column"]);
    flood(&["--messages", "100 if peer == 1 else 0"]).expect(2).complains(&["messages", "peer", "column"]);
    flood(&["--messages", ""]).expect(2).complains(&["messages"]);
    flood(&["--messages", "0 - peerid"]).expect(2).complains(&["messages", "-1"]);
    flood(&["--messages", "1 // (peerid - 3)"]).expect(2).complains(&["messages"]);
}

#[test]
fn an_expression_cannot_take_the_machine() {
    for expression in
        ["10 ** 10 ** 9", "\"a\" * 10 ** 12", "[0] * 10 ** 12", "(lambda f: f(f))(lambda f: f(f))", "open(\"x\")"]
    {
        flood(&["--messages", expression]).expect(2).complains(&["messages"]);
    }
    let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000));
    flood(&["--messages", &deep]).expect(2).complains(&["messages"]);
}

#[test]
fn a_broken_experiment_file_is_shown_where_it_is_broken() {
    let folder = folder();
    let broken = folder.path().join("broken.star");
    for (text, words) in [
        ("experiment(\n    title = ,\n)", &["broken.star", "2:"][..]),
        (
            "experiment(title = \"x\", protocol = \"flood\", parameters = [count(\"peers\", 3)], colour = 3)",
            &["broken.star", "colour"],
        ),
        (
            "experiment(title = \"x\", protocol = \"flod\", parameters = [count(\"peers\", 3)])",
            &["broken.star", "flod"],
        ),
        ("experiment(title = \"x\", protocol = \"flood\")", &["broken.star", "parameters"]),
        ("x = 1", &["broken.star", "experiment"]),
        ("", &["broken.star", "experiment"]),
        ("load(\"other.star\", \"x\")", &["broken.star"]),
    ] {
        fs::write(&broken, text).unwrap();
        run(folder.path(), ["run", broken.to_str().unwrap()]).expect(2).complains(words);
    }
    fs::write(&broken, [0xff, 0xfe, 0x00]).unwrap();
    run(folder.path(), ["run", broken.to_str().unwrap()]).expect(2).complains(&["broken.star"]);
}

#[test]
fn a_broken_experiment_is_listed_not_hidden() {
    let folder = folder();
    fs::create_dir(folder.path().join("experiments")).unwrap();
    fs::write(folder.path().join("experiments/broken.star"), "experiment(").unwrap();
    let said = run(folder.path(), ["list"]);
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("broken") && all.contains("flood"), "{said:#?}");
}

/// A file where a folder should be: not even root can write below it.
#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_runs() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let said = run(folder.path(), ["run", "flood", "--record", "file/runs"]);
    assert!(matches!(said.code, Some(1 | 2)), "{said:#?}");
    said.complains(&["file/runs"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was half-written");
}

#[test]
fn a_taken_port_is_named_with_a_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = taken.local_addr().unwrap().port().to_string();
    run(folder().path(), ["lab", "--no-open", "--listen", &address]).expect(2).complains(&[&port, "--listen"]);
}

#[test]
fn the_lab_is_not_opened_to_the_network() {
    run(folder().path(), ["lab", "--no-open", "--listen", "0.0.0.0:0"]).expect(2).complains(&["0.0.0.0", "127.0.0.1"]);
}

#[test]
fn a_run_that_is_not_there_is_named() {
    for command in ["show", "replay"] {
        run(folder().path(), [command, "nothing"]).expect(2).complains(&["nothing"]);
    }
    run(folder().path(), ["export", "nothing", "--format", "csv"]).expect(2).complains(&["nothing"]);
    run(folder().path(), ["new", "2bad"]).expect(2).complains(&["2bad"]);
}

/// A file system of one megabyte, as long as the value lives.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(folder).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status(); // nothing else could be done
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_says_so() {
    let folder = folder();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        println!("skipped: mounting a small file system needs root with the right to mount");
        return;
    };
    fs::write(disk.0.join("ballast"), vec![7; 960_000]).unwrap();
    let arguments = ["run", "flood", "--peers", "60", "--messages", "5", "--record", "runs", "--json"];
    let said = run(disk.0, arguments).expect(1);
    said.complains(&["space"]);
    for file in crate::record::segments(disk.0) {
        assert!(!file.to_string_lossy().contains("tmp"), "half-written: {}", file.display());
    }
}
