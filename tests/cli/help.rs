//! Help texts, word for word: `cargo insta review` (or `INSTA_UPDATE=always`) takes over what changed on purpose.

use crate::support::{folder, run};

const COMMANDS: &str = "lab,list,run,explore,check,show,replay,branch,compare,reproduce,export,new,completions,movies,store,\
                        store up,store add,store remove,store evict,store status,store replica,store frontend";

#[test]
fn every_command_explains_itself_with_an_example() {
    let folder = folder();
    for command in COMMANDS.split(',').chain([""]) {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).filter(|word| !word.is_empty()).collect();
        let said = run(folder.path(), arguments).expect(0);
        assert_eq!(said.err, "", "help belongs on standard output");
        assert!(said.out.contains("rumormill"), "no example in {command:?}:\n{}", said.out);
        let name = if command.is_empty() { "rumormill".into() } else { command.replace(' ', "-") };
        insta::assert_snapshot!(name, said.out);
    }
}

#[test]
fn what_only_we_use_is_not_shown() {
    let said = run(folder().path(), ["--help"]).expect(0);
    assert!(!said.out.contains("peer  "), "{}", said.out);
}

#[test]
fn the_version_is_told() {
    let said = run(folder().path(), ["--version"]).expect(0);
    assert!(said.out.starts_with(concat!("rumormill ", env!("CARGO_PKG_VERSION"))), "{}", said.out);
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let said = run(folder().path(), ["completions", shell]).expect(0);
        assert!(said.out.contains("explore"), "{shell}: {}", said.out);
    }
}
