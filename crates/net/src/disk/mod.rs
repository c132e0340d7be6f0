//! A peer's disk: an embedded database that appends commits to a log and syncs that once for each. Writes that come
//! while a commit runs go together into the next one (group commit).

mod held;
mod shelf;

use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;

pub(crate) use held::Held;
pub(crate) use shelf::{Shelf, wipe};

/// The database's own cache, per peer of a run: small, because the system caches the files anyway.
pub(crate) const CACHE_BYTES: usize = 1 << 20;

/// Writes that wait for a commit, at most, in bytes; a peer takes no input while there are more.
pub(crate) const MAX_WAITING_BYTES: usize = 8 << 20;

/// A write: a key, and its new value or none.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// Why the disk failed; a peer cannot go on without.
#[derive(Debug, thiserror::Error)]
#[error("disk {}: {}", path.display(), why(source))]
pub(crate) struct DiskError {
    path: PathBuf,
    source: Box<fjall::Error>,
}

impl DiskError {
    /// Does another handle to the same database exist?
    pub fn in_use(&self) -> bool {
        matches!(*self.source, fjall::Error::Locked)
    }
}

fn why(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) => error.to_string(),
        fjall::Error::Locked => "somebody else has it open".into(),
        fjall::Error::Poisoned => "an earlier write failed, so that it is not certain what is on it".into(),
        error => format!("{error:?}"),
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

impl Disk {
    /// The disk in `folder`, with what an earlier life wrote.
    pub fn open(folder: &Path, cache_bytes: usize) -> Result<Self, DiskError> {
        let shelf = Shelf::open(folder, cache_bytes)?;
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
            Err(panic) => Err(self.shelf.failed(std::io::Error::other(panic))),
        };
        self.running = None;
        self.start();
        result.map(|()| ticket)
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
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a peer that never writes needs no file");
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
}
