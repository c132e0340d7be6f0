//! Every fuzz target for a few seconds, on mutations of its corpus. `RUMORMILL_FUZZ_SECONDS` makes it longer.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::time::Duration;

use rumormill_fuzz::smoke::{corpus, smoke};
use rumormill_fuzz::{TARGETS, Target};

/// Runs a target; a failing input is printed and kept, so that it can join the corpus.
fn survives(name: &str) {
    let seconds = std::env::var("RUMORMILL_FUZZ_SECONDS").map_or(4, |seconds| seconds.parse().unwrap());
    let target = *TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = corpus(target).unwrap();
    assert!(!inputs.is_empty(), "corpus/{name} is empty");
    match smoke(target, &inputs, 1, Duration::from_secs(seconds)) {
        Ok(runs) => {
            println!("{name}: {runs} inputs");
            assert!(runs > inputs.len() as u64, "{name}: no mutation was tried");
        }
        Err(input) => {
            let file = std::env::temp_dir().join(format!("rumormill-fuzz-{name}"));
            std::fs::write(&file, &input).unwrap();
            let shown: String = String::from_utf8_lossy(&input).chars().take(500).collect();
            panic!("{name} panicked on {}: {shown:?}", file.display());
        }
    }
}

#[test]
fn wire() {
    survives("wire");
}

#[test]
fn raft() {
    survives("raft");
}

#[test]
fn swim() {
    survives("swim");
}

#[test]
fn parts() {
    survives("parts");
}

#[test]
fn replica() {
    survives("replica");
}

#[test]
fn run() {
    survives("run");
}

#[test]
fn pattern() {
    survives("pattern");
}

#[test]
fn front() {
    survives("front");
}

#[test]
fn resp() {
    survives("resp");
}

#[test]
fn http() {
    survives("http");
}

#[test]
fn cluster() {
    survives("cluster");
}

#[test]
fn announcement() {
    survives("announcement");
}

#[test]
fn answer() {
    survives("answer");
}

#[test]
fn frame() {
    survives("frame");
}

#[test]
fn reporter() {
    survives("reporter");
}

#[test]
fn expression() {
    survives("expression");
}

#[test]
fn experiment() {
    survives("experiment");
}

/// Messages whose kinds have other numbers now decode as something else, and fuzzing would begin from noise.
#[test]
fn the_corpus_is_of_this_version() {
    let samples = [
        ("wire", rumormill_fuzz::wire::samples()),
        ("raft", rumormill_fuzz::raft::samples()),
        ("swim", rumormill_fuzz::swim::samples()),
        ("parts", rumormill_fuzz::parts::samples()),
        ("front", rumormill_fuzz::front::samples()),
        ("replica", rumormill_fuzz::replica::samples()),
    ];
    for (name, samples) in samples {
        let target = *TARGETS.iter().find(|target| target.name == name).unwrap();
        let known = corpus(target).unwrap();
        let lacking = samples.iter().filter(|sample| !known.contains(sample)).count();
        assert_eq!(lacking, 0, "corpus/{name} is old: cargo run --release -p rumormill-fuzz --example corpus");
    }
}

#[test]
fn every_target_is_tested_here() {
    let this = include_str!("smoke.rs");
    for target in TARGETS {
        assert!(this.contains(&format!("survives(\"{}\")", target.name)), "no test for {}", target.name);
    }
}

#[test]
fn a_panic_is_found_and_its_input_kept() {
    let fragile = |bytes: &[u8]| assert!(!bytes.contains(&0x80), "a planted bug");
    let target = Target { name: "planted", run: fragile };
    let input = smoke(target, &[b"hello".to_vec()], 1, Duration::from_secs(30)).unwrap_err();
    assert!(input.contains(&0x80), "{input:?}");
}
