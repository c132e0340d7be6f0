//! The page: its own tests, and that the committed build is what its source builds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{npm, read, root, run, target};
use crate::tally::Tally;

/// Types, lints and unit tests of the page.
pub fn check(tally: &mut Tally) -> Result<bool> {
    read(npm().args(["run", "check"]), |line| tally.read(line))
}

/// Builds the page again, beside the committed build, and compares them byte for byte.
pub fn rebuild(tally: &mut Tally) -> Result<bool> {
    let fresh = target().join("ui-dist");
    let mut build = npm();
    build.args(["run", "build", "--", "--emptyOutDir", "--outDir"]).arg(&fresh);
    run(&mut build)?;
    let committed = files(&root().join("ui/dist"))?;
    let differing = differences(&committed, &files(&fresh)?);
    if differing.is_empty() {
        println!("ui/dist is what ui/src builds: {} files", committed.len());
        tally.passed += 1;
        return Ok(true);
    }
    println!("ui/dist is not what ui/src builds; run `npm run build` in ui/ and commit the result:");
    differing.iter().for_each(|difference| println!("  {difference}"));
    tally.failed += 1;
    Ok(false)
}

type Files = BTreeMap<String, Vec<u8>>;

/// The files below a folder, by their path from there.
fn files(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).with_context(|| format!("cannot read {}", current.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
                files.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(files)
}

fn differences(committed: &Files, fresh: &Files) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, bytes) in committed {
        match fresh.get(name) {
            None => differences.push(format!("{name}: no longer built")),
            Some(other) if other != bytes => differences.push(format!("{name}: differs")),
            Some(_) => {}
        }
    }
    differences.extend(fresh.keys().filter(|name| !committed.contains_key(*name)).map(|name| format!("{name}: new")));
    differences
}

#[cfg(test)]
mod tests {
    use super::{Files, differences};

    #[test]
    fn every_kind_of_difference_is_named() {
        let tree = |files: &[(&str, &str)]| -> Files {
            files.iter().map(|(name, text)| ((*name).to_string(), text.as_bytes().to_vec())).collect()
        };
        let committed = tree(&[("a", "1"), ("b", "1"), ("c", "1")]);
        assert!(differences(&committed, &committed).is_empty());
        let fresh = tree(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(differences(&committed, &fresh), ["b: differs", "c: no longer built", "d: new"]);
    }
}
