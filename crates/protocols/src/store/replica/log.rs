//! The log: updates that some replica may still lack, line by line.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use crate::store::{Application, MAX_SLOTS, Record, Slot, Timestamp};

/// The most updates in a log. Then the replica takes no more, until gossip has brought them to all members, or
/// those that do not hear it are evicted.
pub(super) const MAX_LOG: usize = 1 << 22;

/// The updates that some replica may still lack. Each line is without gaps: a record joins it when the one
/// before it is there, or was once.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Log<A: Application> {
    /// What is in the log, or was once.
    replica_timestamp: Timestamp,
    /// Of each line, all up to this is executed. The value timestamp may be ahead: it names sets of updates
    /// with all that these depend on, and a line may have one in it that still waits for something.
    executed: Timestamp,
    /// Of each line, all up to this was once in the log, and is gone.
    collected: Timestamp,
    /// The records after those.
    lines: BTreeMap<Slot, VecDeque<Entry<A>>>,
    len: usize,
}

/// A record in the log.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Entry<A: Application> {
    /// The record, shared with messages.
    pub(super) record: Arc<Record<A>>,
    /// Is it executed here?
    pub(super) executed: bool,
    /// The batch on disk that it is in.
    pub(super) batch: u64,
    /// Its encoded length.
    pub(super) bytes: u32,
}

/// Why a record does not join the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is in the log, or was once.
    Known,
    /// The record before it is missing.
    Gap,
    /// There are too many lines.
    Lines,
}

impl<A: Application> Default for Log<A> {
    fn default() -> Self {
        Self::after(Timestamp::new())
    }
}

impl<A: Application> Log<A> {
    /// An empty log of a state in which all of this is executed.
    pub(super) fn after(collected: Timestamp) -> Self {
        Self {
            replica_timestamp: collected.clone(),
            executed: collected.clone(),
            collected,
            lines: BTreeMap::new(),
            len: 0,
        }
    }

    /// What is in the log, or was once.
    pub(super) fn held(&self) -> &Timestamp {
        &self.replica_timestamp
    }

    /// Of each line, how much is executed without a gap.
    pub(super) fn executed(&self) -> &Timestamp {
        &self.executed
    }

    /// Of each line, how much is gone from the log.
    pub(super) fn collected(&self) -> &Timestamp {
        &self.collected
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Is there a part of timestamps for this line?
    pub(super) fn has_room(&self, slot: Slot) -> bool {
        // Two are left for the ordered updates and the ended lines.
        let most = if slot == Slot::FORCED { MAX_SLOTS - 1 } else { MAX_SLOTS - 2 };
        self.replica_timestamp.get(slot) > 0 || self.replica_timestamp.len() < most
    }

    /// All of so many ended lines is executed here.
    pub(super) fn pass(&mut self, ended: u64) {
        for timestamp in [&mut self.replica_timestamp, &mut self.executed, &mut self.collected] {
            timestamp.raise(Slot::ENDED, ended);
        }
    }

    /// A line that has ended is in nobody's way any more: it is not named. False when some of it is in the log.
    pub(super) fn drop_line(&mut self, slot: Slot) -> bool {
        let is_empty = !self.lines.contains_key(&slot);
        if is_empty {
            for timestamp in [&mut self.replica_timestamp, &mut self.executed, &mut self.collected] {
                timestamp.set(slot, 0);
            }
        }
        is_empty
    }

    /// The lines of which there are records.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.lines.keys().copied()
    }

    /// Would this record fit?
    pub(super) fn fits(&self, slot: Slot, number: u64) -> Result<(), Misfit> {
        let held = self.replica_timestamp.get(slot);
        if number <= held {
            return Err(Misfit::Known);
        }
        if number != held.saturating_add(1) {
            return Err(Misfit::Gap);
        }
        if !self.has_room(slot) {
            return Err(Misfit::Lines);
        }
        Ok(())
    }

    /// Adds a record at the end of its line.
    pub(super) fn append(&mut self, entry: Entry<A>) -> Result<(), Misfit> {
        let (slot, number) = (entry.record.slot, entry.record.number);
        self.fits(slot, number)?;
        self.replica_timestamp.raise(slot, number);
        if entry.executed && self.executed.get(slot) == number - 1 {
            self.executed.raise(slot, number);
        }
        self.lines.entry(slot).or_default().push_back(entry);
        self.len += 1;
        Ok(())
    }

    /// A record in the log.
    pub(super) fn get(&self, slot: Slot, number: u64) -> Option<&Entry<A>> {
        let place = number.checked_sub(self.collected.get(slot).saturating_add(1))?;
        self.lines.get(&slot)?.get(usize::try_from(place).ok()?)
    }

    /// Notes that a record is executed; returns it, unless it was before.
    pub(super) fn execute(&mut self, slot: Slot, number: u64) -> Option<Arc<Record<A>>> {
        let first = self.collected.get(slot).saturating_add(1);
        let line = self.lines.get_mut(&slot)?;
        let entry = line.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)?;
        if std::mem::replace(&mut entry.executed, true) {
            return None;
        }
        let record = Arc::clone(&entry.record);
        let mut done = self.executed.get(slot);
        if done + 1 == number {
            // What was executed out of its turn is now in a row with what was before.
            while line.get((done + 1 - first) as usize).is_some_and(|entry| entry.executed) {
                done += 1;
            }
            self.executed.raise(slot, done);
        }
        Some(record)
    }

    /// Removes what is executed and which every member holds, as `known` says of a line. Tells `gone` of each.
    pub(super) fn collect(&mut self, known: impl Fn(Slot) -> u64, mut gone: impl FnMut(&Entry<A>)) {
        for (&slot, line) in &mut self.lines {
            let first = self.collected.get(slot).saturating_add(1);
            let last = known(slot).min(self.executed.get(slot));
            if last < first {
                continue;
            }
            let count = ((last + 1 - first) as usize).min(line.len());
            line.drain(..count).for_each(|entry| gone(&entry));
            self.len -= count;
            self.collected.raise(slot, first + count as u64 - 1);
            // A line that once was long gives its memory back.
            if line.capacity() > 1024 && line.len() * 8 < line.capacity() {
                line.shrink_to(line.len() * 2);
            }
        }
        self.lines.retain(|_, line| !line.is_empty());
    }

    /// The records beyond a timestamp: of all lines the one with the least stamp first, as far as the lines'
    /// own order allows. Stamps agree with the causal order, so most can be executed as they come.
    pub(super) fn beyond<'a>(&'a self, since: &Timestamp) -> Beyond<'a, A> {
        let heads = self.lines.iter().map(|(&slot, line)| {
            let skip = since.get(slot).saturating_sub(self.collected.get(slot));
            (line, usize::try_from(skip).unwrap_or(usize::MAX))
        });
        Beyond { heads: heads.filter(|(line, skip)| *skip < line.len()).collect() }
    }

    /// All records, line by line.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<A>> {
        self.lines.values().flatten()
    }

    /// The records of one line with numbers in a range.
    pub(super) fn range(&self, slot: Slot, from: u64, to: u64) -> impl Iterator<Item = &Entry<A>> {
        (from..=to).map_while(move |number| self.get(slot, number))
    }
}

/// See [`Log::beyond`].
pub(super) struct Beyond<'a, A: Application> {
    /// Lines, each with the place of what comes next.
    heads: Vec<(&'a VecDeque<Entry<A>>, usize)>,
}

impl<'a, A: Application> Iterator for Beyond<'a, A> {
    type Item = &'a Entry<A>;

    fn next(&mut self) -> Option<&'a Entry<A>> {
        let stamp = |&&mut (line, place): &&mut (&VecDeque<Entry<A>>, usize)| line[place].record.stamp;
        let least = self.heads.iter_mut().filter(|(line, place)| *place < line.len()).min_by_key(stamp)?;
        let entry = &least.0[least.1];
        least.1 += 1;
        Some(entry)
    }
}
