//! What a disk holds: a log of commits, and the database into which they are folded, many at once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use redb::{Database, ReadableDatabase as _, TableDefinition};

use super::log::{Batch, LOG_FILES, Log};
use super::{DISK_FILE, DiskError, Write};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("disk");

/// A peer's files, for reading and for the thread that commits.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Arc<Files>);

#[derive(Debug)]
struct Files {
    base: Arc<Base>,
    recent: Arc<Mutex<Recent>>,
    log: Mutex<Option<Log>>,
    /// What is in the log goes into the database when it has so many bytes.
    fold_after: usize,
    /// Does that.
    folding: Mutex<Option<JoinHandle<Result<(), DiskError>>>>,
}

/// The database.
#[derive(Debug)]
struct Base {
    path: PathBuf,
    open: Mutex<Option<Arc<Database>>>,
    cache_bytes: usize,
}

/// Commits that are durable in the log, and may not be in the database. What has been folded is dropped; at most as
/// much waits to be as makes a fold, for the next one waits for the one before.
#[derive(Debug, Default)]
struct Recent {
    folding: Arc<Vec<Batch>>,
    fresh: Vec<Batch>,
    /// Of the keys and values of the fresh ones.
    bytes: usize,
}

impl Shelf {
    /// The files in `folder`, with what an earlier life wrote.
    pub fn open(folder: &Path, cache_bytes: usize) -> Result<Self, DiskError> {
        let base = Arc::new(Base { path: folder.join(DISK_FILE), open: Mutex::default(), cache_bytes });
        if base.path.exists() {
            base.database()?;
        }
        let (recent, log, folding) = (Arc::default(), Mutex::default(), Mutex::default());
        let files = Files { base, recent, log, fold_after: cache_bytes / 2, folding };
        if Log::exists(folder) {
            let (log, [older, newer]) = files.open_log()?;
            let mut recent = lock(&files.recent);
            recent.bytes = newer.iter().flatten().map(weight).sum();
            recent.fresh = newer;
            drop(recent);
            files.fold(older)?;
            *lock(&files.log) = Some(log);
        }
        Ok(Self(Arc::new(files)))
    }

    /// Makes writes durable, all of them or none.
    pub fn commit(&self, writes: Batch) -> Result<(), DiskError> {
        let (files, mut log) = (&self.0, lock(&self.0.log));
        let log = match &mut *log {
            Some(log) => log,
            none => none.insert(files.open_log()?.0),
        };
        log.commit(&writes).map_err(|error| files.failed(error))?;
        let mut recent = lock(&files.recent);
        recent.bytes += writes.iter().map(weight).sum::<usize>();
        recent.fresh.push(writes);
        if recent.bytes < files.fold_after {
            return Ok(());
        }
        drop(recent);
        // What the other file holds must be in the database before it is written anew.
        files.folded()?;
        log.turn(2 * files.fold_after as u64).map_err(|error| files.failed(error))?;
        let mut recent = lock(&files.recent);
        recent.bytes = 0;
        let fresh = std::mem::take(&mut recent.fresh);
        drop(recent);
        files.fold(fresh)
    }

    /// An error of this disk.
    pub fn failed(&self, source: impl Into<redb::Error>) -> DiskError {
        self.0.failed(source)
    }

    /// What the disk durably holds under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DiskError> {
        let recent = lock(&self.0.recent).find(key);
        match recent {
            Some(value) => Ok(value),
            None => {
                self.0.base.read(|table| Ok(table.get(key)?.map(|value| value.value().to_vec()))).map(Option::flatten)
            }
        }
    }

    /// All keys that begin with `prefix`, in byte order, with their values.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), DiskError> {
        // What is folded meanwhile is in both, and the same.
        let mut recent = lock(&self.0.recent).under(prefix).into_iter().peekable();
        self.0.base.read(|table| {
            for entry in table.range(prefix..)? {
                let (key, value) = entry?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                while let Some((earlier, found)) = recent.next_if(|(recent, _)| recent.as_slice() < key.value()) {
                    found.iter().for_each(|value| visit(&earlier, value));
                }
                match recent.next_if(|(recent, _)| recent == key.value()) {
                    Some((_, found)) => found.iter().for_each(|value| visit(key.value(), value)),
                    None => visit(key.value(), value.value()),
                }
            }
            Ok(())
        })?;
        recent.for_each(|(key, found)| found.iter().for_each(|value| visit(&key, value)));
        Ok(())
    }
}

impl Files {
    fn failed(&self, source: impl Into<redb::Error>) -> DiskError {
        self.base.failed(source)
    }

    fn open_log(&self) -> Result<(Log, [Vec<Batch>; 2]), DiskError> {
        let folder = self.base.path.parent().unwrap_or(Path::new(""));
        Log::open(folder, self.fold_after as u64 / 8).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => self.failed(redb::Error::DatabaseAlreadyOpen),
            _ => self.failed(error),
        })
    }

    /// Begins to fold commits into the database, which must not happen already.
    fn fold(&self, batches: Vec<Batch>) -> Result<(), DiskError> {
        if batches.is_empty() {
            return Ok(());
        }
        let batches = Arc::new(batches);
        lock(&self.recent).folding = Arc::clone(&batches);
        let (base, recent) = (Arc::clone(&self.base), Arc::clone(&self.recent));
        let fold = move || {
            base.write(&batches)?;
            lock(&recent).folding = Arc::default();
            Ok(())
        };
        let thread = thread::Builder::new().name("disk".into()).spawn(fold).map_err(|error| self.failed(error))?;
        *lock(&self.folding) = Some(thread);
        Ok(())
    }

    /// Waits until what is folded is in the database.
    fn folded(&self) -> Result<(), DiskError> {
        let thread = lock(&self.folding).take();
        let panicked = |_| Err(self.failed(io::Error::other("the thread that folds the log panicked")));
        thread.map_or(Ok(()), |thread| thread.join().unwrap_or_else(panicked))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Err(error) = self.folded() {
            // All of it is in the log, and folded again when that is opened.
            tracing::warn!(%error, "the log is not folded");
        }
    }
}

impl Base {
    fn failed(&self, source: impl Into<redb::Error>) -> DiskError {
        DiskError { path: self.path.clone(), source: Box::new(source.into()) }
    }

    fn database(&self) -> Result<Arc<Database>, DiskError> {
        let mut slot = lock(&self.open);
        if let Some(database) = &*slot {
            return Ok(Arc::clone(database));
        }
        let opened = Database::builder().set_cache_size(self.cache_bytes).create(&self.path);
        let database = Arc::new(opened.map_err(|error| self.failed(error))?);
        *slot = Some(Arc::clone(&database));
        Ok(database)
    }

    /// Writes all of this, durably.
    fn write(&self, batches: &[Batch]) -> Result<(), DiskError> {
        // In the order of their keys they touch each page once; of several to one key the last holds.
        let mut writes: Vec<&Write> = batches.iter().flatten().collect();
        writes.sort_by(|(left, _), (right, _)| left.cmp(right));
        let last_of_each = writes.chunk_by(|(left, _), (right, _)| left == right).filter_map(<[&Write]>::last);
        let database = self.database()?;
        let mut transaction = database.begin_write().map_err(|error| self.failed(error))?;
        // Syncs twice, and a file that was not closed need not be walked.
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.open_table(TABLE).map_err(|error| self.failed(error))?;
            for (key, value) in last_of_each {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice()).map(drop),
                    None => table.remove(key.as_slice()).map(drop),
                }
                .map_err(|error| self.failed(error))?;
            }
        }
        transaction.commit().map_err(|error| self.failed(error))
    }

    /// Reads the table; `None` when nothing was ever written.
    fn read<T>(
        &self,
        read: impl FnOnce(redb::ReadOnlyTable<&'static [u8], &'static [u8]>) -> Result<T, redb::StorageError>,
    ) -> Result<Option<T>, DiskError> {
        let Some(database) = lock(&self.open).clone() else {
            return Ok(None);
        };
        let transaction = database.begin_read().map_err(|error| self.failed(error))?;
        match transaction.open_table(TABLE) {
            Ok(table) => read(table).map(Some).map_err(|error| self.failed(error)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }
}

impl Recent {
    /// All writes, the first ones first.
    fn writes(&self) -> impl DoubleEndedIterator<Item = &Write> {
        self.folding.iter().chain(&self.fresh).flatten()
    }

    /// What was last written under a key, or that it was removed. Protocols read when they boot, so that this need
    /// not be fast.
    fn find(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        self.writes().rev().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    }

    /// What was last written under all keys that begin so.
    fn under(&self, prefix: &[u8]) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        self.writes().filter(|(key, _)| key.starts_with(prefix)).cloned().collect()
    }
}

/// Removes everything that a disk in `folder` holds, if anything. Nobody may have it open.
pub(crate) fn wipe(folder: &Path) -> io::Result<()> {
    // What is newer goes first: a crash in between leaves an earlier state, not a part of a later one.
    for name in LOG_FILES.iter().chain([&DISK_FILE]) {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(())
}

fn weight((key, value): &Write) -> usize {
    key.len() + value.as_ref().map_or(0, Vec::len)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Content = BTreeMap<Vec<u8>, Vec<u8>>;

    /// All that a shelf holds, and what single reads say of it.
    fn content(shelf: &Shelf) -> Content {
        let mut content = Content::new();
        shelf.scan(b"", &mut |key, value| assert!(content.insert(key.to_vec(), value.to_vec()).is_none())).unwrap();
        for key in 0..8 {
            assert_eq!(shelf.get(&[key]).unwrap().as_ref(), content.get(&vec![key]));
        }
        content
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn a_disk_that_is_folded_copied_and_opened_again_holds_what_was_committed(
            commits in proptest::collection::vec(
                (proptest::collection::vec((0..8_u8, proptest::option::of(0..9_u8)), 1..9), 0..3), 1..20),
        ) {
            let [folder, killed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            let open = |folder: &Path| Shelf::open(folder, 64).unwrap();
            let (mut shelf, mut expected) = (open(folder.path()), Content::new());
            for (writes, then) in commits {
                let writes = writes.into_iter().map(|(key, value)| (vec![key], value.map(|value| vec![value; 7])));
                let writes: Batch = writes.collect();
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
                        shelf.0.folded().unwrap();
                        for file in std::fs::read_dir(folder.path()).unwrap() {
                            let file = file.unwrap();
                            std::fs::copy(file.path(), killed.path().join(file.file_name())).unwrap();
                        }
                        prop_assert_eq!(&content(&open(killed.path())), &expected);
                    }
                }
                prop_assert_eq!(&content(&shelf), &expected);
            }
        }
    }

    #[test]
    fn the_log_gives_back_what_a_great_commit_took() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), 2_000).unwrap();
        let write = |length| vec![(b"key".to_vec(), Some(vec![7; length]))];
        shelf.commit(write(100_000)).unwrap();
        // To the other file and back.
        shelf.commit(write(1_000)).unwrap();
        shelf.commit(write(1)).unwrap();
        let lengths = LOG_FILES.map(|name| std::fs::metadata(folder.path().join(name)).unwrap().len());
        assert!(lengths.iter().all(|&length| length <= 2_000), "{lengths:?}");
        assert_eq!(shelf.get(b"key").unwrap(), Some(vec![7]));
        wipe(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
