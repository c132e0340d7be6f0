//! A key-value store with strings, counters, hashes and sets, as in Redis.
//!
//! **What it comes to.** The state is what Redis would have if it had executed all updates, one after the
//! other, in the order of their stamps. So replicas that have executed the same updates hold the same, in
//! whatever order these came. Three things follow:
//!
//! - Of concurrent writes to one string, field or member, the greatest stamp wins, a deletion like any other;
//!   increments all count, unless a SET or DEL with a greater stamp came after them.
//! - When a key is written as two kinds concurrently, SET and DEL always take effect, and of the other
//!   writes those of the kind that the key is of at their place in the order; the others are void.
//! - An update in the past of others is refused, or takes effect, as it would have then.
//!
//! **Answers.** An update that comes after all others that touched its keys here is answered as by Redis. One
//! that comes in between is answered by what it changed in what is seen here: an increment by the number that
//! is now seen (0 when none is), HSET and SADD by how many fields or members are seen that were not, HDEL,
//! SREM and DEL by how many are seen no more, and `WRONGTYPE` when the key is now seen to be of another kind.
//! As usual among replicas, an answer tells of here and now: an update that was answered may turn out void
//! when an older one arrives. Who cannot live with that makes forced or immediate calls.
//!
//! **What it costs.** A key that was not written recently holds its value alone. Until [`Application::settle`]
//! says that nothing older can come, a write of a string or a deletion leaves a stamp, every increment and
//! every write to a hash or set 48 bytes. Writes in any order take logarithmic time, except to a key that has
//! been written as two kinds recently and from which something was removed: those replay its recent writes.

mod cell;
mod entry;
mod exercise;
mod glob;
mod operation;
mod part;
mod query;
mod settle;
#[cfg(test)]
mod tests;
mod update;
mod words;

use std::collections::{BTreeMap, VecDeque};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use self::entry::{Entry, Register};
use self::part::PartKey;
use crate::store::apps::Bytes;
use crate::store::{Application, Changed, PartError, Stamp};

pub use operation::{Answer, Error, Kind, Query, Update};

/// The most keys that one [`Query::Scan`] looks at.
pub const MAX_SCAN: u32 = 10_000;

/// About the most writes that one call of [`Application::settle`] folds.
const MAX_SETTLED: usize = 20_000;

/// A key-value store.
#[derive(Clone, Debug, Default)]
pub struct KeyValue {
    entries: BTreeMap<Place, Entry>,
    /// How many keys are seen.
    size: usize,
    /// Keys with writes that are not settled, each once: the time of the oldest, and the key's hash.
    due: VecDeque<(u64, u64)>,
}

/// A key, in the order of a hash: so comparing is fast, and a number names a place in the order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// 53 bits, so that any language's numbers hold a cursor.
    hash: u64,
    key: Bytes,
}

impl Place {
    fn of(key: Bytes) -> Self {
        Self { hash: crate::store::application::fingerprint(&key) >> 11, key }
    }
}

impl Application for KeyValue {
    type Update = Update;
    type Query = Query;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, update: &Update, changed: &mut Changed) -> Answer {
        self.execute(stamp, update, changed)
    }

    fn query(&self, query: &Query) -> Answer {
        self.answer(query).unwrap_or_else(Answer::Error)
    }

    fn settle(&mut self, floor: u64, changed: &mut Changed) {
        let mut left = MAX_SETTLED;
        while left > 0
            && let Some((_, hash)) = self.due.pop_front_if(|(time, _)| *time < floor)
        {
            let mut next = None;
            let first = Place { hash, key: Bytes::new() };
            let after = Place { hash: hash + 1, key: Bytes::new() };
            let mut vacant = Vec::new();
            for (place, entry) in self.entries.range_mut(first..after) {
                let (oldest, settled) = settle::settle(entry, floor, left, &mut |register, bucket| {
                    changed.part(&part::encode(place, register, bucket));
                });
                next = oldest.into_iter().chain(next).min();
                left = left.saturating_sub(settled.max(1));
                if entry.is_vacant() {
                    vacant.push(place.clone());
                }
            }
            vacant.iter().for_each(|place| drop(self.entries.remove(place)));
            match next {
                Some(time) if time < floor => self.due.push_front((time, hash)),
                Some(time) => self.due.push_back((time, hash)),
                None => {}
            }
        }
    }

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        let part = PartKey::decode(key)?;
        self.entries.get(&part.place)?.part(&part.register, part.bucket)
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        match after.map(|bytes| (bytes, PartKey::decode(bytes))) {
            None => self.first_part(self.entries.iter()),
            Some((_, Some(PartKey { place, register, bucket }))) => {
                let here = self.entries.get(&place).and_then(|entry| entry.next_part(Some((&register, bucket))));
                match here {
                    Some((register, bucket)) => Some(part::encode(&place, &register, bucket)),
                    None => {
                        use std::ops::Bound::{Excluded, Unbounded};
                        self.first_part(self.entries.range((Excluded(place), Unbounded)))
                    }
                }
            }
            Some((bytes, None)) => crate::store::apps::part_after_no_name(self, bytes),
        }
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        let part = PartKey::decode(key).ok_or_else(|| PartError { why: "a name of no part".into() })?;
        self.with(part.place, |entry| entry.restore(&part.register, part.bucket, value))
    }

    fn name_of_update(update: &Update) -> &'static str {
        update.name()
    }

    fn name_of_query(query: &Query) -> &'static str {
        query.name()
    }

    /// A hash of what is seen: replicas that see the same have the same, whatever each has settled.
    fn digest(&self) -> u64 {
        self.seen().fold(0, |digest, (key, value)| {
            let bytes = postcard::to_stdvec(&(key, value)).unwrap_or_default();
            rumormill_core::rng::mix(digest ^ crate::store::application::fingerprint(&bytes))
        })
    }
}

impl KeyValue {
    fn first_part<'a>(&self, mut entries: impl Iterator<Item = (&'a Place, &'a Entry)>) -> Option<Vec<u8>> {
        entries.find_map(|(place, entry)| {
            let (register, bucket) = entry.next_part(None)?;
            Some(part::encode(place, &register, bucket))
        })
    }

    /// Does something with a key, and keeps the books.
    fn with<T>(&mut self, place: Place, work: impl FnOnce(&mut Entry) -> T) -> T {
        use std::collections::btree_map::Entry::{Occupied, Vacant};
        let hash = place.hash;
        let mut occupied = match self.entries.entry(place) {
            Occupied(occupied) => occupied,
            Vacant(vacant) => vacant.insert_entry(Entry::default()),
        };
        let entry = occupied.get_mut();
        let (was_seen, was_due) = (entry.kind != Kind::None, entry.recent.is_some());
        let result = work(entry);
        self.size = self.size + usize::from(entry.kind != Kind::None) - usize::from(was_seen);
        if let (false, Some(oldest)) = (was_due, settle::oldest(entry)) {
            self.due.push_back((oldest, hash));
        }
        if entry.is_vacant() {
            occupied.remove();
        }
        result
    }

    /// What is seen, in order.
    fn seen(&self) -> impl Iterator<Item = (&Bytes, Seen<'_>)> {
        self.entries.iter().filter_map(|(place, entry)| {
            let seen = match entry.kind {
                Kind::None => return None,
                Kind::String => Seen::String(entry.text.seen.as_ref()?),
                Kind::Hash => Seen::Hash(entry.fields().collect()),
                Kind::Set => Seen::Set(entry.members().collect()),
            };
            Some((&place.key, seen))
        })
    }
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Serialize)]
enum Seen<'a> {
    String(&'a Bytes),
    Hash(BTreeMap<&'a Bytes, &'a Bytes>),
    Set(Vec<&'a Bytes>),
}

impl Entry {
    fn fields(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.rest.iter().filter_map(|(register, cell)| match register {
            Register::Field(name) => Some((name, cell.seen.as_ref()?)),
            _ => None,
        })
    }

    fn members(&self) -> impl Iterator<Item = &Bytes> {
        self.rest.iter().filter_map(|(register, cell)| match register {
            Register::Member(name) => cell.seen.as_ref().map(|_| name),
            _ => None,
        })
    }
}

/// As a person looks at it: the keys and their values.
impl Serialize for KeyValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.size))?;
        for (key, value) in self.seen() {
            map.serialize_key(key)?;
            match value {
                Seen::String(text) => map.serialize_value(text)?,
                Seen::Hash(fields) => map.serialize_value(&fields)?,
                Seen::Set(members) => map.serialize_value(&members)?,
            }
        }
        map.end()
    }
}
