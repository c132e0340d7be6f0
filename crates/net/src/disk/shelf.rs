//! What a disk holds, for reading and for the thread that commits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{DiskError, Write};

/// The name of the database's folder in a peer's folder.
const FOLDER: &str = "disk";

/// The least that the database may keep in memory before it writes a table, in bytes.
const MEMTABLE_BYTES_MIN: usize = 4 << 20;

/// The database's log of commits takes at most so many bytes of the disk: the least that can be asked for.
const JOURNAL_BYTES: u64 = 64 << 20;

/// A peer's database, which is made at the first write.
#[derive(Clone)]
pub(crate) struct Shelf {
    path: Arc<Path>,
    open: Arc<Mutex<Option<Open>>>,
    cache_bytes: usize,
}

#[derive(Clone)]
struct Open {
    database: Database,
    keys: Keyspace,
}

impl Shelf {
    /// The database in `folder`, with what an earlier life wrote.
    pub fn open(folder: &Path, cache_bytes: usize) -> Result<Self, DiskError> {
        let path: PathBuf = folder.join(FOLDER);
        let shelf = Self { path: path.into(), open: Arc::default(), cache_bytes };
        if shelf.path.exists() {
            shelf.opened()?;
        }
        Ok(shelf)
    }

    /// An error of this disk.
    pub fn failed(&self, source: impl Into<fjall::Error>) -> DiskError {
        DiskError { path: self.path.to_path_buf(), source: Box::new(source.into()) }
    }

    fn opened(&self) -> Result<Open, DiskError> {
        let mut slot = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*slot {
            return Ok(open.clone());
        }
        let failed = |error| self.failed(error);
        let builder = Database::builder(&self.path).cache_size(self.cache_bytes as u64);
        let database = builder.worker_threads(1).max_journaling_size(JOURNAL_BYTES).open().map_err(failed)?;
        let memtable = self.cache_bytes.max(MEMTABLE_BYTES_MIN) as u64;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(memtable);
        let keys = database.keyspace("keys", options).map_err(failed)?;
        Ok(slot.insert(Open { database, keys }).clone())
    }

    /// Makes writes durable, all of them or none: one sync of the log of commits.
    pub fn commit(&self, writes: Vec<Write>) -> Result<(), DiskError> {
        let Open { database, keys } = self.opened()?;
        let mut batch = database.batch().durability(Some(PersistMode::SyncData));
        for (key, value) in last_of_each(writes) {
            match value {
                Some(value) => batch.insert(&keys, marked(&key), value),
                None => batch.remove(&keys, marked(&key)),
            }
        }
        batch.commit().map_err(|error| self.failed(error))
    }

    /// What the disk durably holds under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DiskError> {
        let Some(keys) = self.keys() else { return Ok(None) };
        let value = keys.get(marked(key)).map_err(|error| self.failed(error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    /// All keys that begin with `prefix`, in byte order, with their values.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), DiskError> {
        let Some(keys) = self.keys() else { return Ok(()) };
        for entry in keys.prefix(marked(prefix)) {
            let (key, value) = entry.into_inner().map_err(|error| self.failed(error))?;
            visit(&key[1..], &value);
        }
        Ok(())
    }

    /// What is there, if anything was ever written.
    fn keys(&self) -> Option<Keyspace> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref().map(|open| open.keys.clone())
    }
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Shelf").field(&self.path).finish()
    }
}

/// The database knows no empty key.
fn marked(key: &[u8]) -> Vec<u8> {
    [b"k", key].concat()
}

/// Of several writes to one key in a commit the last holds.
fn last_of_each(mut writes: Vec<Write>) -> impl Iterator<Item = Write> {
    writes.sort_by(|(left, _), (right, _)| left.cmp(right));
    writes.reverse();
    // The sort is stable: of equal keys, the last one now comes first.
    writes.dedup_by(|(later, _), (kept, _)| later == kept);
    writes.into_iter()
}

/// Removes everything that a disk in `folder` holds, if anything. Nobody may have it open.
pub(crate) fn wipe(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder.join(FOLDER)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    type Content = BTreeMap<Vec<u8>, Vec<u8>>;

    /// All that a shelf holds, and what single reads say of it.
    fn content(shelf: &Shelf) -> Content {
        let mut content = Content::new();
        shelf.scan(b"", &mut |key, value| assert!(content.insert(key.to_vec(), value.to_vec()).is_none())).unwrap();
        for key in [&[][..], &[0], &[1], &[2], &[1, 1]] {
            assert_eq!(shelf.get(key).unwrap().as_ref(), content.get(key));
        }
        content
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(file.file_name());
            if file.file_type().unwrap().is_dir() {
                copy(&file.path(), &target);
            } else {
                std::fs::copy(file.path(), target).unwrap();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn a_disk_that_is_copied_and_opened_again_holds_what_was_committed(
            commits in prop::collection::vec(
                (prop::collection::vec((prop::collection::vec(0..3_u8, 0..3), prop::option::of(0..9_u8)), 1..9), 0..3),
                1..12),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let open = |folder: &Path| Shelf::open(folder, 1 << 20).unwrap();
            let (mut shelf, mut expected) = (open(folder.path()), Content::new());
            for (writes, then) in commits {
                let writes: Vec<Write> =
                    writes.into_iter().map(|(key, value)| (key, value.map(|value| vec![value; 7]))).collect();
                for (key, value) in writes.iter().cloned() {
                    match value {
                        Some(value) => drop(expected.insert(key, value)),
                        None => drop(expected.remove(&key)),
                    }
                }
                shelf.commit(writes).unwrap();
                prop_assert_eq!(&content(&shelf), &expected);
                match then {
                    0 => {}
                    1 => {
                        drop(shelf);
                        shelf = open(folder.path());
                    }
                    _ => {
                        // As after a kill: its files as they are, and nobody has closed them.
                        let killed = tempfile::tempdir().unwrap();
                        copy(folder.path(), killed.path());
                        prop_assert_eq!(&content(&open(killed.path())), &expected);
                    }
                }
                prop_assert_eq!(&content(&shelf), &expected);
            }
        }
    }

    #[test]
    fn a_commit_that_was_cut_short_never_was() {
        let folder = tempfile::tempdir().unwrap();
        let write = |key: u8| vec![(vec![key], Some(vec![7; 300]))];
        let shelf = Shelf::open(folder.path(), 1 << 20).unwrap();
        (0..3).for_each(|key| shelf.commit(write(key)).unwrap());
        let killed = tempfile::tempdir().unwrap();
        copy(folder.path(), killed.path());
        let journals = std::fs::read_dir(killed.path().join(FOLDER)).unwrap().map(|file| file.unwrap().path());
        let journal = journals.filter(|path| path.extension().is_some_and(|it| it == "jnl")).max().unwrap();
        // The rest of the file is taken in advance: the last commit ends where something other than zeros does.
        let bytes = std::fs::read(&journal).unwrap();
        let end = bytes.iter().rposition(|&byte| byte != 0).unwrap();
        std::fs::write(&journal, &bytes[..end - 100]).unwrap();
        let after = Shelf::open(killed.path(), 1 << 20).unwrap();
        let found = (0..3).map(|key| after.get(&[key]).unwrap().is_some()).collect::<Vec<_>>();
        assert_eq!(found, [true, true, false]);
        after.commit(write(9)).unwrap();
        drop(after);
        assert!(Shelf::open(killed.path(), 1 << 20).unwrap().get(&[9]).unwrap().is_some());
    }

    #[test]
    fn a_disk_has_one_owner_and_can_be_wiped() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), 1 << 20).unwrap();
        wipe(folder.path()).unwrap();
        shelf.commit(vec![(b"a".to_vec(), Some(vec![1]))]).unwrap();
        assert!(Shelf::open(folder.path(), 1 << 20).unwrap_err().in_use());
        drop(shelf);
        wipe(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
