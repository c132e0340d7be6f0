//! The guide shows what there is.

use std::path::Path;

use crate::code::text;

/// The first block of Rust in a text of Markdown.
fn first_block(markdown: &str) -> String {
    let (_, rest) = markdown.split_once("```rust").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("```").unwrap().0.trim().to_string()
}

#[test]
fn the_readme_the_guide_and_a_new_crate_show_the_same_protocol() {
    let readme = first_block(&text(Path::new("README.md")));
    let guide = first_block(&text(Path::new("docs/first-protocol.md")));
    assert_eq!(readme, guide);
    let template = text(Path::new("crates/rumormill/src/new/template/main.rs")).replace("{{name}}", "gossip");
    assert!(template.contains(&guide), "rumormill new writes another protocol than the guide explains");
    let lines = guide.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 65, "{lines} lines are no longer sixty");
}

#[test]
fn every_page_of_the_guide_is_in_its_index() {
    let index = text(Path::new("docs/README.md"));
    for page in crate::code::files("docs", &[".md"]) {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "{name} is not in docs/README.md");
    }
}
