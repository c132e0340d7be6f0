//! The peers' folders: their keys, made before the run so that everybody knows everybody's id, and their
//! disks.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::StartError;
use crate::disk;
use crate::{Identity, PeerKey};

/// How the names of temporary folders begin.
const PREFIX: &str = "rumormill-";

/// The file in a temporary folder that its supervisor keeps locked for as long as it lives.
const LOCK_FILE: &str = "lock";

/// Younger folders are not swept: their supervisor may be about to lock them.
const SWEPT_AFTER: Duration = Duration::from_secs(60);

/// The folder of all peers of a run; a temporary one goes when this is dropped.
#[derive(Debug)]
pub(super) struct PeersFolder {
    path: PathBuf,
    /// The folder, and its lock.
    _temporary: Option<(TempDir, File)>,
}

impl PeersFolder {
    /// Makes `peers/` in the run's folder, or a temporary folder.
    pub fn create(run: Option<&Path>) -> Result<Self, StartError> {
        let failed = |path: &Path, source| StartError::Folder { path: path.to_path_buf(), source };
        let (path, temporary) = match run {
            Some(run) => (run.join("peers"), None),
            None => {
                let parent = std::env::temp_dir();
                sweep(&parent);
                let temporary = temporary(&parent).map_err(|source| failed(&parent, source))?;
                (temporary.0.path().to_path_buf(), Some(temporary))
            }
        };
        fs::create_dir_all(&path).map_err(|source| failed(&path, source))?;
        // Children get these paths and may have another working folder.
        let path = path.canonicalize().map_err(|source| failed(&path, source))?;
        Ok(Self { path, _temporary: temporary })
    }

    /// The folder of one peer.
    pub fn of(&self, peerid: u32) -> PathBuf {
        self.path.join(peerid.to_string())
    }

    /// Makes the keys of all peers, or finds them.
    pub fn keys(&self, peers: u32) -> Result<Vec<PeerKey>, StartError> {
        (1..=peers).map(|peerid| Ok(Identity::provision(&self.of(peerid))?.key())).collect()
    }

    /// Empties a peer's disk; its key stays, for it is still the same peer.
    pub fn wipe(&self, peerid: u32) -> io::Result<()> {
        disk::wipe(&self.of(peerid))
    }
}

/// Makes a temporary folder that only this user reads, and locks it.
fn temporary(parent: &Path) -> io::Result<(TempDir, File)> {
    let private = Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix(PREFIX).permissions(private).tempdir_in(parent)?;
    let lock = File::create(folder.path().join(LOCK_FILE))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok((folder, lock))
}

/// Removes temporary folders whose supervisors were killed: those that nobody has locked. What cannot be
/// removed is none of ours, or for the next time.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK_FILE)) else { continue };
        let age = lock.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|made| made.elapsed().ok());
        let abandoned = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if abandoned && age.is_some_and(|age| age >= SWEPT_AFTER) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn folders_of_killed_supervisors_are_swept_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - 2 * SWEPT_AFTER;
        let (living, lock) = temporary(parent.path()).unwrap();
        lock.set_modified(old).unwrap();
        let (killed, lock) = temporary(parent.path()).unwrap();
        lock.set_modified(old).unwrap();
        drop(lock);
        let (young, lock) = temporary(parent.path()).unwrap();
        drop(lock);
        let other = parent.path().join("rumormill-notes");
        fs::create_dir(&other).unwrap();
        sweep(parent.path());
        assert!(!killed.path().exists(), "it stayed");
        assert!(living.path().exists() && young.path().exists() && other.exists());
        assert_eq!(fs::metadata(living.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
