//! A load that the key-value store makes up for itself, and what its operations mean to checkers.

use std::ops::Range;

use rumormill_check::history::{Kind as Deed, Value};
use rumormill_core::Rng;

use super::{Answer, KeyValue, Query, Update};
use crate::store::apps::{Bytes, text};
use crate::store::{Exercise, Op, OpOf, SessionId};

/// The share of removals among the updates of sets.
const REMOVALS: f64 = 0.4;

/// Members that all clients put into sets and take out.
const COMMON: u64 = 3;

/// So many operations of a client in a row have the same member of its own.
const SAME: u64 = 16;

/// Of five keys, three are strings, one is a counter, one a set. Their names say what they are, for checkers
/// must know: `text:0`, `counter:3`, `set:4`. What is written is the session and `nth`; counters count ones. No key is
/// deleted, for a reader of nothing could not say whose deletion it saw. But members are taken out of sets and put there
/// again: some that all clients use, and some of each client's own.
impl Exercise for KeyValue {
    fn draw(rng: &mut Rng, session: SessionId, nth: u64, updates: f64, keys: Range<u32>) -> OpOf<Self> {
        let number = keys.start + rng.below(u64::from((keys.end - keys.start).max(1))) as u32;
        if !rng.chance(updates) {
            return Op::Query(look(number));
        }
        Op::Update(match look(number) {
            Query::Members(key) => {
                let members = vec![member(rng, session, nth)];
                if rng.chance(REMOVALS) { Update::SetRemove { key, members } } else { Update::SetAdd { key, members } }
            }
            Query::Get(key) if is_counter(&key) => Update::Add { key, by: 1 },
            _ => Update::Set(vec![(name(number), Bytes::from(format!("{}.{nth}", session.0)))]),
        })
    }

    fn survey(keys: Range<u32>) -> Vec<Query> {
        keys.map(look).collect()
    }

    fn recorded(op: &OpOf<Self>, answer: Option<&Answer>) -> Vec<Deed> {
        match op {
            Op::Update(_) if matches!(answer, Some(Answer::Error(_))) => vec![refused()],
            Op::Update(update) => {
                let mut deeds = written(update);
                if let (Update::Add { key, .. }, Some(Answer::Number(total))) = (update, answer) {
                    deeds.push(Deed::Total { key: key.to_string(), total: *total });
                }
                deeds
            }
            Op::Query(query) => answer.map(|answer| seen(query, answer)).unwrap_or_default(),
        }
    }

    fn parse(text: &str) -> Option<OpOf<Self>> {
        text::key_value(text).ok()
    }
}

/// A member of a set: one of a few that all have, or the one that is a client's own for some of its operations.
fn member(rng: &mut Rng, session: SessionId, nth: u64) -> Bytes {
    if rng.chance(0.5) {
        return Bytes::from(format!("all.{}", rng.below(COMMON)));
    }
    Bytes::from(format!("{}.{}", session.0, nth / SAME))
}

/// The name of the key with this number.
fn name(number: u32) -> Bytes {
    let kind = match number % 5 {
        3 => "counter",
        4 => "set",
        _ => "text",
    };
    Bytes::from(format!("{kind}:{number}"))
}

/// The query that sees all of a key.
fn look(number: u32) -> Query {
    if number % 5 == 4 { Query::Members(name(number)) } else { Query::Get(name(number)) }
}

fn is_counter(key: &[u8]) -> bool {
    key.starts_with(b"counter:")
}

/// An update that was refused changed nothing that anybody reads; but it was a call, and was executed.
fn refused() -> Deed {
    Deed::Write { key: "refused".into(), value: None }
}

/// A field of a hash is a key of its own.
fn field(key: &Bytes, field: &Bytes) -> String {
    format!("{key}/{field}")
}

fn value(bytes: &Bytes) -> Value {
    Value(bytes.to_string())
}

/// What an update wrote.
fn written(update: &Update) -> Vec<Deed> {
    match update {
        Update::Set(pairs) => {
            let write = |(key, bytes): &(Bytes, Bytes)| Deed::Write { key: key.to_string(), value: Some(value(bytes)) };
            pairs.iter().map(write).collect()
        }
        Update::Delete(keys) => keys.iter().map(|key| Deed::Write { key: key.to_string(), value: None }).collect(),
        Update::Add { key, by } => vec![Deed::Add { key: key.to_string(), by: *by }],
        Update::HashAdd { key, field: name, by } => vec![Deed::Add { key: field(key, name), by: *by }],
        Update::HashSet { key, fields } => {
            let write =
                |(name, bytes): &(Bytes, Bytes)| Deed::Write { key: field(key, name), value: Some(value(bytes)) };
            fields.iter().map(write).collect()
        }
        Update::HashDelete { key, fields } => {
            fields.iter().map(|name| Deed::Write { key: field(key, name), value: None }).collect()
        }
        Update::SetAdd { key, members } => {
            members.iter().map(|name| Deed::Insert { key: key.to_string(), member: value(name) }).collect()
        }
        Update::SetRemove { key, members } => {
            members.iter().map(|name| Deed::Remove { key: key.to_string(), member: value(name) }).collect()
        }
    }
}

/// What a query saw.
fn seen(query: &Query, answer: &Answer) -> Vec<Deed> {
    let read = |key: String, bytes: &Option<Bytes>| Deed::Read { key, value: bytes.as_ref().map(value), from: None };
    match (query, answer) {
        (Query::Get(key), Answer::Value(digits)) if is_counter(key) => {
            let total = digits.as_ref().map_or(Some(0), |digits| super::cell::integer(digits));
            total.into_iter().map(|total| Deed::Total { key: key.to_string(), total }).collect()
        }
        (Query::Get(key), Answer::Value(bytes)) => vec![read(key.to_string(), bytes)],
        (Query::GetMany(keys), Answer::Values(values)) => {
            keys.iter().zip(values).map(|(key, bytes)| read(key.to_string(), bytes)).collect()
        }
        (Query::HashGet { key, field: name }, Answer::Value(bytes)) => vec![read(field(key, name), bytes)],
        (Query::HashAll(key), Answer::Fields(fields)) => {
            fields.iter().map(|(name, bytes)| read(field(key, name), &Some(bytes.clone()))).collect()
        }
        (Query::Members(key), Answer::Members(members)) => {
            vec![Deed::Members { key: key.to_string(), members: members.iter().map(value).collect() }]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::store::{Application, CallId, Changed, Stamp};

    #[test]
    fn written_values_are_unique_and_seen_by_the_survey() {
        let (mut rng, mut values, mut updates) = (Rng::new(7), BTreeSet::new(), 0);
        let mut sets: BTreeMap<(String, Value), [usize; 2]> = BTreeMap::new();
        let (mut state, mut adds) = (KeyValue::default(), 0);
        for nth in 1..=1_000 {
            for session in [SessionId(1), SessionId(2)] {
                let op = KeyValue::draw(&mut rng, session, nth, 0.5, 5..15);
                let Op::Update(update) = &op else { continue };
                updates += 1;
                let stamp = Stamp { time: nth, call: CallId { session, number: nth } };
                let answer = state.update(stamp, update, &mut Changed::default());
                match &KeyValue::recorded(&op, Some(&answer))[..] {
                    [Deed::Write { key, value: Some(value) }] => {
                        assert!(key.starts_with("text:") && values.insert(value.clone()));
                    }
                    [Deed::Insert { key, member } | Deed::Remove { key, member }] => {
                        assert!(key.starts_with("set:"));
                        let done = sets.entry((key.clone(), member.clone())).or_default();
                        done[usize::from(matches!(update, Update::SetRemove { .. }))] += 1;
                    }
                    [Deed::Add { key, by: 1 }, Deed::Total { .. }] => {
                        assert!(key.starts_with("counter:"));
                        adds += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!((900..1_100).contains(&updates), "about half are updates: {updates}");
        let (mut total, mut members, mut texts) = (0, 0, 0);
        for query in KeyValue::survey(5..15) {
            let answer = state.query(&query);
            for deed in KeyValue::recorded(&Op::Query(query), Some(&answer)) {
                match deed {
                    Deed::Total { total: count, .. } => total += count,
                    Deed::Members { members: all, .. } => members += all.len(),
                    Deed::Read { value, .. } => texts += usize::from(values.contains(&value.unwrap())),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((total, texts), (adds, 6));
        let both = sets.values().filter(|done| done.iter().all(|&count| count > 0)).count();
        assert!(members > 20 && both > 10, "{members} are left, {both} were added and removed");
    }
}
