//! A node's folder: a lock, and a number that grows with each boot.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::NodeError;
use crate::clock::epoch_ns;

/// The file that is locked while a node uses the folder; it names the process.
const LOCK_FILE: &str = "lock";

/// The file with the number of the newest boot.
const BOOT_FILE: &str = "boot";

/// A folder that no other node uses while this lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The system frees it with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, and locks it.
    pub fn open(path: &Path) -> Result<Self, NodeError> {
        let lock_path = path.join(LOCK_FILE);
        let failed = |source| NodeError::Folder { path: lock_path.clone(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let mut lock =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let _ = lock.take(20).read_to_string(&mut process);
                return Err(NodeError::InUse { folder: path.to_path_buf(), process: process.trim().to_string() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let named = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        named.map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// A number above that of every boot before, also when a disk was lost but not the key: seconds since the
    /// epoch, or one more than the last. Durable when this returns.
    pub fn boot(&self) -> Result<u64, NodeError> {
        let path = self.path.join(BOOT_FILE);
        let failed = |source| NodeError::Folder { path: path.clone(), source };
        let last = match fs::read_to_string(&path) {
            // Written whole or not at all, so that anything else was written by somebody else.
            Ok(text) => {
                text.trim().parse().map_err(|_| failed(io::Error::other("not the number of a boot; remove it")))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(failed(error)),
        };
        let boot = (epoch_ns() / 1_000_000_000).max(u64::saturating_add(last, 1));
        self.replace(&path, &boot.to_string()).map_err(failed)?;
        Ok(boot)
    }

    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_each_boot_above_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/node");
        let first = Folder::open(&path).unwrap();
        let error = Folder::open(&path).unwrap_err();
        assert!(error.to_string().contains(&format!("in use by process {};", std::process::id())), "{error}");
        let boots = [first.boot().unwrap(), first.boot().unwrap()];
        drop(first);
        let again = Folder::open(&path).unwrap().boot().unwrap();
        assert!(boots[0] < boots[1] && boots[1] < again, "{boots:?} {again}");
        fs::write(path.join(BOOT_FILE), (u64::from(u32::MAX) * 7).to_string()).unwrap();
        assert_eq!(Folder::open(&path).unwrap().boot().unwrap(), u64::from(u32::MAX) * 7 + 1, "the clock was set back");
    }

    #[test]
    fn what_is_no_boot_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(BOOT_FILE), "seven").unwrap();
        let error = Folder::open(folder.path()).unwrap().boot().unwrap_err();
        assert!(error.to_string().contains("boot: not the number of a boot"), "{error}");
    }
}
