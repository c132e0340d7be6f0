//! The peers' folders: their keys, made before the run so that everybody knows everybody's id, and their
//! disks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StartError;
use crate::disk::DISK_FILE;
use crate::{Identity, PeerKey};

/// The folder of all peers of a run; a temporary one goes when this is dropped.
#[derive(Debug)]
pub(super) struct PeersFolder {
    path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl PeersFolder {
    /// Makes `peers/` in the run's folder, or a temporary folder.
    pub fn create(run: Option<&Path>) -> Result<Self, StartError> {
        let failed = |path: &Path, source| StartError::Folder { path: path.to_path_buf(), source };
        let (path, temporary) = match run {
            Some(run) => (run.join("peers"), None),
            None => {
                let made = tempfile::Builder::new().prefix("rumormill-").tempdir();
                let temporary = made.map_err(|source| failed(&std::env::temp_dir(), source))?;
                (temporary.path().to_path_buf(), Some(temporary))
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
        match fs::remove_file(self.of(peerid).join(DISK_FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}
