//! Particular answers, limits and costs.

use super::{seen, stamp};
use crate::store::apps::Bytes;
use crate::store::apps::kv::{Answer, Error, KeyValue, Kind, Query, Update};
use crate::store::{Application, Changed};

fn set(key: &str, value: &str) -> Update {
    Update::Set(vec![(key.into(), value.into())])
}

fn add(key: &str, by: i64) -> Update {
    Update::Add { key: key.into(), by }
}

fn members(key: &str, members: &[&str]) -> Update {
    Update::SetAdd { key: key.into(), members: members.iter().map(|&name| name.into()).collect() }
}

fn at(state: &mut KeyValue, time: u64, update: &Update) -> Answer {
    state.update(stamp(time), update, &mut Changed::default())
}

#[test]
fn errors_are_worded_as_by_redis() {
    let mut state = KeyValue::default();
    at(&mut state, 1, &set("s", "abc"));
    assert_eq!(at(&mut state, 2, &add("s", 1)), Answer::Error(Error::NotAnInteger));
    assert_eq!(at(&mut state, 3, &members("s", &["m"])), Answer::Error(Error::WrongType));
    assert_eq!(state.query(&Query::HashGet { key: "s".into(), field: "f".into() }), Answer::Error(Error::WrongType));
    at(&mut state, 4, &set("n", &i64::MAX.to_string()));
    assert_eq!(at(&mut state, 5, &add("n", 1)), Answer::Error(Error::Overflow));
    assert_eq!(Error::WrongType.to_string(), "WRONGTYPE Operation against a key holding the wrong kind of value");
    assert_eq!(Error::NotAnInteger.to_string(), "ERR value is not an integer or out of range");
    assert_eq!(Error::FieldNotAnInteger.to_string(), "ERR hash value is not an integer");
    assert_eq!(Error::Overflow.to_string(), "ERR increment or decrement would overflow");
}

#[test]
fn answers_in_between_tell_what_is_seen() {
    let mut state = KeyValue::default();
    at(&mut state, 10, &add("n", 5));
    assert_eq!(at(&mut state, 9, &add("n", 2)), Answer::Number(7));
    at(&mut state, 20, &Update::Delete(vec!["n".into()]));
    assert_eq!(at(&mut state, 15, &add("n", 1)), Answer::Number(0), "a newer deletion hides it");
    assert_eq!(at(&mut state, 16, &Update::Delete(vec!["n".into()])), Answer::Number(0));
    at(&mut state, 30, &members("n", &["a"]));
    assert_eq!(at(&mut state, 25, &members("n", &["a", "b"])), Answer::Number(1));
    assert_eq!(at(&mut state, 26, &add("n", 1)), Answer::Error(Error::WrongType));
}

#[test]
fn a_scan_meets_every_key_that_was_there_all_the_time() {
    let mut state = KeyValue::default();
    for number in 1..=1_000 {
        at(&mut state, number, &set(&format!("key:{number}"), "v"));
    }
    at(&mut state, 1_001, &members("a set", &["m"]));
    let scan = |state: &KeyValue, cursor, pattern: Option<&str>, kind| {
        let pattern = pattern.map(Bytes::from);
        match state.query(&Query::Scan { cursor, pattern, count: 10, kind }) {
            Answer::Page { cursor, keys } => (cursor, keys),
            other => panic!("{other:?}"),
        }
    };
    let all = |pattern, kind| {
        let (mut state, mut cursor, mut keys) = (state.clone(), 0, Vec::new());
        loop {
            let (next, page) = scan(&state, cursor, pattern, kind);
            assert!(page.len() <= 10);
            keys.extend(page);
            if next == 0 {
                return keys;
            }
            // Others come and go meanwhile.
            at(&mut state, 2_000 + next, &set(&format!("other:{next}"), "v"));
            at(&mut state, 3_000 + next, &Update::Delete(vec![format!("other:{cursor}").into()]));
            cursor = next;
        }
    };
    let mut keys = all(Some("key:*"), None);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 1_000);
    assert_eq!(all(None, Some(Kind::Set)), ["a set".into()]);
    assert_eq!(all(Some("key:99?"), None).len(), 10);
}

#[test]
fn a_counter_that_is_incremented_all_over_stays_fast_and_settles() {
    let (mut state, mut changed) = (KeyValue::default(), Changed::default());
    let count = 200_000;
    // Two replicas' increments, one of them heard of late; and a stray write of another kind.
    for number in 0..count {
        state.update(stamp(1_000 + number * 6_000), &add("n", 1), &mut changed);
    }
    state.update(stamp(1_001), &members("n", &["m"]), &mut changed);
    for number in 1..count {
        state.update(stamp(1_001 + number * 6_000), &add("n", 1), &mut changed);
    }
    assert_eq!(state.query(&Query::Get("n".into())), Answer::Value(Some((2 * count as i64 - 1).into())));
    let longest = changed.take().iter().filter_map(|key| state.part(key)).map(|part| part.len()).max();
    assert!(longest < Some(1 << 20), "333,000 a second make no part longer than a message: {longest:?}");
    let before = seen(&state);
    let mut calls = 0;
    while !state.due.is_empty() {
        state.settle(u64::MAX, &mut changed);
        calls += 1;
    }
    assert!(calls >= 2 * count / 20_001, "each call does a bounded amount of work: {calls}");
    assert_eq!(seen(&state), before);
    assert!(state.next_part(None).is_some_and(|first| state.next_part(Some(&first)).is_none()), "one part is left");
}

#[test]
fn foreign_parts_are_refused() {
    let mut state = KeyValue::default();
    let mut changed = Changed::default();
    state.update(stamp(1), &add("n", 1), &mut changed);
    for key in changed.take() {
        let value = state.part(&key).unwrap();
        for cut in 0..value.len() {
            assert!(KeyValue::default().restore(&key, &value[..cut]).is_err());
        }
        for cut in 0..key.len() {
            assert!(KeyValue::default().restore(&key[..cut], &value).is_err());
        }
        let mut longer = value.clone();
        longer.push(0);
        assert!(KeyValue::default().restore(&key, &longer).is_err());
    }
    assert!(state.next_part(Some(b"no name")).is_none_or(|key| key.as_slice() > &b"no name"[..]));
}
