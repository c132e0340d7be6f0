//! Names of run folders: when, what, which seed.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// How many runs of one experiment and seed may start within one second.
const SAME_MAX: u32 = 1000;

/// A moment as RFC 3339 in UTC, to the second.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// The name of a run, for example `2026-11-20T03-31-07Z-flood-42`: no character that a file system, an
/// address or a shell minds.
pub(crate) fn name(started: &str, experiment: &str, seed: u64) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    let experiment: String = experiment.chars().map(plain).take(40).collect();
    format!("{}-{experiment}-{seed}", started.replace(':', "-"))
}

/// Whether this could be the name of a run: one plain component of a path, not hidden.
pub(crate) fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let first = components.next();
    components.next().is_none() && first == Some(Component::Normal(name.as_ref())) && !name.starts_with('.')
}

/// Makes the folder for a run of this name, or of the name with a number behind it when it is taken.
pub(crate) fn make_folder(runs: &Path, name: &str) -> io::Result<(PathBuf, String)> {
    for count in 1..=SAME_MAX {
        let name = if count == 1 { name.to_string() } else { format!("{name}-{count}") };
        let folder = runs.join(&name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok((folder, name)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{SAME_MAX} runs of this name")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_anywhere_and_taken_ones_are_numbered() {
        let name = name("2026-11-20T03:31:07Z", "../my flood", 42);
        assert_eq!(name, "2026-11-20T03-31-07Z----my-flood-42");
        assert!(is_plain(&name) && is_plain("my run"));
        for other in ["", ".", "..", "a/b", "a/", "/a", "./a", "../a", ".hidden"] {
            assert!(!is_plain(other), "{other}");
        }

        let runs = tempfile::tempdir().unwrap();
        assert_eq!(make_folder(runs.path(), "a").unwrap().1, "a");
        assert_eq!(make_folder(runs.path(), "a").unwrap().1, "a-2");
        assert_eq!(make_folder(runs.path(), "a").unwrap().1, "a-3");
    }
}
