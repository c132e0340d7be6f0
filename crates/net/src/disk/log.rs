//! The log of commits: where a peer's writes become durable, one sync for each commit.
//!
//! There are two files, written in turn: while what one of them holds is folded into the database, commits go to
//! the other. A file begins with a head, and each commit adds a frame:
//!
//! ```text
//! head   magic (16), generation u64: grows by one with each change of files, salt (16), hash (16)
//! frame  length of the body u32, hash of (salt, place of the frame, body) (16), body
//! body   for each write: length of the key u32, length of the value u32 or FFFFFFFF for none, key, value
//! ```
//!
//! All numbers are little-endian, hashes the first bytes of BLAKE3's. A frame that a crash cut short, and what an
//! earlier generation left behind, have no valid hash: there the log ends. The space is taken in advance, because
//! to sync a file that does not grow is cheaper.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::Write;

/// The names of the two files in a peer's folder.
pub(crate) const LOG_FILES: [&str; 2] = ["disk-0.log", "disk-1.log"];

const MAGIC: &[u8; 16] = b"rumormill log 1\n";
const SALT: usize = 16;
const HASH: usize = 16;
const HEAD: usize = MAGIC.len() + 8 + SALT + HASH;
const FRAME: usize = 4 + HASH;
/// In place of a value's length: the key is removed.
const REMOVED: u32 = u32::MAX;

/// What a commit writes.
pub(super) type Batch = Vec<Write>;

/// The log, locked for this process: [`io::ErrorKind::WouldBlock`] when somebody else has it.
#[derive(Debug)]
pub(super) struct Log {
    files: [File; 2],
    generation: u64,
    salt: [u8; SALT],
    /// Where the next frame goes.
    end: u64,
    /// So much of the file is taken from the system.
    taken: u64,
    /// In steps of so many bytes.
    step: u64,
    /// A frame on its way; empty between two.
    buffer: Vec<u8>,
}

/// What one of the files holds.
struct Found {
    generation: u64,
    salt: [u8; SALT],
    end: u64,
    batches: Vec<Batch>,
}

impl Log {
    /// Is there one in this folder?
    pub fn exists(folder: &Path) -> bool {
        paths(folder).iter().any(|path| path.exists())
    }

    /// The log in `folder`, made if need be, and what it holds: first the commits of the earlier generation.
    /// Space is taken in steps of `step` bytes.
    pub fn open(folder: &Path, step: u64) -> io::Result<(Self, [Vec<Batch>; 2])> {
        let is_new = !Self::exists(folder);
        let open = |path: &PathBuf| OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let [first, second] = paths(folder);
        let files = [open(&first)?, open(&second)?];
        files[0].try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
            TryLockError::Error(error) => error,
        })?;
        if is_new {
            // The names of files are durable with their folder.
            File::open(folder)?.sync_all()?;
        }
        let mut found = [read(&files[0], 0)?, read(&files[1], 1)?];
        found.sort_by_key(|found| found.as_ref().map(|found| found.generation));
        let [older, newer] = found;
        let taken = |generation: u64| files[place(generation)].metadata().map(|metadata| metadata.len());
        let (generation, salt, end) = match &newer {
            Some(newer) => (newer.generation, newer.salt, newer.end),
            None => (0, salt()?, 0),
        };
        let log = Self { taken: taken(generation)?, files, generation, salt, end, step, buffer: Vec::new() };
        Ok((log, [older, newer].map(|found| found.map_or_else(Vec::new, |found| found.batches))))
    }

    /// Adds a commit; it is durable when this returns.
    pub fn commit(&mut self, writes: &[Write]) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        if self.end == 0 {
            head(self.generation, self.salt, &mut buffer);
        }
        frame(&self.salt, self.end, writes, &mut buffer)?;
        self.take(self.end + buffer.len() as u64);
        let file = &self.files[place(self.generation)];
        file.write_all_at(&buffer, self.end)?;
        file.sync_data()?;
        self.end += buffer.len() as u64;
        // What once was a great commit gives its memory back.
        buffer.clear();
        buffer.shrink_to(self.step as usize);
        self.buffer = buffer;
        Ok(())
    }

    /// Further commits go to the other file, in place of what that holds. At most `kept` bytes of it stay taken.
    pub fn turn(&mut self, kept: u64) -> io::Result<()> {
        self.generation += 1;
        (self.salt, self.end) = (salt()?, 0);
        let file = &self.files[place(self.generation)];
        self.taken = file.metadata()?.len();
        if self.taken > kept {
            file.set_len(kept)?;
            self.taken = kept;
        }
        Ok(())
    }

    /// Takes space from the system, if the file has fewer bytes than this.
    fn take(&mut self, bytes: u64) {
        #[cfg(target_os = "linux")]
        if bytes > self.taken {
            use rustix::fs::{FallocateFlags, fallocate};
            let more = (bytes - self.taken).next_multiple_of(self.step.max(1));
            // Not every file system can. Then the file grows as it is written.
            let taken = fallocate(&self.files[place(self.generation)], FallocateFlags::empty(), self.taken, more);
            self.taken += if taken.is_ok() { more } else { 0 };
        }
    }
}

/// In which of the files a generation is.
fn place(generation: u64) -> usize {
    (generation % 2) as usize
}

fn paths(folder: &Path) -> [PathBuf; 2] {
    LOG_FILES.map(|name| folder.join(name))
}

fn salt() -> io::Result<[u8; SALT]> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(io::Error::other)?;
    Ok(salt)
}

fn hash(parts: &[&[u8]]) -> [u8; HASH] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let mut short = [0; HASH];
    hasher.finalize_xof().fill(&mut short);
    short
}

fn head(generation: u64, salt: [u8; SALT], buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(MAGIC);
    buffer.extend_from_slice(&generation.to_le_bytes());
    buffer.extend_from_slice(&salt);
    buffer.extend_from_slice(&hash(&[buffer]));
}

/// Appends a frame that will lie at `at`, or the head and it.
fn frame(salt: &[u8; SALT], at: u64, writes: &[Write], buffer: &mut Vec<u8>) -> io::Result<()> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).ok().filter(|&length| length != REMOVED);
    let too_long = || io::Error::other("more than 4 GiB in one commit");
    let begin = buffer.len();
    let at = at + begin as u64;
    buffer.extend_from_slice(&[0; FRAME]);
    for (key, value) in writes {
        let value_length = value.as_ref().map_or(Some(REMOVED), |value| length(value)).ok_or_else(too_long)?;
        buffer.extend_from_slice(&length(key).ok_or_else(too_long)?.to_le_bytes());
        buffer.extend_from_slice(&value_length.to_le_bytes());
        buffer.extend_from_slice(key);
        buffer.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    let (front, body) = buffer[begin..].split_at_mut(FRAME);
    front[..4].copy_from_slice(&length(body).ok_or_else(too_long)?.to_le_bytes());
    front[4..].copy_from_slice(&hash(&[salt, &at.to_le_bytes(), body]));
    Ok(())
}

/// What the file at this place holds; `None` when no commit to it was ever finished.
fn read(file: &File, nth: usize) -> io::Result<Option<Found>> {
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    let found = parse(&bytes);
    Ok(found.filter(|found| place(found.generation) == nth && !found.batches.is_empty()))
}

/// Reads a file's bytes, up to the first that are no frame.
fn parse(bytes: &[u8]) -> Option<Found> {
    let (head, mut rest) = bytes.split_at_checked(HEAD)?;
    let (said, hashed) = head.split_at(HEAD - HASH);
    if hash(&[said]) != hashed || !said.starts_with(MAGIC) {
        return None;
    }
    let (generation, salt) = said[MAGIC.len()..].split_at(8);
    let generation = u64::from_le_bytes(generation.try_into().ok()?);
    let salt = salt.try_into().ok()?;
    let (mut batches, mut end) = (Vec::new(), HEAD as u64);
    while let Some((batch, length)) = parse_frame(&salt, end, rest) {
        batches.push(batch);
        end += length as u64;
        rest = &rest[length..];
    }
    Some(Found { generation, salt, end, batches })
}

/// The commit in the frame at the beginning of `bytes`, which lie at `at`, and the frame's length.
fn parse_frame(salt: &[u8; SALT], at: u64, bytes: &[u8]) -> Option<(Batch, usize)> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (hashed, rest) = rest.split_at_checked(HASH)?;
    let body = rest.get(..u32::from_le_bytes(*length) as usize)?;
    if hash(&[salt, &at.to_le_bytes(), body]) != hashed {
        return None;
    }
    let (mut batch, mut left) = (Vec::new(), body);
    while !left.is_empty() {
        let (key, rest) = left.split_first_chunk()?;
        let (value, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key) as usize)?;
        let value = Some(u32::from_le_bytes(*value)).filter(|&length| length != REMOVED);
        let (bytes, rest) = rest.split_at_checked(value.unwrap_or(0) as usize)?;
        batch.push((key.to_vec(), value.map(|_| bytes.to_vec())));
        left = rest;
    }
    Some((batch, FRAME + body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opened(folder: &Path) -> (Log, Vec<Batch>) {
        let (log, [older, newer]) = Log::open(folder, 256).unwrap();
        (log, [older, newer].concat())
    }

    fn batches() -> impl Strategy<Value = Vec<Batch>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
        let write = (bytes(), proptest::option::of(bytes()));
        proptest::collection::vec(proptest::collection::vec(write, 1..4), 1..12)
    }

    proptest! {
        #[test]
        fn what_is_cut_short_or_spoiled_ends_the_log_and_it_goes_on_from_there(
            (all, turns, spoiled) in (batches(), 0..3_u64, any::<prop::sample::Index>())
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut ends = Vec::new();
            {
                let (mut log, before) = opened(folder.path());
                prop_assert!(before.is_empty());
                for turn in 0..turns {
                    log.commit(&[(vec![turn as u8; 400], None)]).unwrap();
                    log.turn(1_000).unwrap();
                }
                for batch in &all {
                    log.commit(batch).unwrap();
                    ends.push(log.end as usize);
                }
            }
            let last = folder.path().join(LOG_FILES[place(turns)]);
            let mut bytes = std::fs::read(&last).unwrap();
            let at = spoiled.index(*ends.last().unwrap());
            bytes[at] ^= 1;
            std::fs::write(&last, &bytes).unwrap();
            let whole = if at < HEAD { 0 } else { ends.iter().take_while(|&&end| end <= at).count() };
            let further: Batch = vec![(b"further".to_vec(), Some(b"one".to_vec()))];
            {
                let (mut log, found) = opened(folder.path());
                prop_assert_eq!(&found[usize::from(turns > 0)..], &all[..whole]);
                log.commit(&further).unwrap();
            }
            let (_, found) = opened(folder.path());
            prop_assert_eq!(found.last(), Some(&further));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut file = Vec::new();
            head(7, [1; SALT], &mut file);
            file.extend(bytes);
            prop_assert!(parse(&file).is_some_and(|found| found.batches.is_empty()));
        }
    }

    #[test]
    fn a_log_has_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        let (log, _) = opened(folder.path());
        assert_eq!(Log::open(folder.path(), 1).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(log);
        assert!(Log::open(folder.path(), 1).is_ok());
    }
}
