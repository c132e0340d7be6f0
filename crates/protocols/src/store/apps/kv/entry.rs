//! One key: what is seen of it, and the writes that are not settled.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::cell::{Action, Cell};
use super::{Error, Kind};
use crate::store::Stamp;
use crate::store::apps::Bytes;

/// Which of a key's cells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Register {
    /// The string.
    Text,
    /// A field of the hash.
    Field(Bytes),
    /// A member of the set.
    Member(Bytes),
}

impl Register {
    /// The kind of a key that has such a cell.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Text => Kind::String,
            Self::Field(_) => Kind::Hash,
            Self::Member(_) => Kind::Set,
        }
    }
}

/// One key.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// What is seen: of what kind the key is,
    pub(super) kind: Kind,
    /// and how many fields or members it has.
    pub(super) count: usize,
    pub(super) text: Cell,
    /// Fields and members.
    pub(super) rest: BTreeMap<Register, Cell>,
    /// What is not settled.
    pub(super) recent: Option<Box<Recent>>,
}

/// What is known of a key's writes that are not settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// When it was last set or deleted: what is older counts no more.
    pub(super) born: Option<Stamp>,
    /// About later writes.
    pub(super) later: Option<Box<Later>>,
}

/// What is known of the writes after a key was last set or deleted.
#[derive(Clone, Debug, Default)]
pub(super) struct Later {
    /// The greatest stamp of one.
    last: Option<Stamp>,
    /// The least of one to each kind of cell: string, hash, set. May be one that is settled by now.
    first: [Option<Stamp>; 3],
    /// Of what kind the key was, or may have been, before all of them.
    base: Kind,
    /// Does any of them remove something?
    removals: bool,
    /// The cells that were written, each once, with the time of the oldest write in it that was known then.
    pub(super) cells: VecDeque<(u64, Register)>,
}

impl Entry {
    /// Is there nothing to know of this key?
    pub(super) fn is_vacant(&self) -> bool {
        self.kind == Kind::None && self.recent.is_none() && self.rest.is_empty()
    }

    pub(super) fn cell(&self, register: &Register) -> Option<&Cell> {
        match register {
            Register::Text => Some(&self.text),
            register => self.rest.get(register),
        }
    }

    pub(super) fn cell_mut(&mut self, register: &Register) -> &mut Cell {
        match register {
            Register::Text => &mut self.text,
            register => self.rest.entry(register.clone()).or_default(),
        }
    }

    /// What is seen in a cell.
    pub(super) fn seen(&self, register: &Register) -> Option<&Bytes> {
        self.cell(register)?.seen.as_ref()
    }

    /// When the key was last set or deleted, if that is not settled.
    pub(super) fn born(&self) -> Option<Stamp> {
        self.recent.as_ref().and_then(|recent| recent.born)
    }

    fn last(&self) -> Option<Stamp> {
        let recent = self.recent.as_ref()?;
        recent.later.as_ref().map_or(recent.born, |later| later.last)
    }

    pub(super) fn later_mut(&mut self) -> &mut Later {
        let kind = self.kind;
        let recent = self.recent.get_or_insert_default();
        let last = recent.born;
        recent.later.get_or_insert_with(|| Box::new(Later { base: kind, last, ..Later::default() }))
    }

    /// The registers of all cells but the string's.
    pub(super) fn registers(&self) -> impl Iterator<Item = &Register> {
        self.rest.keys()
    }

    /// Sets the key to a string, or deletes it.
    pub(super) fn reset(&mut self, stamp: Stamp, value: Option<&Bytes>) {
        if self.born().is_some_and(|born| stamp < born) {
            return;
        }
        if self.last().is_none_or(|last| last <= stamp) {
            self.kind = if value.is_some() { Kind::String } else { Kind::None };
            self.count = 0;
            self.rest.clear();
            self.text = Cell::settled(value.cloned());
            let recent = self.recent.get_or_insert_default();
            (recent.born, recent.later) = (Some(stamp), None);
            return;
        }
        self.text.prune(stamp);
        self.text.set_base(value.cloned());
        self.rest.retain(|_, cell| {
            cell.prune(stamp);
            !cell.is_vacant()
        });
        self.recent.get_or_insert_default().born = Some(stamp);
        self.recount();
        self.replay();
    }

    /// Writes to a cell. What comes after all that is known is refused as Redis would; what comes in between
    /// finds its place, and then the seen state tells what it came to.
    pub(super) fn write(
        &mut self,
        stamp: Stamp,
        register: &Register,
        action: Action,
        value: Option<&Bytes>,
    ) -> Result<(), Error> {
        if self.born().is_some_and(|born| stamp <= born) {
            return Ok(());
        }
        if self.last().is_none_or(|last| last <= stamp) {
            self.record(stamp, register, action, value);
            return self.apply(register, action, value);
        }
        let before = self.sole_kind();
        self.record(stamp, register, action, value);
        match (before, self.sole_kind()) {
            (Some(before), Some(kind)) if before == kind => {
                if register.kind() == kind {
                    let seen = self.cell_mut(register).fold();
                    self.show(register, seen);
                }
            }
            _ => self.replay(),
        }
        Ok(())
    }

    /// Keeps a write in its place.
    fn record(&mut self, stamp: Stamp, register: &Register, action: Action, value: Option<&Bytes>) {
        self.later_mut();
        let cell = self.cell_mut(register);
        let is_new = cell.tail.is_none();
        cell.record(stamp, action, value);
        let later = self.later_mut();
        if is_new {
            later.cells.push_back((stamp.time, register.clone()));
        }
        later.note(stamp, register, action);
    }

    /// Does a write to what is seen, as one that comes after all others.
    fn apply(&mut self, register: &Register, action: Action, value: Option<&Bytes>) -> Result<(), Error> {
        if self.kind != Kind::None && self.kind != register.kind() {
            return Err(Error::WrongType);
        }
        let cell = self.cell_mut(register);
        let before = cell.seen.is_some();
        let result = cell.apply(action, value).map_err(|error| match (error, register) {
            (Error::NotAnInteger, Register::Field(_)) => Error::FieldNotAnInteger,
            (error, _) => error,
        });
        let after = cell.seen.is_some();
        self.counted(register, before, after);
        result
    }

    /// Shows this in a cell.
    pub(super) fn show(&mut self, register: &Register, seen: Option<Bytes>) {
        let after = seen.is_some();
        let before = std::mem::replace(&mut self.cell_mut(register).seen, seen).is_some();
        self.counted(register, before, after);
    }

    pub(super) fn counted(&mut self, register: &Register, before: bool, after: bool) {
        let is_there = match register {
            Register::Text => after,
            _ => {
                self.count = self.count + usize::from(after) - usize::from(before);
                self.count > 0
            }
        };
        self.kind = if is_there { register.kind() } else { Kind::None };
    }

    /// The one kind of which the key is whenever there is one, if that can be told without looking at its
    /// writes in order. Then writes to other kinds of cells are void, and cells do not concern each other.
    pub(super) fn sole_kind(&self) -> Option<Kind> {
        let Some(later) = self.recent.as_ref().and_then(|recent| recent.later.as_ref()) else {
            return Some(self.kind);
        };
        let mut kinds = [Kind::String, Kind::Hash, Kind::Set].into_iter().zip(later.first);
        let mut written = kinds.clone().filter(|(kind, first)| first.is_some() || later.base == *kind);
        if let (Some((kind, _)), None) = (written.next(), written.next()) {
            return Some(kind);
        }
        let earliest = kinds.by_ref().filter(|(_, first)| first.is_some()).min_by_key(|(_, first)| *first);
        let begins = if later.base == Kind::None { earliest?.0 } else { later.base };
        // Only deletion ends a string, and what is never removed from stays.
        (begins == Kind::String || !later.removals).then_some(begins)
    }

    /// Makes what is seen anew from what was before all writes that are not settled, and those.
    pub(super) fn replay(&mut self) {
        let registers = self.clear();
        if let Some(kind) = self.sole_kind() {
            for register in registers.iter().filter(|register| register.kind() == kind) {
                let seen = self.cell_mut(register).fold();
                if seen.is_some() {
                    self.show(register, seen);
                }
            }
        } else {
            self.show_bases(&registers);
            self.run(&registers, |_| true);
        }
    }

    /// Shows nothing; returns all registers.
    fn clear(&mut self) -> Vec<Register> {
        let registers: Vec<Register> = std::iter::once(Register::Text).chain(self.registers().cloned()).collect();
        for register in &registers {
            let cell = self.cell_mut(register);
            // Of a cell that was never written after, what is seen is what it begins with.
            if cell.tail.is_some() {
                cell.seen = None;
            }
        }
        (self.kind, self.count) = (Kind::None, 0);
        for register in &registers {
            if self.cell(register).is_some_and(|cell| cell.seen.is_some()) {
                self.counted(register, false, true);
            }
        }
        registers
    }

    /// Shows what was before all writes.
    fn show_bases(&mut self, registers: &[Register]) {
        for register in registers {
            let cell = self.cell_mut(register);
            if cell.tail.is_some()
                && let Some(base) = cell.base().cloned()
            {
                self.show(register, Some(base));
            }
        }
    }

    /// Does the writes of which `which` is true, in order of their stamps.
    fn run(&mut self, registers: &[Register], which: impl Fn(Stamp) -> bool) {
        let mut ops = Vec::new();
        for register in registers {
            let Some(tail) = self.cell(register).and_then(|cell| cell.tail.as_ref()) else { continue };
            for (&stamp, &action) in tail.ops.iter().filter(|(stamp, _)| which(**stamp)) {
                ops.push((stamp, register, action, tail.value_at(stamp).cloned()));
            }
        }
        // Stable: writes of one update stay in the order of their cells, which do not concern each other.
        ops.sort_by_key(|(stamp, ..)| *stamp);
        for (_, register, action, value) in ops {
            // What is refused changes nothing, then as now.
            let _ = self.apply(register, action, value.as_ref());
        }
    }

    /// Settles all writes before `floor` of a key whose kind changes among them; returns those of each cell.
    pub(super) fn settle_all(&mut self, floor: u64) -> Vec<(Register, Vec<Stamp>)> {
        let registers = self.clear();
        self.show_bases(&registers);
        self.run(&registers, |stamp| stamp.time < floor);
        let mut settled = Vec::new();
        for register in &registers {
            let cell = self.cell_mut(register);
            let old = cell.take_before(floor, usize::MAX);
            if cell.tail.is_some() {
                cell.set_base(cell.seen.clone());
                cell.close();
            }
            settled.push((register.clone(), old.into_keys().collect()));
        }
        self.rest.retain(|_, cell| !cell.is_vacant());
        self.recount();
        self.replay();
        settled
    }

    /// Finds out again what is known of the writes after the key was last set or deleted.
    pub(super) fn recount(&mut self) {
        let Some(recent) = &mut self.recent else { return };
        let mut later = Later { last: recent.born, ..Later::default() };
        let rest = self.rest.iter();
        for (register, cell) in std::iter::once((&Register::Text, &self.text)).chain(rest) {
            if cell.base().is_some() {
                later.base = register.kind();
            }
            let Some(tail) = &cell.tail else { continue };
            for (&stamp, &action) in &tail.ops {
                later.note(stamp, register, action);
            }
            let oldest = tail.ops.first_key_value().map_or(0, |(stamp, _)| stamp.time);
            later.cells.push_back((oldest, register.clone()));
        }
        recent.later = (!later.cells.is_empty()).then(|| Box::new(later));
        if recent.later.is_none() && recent.born.is_none() {
            self.recent = None;
        }
    }
}

impl Later {
    fn note(&mut self, stamp: Stamp, register: &Register, action: Action) {
        let first = match register {
            Register::Text => &mut self.first[0],
            Register::Field(_) => &mut self.first[1],
            Register::Member(_) => &mut self.first[2],
        };
        *first = Some(first.map_or(stamp, |first| first.min(stamp)));
        self.last = self.last.max(Some(stamp));
        self.removals |= action == Action::Remove;
    }

    /// Takes a base of this kind into account.
    pub(super) fn raise_base(&mut self, kind: Kind) {
        self.base = kind;
    }
}
