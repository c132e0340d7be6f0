//! The runs of a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::run::read_file;
use crate::{RunFile, lock, name};

/// A run in a folder of runs.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name, which opens it: see [`Run::open`](crate::Run::open).
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// What it is, or a sentence saying why its `run.json` tells nothing.
    pub run: Result<RunFile, String>,
}

impl Listed {
    /// The run of this name in this folder of its own.
    #[must_use]
    pub fn read(name: String, folder: PathBuf) -> Self {
        let run = read_file(&folder).map_err(|error| error.to_string());
        Self { name, folder, run }
    }
}

/// The runs in a folder, newest first. A folder that is not there has none.
#[must_use]
pub fn list(runs: &Path) -> Vec<Listed> {
    folders(runs).into_iter().map(|(name, folder)| Listed::read(name, folder)).collect()
}

/// The names and folders of the runs in a folder, newest first, without a look at what they are.
#[must_use]
pub fn folders(runs: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| is_run(&entry.path()));
    let mut folders: Vec<(String, PathBuf)> =
        folders.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
    // Names begin with the time; of one second's runs, the one with the larger number came later.
    folders.sort_by(|(left, _), (right, _)| by_age(right).cmp(&by_age(left)));
    folders
}

/// A run's name as (what it says without the number that sets equal names apart, length, all of it).
fn by_age(name: &str) -> (&str, usize, &str) {
    (name.get(..20).unwrap_or(name), name.len(), name)
}

/// Why a run cannot be deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteError {
    /// There is no run of this name.
    #[error("{name}: no such run")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Somebody is recording it.
    #[error("{name}: still running; stop it first")]
    Running {
        /// The name.
        name: String,
    },
    /// The system did not let it.
    #[error("{}: cannot delete: {source}", folder.display())]
    Delete {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Deletes the folder of the run of this name in the folder `runs`; only if it is one.
///
/// # Errors
/// When there is no such run, it is being recorded, or the system does not let it.
pub fn delete(run: &str, runs: &Path) -> Result<(), DeleteError> {
    let folder = runs.join(run);
    if !name::is_plain(run) || !is_run(&folder) {
        return Err(DeleteError::NotFound { name: run.into() });
    }
    if lock::is_held(&folder) {
        return Err(DeleteError::Running { name: run.into() });
    }
    fs::remove_dir_all(&folder).map_err(|source| DeleteError::Delete { folder, source })
}

/// Whether this is the folder of a run: no link to one elsewhere, and with a `run.json`.
fn is_run(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) && folder.join("run.json").is_file()
}
