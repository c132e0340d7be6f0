//! The log: entries after a mark, in memory and on disk, a key each.
//!
//! A crash may keep any prefix of what was being written, so the order of writes matters: entries are removed
//! from the last one down and appended from the first one up, which leaves no gap; a mark is written before
//! what it replaces is forgotten.

use std::collections::VecDeque;

use rumormill_core::Context;
use serde::Serialize;

use super::Raft;
use super::disk::{Unreadable, decode, encode};
use super::message::{Command, Entry, Mark, Member, Payload};

/// Before the index of an entry (8 bytes, big-endian) in its key.
const ENTRY: &[u8] = b"entry/";

/// Where the mark is.
const MARK: &[u8] = b"mark";

/// The log.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Log<C> {
    mark: Mark,
    /// The entries after the mark.
    slots: VecDeque<Slot<C>>,
    /// Where among them membership changes, ascending.
    changes: Vec<(u64, Vec<Member>)>,
}

#[derive(Clone, Debug, Serialize)]
struct Slot<C> {
    entry: Entry<C>,
    /// Its length when it is encoded.
    bytes: usize,
}

impl<C> Default for Log<C> {
    fn default() -> Self {
        Self { mark: Mark::default(), slots: VecDeque::new(), changes: Vec::new() }
    }
}

impl<C: Command> Log<C> {
    /// The log on the disk.
    pub fn load(cx: &mut Context<'_, Raft<C>>) -> Result<Self, Unreadable> {
        let mut log = Self::default();
        if let Some(bytes) = cx.stored(MARK) {
            log.mark = decode(&bytes)?;
        }
        let (mut stale, mut sound) = (Vec::new(), true);
        cx.scan(ENTRY, |key, value| {
            let index = index_of(key);
            match (index, decode(value)) {
                (Some(index), _) if index <= log.mark.index => stale.push(index),
                (Some(index), Ok(entry)) if index == log.last_index() + 1 => log.push(entry, value.len()),
                _ => sound = false,
            }
        });
        stale.into_iter().for_each(|index| cx.forget(&key_of(index)));
        if sound { Ok(log) } else { Err(Unreadable) }
    }

    /// Forgets all of it, also what of it on the disk cannot be read.
    pub fn wipe(cx: &mut Context<'_, Raft<C>>) {
        let mut keys = Vec::new();
        cx.scan(ENTRY, |key, _| keys.push(key.to_vec()));
        keys.iter().rev().for_each(|key| cx.forget(key));
        cx.forget(MARK);
    }

    /// What was compacted.
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The place of the last entry; 0 for none.
    pub fn last_index(&self) -> u64 {
        self.mark.index + self.slots.len() as u64
    }

    /// The term of the last entry; 0 for none.
    pub fn last_term(&self) -> u64 {
        self.slots.back().map_or(self.mark.term, |slot| slot.entry.term)
    }

    /// The term of an entry; none before the mark and after the last.
    pub fn term_at(&self, index: u64) -> Option<u64> {
        if index == self.mark.index {
            return Some(self.mark.term);
        }
        self.entry(index).map(|entry| entry.term)
    }

    /// An entry; none up to the mark and after the last.
    pub fn entry(&self, index: u64) -> Option<&Entry<C>> {
        let place = index.checked_sub(self.mark.index + 1)?;
        self.slots.get(usize::try_from(place).ok()?).map(|slot| &slot.entry)
    }

    /// The members from the last change of membership on, committed or not.
    pub fn members(&self) -> &[Member] {
        self.changes.last().map_or(&self.mark.members, |(_, members)| members)
    }

    /// The place of that change.
    pub fn last_change(&self) -> u64 {
        self.changes.last().map_or(self.mark.index, |(index, _)| *index)
    }

    /// What a snapshot of everything up to this entry goes with.
    pub fn mark_at(&self, index: u64) -> Option<Mark> {
        let term = self.term_at(index)?;
        let change = self.changes.iter().rev().find(|(at, _)| *at <= index);
        let members = change.map_or(&self.mark.members, |(_, members)| members).clone();
        Some(Mark { index, term, members })
    }

    /// Entries from `index` on, of at most so many bytes together, but at least one when there is one.
    pub fn batch(&self, index: u64, bytes_max: usize) -> Vec<Entry<C>> {
        let from = index.saturating_sub(self.mark.index + 1) as usize;
        let mut bytes = 0;
        let fitting = self.slots.iter().skip(from).take_while(|slot| {
            let is_first = bytes == 0;
            bytes += slot.bytes;
            is_first || bytes <= bytes_max
        });
        fitting.map(|slot| slot.entry.clone()).collect()
    }

    /// The last place up to `index` whose entry is of this term or an earlier one: beyond it, a log that has
    /// an entry of this term at `index` cannot be the same.
    pub fn last_up_to(&self, index: u64, term: u64) -> u64 {
        let mut index = index.min(self.last_index());
        while index > self.mark.index && self.term_at(index).is_some_and(|here| here > term) {
            index -= 1;
        }
        index
    }

    /// Puts an entry after the last one.
    pub fn append(&mut self, cx: &mut Context<'_, Raft<C>>, entry: Entry<C>) {
        let bytes = encode(&entry);
        cx.persist(&key_of(self.last_index() + 1), &bytes);
        self.push(entry, bytes.len());
    }

    fn push(&mut self, entry: Entry<C>, bytes: usize) {
        let index = self.last_index() + 1;
        if let Payload::Members(members) = &entry.payload {
            self.changes.push((index, members.clone()));
        }
        self.slots.push_back(Slot { entry, bytes });
    }

    /// Removes the entries from `index` on.
    pub fn truncate(&mut self, cx: &mut Context<'_, Raft<C>>, index: u64) {
        while self.last_index() >= index && !self.slots.is_empty() {
            cx.forget(&key_of(self.last_index()));
            self.slots.pop_back();
        }
        self.changes.retain(|(at, _)| *at < index);
    }

    /// Forgets the entries up to `index`, of which the layer above has a snapshot.
    pub fn compact(&mut self, cx: &mut Context<'_, Raft<C>>, index: u64) {
        if let Some(mark) = self.mark_at(index).filter(|mark| mark.index > self.mark.index) {
            self.replace(cx, mark);
        }
    }

    /// Takes another member's mark, with whose snapshot the layer above goes on. What follows it stays when the
    /// logs agree there.
    pub fn install(&mut self, cx: &mut Context<'_, Raft<C>>, mark: Mark) {
        if self.term_at(mark.index) != Some(mark.term) {
            // From there on nothing here is committed. What is before may be: it goes after the mark is written.
            self.truncate(cx, mark.index);
        }
        self.replace(cx, mark);
    }

    /// Writes the mark and forgets what is up to it.
    fn replace(&mut self, cx: &mut Context<'_, Raft<C>>, mark: Mark) {
        cx.persist(MARK, &encode(&mark));
        let covered = (mark.index - self.mark.index).min(self.slots.len() as u64);
        for offset in 1..=covered {
            cx.forget(&key_of(self.mark.index + offset));
        }
        self.slots.drain(..covered as usize);
        self.changes.retain(|(at, _)| *at > mark.index);
        self.mark = mark;
    }
}

fn key_of(index: u64) -> Vec<u8> {
    [ENTRY, &index.to_be_bytes()].concat()
}

fn index_of(key: &[u8]) -> Option<u64> {
    key.strip_prefix(ENTRY)?.try_into().ok().map(u64::from_be_bytes)
}
