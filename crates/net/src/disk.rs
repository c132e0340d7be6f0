//! A peer's disk: a redb file, made at the first write. Writes that come while a commit runs go together
//! into the next one (group commit).
//!
//! A commit syncs the file once. The price is paid when a file is opened after a kill: redb walks all of it,
//! some 5 ms a megabyte. Its quick repair would spare that and sync twice, at half the commits a second.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, ReadableDatabase as _, TableDefinition};
use tokio::task::JoinHandle;

/// The name of the disk's file in a peer's folder.
pub(crate) const DISK_FILE: &str = "disk.redb";

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("disk");

/// redb's own cache, per peer of a run: small, because the system caches the file anyway.
pub(crate) const CACHE_BYTES: usize = 1 << 20;

/// Writes that wait for a commit, at most, in bytes; a peer takes no input while there are more.
pub(crate) const MAX_WAITING_BYTES: usize = 8 << 20;

/// A write: a key, and its new value or none.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// Why the disk failed; a peer cannot go on without.
#[derive(Debug, thiserror::Error)]
#[error("disk {}: {source}", path.display())]
pub(crate) struct DiskError {
    path: PathBuf,
    source: Box<redb::Error>,
}

impl DiskError {
    /// Does another handle to the same file exist?
    pub fn in_use(&self) -> bool {
        matches!(*self.source, redb::Error::DatabaseAlreadyOpen)
    }
}

/// A peer's disk.
#[derive(Debug)]
pub(crate) struct Disk {
    shelf: Shelf,
    waiting: Vec<Write>,
    waiting_bytes: usize,
    /// The ticket of the newest write.
    newest: u64,
    running: Option<(u64, JoinHandle<Result<(), DiskError>>)>,
    commits: u64,
    /// Writes that were given to commits.
    writes: u64,
}

/// The file, for reading and for the thread that commits.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    path: Arc<Path>,
    database: Arc<Mutex<Option<Arc<Database>>>>,
    cache_bytes: usize,
}

impl Disk {
    /// The disk in `folder`, with what an earlier life wrote.
    pub fn open(folder: &Path, cache_bytes: usize) -> Result<Self, DiskError> {
        let path: Arc<Path> = folder.join(DISK_FILE).into();
        let shelf = Shelf { path, database: Arc::default(), cache_bytes };
        if shelf.path.exists() {
            shelf.database()?;
        }
        Ok(Self { shelf, waiting: Vec::new(), waiting_bytes: 0, newest: 0, running: None, commits: 0, writes: 0 })
    }

    /// For reading.
    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Takes writes; they are durable once [`Disk::committed`] has returned this ticket or a later one.
    pub fn write(&mut self, writes: impl IntoIterator<Item = Write>) -> u64 {
        let bytes = |(key, value): &Write| key.len() + value.as_ref().map_or(0, Vec::len);
        let waiting_bytes = &mut self.waiting_bytes;
        self.waiting.extend(writes.into_iter().inspect(|write| *waiting_bytes += bytes(write)));
        self.newest += 1;
        self.start();
        self.newest
    }

    /// Is so much waiting that the peer should pause?
    pub fn full(&self) -> bool {
        self.waiting_bytes > MAX_WAITING_BYTES
    }

    /// Commits, and the writes in them.
    pub fn counts(&self) -> (u64, u64) {
        (self.commits, self.writes)
    }

    /// Is there anything that is not durable yet?
    pub fn busy(&self) -> bool {
        self.running.is_some()
    }

    /// Starts a commit of all that waits, unless one runs.
    fn start(&mut self) {
        if self.running.is_none() && !self.waiting.is_empty() {
            let (shelf, writes) = (self.shelf.clone(), std::mem::take(&mut self.waiting));
            self.waiting_bytes = 0;
            self.commits += 1;
            self.writes += writes.len() as u64;
            self.running = Some((self.newest, tokio::task::spawn_blocking(move || shelf.commit(writes))));
        }
    }

    /// Waits for the running commit and returns its last ticket; for ever when none runs. Safe to cancel.
    pub async fn committed(&mut self) -> Result<u64, DiskError> {
        let Some((ticket, commit)) = &mut self.running else {
            return std::future::pending().await;
        };
        let ticket = *ticket;
        let result = match commit.await {
            Ok(result) => result,
            Err(panic) => Err(self.shelf.failed(redb::Error::Io(std::io::Error::other(panic)))),
        };
        self.running = None;
        self.start();
        result.map(|()| ticket)
    }
}

impl Shelf {
    fn failed(&self, source: impl Into<redb::Error>) -> DiskError {
        DiskError { path: self.path.to_path_buf(), source: Box::new(source.into()) }
    }

    /// The open file, if there is one yet.
    fn opened(&self) -> Option<Arc<Database>> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn database(&self) -> Result<Arc<Database>, DiskError> {
        let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = &*slot {
            return Ok(Arc::clone(database));
        }
        let opened = Database::builder().set_cache_size(self.cache_bytes).create(&self.path);
        let database = Arc::new(opened.map_err(|error| self.failed(error))?);
        *slot = Some(Arc::clone(&database));
        Ok(database)
    }

    fn commit(&self, mut writes: Vec<Write>) -> Result<(), DiskError> {
        // In the order of their keys they touch each page once; of several to one key the last holds.
        writes.sort_by(|(left, _), (right, _)| left.cmp(right));
        let last_of_each = writes.chunk_by(|(left, _), (right, _)| left == right).filter_map(<[Write]>::last);
        let database = self.database()?;
        let transaction = database.begin_write().map_err(|error| self.failed(error))?;
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

    /// What the disk durably holds under `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, DiskError> {
        self.read(|table| Ok(table.get(key)?.map(|value| value.value().to_vec()))).map(Option::flatten)
    }

    /// All keys that begin with `prefix`, in byte order, with their values.
    pub fn scan(&self, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), DiskError> {
        self.read(|table| {
            for entry in table.range(prefix..)? {
                let (key, value) = entry?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                visit(key.value(), value.value());
            }
            Ok(())
        })
        .map(drop)
    }

    /// Reads the table; `None` when nothing was ever written.
    fn read<T>(
        &self,
        read: impl FnOnce(redb::ReadOnlyTable<&'static [u8], &'static [u8]>) -> Result<T, redb::StorageError>,
    ) -> Result<Option<T>, DiskError> {
        let Some(database) = self.opened() else {
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

/// Things that leave only when writes before them are durable, in order.
#[derive(Debug)]
pub(crate) struct Held<T> {
    waiting: VecDeque<(u64, T)>,
}

/// Held things, at most; a peer takes no input while there are more.
pub(crate) const MAX_HELD: usize = 16_384;

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Held<T> {
    /// Holds `thing` until `ticket` is durable or, without one, until all before it have left. Gives it back
    /// when nothing holds it.
    pub fn hold(&mut self, ticket: Option<u64>, thing: T) -> Option<T> {
        match ticket.or(self.waiting.back().map(|&(ticket, _)| ticket)) {
            Some(ticket) => {
                self.waiting.push_back((ticket, thing));
                None
            }
            None => Some(thing),
        }
    }

    /// The next thing that may leave now that `durable` is.
    pub fn release(&mut self, durable: u64) -> Option<T> {
        self.waiting.pop_front_if(|(ticket, _)| *ticket <= durable).map(|(_, thing)| thing)
    }

    /// Is nothing held?
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Is so much held that the peer should pause?
    pub fn full(&self) -> bool {
        self.waiting.len() > MAX_HELD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &[u8], value: &[u8]) -> Write {
        (key.to_vec(), Some(value.to_vec()))
    }

    fn all(disk: &Disk, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut found = Vec::new();
        disk.shelf().scan(prefix, &mut |key, value| found.push((key.to_vec(), value.to_vec()))).unwrap();
        found
    }

    #[tokio::test]
    async fn what_was_committed_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path(), CACHE_BYTES).unwrap();
        assert!(!folder.path().join(DISK_FILE).exists(), "a peer that never writes needs no file");
        assert_eq!(disk.shelf().get(b"a").unwrap(), None);
        let ticket = disk.write(vec![write(b"a1", b"x"), write(b"a2", b"y"), write(b"b", b"z")]);
        assert_eq!(disk.committed().await.unwrap(), ticket);
        disk.write(vec![(b"a1".to_vec(), None)]);
        disk.committed().await.unwrap();
        drop(disk);
        let disk = Disk::open(folder.path(), CACHE_BYTES).unwrap();
        assert_eq!(all(&disk, b"a"), [(b"a2".to_vec(), b"y".to_vec())]);
        assert_eq!(disk.shelf().get(b"b").unwrap(), Some(b"z".to_vec()));
    }

    #[tokio::test]
    async fn of_several_writes_to_one_key_the_last_holds() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path(), CACHE_BYTES).unwrap();
        let gone = |key: &[u8]| (key.to_vec(), None);
        disk.write([
            write(b"b", b"1"),
            write(b"a", b"1"),
            gone(b"b"),
            write(b"c", b"1"),
            gone(b"c"),
            write(b"a", b"2"),
        ]);
        disk.write([write(b"c", b"2")]);
        disk.committed().await.unwrap();
        disk.committed().await.unwrap();
        assert_eq!(all(&disk, b""), [(b"a".to_vec(), b"2".to_vec()), (b"c".to_vec(), b"2".to_vec())]);
    }

    #[tokio::test]
    async fn writes_that_come_during_a_commit_share_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::open(folder.path(), CACHE_BYTES).unwrap();
        let tickets: Vec<u64> = (0_u8..100).map(|number| disk.write(vec![write(&[number], b"")])).collect();
        assert_eq!(disk.committed().await.unwrap(), tickets[0]);
        assert_eq!(disk.committed().await.unwrap(), tickets[99]);
        assert_eq!(all(&disk, b"").len(), 100);
    }

    #[test]
    fn things_leave_in_order_and_never_before_their_writes() {
        let mut held = Held::default();
        assert_eq!(held.hold(None, 'a'), Some('a'));
        assert_eq!(held.hold(Some(1), 'b'), None);
        assert_eq!(held.hold(None, 'c'), None, "overtook what waits");
        assert_eq!(held.hold(Some(2), 'd'), None);
        assert_eq!(held.release(0), None);
        let released: String = std::iter::from_fn(|| held.release(1)).collect();
        assert_eq!(released, "bc");
        assert_eq!(held.release(2), Some('d'));
        assert_eq!(held.hold(None, 'e'), Some('e'));
    }
}
