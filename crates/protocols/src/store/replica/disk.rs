//! The disk: batches of records as they come, and now and then the state, so that a restart begins there.
//!
//! `meta` says what the rest is of. `log/` has the records in batches, one for each activation that took some.
//! `part/` has the application's parts and `call/` the rows of the call table, all as they were at the last
//! checkpoint. A checkpoint changes many keys, and a crash may come between: so it is first written as a whole
//! under `journal`, and done again at the next boot if that is still there.

use std::collections::BTreeMap;
use std::sync::Arc;

use rumormill_core::{Context, Instant};
use serde::{Deserialize, Serialize, Serializer};

use super::council::{self, Cursor};
use crate::store::{Application, Ended, Record, SessionId, Store, Timestamp, trail};

/// The key of [`Meta`].
pub(super) const META: &[u8] = b"meta";
/// The key of [`Life`].
pub(super) const LIFE: &[u8] = b"life";
/// The key of the floor that the others were told.
pub(super) const FLOOR: &[u8] = b"floor";
/// This key is there when the replica was let go, and has not been taken in since: then it founds nothing.
pub(super) const DISMISSED: &[u8] = b"dismissed";
/// The key of what must not be forgotten of the last round.
pub(super) const ROUND: &[u8] = b"round";
/// The key of a checkpoint that is being written.
const JOURNAL: &[u8] = b"journal";
/// What the keys of batches of records begin with.
const LOG: &[u8] = b"log/";
/// What the keys of the application's parts begin with.
const PART: &[u8] = b"part/";
/// What the keys of rows of the call table begin with.
const CALL: &[u8] = b"call/";

/// After so many bytes of records the state is written.
pub(super) const CHECKPOINT_BYTES: usize = 16 << 20;

/// A key and its new value; none removes it.
pub(super) type Write = (Vec<u8>, Option<Vec<u8>>);

/// What the state on disk is of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// What the state has executed.
    pub(super) value: Timestamp,
    /// What is no longer in the log.
    pub(super) collected: Timestamp,
    /// The latest stamp's time that was heard of.
    pub(super) heard: u64,
    /// No update before this time is executed any more.
    pub(super) settled: u64,
    /// The decrees that are carried out in it.
    pub(super) cursor: Cursor,
    /// Lines that have ended, in that order.
    pub(super) ended: Vec<Ended>,
}

/// Which life of the replica the disk belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    /// See [`Slot::incarnation`].
    pub(super) incarnation: u32,
    /// Had the replica lost its disk, and not yet heard from as many others as it takes?
    pub(super) fenced: bool,
}

/// What is to be written, and what is on disk that can be removed.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Disk {
    /// The records of the batch that is not written yet, encoded one after the other.
    #[serde(skip)]
    open: Vec<u8>,
    /// The number of that batch.
    batch: u64,
    /// Records of each batch that are still in the log.
    left: BTreeMap<u64, u32>,
    /// Bytes of records written since the last checkpoint.
    pub(super) bytes: usize,
    /// When that was.
    pub(super) checkpoint_at: Instant,
}

/// What a disk held when the replica booted.
pub(super) struct Image<A: Application> {
    pub(super) meta: Meta,
    pub(super) life: Life,
    pub(super) floor: u64,
    pub(super) parts: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) rows: Vec<(SessionId, Vec<u8>)>,
    /// Pieces of the trail.
    pub(super) trail: Vec<Vec<u8>>,
    /// The records, each with its batch and its length.
    pub(super) records: Vec<(Arc<Record<A>>, u64, u32)>,
    disk: Disk,
}

/// Encodes what is of known length.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    match postcard::to_stdvec(value) {
        Ok(bytes) => bytes,
        // Postcard fails only for types of unknown length, which is a fault of the type: the first test finds it.
        Err(error) => unreachable!("a value of unknown length: {error}"),
    }
}

fn key(prefix: &[u8], rest: &[u8]) -> Vec<u8> {
    [prefix, rest].concat()
}

impl Disk {
    /// Adds a record to the batch; returns the batch's number and the record's length.
    pub(super) fn add<A: Application>(&mut self, record: &Record<A>) -> (u64, u32) {
        let before = self.open.len();
        match postcard::to_extend(record, std::mem::take(&mut self.open)) {
            Ok(longer) => self.open = longer,
            Err(error) => unreachable!("a record of unknown length: {error}"),
        }
        *self.left.entry(self.batch).or_default() += 1;
        (self.batch, (self.open.len() - before) as u32)
    }

    /// A record is no longer in the log.
    pub(super) fn collected(&mut self, batch: u64) {
        if let Some(left) = self.left.get_mut(&batch) {
            *left = left.saturating_sub(1);
        }
    }

    /// Writes the batch, if there is something in it.
    pub(super) fn write<A: Application>(&mut self, cx: &mut Context<'_, Store<A>>) {
        if self.open.is_empty() {
            return;
        }
        cx.persist(&key(LOG, &self.batch.to_be_bytes()), &self.open);
        self.bytes += self.open.len();
        self.open.clear();
        // What once was a great batch gives its memory back.
        self.open.shrink_to(1 << 20);
        self.batch += 1;
    }

    /// Are there batches that need not be kept?
    pub(super) fn has_spent(&self) -> bool {
        self.left.first_key_value().is_some_and(|(&batch, &left)| left == 0 && batch < self.batch)
    }

    /// Removes the batches whose records are all gone from the log. Only together with a state in which they are
    /// executed.
    fn forget_spent(&mut self, writes: &mut Vec<Write>) {
        let current = self.batch;
        self.left.retain(|&batch, &mut left| {
            let spent = left == 0 && batch < current;
            if spent {
                writes.push((key(LOG, &batch.to_be_bytes()), None));
            }
            !spent
        });
    }

    /// Writes a state: what of it changed since the last time.
    pub(super) fn checkpoint<A: Application>(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        meta: &Meta,
        parts: Vec<Write>,
        rows: Vec<(SessionId, Option<Vec<u8>>)>,
        trail: Option<(Vec<u8>, Vec<u8>)>,
    ) {
        self.write(cx);
        let mut writes: Vec<Write> = parts.into_iter().map(|(part, value)| (key(PART, &part), value)).collect();
        writes.extend(rows.into_iter().map(|(id, row)| (key(CALL, &id.0.to_be_bytes()), row)));
        writes.extend(trail.map(|(key, piece)| (key, Some(piece))));
        self.forget_spent(&mut writes);
        writes.push((META.to_vec(), Some(encode(meta))));
        let many = writes.len() > 1;
        if many {
            cx.write(JOURNAL.to_vec(), Some(encode(&Journal(&writes))));
        }
        put(cx, writes);
        if many {
            cx.forget(JOURNAL);
        }
        (self.bytes, self.checkpoint_at) = (0, cx.now);
    }

    /// Writes a whole state in place of all that is there. The last key that is written is the one without which
    /// the disk counts as empty.
    pub(super) fn replace<A: Application>(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        (meta, life, floor): (&Meta, Life, u64),
        parts: Vec<Write>,
        rows: Vec<(SessionId, Option<Vec<u8>>)>,
        trail: Option<(Vec<u8>, Vec<u8>)>,
    ) {
        wipe(cx);
        put(cx, trail.into_iter().map(|(key, piece)| (key, Some(piece))));
        put(cx, parts.into_iter().map(|(part, value)| (key(PART, &part), value)));
        put(cx, rows.into_iter().map(|(id, row)| (key(CALL, &id.0.to_be_bytes()), row)));
        self.write(cx);
        cx.persist(FLOOR, &floor.to_be_bytes());
        cx.persist(LIFE, &encode(&life));
        cx.persist(META, &encode(meta));
        (self.bytes, self.checkpoint_at) = (0, cx.now);
    }

    /// A disk with nothing on it; its batches are numbered on, so that no key means two things.
    pub(super) fn emptied(&self) -> Self {
        Self { batch: self.batch + 1, checkpoint_at: self.checkpoint_at, ..Self::default() }
    }
}

fn put<A: Application>(cx: &mut Context<'_, Store<A>>, writes: impl IntoIterator<Item = Write>) {
    writes.into_iter().for_each(|(key, value)| cx.write(key, value));
}

/// Writes as they are encoded: as serde does it, but bytes at once, and not one by one.
struct Journal<'a>(&'a [Write]);

impl Serialize for Journal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(key, value)| (Raw(key), value.as_deref().map(Raw))))
    }
}

struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Removes everything, what the rest means first.
pub(super) fn wipe<A: Application>(cx: &mut Context<'_, Store<A>>) {
    cx.forget(META);
    cx.forget(JOURNAL);
    [LOG, PART, CALL, trail::PREFIX].into_iter().for_each(|prefix| wipe_under(cx, prefix));
}

/// Removes what the council keeps: as good as another peer comes back.
pub(super) fn wipe_council<A: Application>(cx: &mut Context<'_, Store<A>>) {
    cx.forget(ROUND);
    wipe_under(cx, council::PREFIX.as_bytes());
}

fn wipe_under<A: Application>(cx: &mut Context<'_, Store<A>>, prefix: &[u8]) {
    let mut keys = Vec::new();
    cx.scan(prefix, |key, _| keys.push(key.to_vec()));
    keys.iter().for_each(|key| cx.forget(key));
}

/// What the disk holds; none when it is empty.
///
/// # Errors
/// When it holds something else than what this module writes.
pub(super) fn read<A: Application>(cx: &mut Context<'_, Store<A>>) -> Result<Option<Image<A>>, &'static str> {
    if let Some(journal) = cx.stored(JOURNAL) {
        let writes: Vec<Write> = postcard::from_bytes(&journal).map_err(|_| "its journal is malformed")?;
        let overlay: BTreeMap<Vec<u8>, Option<Vec<u8>>> = writes.iter().cloned().collect();
        let image = gather(cx, &overlay)?;
        // What is read is what these make of the disk, and now they do.
        put(cx, writes);
        cx.forget(JOURNAL);
        return Ok(image);
    }
    gather(cx, &BTreeMap::new())
}

/// What the disk holds, seen through writes that are about to be done.
fn gather<A: Application>(
    cx: &Context<'_, Store<A>>,
    overlay: &BTreeMap<Vec<u8>, Option<Vec<u8>>>,
) -> Result<Option<Image<A>>, &'static str> {
    let below = |prefix: &[u8]| {
        let mut found: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        cx.scan(prefix, |key, value| drop(found.insert(key.to_vec(), value.to_vec())));
        for (key, value) in overlay.iter().filter(|(key, _)| key.starts_with(prefix)) {
            match value {
                Some(value) => drop(found.insert(key.clone(), value.clone())),
                None => drop(found.remove(key)),
            }
        }
        found
    };
    let Some(meta) = below(META).remove(META) else { return Ok(None) };
    let meta: Meta = postcard::from_bytes(&meta).map_err(|_| "its description of the state is malformed")?;
    let life = below(LIFE).remove(LIFE).ok_or("it does not say which life it belongs to")?;
    let life = postcard::from_bytes(&life).map_err(|_| "its life is malformed")?;
    let floor = match below(FLOOR).remove(FLOOR).map(<[u8; 8]>::try_from) {
        Some(bytes) => bytes.map(u64::from_be_bytes).map_err(|_| "its floor is no number")?,
        None => 0,
    };
    let parts = below(PART).into_iter().map(|(key, value)| (key[PART.len()..].to_vec(), value)).collect();
    let mut rows = Vec::new();
    for (key, row) in below(CALL) {
        let id = key[CALL.len()..].try_into().map_err(|_| "a row of its call table has no session")?;
        rows.push((SessionId(u128::from_be_bytes(id)), row));
    }
    let trail = below(trail::PREFIX).into_values().collect();
    let mut records = Vec::new();
    let mut disk = Disk { checkpoint_at: cx.now, ..Disk::default() };
    for (key, batch) in below(LOG) {
        let number = key[LOG.len()..].try_into().map(u64::from_be_bytes).map_err(|_| "a batch has no number")?;
        disk.bytes += batch.len();
        if number == u64::MAX {
            return Err("a batch has an impossible number");
        }
        disk.batch = disk.batch.max(number + 1);
        disk.left.insert(number, 0);
        for (record, bytes) in unpack(&batch)? {
            records.push((Arc::new(record), number, bytes));
        }
    }
    Ok(Some(Image { meta, life, floor, parts, rows, trail, records, disk }))
}

/// The records of a batch, and the length of each.
fn unpack<A: Application>(mut batch: &[u8]) -> Result<Vec<(Record<A>, u32)>, &'static str> {
    let mut records = Vec::new();
    while !batch.is_empty() {
        let (record, rest) = postcard::take_from_bytes(batch).map_err(|_| "a record in its log is malformed")?;
        records.push((record, (batch.len() - rest.len()) as u32));
        batch = rest;
    }
    Ok(records)
}

impl<A: Application> Image<A> {
    /// The disk, for what comes.
    pub(super) fn disk(&mut self) -> Disk {
        std::mem::take(&mut self.disk)
    }
}

impl Disk {
    /// A record of this batch went into the log again.
    pub(super) fn kept(&mut self, batch: u64) {
        *self.left.entry(batch).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_encoded_as_its_writes_are() {
        let writes: Vec<Write> = vec![(vec![7; 300], Some(vec![0, 255])), (vec![], None), (vec![1], Some(vec![]))];
        assert_eq!(encode(&Journal(&writes)), encode(&writes));
    }
}
