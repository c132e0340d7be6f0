//! Folding writes into what they came to, once none can come before them any more.

use super::Kind;
use super::cell::Action;
use super::entry::{Entry, Register};
use super::part::bucket;
use crate::store::Stamp;

/// Settles what is older than `floor`, about `most` writes at most; more, if the key's kind changes among
/// them. Says which parts changed. Returns the time of the oldest write left, and how many were settled.
pub(super) fn settle(
    entry: &mut Entry,
    floor: u64,
    most: usize,
    changed: &mut impl FnMut(&Register, Option<u64>),
) -> (Option<u64>, usize) {
    if let Some(recent) = &mut entry.recent
        && recent.born.is_some_and(|born| born.time < floor)
    {
        recent.born = None;
        // Of a string, that would write all of them twice: a stamp that stays on disk does no harm, for all
        // that comes is newer.
        if recent.later.is_some() || entry.kind != Kind::String {
            changed(&Register::Text, None);
        }
    }
    let settled = if entry.sole_kind().is_some() {
        settle_cells(entry, floor, most, changed)
    } else {
        let all = entry.settle_all(floor);
        all.iter().for_each(|(register, stamps)| note(register, stamps.iter(), changed));
        all.iter().map(|(_, stamps)| stamps.len()).sum()
    };
    (oldest(entry), settled)
}

/// Settles cells that do not concern each other, the longest written first.
fn settle_cells(entry: &mut Entry, floor: u64, most: usize, changed: &mut impl FnMut(&Register, Option<u64>)) -> usize {
    let Some(kind) = entry.sole_kind() else { return 0 };
    let mut settled = 0;
    while settled < most && entry.recent.as_ref().is_some_and(|recent| recent.later.is_some()) {
        let later = entry.later_mut();
        let Some((_, register)) = later.cells.pop_front_if(|(time, _)| *time < floor) else { break };
        let cell = entry.cell_mut(&register);
        let old = if register.kind() == kind {
            cell.settle(floor, most - settled)
        } else {
            // Void: the key was of another kind then.
            let old = cell.take_before(floor, most - settled);
            cell.close();
            old
        };
        let has_base = cell.base().is_some();
        let next = cell.tail.as_ref().and_then(|tail| tail.ops.first_key_value()).map(|(stamp, _)| stamp.time);
        if cell.is_vacant() {
            entry.rest.remove(&register);
        }
        let later = entry.later_mut();
        if has_base {
            later.raise_base(kind);
        }
        // What was not finished goes on first: otherwise a cell that is always written would keep others waiting.
        match next {
            Some(time) if time < floor => later.cells.push_front((time, register.clone())),
            Some(time) => later.cells.push_back((time, register.clone())),
            None => {}
        }
        settled += old.len().max(1);
        note(&register, old.keys(), changed);
    }
    if let Some(recent) = &mut entry.recent {
        recent.later.take_if(|later| later.cells.is_empty());
        if recent.later.is_none() && recent.born.is_none() {
            entry.recent = None;
        }
    }
    settled
}

fn note<'a>(
    register: &Register,
    stamps: impl Iterator<Item = &'a Stamp>,
    changed: &mut impl FnMut(&Register, Option<u64>),
) {
    let mut last = None;
    for stamp in stamps {
        let bucket = Some(bucket(*stamp));
        if last.is_none() {
            changed(register, None);
        }
        if last != bucket {
            changed(register, bucket);
        }
        last = bucket;
    }
}

/// When the oldest write was made that is not settled.
pub(super) fn oldest(entry: &Entry) -> Option<u64> {
    let recent = entry.recent.as_ref()?;
    let cells = recent.later.iter().filter_map(|later| later.cells.front().map(|(time, _)| *time));
    cells.chain(recent.born.map(|born| born.time)).min()
}

/// Can this write be one of such a cell?
pub(super) fn fits(register: &Register, action: Action) -> bool {
    match register {
        Register::Text => matches!(action, Action::Add(_)),
        Register::Field(_) => true,
        Register::Member(_) => !matches!(action, Action::Add(_)),
    }
}
