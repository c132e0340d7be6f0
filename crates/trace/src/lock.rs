//! Tells a run that somebody records from one whose recorder died: the recorder holds a lock that the
//! system lets go of when the process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Held while a run is recorded.
#[derive(Debug)]
pub(crate) struct Lock {
    // Open, and thereby locked.
    _file: File,
    path: PathBuf,
}

impl Lock {
    pub(crate) fn take(folder: &Path) -> io::Result<Self> {
        let path = path(folder);
        let file = File::create(&path)?;
        match file.try_lock() {
            // Where the file system has no locks, nobody can tell; then a run that says so is running.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _file: file, path }),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(io::ErrorKind::ResourceBusy, "somebody records here")),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The folder may be gone; then so is the file.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Whether somebody records the run in this folder.
pub(crate) fn is_held(folder: &Path) -> bool {
    let Ok(file) = File::open(path(folder)) else { return false };
    !matches!(file.try_lock_shared(), Ok(()))
}

fn path(folder: &Path) -> PathBuf {
    folder.join(".recording")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_held(folder.path()));
        let lock = Lock::take(folder.path()).unwrap();
        assert!(is_held(folder.path()));
        assert!(Lock::take(folder.path()).is_err());
        drop(lock);
        assert!(!is_held(folder.path()));
    }

    #[test]
    fn a_lock_file_left_behind_is_not_a_lock() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(path(folder.path()), "").unwrap();
        assert!(!is_held(folder.path()));
    }
}
