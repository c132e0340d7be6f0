//! A place for one value: a string, a field of a hash, or a member of a set.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::store::apps::Bytes;
use crate::store::{SessionId, Stamp};

/// What a write does to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Action {
    /// Puts a value.
    Put,
    /// Removes the value.
    Remove,
    /// Adds to the number.
    Add(i64),
}

/// A value, and those writes of it that later ones with lesser stamps may still come before.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// What is seen.
    pub(super) seen: Option<Bytes>,
    /// The writes that are not settled.
    pub(super) tail: Option<Box<Tail>>,
}

/// Writes in order of their stamps, after what is settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    /// What there was before all of them. Only whether there was something counts once there is a `newest`.
    pub(super) base: Option<Bytes>,
    /// The writes. An overwritten value is seen never again, so only the newest one is kept; that one was
    /// written is, for it decides of what kind the key was at the time.
    pub(super) ops: BTreeMap<Stamp, Action>,
    /// The newest of those that put or remove, and what it put.
    newest: Option<(Stamp, Option<Bytes>)>,
    /// How many additions come after `newest`, and the sums of those up and of those down.
    adds: u64,
    plus: i128,
    minus: i128,
}

/// The least stamp of a time.
pub(super) fn beginning(time: u64) -> Stamp {
    Stamp { time, call: crate::store::CallId { session: SessionId(0), number: 0 } }
}

impl Cell {
    /// Holds a settled value.
    pub(super) fn settled(seen: Option<Bytes>) -> Self {
        Self { seen, tail: None }
    }

    /// What there is before all writes that are not settled.
    pub(super) fn base(&self) -> Option<&Bytes> {
        self.tail.as_ref().map_or(self.seen.as_ref(), |tail| tail.base.as_ref())
    }

    /// Changes what there is before all writes that are not settled.
    pub(super) fn set_base(&mut self, base: Option<Bytes>) {
        match &mut self.tail {
            Some(tail) => tail.base = base,
            None => self.seen = base,
        }
    }

    /// Neither holds nor knows anything?
    pub(super) fn is_vacant(&self) -> bool {
        self.seen.is_none() && self.tail.is_none()
    }

    /// Does a write to what is seen, as one that comes after all others.
    pub(super) fn apply(&mut self, action: Action, value: Option<&Bytes>) -> Result<(), Error> {
        self.seen = match action {
            Action::Put => Some(value.cloned().unwrap_or_default()),
            Action::Remove => None,
            Action::Add(by) => {
                let from = self.seen.as_ref().map_or(Some(0), |text| integer(text));
                let sum = from.ok_or(Error::NotAnInteger)?.checked_add(by).ok_or(Error::Overflow)?;
                Some(Bytes::from(sum))
            }
        };
        Ok(())
    }

    /// Keeps a write in its place; what is seen stays as it is.
    pub(super) fn record(&mut self, stamp: Stamp, action: Action, value: Option<&Bytes>) {
        let base = &self.seen;
        let tail = self.tail.get_or_insert_with(|| Box::new(Tail { base: base.clone(), ..Tail::default() }));
        tail.record(stamp, action, value);
    }

    /// What its own writes give, if all of them count.
    pub(super) fn fold(&self) -> Option<Bytes> {
        self.tail.as_ref().map_or_else(|| self.seen.clone(), |tail| tail.fold())
    }

    /// Drops all writes up to this one and what came before them: the key was set or deleted then.
    pub(super) fn prune(&mut self, upto: Stamp) {
        self.tail = self.tail.take().and_then(|mut tail| {
            tail.base = None;
            tail.ops = tail.ops.split_off(&upto);
            tail.ops.remove(&upto);
            tail.recount();
            (!tail.ops.is_empty()).then_some(tail)
        });
        self.seen = None;
    }

    /// Drops the writes in this range of times, as if they had never been; says whether there were any.
    pub(super) fn drop_range(&mut self, from: u64, to: u64) -> bool {
        let Some(tail) = &mut self.tail else { return false };
        let stamps: Vec<Stamp> = tail.ops.range(beginning(from)..beginning(to)).map(|(&stamp, _)| stamp).collect();
        for stamp in &stamps {
            tail.ops.remove(stamp);
        }
        tail.recount();
        if tail.ops.is_empty() {
            *self = Self::settled(tail.base.take());
        }
        !stamps.is_empty()
    }

    /// Takes the writes before `floor` away, at most `most` of them, the oldest. The caller says what they came
    /// to by [`Cell::set_base`], and then calls [`Cell::close`].
    pub(super) fn take_before(&mut self, floor: u64, most: usize) -> BTreeMap<Stamp, Action> {
        let mut old = BTreeMap::new();
        let Some(tail) = &mut self.tail else { return old };
        while old.len() < most
            && let Some(first) = tail.ops.first_entry()
            && first.key().time < floor
        {
            let (stamp, action) = first.remove_entry();
            tail.uncount(stamp, action);
            old.insert(stamp, action);
        }
        old
    }

    /// Settles its writes before `floor`, at most `most` of them, if all of its writes count; returns them.
    pub(super) fn settle(&mut self, floor: u64, most: usize) -> BTreeMap<Stamp, Action> {
        let old = self.take_before(floor, most);
        let Some(tail) = &mut self.tail else { return old };
        let mut cell = Self::settled(tail.base.take());
        for (stamp, action) in &old {
            // What is refused changes nothing, then as now.
            let _ = cell.apply(*action, tail.value_at(*stamp));
        }
        tail.base = cell.seen;
        self.close();
        old
    }

    /// After writes were taken away, and the base changed: is the tail still needed, and its newest write?
    pub(super) fn close(&mut self) {
        let Some(tail) = &mut self.tail else { return };
        tail.newest.take_if(|(newest, _)| !tail.ops.contains_key(newest));
        if tail.ops.is_empty() {
            self.tail = None;
        }
    }
}

impl Tail {
    /// The value that this write put, if it is the newest.
    pub(super) fn value_at(&self, stamp: Stamp) -> Option<&Bytes> {
        self.newest.as_ref().filter(|(newest, _)| *newest == stamp).and_then(|(_, value)| value.as_ref())
    }

    fn record(&mut self, stamp: Stamp, action: Action, value: Option<&Bytes>) {
        self.ops.insert(stamp, action);
        let is_newer = self.newest.as_ref().is_none_or(|(newest, _)| *newest <= stamp);
        match action {
            Action::Add(by) if is_newer => self.count(by),
            Action::Put | Action::Remove if is_newer => {
                let value = (action == Action::Put).then(|| value.cloned().unwrap_or_default());
                self.newest = Some((stamp, value));
                self.count_all();
            }
            _ => {}
        }
    }

    /// Finds the newest write again, after some are gone.
    fn recount(&mut self) {
        if let Some((newest, _)) = &self.newest
            && !self.ops.contains_key(newest)
        {
            // Either all writes up to it are gone, or it is replaced by what is recorded next.
            let rest = self.ops.iter().rev().find(|(_, action)| !matches!(action, Action::Add(_)));
            self.newest = rest.map(|(&stamp, action)| (stamp, (*action == Action::Put).then(Bytes::new)));
        }
        self.count_all();
    }

    fn count_all(&mut self) {
        (self.adds, self.plus, self.minus) = (0, 0, 0);
        let from = self.newest.as_ref().map_or(beginning(0), |(newest, _)| *newest);
        let adds = self.ops.range(from..).filter_map(|(_, action)| match action {
            Action::Add(by) => Some(*by),
            _ => None,
        });
        for by in adds.collect::<Vec<_>>() {
            self.count(by);
        }
    }

    fn count(&mut self, by: i64) {
        self.adds += 1;
        self.plus += i128::from(by.max(0));
        self.minus -= i128::from(by.min(0));
    }

    fn uncount(&mut self, stamp: Stamp, action: Action) {
        let counts = self.newest.as_ref().is_none_or(|(newest, _)| *newest < stamp);
        if let (Action::Add(by), true) = (action, counts) {
            self.adds -= 1;
            self.plus -= i128::from(by.max(0));
            self.minus += i128::from(by.min(0));
        }
    }

    fn fold(&self) -> Option<Bytes> {
        let start = self.newest.as_ref().map_or(self.base.as_ref(), |(_, value)| value.as_ref());
        if self.adds == 0 {
            return start.cloned();
        }
        let Some(from) = start.map_or(Some(0), |text| integer(text)) else { return start.cloned() };
        let (least, most) = (i128::from(from) - self.minus, i128::from(from) + self.plus);
        // No addition can overflow, in whatever order: the sum is all that counts.
        if i64::try_from(least).is_ok() && i64::try_from(most).is_ok() {
            return i64::try_from(most - self.minus).ok().map(Bytes::from);
        }
        let after = self.newest.as_ref().map_or(beginning(0), |(newest, _)| *newest);
        let mut cell = Cell::settled(start.cloned());
        for (_, action) in self.ops.range(after..).filter(|(_, action)| matches!(action, Action::Add(_))) {
            // One that overflows is refused.
            let _ = cell.apply(*action, None);
        }
        cell.seen
    }
}

/// The number that these digits are; like Redis, no other form than the one that it would be written in.
pub(super) fn integer(digits: &[u8]) -> Option<i64> {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    let plain = match unsigned {
        [b'0'] => digits.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { std::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}
