//! The parts of the state: what a change writes to disk, and what a snapshot consists of.
//!
//! A key has a part for its string and when it was last set or deleted, one for each field or member, and one
//! for the writes of each of these in a span of time: so a counter that is incremented a million times before
//! any of it is settled rewrites little each time, and no part grows large.

use serde::{Deserialize, Serialize};

use super::cell::{Action, beginning};
use super::entry::{Entry, Register};
use super::settle::fits;
use super::{Kind, Place};
use crate::store::apps::{Bytes, decode_part};
use crate::store::{PartError, Stamp};

/// A part holds the writes of 2²⁶ ns, 67 ms: at 300,000 a second, half a megabyte.
const SPAN_BITS: u32 = 26;

/// Which span of time a write belongs to.
pub(super) fn bucket(stamp: Stamp) -> u64 {
    stamp.time >> SPAN_BITS
}

/// The name of a part. Its bytes are in the same order as these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartKey {
    pub(super) place: Place,
    pub(super) register: Register,
    /// The span of time of its writes; `None`: what was before all of them.
    pub(super) bucket: Option<u64>,
}

/// What a key has besides fields and members.
#[derive(Serialize, Deserialize)]
struct Head {
    born: Option<Stamp>,
    text: Option<Bytes>,
}

/// A write of a tail, and what it put if that is still of use.
type Write = (Stamp, Action, Option<Bytes>);

/// The bytes of a part's name: the place, the register and the span, so that they sort as these do.
pub(super) fn encode(place: &Place, register: &Register, bucket: Option<u64>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(place.key.len() + 32);
    bytes.extend(place.hash.to_be_bytes());
    escape(&place.key, &mut bytes);
    match register {
        Register::Text => bytes.push(0),
        Register::Field(name) => {
            bytes.push(1);
            escape(name, &mut bytes);
        }
        Register::Member(name) => {
            bytes.push(2);
            escape(name, &mut bytes);
        }
    }
    bytes.push(u8::from(bucket.is_some()));
    bytes.extend(bucket.iter().flat_map(|bucket| bucket.to_be_bytes()));
    bytes
}

/// Zero as zero and one, the end as two zeros: so a name comes before those that it begins.
fn escape(name: &[u8], bytes: &mut Vec<u8>) {
    for &byte in name {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(1);
        }
    }
    bytes.extend([0, 0]);
}

fn unescape(bytes: &mut &[u8]) -> Option<Bytes> {
    let plain = bytes.iter().position(|&byte| byte == 0)?;
    let name = Bytes::from(&bytes[..plain]);
    *bytes = &bytes[plain..];
    if let Some(rest) = bytes.strip_prefix(&[0, 0]) {
        *bytes = rest;
        return Some(name);
    }
    let mut name = name.to_vec();
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if byte == 0 {
            let (&kind, rest) = bytes.split_first()?;
            *bytes = rest;
            match kind {
                0 => return Some(name.into()),
                1 => {}
                _ => return None,
            }
        }
        name.push(byte);
    }
}

impl PartKey {
    /// The part with this name; `None` when no part has such a name.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let hash = u64::from_be_bytes(take(bytes)?);
        let key = unescape(bytes)?;
        let register = match take::<1>(bytes)? {
            [0] => Register::Text,
            [1] => Register::Field(unescape(bytes)?),
            [2] => Register::Member(unescape(bytes)?),
            _ => return None,
        };
        let bucket = match take::<1>(bytes)? {
            [0] => None,
            [1] => Some(u64::from_be_bytes(take(bytes)?)).filter(|bucket| *bucket <= u64::MAX >> SPAN_BITS),
            _ => return None,
        };
        let place = Place::of(key);
        let is_whole = bytes.is_empty() && place.hash == hash;
        is_whole.then_some(Self { place, register, bucket })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

/// Where a span begins and the next one does, in nanoseconds.
fn span(bucket: u64) -> (u64, u64) {
    let begin = bucket << SPAN_BITS;
    (begin, begin.saturating_add(1 << SPAN_BITS))
}

impl Entry {
    /// A part of this key.
    pub(super) fn part(&self, register: &Register, bucket: Option<u64>) -> Option<Vec<u8>> {
        let cell = self.cell(register)?;
        let bytes = match (bucket, register) {
            (None, Register::Text) => {
                let head = Head { born: self.born(), text: cell.base().cloned() };
                if head.born.is_none() && head.text.is_none() {
                    return None;
                }
                postcard::to_stdvec(&head)
            }
            (None, _) => postcard::to_stdvec(cell.base()?),
            (Some(bucket), _) => {
                let tail = cell.tail.as_ref()?;
                let (from, to) = span(bucket);
                let writes = tail.ops.range(beginning(from)..beginning(to));
                let writes: Vec<Write> =
                    writes.map(|(&stamp, &action)| (stamp, action, tail.value_at(stamp).cloned())).collect();
                if writes.is_empty() {
                    return None;
                }
                postcard::to_stdvec(&writes)
            }
        };
        // Values of these types always have an encoding.
        bytes.ok()
    }

    /// The next part after this one of a register, or the first.
    pub(super) fn next_part(&self, after: Option<(&Register, Option<u64>)>) -> Option<(Register, Option<u64>)> {
        let first = after.map_or(&Register::Text, |(register, _)| register);
        let text = (*first == Register::Text).then_some((&Register::Text, &self.text));
        let rest = self.rest.range(first.clone()..);
        text.into_iter().chain(rest).find_map(|(register, cell)| {
            let after = after.filter(|(after, _)| *after == register).map(|(_, bucket)| bucket);
            let has_base = cell.base().is_some() || (*register == Register::Text && self.born().is_some());
            if after.is_none() && has_base {
                return Some((register.clone(), None));
            }
            let from = after.flatten().map_or(0, |bucket| span(bucket).1);
            let (next, _) = cell.tail.as_ref()?.ops.range(beginning(from)..).next()?;
            Some((register.clone(), Some(bucket(*next))))
        })
    }

    /// Takes a part in place of what was there.
    pub(super) fn restore(&mut self, register: &Register, bucket: Option<u64>, value: &[u8]) -> Result<(), PartError> {
        match bucket {
            None if *register == Register::Text => self.restore_head(value),
            None => self.restore_base(register, value),
            Some(bucket) => self.restore_tail(register, bucket, value),
        }
    }

    fn restore_head(&mut self, value: &[u8]) -> Result<(), PartError> {
        let head: Head = decode_part(value)?;
        if head.text.is_some() {
            self.refuse_other_bases(Kind::String)?;
        }
        let tails = std::iter::once(&self.text).chain(self.rest.values()).filter_map(|cell| cell.tail.as_ref());
        let oldest = tails.filter_map(|tail| tail.ops.keys().next()).min().copied();
        if oldest.is_some_and(|oldest| Some(oldest) <= head.born) {
            return Err(PartError { why: "a key that is younger than writes of it".into() });
        }
        self.text.set_base(head.text);
        if head.born.is_some() || self.recent.is_some() {
            self.recent.get_or_insert_default().born = head.born;
        }
        self.recount();
        self.replay();
        Ok(())
    }

    fn restore_base(&mut self, register: &Register, value: &[u8]) -> Result<(), PartError> {
        let value: Bytes = decode_part(value)?;
        let kind = register.kind();
        if self.kind != kind || self.sole_kind() != Some(kind) {
            self.refuse_other_bases(kind)?;
        }
        if let Some(later) = self.recent.as_mut().and_then(|recent| recent.later.as_mut()) {
            later.raise_base(kind);
        }
        let cell = self.cell_mut(register);
        let (before, is_settled) = (cell.seen.is_some(), cell.tail.is_none());
        cell.set_base(Some(value));
        let is_sole = self.sole_kind().is_some_and(|sole| sole == kind || sole == Kind::None);
        if is_settled && is_sole && (self.kind == kind || self.kind == Kind::None) {
            self.counted(register, before, true);
        } else {
            self.recount();
            self.replay();
        }
        Ok(())
    }

    fn restore_tail(&mut self, register: &Register, bucket: u64, value: &[u8]) -> Result<(), PartError> {
        let writes: Vec<Write> = decode_part(value)?;
        let in_order = writes.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let here = |stamp: Stamp| stamp.time >> SPAN_BITS == bucket && stamp.time < u64::MAX;
        if !in_order || !writes.iter().all(|(stamp, action, _)| here(*stamp) && fits(register, *action)) {
            return Err(PartError { why: "writes out of order, or of another cell or time".into() });
        }
        let (from, to) = span(bucket);
        if self.cell_mut(register).drop_range(from, to) {
            self.recount();
            self.replay();
        }
        for (stamp, action, value) in writes {
            // What was refused is refused again.
            let _ = self.write(stamp, register, action, value.as_ref());
        }
        if self.cell(register).is_some_and(super::cell::Cell::is_vacant) {
            self.rest.remove(register);
        }
        Ok(())
    }

    /// Before all writes that are not settled, a key is of one kind.
    fn refuse_other_bases(&self, kind: Kind) -> Result<(), PartError> {
        let rest = self.rest.iter();
        let mut all = std::iter::once((&Register::Text, &self.text)).chain(rest);
        if all.any(|(register, cell)| register.kind() != kind && cell.base().is_some()) {
            return Err(PartError { why: "a key of two kinds".into() });
        }
        Ok(())
    }
}
