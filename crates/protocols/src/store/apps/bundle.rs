//! The one application of real servers: a key-value store and the ratings of movies, side by side.

use std::fmt;
use std::ops::Range;

use rumormill_check::history::Kind;
use rumormill_core::Rng;
use serde::{Deserialize, Serialize};

use super::{KeyValue, Ratings, kv, ratings, text};
use crate::store::{Application, Changed, Exercise, Op, OpOf, PartError, SessionId, Stamp};

/// A key-value store and the ratings of movies.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bundle {
    /// The key-value store.
    pub kv: KeyValue,
    /// The ratings of movies.
    pub ratings: Ratings,
}

/// What changes one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// The key-value store.
    Kv(kv::Update),
    /// The ratings.
    Ratings(ratings::Update),
}

/// What is asked of one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Query {
    /// The key-value store.
    Kv(kv::Query),
    /// The ratings.
    Ratings(ratings::Query),
}

/// What one of them answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The key-value store.
    Kv(kv::Answer),
    /// The ratings.
    Ratings(ratings::Answer),
}

/// As the one that answers says it.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kv(answer) => answer.fmt(f),
            Self::Ratings(answer) => answer.fmt(f),
        }
    }
}

/// The first byte of the names of the store's parts.
const KV: u8 = 0;
/// The first byte of the names of the ratings' parts.
const RATINGS: u8 = 1;

impl Application for Bundle {
    type Update = Update;
    type Query = Query;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, update: &Update, changed: &mut Changed) -> Answer {
        match update {
            Update::Kv(update) => Answer::Kv(changed.under(KV, |changed| self.kv.update(stamp, update, changed))),
            Update::Ratings(update) => {
                Answer::Ratings(changed.under(RATINGS, |changed| self.ratings.update(stamp, update, changed)))
            }
        }
    }

    fn query(&self, query: &Query) -> Answer {
        match query {
            Query::Kv(query) => Answer::Kv(self.kv.query(query)),
            Query::Ratings(query) => Answer::Ratings(self.ratings.query(query)),
        }
    }

    fn settle(&mut self, floor: u64, changed: &mut Changed) {
        changed.under(KV, |changed| self.kv.settle(floor, changed));
        changed.under(RATINGS, |changed| self.ratings.settle(floor, changed));
    }

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        match key {
            [KV, key @ ..] => self.kv.part(key),
            [RATINGS, key @ ..] => self.ratings.part(key),
            _ => None,
        }
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        let (kv, ratings) = match after {
            None | Some([]) => (Some(None), None),
            Some([KV, after @ ..]) => (Some(Some(after)), None),
            Some([RATINGS, after @ ..]) => (None, Some(after)),
            Some(_) => return None,
        };
        let kv = kv.and_then(|after| self.kv.next_part(after)).map(|key| named(KV, &key));
        kv.or_else(|| self.ratings.next_part(ratings).map(|key| named(RATINGS, &key)))
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        match key {
            [KV, key @ ..] => self.kv.restore(key, value),
            [RATINGS, key @ ..] => self.ratings.restore(key, value),
            _ => Err(PartError { why: "a name of no part".into() }),
        }
    }

    fn name_of_update(update: &Update) -> &'static str {
        match update {
            Update::Kv(update) => KeyValue::name_of_update(update),
            Update::Ratings(update) => Ratings::name_of_update(update),
        }
    }

    fn name_of_query(query: &Query) -> &'static str {
        match query {
            Query::Kv(query) => KeyValue::name_of_query(query),
            Query::Ratings(query) => Ratings::name_of_query(query),
        }
    }

    fn digest(&self) -> u64 {
        rumormill_core::rng::mix(self.kv.digest()) ^ self.ratings.digest()
    }
}

/// The share of operations on ratings in a made-up load.
const SHARE: f64 = 0.2;

/// A client's first call imports movies; then most calls are on the key-value store.
impl Exercise for Bundle {
    fn draw(rng: &mut Rng, session: SessionId, nth: u64, updates: f64, keys: Range<u32>) -> OpOf<Self> {
        if nth == 1 || rng.chance(SHARE) {
            match Ratings::draw(rng, session, nth, updates, keys) {
                Op::Update(update) => Op::Update(Update::Ratings(update)),
                Op::Query(query) => Op::Query(Query::Ratings(query)),
            }
        } else {
            match KeyValue::draw(rng, session, nth, updates, keys) {
                Op::Update(update) => Op::Update(Update::Kv(update)),
                Op::Query(query) => Op::Query(Query::Kv(query)),
            }
        }
    }

    fn survey(keys: Range<u32>) -> Vec<Query> {
        let kv = KeyValue::survey(keys.clone()).into_iter().map(Query::Kv);
        kv.chain(Ratings::survey(keys).into_iter().map(Query::Ratings)).collect()
    }

    fn recorded(op: &OpOf<Self>, answer: Option<&Answer>) -> Vec<Kind> {
        let kv = answer.and_then(|answer| if let Answer::Kv(answer) = answer { Some(answer) } else { None });
        let ratings = answer.and_then(|answer| if let Answer::Ratings(answer) = answer { Some(answer) } else { None });
        match op {
            Op::Update(Update::Kv(update)) => KeyValue::recorded(&Op::Update(update.clone()), kv),
            Op::Query(Query::Kv(query)) => KeyValue::recorded(&Op::Query(query.clone()), kv),
            Op::Update(Update::Ratings(update)) => Ratings::recorded(&Op::Update(update.clone()), ratings),
            Op::Query(Query::Ratings(query)) => Ratings::recorded(&Op::Query(query.clone()), ratings),
        }
    }

    fn parse(text: &str) -> Option<OpOf<Self>> {
        text::parse(text).ok()
    }
}

fn named(first: u8, key: &[u8]) -> Vec<u8> {
    [&[first], key].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::CallId;

    #[test]
    fn both_are_kept_in_parts_of_one_order() {
        let (mut rng, mut state, mut changed) = (Rng::new(7), Bundle::default(), Changed::default());
        let mut disk = BTreeMap::new();
        for nth in 1..=2_000 {
            let session = SessionId(u128::from(nth % 3));
            if let Op::Update(update) = Bundle::draw(&mut rng, session, nth.min(2), 0.7, 0..10) {
                state.update(Stamp { time: nth, call: CallId { session, number: nth } }, &update, &mut changed);
            }
            if nth == 1 || nth % 500 == 0 {
                let Op::Update(update) = Bundle::draw(&mut rng, session, 1, 0.7, 0..10) else { panic!("no import") };
                state.update(Stamp { time: nth, call: CallId { session, number: 0 } }, &update, &mut changed);
                state.settle(nth / 2, &mut changed);
            }
        }
        for key in changed.take() {
            state.part(&key).into_iter().for_each(|value| drop(disk.insert(key.clone(), value)));
        }
        let (mut after, mut parts) = (None, BTreeMap::new());
        while let Some(key) = state.next_part(after.as_deref()) {
            assert!(after.is_none_or(|after| after < key));
            parts.insert(key.clone(), state.part(&key).unwrap());
            after = Some(key);
        }
        assert_eq!(disk, parts, "whatever changed was noted");
        let mut again = Bundle::default();
        parts.iter().for_each(|(key, value)| again.restore(key, value).unwrap());
        assert_eq!(again.digest(), state.digest());
        assert_ne!(Bundle::default().digest(), state.digest());
        for query in Bundle::survey(0..10) {
            assert_eq!(again.query(&query), state.query(&query));
        }
        assert!(again.restore(&[], &[]).is_err() && again.restore(&[2], &[]).is_err());
        assert_eq!(state.next_part(Some(&[2])), None);
    }
}
