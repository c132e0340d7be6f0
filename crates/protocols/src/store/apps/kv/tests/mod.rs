//! A key-value store beside a plain one that executes the same updates in the order of their stamps.

mod model;
mod orders;
mod redis;

use std::collections::BTreeMap;

use self::model::Value;
use super::{KeyValue, Seen};
use crate::store::apps::Bytes;
use crate::store::{Application, CallId, SessionId, Stamp};

fn stamp(time: u64) -> Stamp {
    Stamp { time, call: CallId { session: SessionId(u128::from(time % 3)), number: time } }
}

/// What is seen, in the form of the model.
fn seen(state: &KeyValue) -> BTreeMap<Bytes, Value> {
    let value = |seen| match seen {
        Seen::String(text) => Value::String(text.clone()),
        Seen::Hash(fields) => {
            Value::Hash(fields.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        Seen::Set(members) => Value::Set(members.into_iter().cloned().collect()),
    };
    state.seen().map(|(key, seen)| (key.clone(), value(seen))).collect()
}

fn parts(state: &KeyValue) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut parts = BTreeMap::new();
    let mut after = None;
    while let Some(key) = state.next_part(after.as_deref()) {
        assert!(after.is_none_or(|after| after < key), "parts come in order");
        parts.insert(key.clone(), state.part(&key).unwrap());
        after = Some(key);
    }
    parts
}
