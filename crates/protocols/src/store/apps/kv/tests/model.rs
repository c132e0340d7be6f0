//! Redis's semantics, as plainly as they can be written.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::apps::Bytes;
use crate::store::apps::kv::{Answer, Error, Update};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    String(Bytes),
    Hash(BTreeMap<Bytes, Bytes>),
    Set(BTreeSet<Bytes>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Model(pub(super) BTreeMap<Bytes, Value>);

impl Model {
    pub(super) fn execute(&mut self, update: &Update) -> Answer {
        let answer = self.try_execute(update).unwrap_or_else(Answer::Error);
        self.0.retain(|_, value| match value {
            Value::String(_) => true,
            Value::Hash(fields) => !fields.is_empty(),
            Value::Set(members) => !members.is_empty(),
        });
        answer
    }

    fn hash(&mut self, key: &Bytes) -> Result<&mut BTreeMap<Bytes, Bytes>, Error> {
        match self.0.entry(key.clone()).or_insert_with(|| Value::Hash(BTreeMap::new())) {
            Value::Hash(fields) => Ok(fields),
            _ => Err(Error::WrongType),
        }
    }

    fn set(&mut self, key: &Bytes) -> Result<&mut BTreeSet<Bytes>, Error> {
        match self.0.entry(key.clone()).or_insert_with(|| Value::Set(BTreeSet::new())) {
            Value::Set(members) => Ok(members),
            _ => Err(Error::WrongType),
        }
    }

    fn try_execute(&mut self, update: &Update) -> Result<Answer, Error> {
        let count = match update {
            Update::Set(pairs) => {
                for (key, value) in pairs {
                    self.0.insert(key.clone(), Value::String(value.clone()));
                }
                return Ok(Answer::Ok);
            }
            Update::Delete(keys) => keys.iter().filter(|key| self.0.remove(*key).is_some()).count(),
            Update::Add { key, by } => {
                let old = match self.0.get(key) {
                    None => 0,
                    Some(Value::String(text)) => number(text).ok_or(Error::NotAnInteger)?,
                    Some(_) => return Err(Error::WrongType),
                };
                let sum = old.checked_add(*by).ok_or(Error::Overflow)?;
                self.0.insert(key.clone(), Value::String(sum.into()));
                return Ok(Answer::Number(sum));
            }
            Update::HashAdd { key, field, by } => {
                let fields = self.hash(key)?;
                let old = fields.get(field).map_or(Some(0), number).ok_or(Error::FieldNotAnInteger)?;
                let sum = old.checked_add(*by).ok_or(Error::Overflow)?;
                fields.insert(field.clone(), sum.into());
                return Ok(Answer::Number(sum));
            }
            Update::HashSet { key, fields } => {
                let hash = self.hash(key)?;
                fields.iter().filter(|(name, value)| hash.insert(name.clone(), value.clone()).is_none()).count()
            }
            Update::HashDelete { key, fields } => {
                let hash = self.hash(key)?;
                fields.iter().filter(|name| hash.remove(*name).is_some()).count()
            }
            Update::SetAdd { key, members } => {
                let set = self.set(key)?;
                members.iter().filter(|name| set.insert((*name).clone())).count()
            }
            Update::SetRemove { key, members } => {
                let set = self.set(key)?;
                members.iter().filter(|name| set.remove(*name)).count()
            }
        };
        Ok(Answer::Number(count as i64))
    }
}

fn number(text: &Bytes) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == &**text).then_some(number)
}
