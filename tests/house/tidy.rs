//! Files that a person can read: not too long, true to their links, and without the paths of a machine.

use std::path::{Component, Path, PathBuf};

use crate::code::{files, root, text};

const CODE: [&str; 9] = [".rs", ".ts", ".tsx", ".mjs", ".css", ".star", ".py", ".toml", ".md"];
const LINES_MAX: usize = 600;

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = files("", &CODE)
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending != "md"))
        .map(|file| (file, text(file).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{}: {lines} lines where {LINES_MAX} are allowed", file.display()))
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    // Put together here, so that this file does not name them.
    let paths = [["/wo", "rk/"], ["/ho", "me/"], ["/ro", "ot/"]].map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in files("", &CODE) {
        for (index, line) in text(&file).lines().enumerate() {
            if paths.iter().any(|path| line.contains(path)) {
                found.push(format!("{}:{}: {line}", file.display(), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_rust_file_says_what_it_is() {
    let silent: Vec<PathBuf> = files("", &[".rs"]).into_iter().filter(|file| !text(file).starts_with("//!")).collect();
    assert!(silent.is_empty(), "no //! at the head of {silent:?}");
}

/// The targets of the links in a text of Markdown.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '\n']).next()).collect()
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// The heading as the name that a link after `#` uses.
fn anchor(heading: &str) -> String {
    let kept: String = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
    kept.trim().to_lowercase().replace(' ', "-")
}

#[test]
fn links_in_the_guide_lead_somewhere() {
    let mut broken = Vec::new();
    for file in files("", &[".md"]) {
        for link in links(&text(&file)).into_iter().filter(|link| !link.contains("://")) {
            let (path, section) = link.split_once('#').unwrap_or((link, ""));
            let target = normal(&file.parent().unwrap().join(path));
            let target = if path.is_empty() { file.clone() } else { target };
            let there = root().join(&target).exists()
                && (section.is_empty()
                    || text(&target)
                        .lines()
                        .any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#')) == section));
            if !there {
                broken.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn links_and_sections_are_found() {
    assert_eq!(links("[a](b.md) and [c](d/e.md#f \"title\")"), ["b.md", "d/e.md#f"]);
    assert_eq!(anchor(" The run folder, `run.json`"), "the-run-folder-runjson");
    assert_eq!(normal(Path::new("docs/../docs/./a.md")), Path::new("docs/a.md"));
}
