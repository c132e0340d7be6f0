//! Finding and reading the project's files.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the checkout.
pub fn root() -> &'static Path {
    // This file is built as part of crates/rumormill.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// Folders with what is built, installed or recorded.
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".git", "dist", "runs", "corpus"];

/// Every file below `folder` whose name ends with one of `endings`, sorted; their path from the checkout.
pub fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !NOT_OURS.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                files.push(path.strip_prefix(root()).unwrap().to_path_buf());
            }
        }
    }
    files.sort();
    files
}

/// The text of a file.
pub fn text(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The code of a Rust file that is part of the product, with its line numbers: without comments, and
/// without the tests that close it.
pub fn product_code(text: &str) -> Vec<(usize, &str)> {
    let mut code = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim() == "#[cfg(test)]" && text.lines().nth(index + 1).is_some_and(|next| next.ends_with('{')) {
            break;
        }
        let line = line.split("//").next().unwrap_or_default();
        if !line.trim().is_empty() {
            code.push((index + 1, line));
        }
    }
    code
}
