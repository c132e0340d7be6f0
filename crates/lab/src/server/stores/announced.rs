//! How a lab finds the stores that run on this machine: each running store has a small file in a folder that only
//! its user can enter, and holds a lock on it. The system lets go of the lock when the process ends, however it
//! ends; so a file without a lock is a dead store's, and is removed by whoever sees it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use serde::{Deserialize, Serialize};

use super::address::StoreAddress;

/// The most entries of a folder that are looked at; further ones are left out.
const ENTRIES_MAX: usize = 256;

/// The most bytes of a file; a longer one is left out.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// A store that runs on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningStore {
    /// The process that keeps it up.
    pub pid: u32,
    /// Where it is kept.
    pub folder: PathBuf,
    /// How many replicas it has.
    pub replicas: u32,
    /// Where its front ends speak HTTP; at least one.
    pub front_ends: Vec<StoreAddress>,
}

/// What a file says.
#[derive(Serialize, Deserialize)]
struct Note {
    pid: u32,
    folder: PathBuf,
    replicas: u32,
    front_ends: Vec<String>,
}

/// Why a store is not announced. It works all the same, and a lab can be told its address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnounceError {
    /// There is no folder that only this user can enter.
    #[error("no folder for it is this user's alone ({})", tried(folders))]
    NoFolder {
        /// Those that were tried.
        folders: Vec<PathBuf>,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

fn tried(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// A store that labs of this user find, for as long as this value lives.
#[derive(Debug)]
pub struct Announcement {
    path: PathBuf,
    // Open, and thereby locked.
    _lock: File,
}

impl Announcement {
    /// Announces a store in the first of these folders that only this user can enter.
    ///
    /// # Errors
    /// When there is no such folder, or the file cannot be written.
    pub fn new(store: &RunningStore, folders: &[PathBuf]) -> Result<Self, AnnounceError> {
        let own = |folder: &&PathBuf| make_private(folder).is_ok() && is_reachable(folder);
        let folder = folders.iter().find(own);
        let folder = folder.ok_or_else(|| AnnounceError::NoFolder { folders: folders.to_vec() })?;
        // Files of dead stores go at the latest when the next one comes up.
        let _ = running(std::slice::from_ref(folder));
        let path = folder.join(format!("{}.json", store.pid));
        Self::write(&path, store).map_err(|source| AnnounceError::Write { path, source })
    }

    /// The file appears locked: without the lock it would be taken for a dead store's.
    fn write(path: &Path, store: &RunningStore) -> io::Result<Self> {
        let front_ends = store.front_ends.iter().map(ToString::to_string).collect();
        let note = Note { pid: store.pid, folder: store.folder.clone(), replicas: store.replicas, front_ends };
        let fresh = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.lock()?;
        file.write_all(serde_json::to_string(&note)?.as_bytes())?;
        fs::rename(&fresh, path)?;
        Ok(Self { path: path.to_path_buf(), _lock: file })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // The folder may be gone; then so is the file.
        let _ = fs::remove_file(&self.path);
    }
}

/// The folders in which this user's stores are announced: in the session's runtime folder, and, for sessions
/// without one, in the folder for temporary files.
#[must_use]
pub fn announcements() -> Vec<PathBuf> {
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    // Under `sudo` it may still name another user's.
    let session = session.filter(|folder| folder.is_absolute() && is_private(folder));
    let temporary = std::env::temp_dir().join(format!("rumormill-{}", geteuid().as_raw()));
    let roots = session.map(|folder| folder.join("rumormill")).into_iter().chain([temporary]);
    roots.map(|root| root.join("stores")).collect()
}

/// The stores announced in these folders that are still up, by process. Files of dead ones are removed.
#[must_use]
pub fn running(folders: &[PathBuf]) -> Vec<RunningStore> {
    let mut stores = Vec::new();
    for folder in folders.iter().filter(|folder| is_reachable(folder)) {
        let entries = fs::read_dir(folder).into_iter().flatten().take(ENTRIES_MAX).flatten();
        let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"));
        stores.extend(files.filter_map(|path| read(&path)));
    }
    stores.sort_by_key(|store: &RunningStore| store.pid);
    stores.dedup_by_key(|store| store.pid);
    stores
}

fn read(path: &Path) -> Option<RunningStore> {
    // A pipe or a device could keep a reader for ever.
    if !fs::symlink_metadata(path).is_ok_and(|about| about.is_file()) {
        return None;
    }
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = fs::remove_file(path);
            return None;
        }
        // Where the file system has no locks, nobody can tell; then a store that says so is up.
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
    }
    let mut text = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    parse(&text)
}

/// What a file says; none when that is no store which a lab could watch.
fn parse(text: &str) -> Option<RunningStore> {
    let Note { pid, folder, replicas, front_ends } = serde_json::from_str(text).ok()?;
    let front_ends: Vec<StoreAddress> = front_ends.iter().filter_map(|one| one.parse().ok()).collect();
    (!front_ends.is_empty()).then_some(RunningStore { pid, folder, replicas, front_ends })
}

/// For fuzzing: reads bytes as an announcement.
///
/// # Panics
/// When what was read does not come back from what is written of it.
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    if let Some(store) = std::str::from_utf8(bytes).ok().and_then(parse) {
        let front_ends = store.front_ends.iter().map(ToString::to_string).collect();
        let note = Note { pid: store.pid, folder: store.folder.clone(), replicas: store.replicas, front_ends };
        assert_eq!(parse(&serde_json::to_string(&note).unwrap_or_default()), Some(store));
    }
}

/// Makes the folder, and the one that it is in, for this user alone.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Can only this user have put something into the folder, and into the one that it is in?
fn is_reachable(folder: &Path) -> bool {
    is_private(folder) && folder.parent().is_some_and(is_private)
}

/// A folder of this user, no link to one, that nobody else can enter.
fn is_private(folder: &Path) -> bool {
    let Ok(about) = fs::symlink_metadata(folder) else { return false };
    about.is_dir() && about.uid() == geteuid().as_raw() && about.mode() & 0o077 == 0
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder for announcements that is not there yet, in one for the test.
    fn place() -> (tempfile::TempDir, Vec<PathBuf>) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("rumormill").join("stores");
        (root, vec![folder])
    }

    fn store(pid: u32) -> RunningStore {
        let front_ends = vec!["127.0.0.1:40123".parse().unwrap(), "[::1]:40124".parse().unwrap()];
        RunningStore { pid, folder: "/some/where".into(), replicas: 3, front_ends }
    }

    #[test]
    fn a_store_is_found_while_it_is_up() {
        let (_root, folders) = place();
        assert_eq!(running(&folders), []);
        let (second, first) =
            (Announcement::new(&store(8), &folders).unwrap(), Announcement::new(&store(7), &folders).unwrap());
        assert_eq!(running(&folders), [store(7), store(8)]);
        drop(second);
        assert_eq!(running(&folders), [store(7)]);
        drop(first);
        assert_eq!(fs::read_dir(&folders[0]).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_a_dead_store_left_is_removed() {
        let (_root, folders) = place();
        let living = Announcement::new(&store(7), &folders).unwrap();
        let left = folders[0].join("9.json");
        fs::copy(folders[0].join("7.json"), &left).unwrap();
        assert_eq!(running(&folders), [store(7)]);
        assert!(!left.exists() && living.path.exists());
        fs::write(&left, "{}").unwrap();
        let _next = Announcement::new(&store(10), &folders).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn a_folder_that_others_can_enter_is_not_believed() {
        let (root, folders) = place();
        let living = Announcement::new(&store(7), &folders).unwrap();
        for folder in [folders[0].clone(), root.path().join("rumormill")] {
            fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
            assert_eq!(running(&folders), [], "{}", folder.display());
            let refused = Announcement::new(&store(8), &folders).unwrap_err();
            assert!(refused.to_string().contains("stores"), "{refused}");
            fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        }
        assert_eq!(running(&folders), [store(7)]);
        drop(living);
    }

    #[test]
    fn a_link_to_somewhere_else_is_not_followed() {
        let (root, folders) = place();
        let _living = Announcement::new(&store(7), &folders).unwrap();
        let link = root.path().join("rumormill").join("linked");
        std::os::unix::fs::symlink(&folders[0], &link).unwrap();
        assert_eq!(running(&[link]), []);
        std::os::unix::fs::symlink(folders[0].join("7.json"), folders[0].join("8.json")).unwrap();
        assert_eq!(running(&folders), [store(7)]);
    }

    #[test]
    fn the_second_folder_serves_where_the_first_cannot() {
        let (root, mut folders) = place();
        folders.insert(0, "/proc/rumormill/stores".into());
        let _living = Announcement::new(&store(7), &folders).unwrap();
        assert_eq!(running(&folders), [store(7)]);
        drop(root);
    }

    #[test]
    fn odd_files_are_left_out() {
        let (_root, folders) = place();
        let _living = Announcement::new(&store(7), &folders).unwrap();
        let elsewhere = r#"{"pid":1,"folder":"/","replicas":3,"front_ends":["10.0.0.1:80","evil.example:80"]}"#;
        let long = format!("{elsewhere}{}", " ".repeat(1 << 20));
        let mut held = Vec::new();
        for (at, text) in ["", "{", "[]", "null", elsewhere, &long, "\u{0}\u{1}"].iter().enumerate() {
            let mut file = File::create(folders[0].join(format!("{at}0.json"))).unwrap();
            file.lock().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            held.push(file);
        }
        fs::create_dir(folders[0].join("90.json")).unwrap();
        assert_eq!(running(&folders), [store(7)]);
    }
}
