//! Executing updates.

use super::cell::{Action, integer};
use super::entry::{Entry, Register};
use super::{Answer, Error, KeyValue, Kind, Place, Update, part};
use crate::store::apps::Bytes;
use crate::store::{Changed, Stamp};

impl Update {
    /// Its name in traces.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Set(_) => "set",
            Self::Delete(_) => "delete",
            Self::Add { .. } => "add",
            Self::HashSet { .. } => "hash set",
            Self::HashDelete { .. } => "hash delete",
            Self::HashAdd { .. } => "hash add",
            Self::SetAdd { .. } => "set add",
            Self::SetRemove { .. } => "set remove",
        }
    }
}

/// One of the writes that an update of a hash or a set consists of.
type Write<'a> = (Register, Action, Option<&'a Bytes>);

impl KeyValue {
    pub(super) fn execute(&mut self, stamp: Stamp, update: &Update, changed: &mut Changed) -> Answer {
        match update {
            Update::Set(pairs) => {
                for (key, value) in pairs {
                    self.reset(stamp, key, Some(value), changed);
                }
                Answer::Ok
            }
            Update::Delete(keys) => {
                let gone = keys.iter().filter(|key| self.reset(stamp, key, None, changed)).count();
                Answer::Number(gone as i64)
            }
            Update::Add { key, by } => self.add(stamp, key, &Register::Text, *by, changed),
            Update::HashAdd { key, field, by } => self.add(stamp, key, &Register::Field(field.clone()), *by, changed),
            Update::HashSet { key, fields } => {
                let writes = fields.iter().map(|(name, value)| (field(name), Action::Put, Some(value)));
                self.write(stamp, key, Kind::Hash, writes, changed)
            }
            Update::HashDelete { key, fields } => {
                let writes = fields.iter().map(|name| (field(name), Action::Remove, None));
                self.write(stamp, key, Kind::Hash, writes, changed)
            }
            Update::SetAdd { key, members } => {
                let writes = members.iter().map(|name| (member(name), Action::Put, None));
                self.write(stamp, key, Kind::Set, writes, changed)
            }
            Update::SetRemove { key, members } => {
                let writes = members.iter().map(|name| (member(name), Action::Remove, None));
                self.write(stamp, key, Kind::Set, writes, changed)
            }
        }
    }

    /// Sets a key to a string, or deletes it; says whether it was there and is no more.
    fn reset(&mut self, stamp: Stamp, key: &Bytes, value: Option<&Bytes>, changed: &mut Changed) -> bool {
        let place = Place::of(key.clone());
        changed.part(&part::encode(&place, &Register::Text, None));
        self.with(place.clone(), |entry| {
            note_all(entry, &place, changed);
            let was_seen = entry.kind != Kind::None;
            entry.reset(stamp, value);
            was_seen && entry.kind == Kind::None
        })
    }

    fn add(&mut self, stamp: Stamp, key: &Bytes, register: &Register, by: i64, changed: &mut Changed) -> Answer {
        let place = Place::of(key.clone());
        changed.part(&part::encode(&place, register, Some(part::bucket(stamp))));
        let result = self.with(place, |entry| {
            entry.write(stamp, register, Action::Add(by), None)?;
            if entry.kind != Kind::None && entry.kind != register.kind() {
                return Err(Error::WrongType);
            }
            let error = if *register == Register::Text { Error::NotAnInteger } else { Error::FieldNotAnInteger };
            entry.seen(register).map_or(Ok(0), |digits| integer(digits).ok_or(error))
        });
        result.map_or_else(Answer::Error, Answer::Number)
    }

    /// Writes to a hash or a set; the answer is how many more, or fewer, of its cells are seen to hold something.
    fn write<'a>(
        &mut self,
        stamp: Stamp,
        key: &Bytes,
        kind: Kind,
        writes: impl Iterator<Item = Write<'a>>,
        changed: &mut Changed,
    ) -> Answer {
        let place = Place::of(key.clone());
        self.with(place.clone(), |entry| {
            let mut differences = 0;
            for (register, action, value) in writes {
                changed.part(&part::encode(&place, &register, Some(part::bucket(stamp))));
                let before = entry.seen(&register).is_some();
                // Whether it was refused is told by the kind of the key below.
                let _ = entry.write(stamp, &register, action, value);
                let after = entry.seen(&register).is_some();
                let expected = (action == Action::Remove, action != Action::Remove);
                differences += i64::from((before, after) == expected);
            }
            if entry.kind == Kind::None || entry.kind == kind {
                Answer::Number(differences)
            } else {
                Answer::Error(Error::WrongType)
            }
        })
    }
}

fn field(name: &Bytes) -> Register {
    Register::Field(name.clone())
}

fn member(name: &Bytes) -> Register {
    Register::Member(name.clone())
}

/// Notes all parts of a key but the string's own: they will be gone, or mostly.
fn note_all(entry: &Entry, place: &Place, changed: &mut Changed) {
    if entry.rest.is_empty() && entry.text.tail.is_none() {
        return;
    }
    let mut part = entry.next_part(None);
    while let Some((register, bucket)) = part {
        changed.part(&part::encode(place, &register, bucket));
        part = entry.next_part(Some((&register, bucket)));
    }
}
