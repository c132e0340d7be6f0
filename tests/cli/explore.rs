//! `rumormill explore`: many seeds, and the smallest failure kept as an experiment.

use std::fs;

use crate::support::{folder, only_entry, run};

#[test]
fn many_seeds_hold() {
    let folder = folder();
    let said = run(folder.path(), ["explore", "flood-faults", "--seeds", "1..20", "--json"]).expect(0).json();
    assert!(said.to_string().contains("20"), "{said:#}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing to keep");
}

#[test]
fn a_planted_bug_is_found_shrunk_and_replayed() {
    let folder = folder();
    let arguments = ["explore", "flood-faults", "--seeds", "1..20", "--set", "anti_entropy=false"];
    let said = run(folder.path(), arguments).expect(1);
    let kept = only_entry(&folder.path().join("failures"));
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("experiment("), "{text}");
    // The command that replays it stands in the output, and does replay it.
    let all = format!("{}\n{}", said.out, said.err);
    let command = all.lines().find(|line| line.contains("rumormill run")).unwrap_or_else(|| panic!("{all}"));
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| !word.ends_with("rumormill")).skip(1).collect();
    assert!(words.iter().any(|word| word.contains(".star")) && words.contains(&"--seed"), "{command}");
    let replay = run(folder.path(), [&words[..], &["--no-record", "--json"]].concat()).expect(1).json();
    assert_ne!(replay["outcome"], "completed");
}

#[test]
fn seeds_that_are_none_are_refused() {
    for seeds in ["", "a..b", "5..1", "1..99999999999999999999"] {
        let said = run(folder().path(), ["explore", "flood", "--seeds", seeds]).expect(2);
        assert!(said.err.contains("seeds"), "{said:#?}");
    }
}
