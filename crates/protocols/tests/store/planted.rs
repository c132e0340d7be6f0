//! A store of keys and values with a mistake in how it removes members from sets.

use std::ops::Range;

use rumormill_check::history::Kind;
use rumormill_core::Rng;
use rumormill_protocols::store::apps::KeyValue;
use rumormill_protocols::store::{Application, Changed, Exercise, Op, OpOf, PartError, SessionId, Stamp};
use serde::Serialize;

type Update = <KeyValue as Application>::Update;
type Query = <KeyValue as Application>::Query;
type Answer = <KeyValue as Application>::Answer;

/// A removal that comes after newer updates is lost.
pub const LOST: u8 = 0;

/// A removal that comes after newer updates is done as though it were the newest.
pub const TAKES_MORE: u8 = 1;

/// A store with one of these mistakes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Planted<const MISTAKE: u8> {
    store: KeyValue,
    /// The time of the newest update.
    newest: u64,
}

impl<const MISTAKE: u8> Application for Planted<MISTAKE> {
    type Update = Update;
    type Query = Query;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, update: &Update, changed: &mut Changed) -> Answer {
        let is_late = stamp.time < self.newest;
        self.newest = self.newest.max(stamp.time);
        match update {
            Update::SetRemove { .. } if is_late && MISTAKE == LOST => Answer::Number(0),
            Update::SetRemove { .. } if is_late && MISTAKE == TAKES_MORE => {
                self.store.update(Stamp { time: self.newest, ..stamp }, update, changed)
            }
            _ => self.store.update(stamp, update, changed),
        }
    }

    fn query(&self, query: &Query) -> Answer {
        self.store.query(query)
    }

    fn settle(&mut self, floor: u64, changed: &mut Changed) {
        self.store.settle(floor, changed);
    }

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.store.part(key)
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        self.store.next_part(after)
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        self.store.restore(key, value)
    }
}

impl<const MISTAKE: u8> Exercise for Planted<MISTAKE> {
    fn draw(rng: &mut Rng, session: SessionId, nth: u64, updates: f64, keys: Range<u32>) -> OpOf<Self> {
        match KeyValue::draw(rng, session, nth, updates, keys) {
            Op::Update(update) => Op::Update(update),
            Op::Query(query) => Op::Query(query),
        }
    }

    fn survey(keys: Range<u32>) -> Vec<Query> {
        KeyValue::survey(keys)
    }

    fn recorded(op: &OpOf<Self>, answer: Option<&Answer>) -> Vec<Kind> {
        KeyValue::recorded(op, answer)
    }

    fn parse(text: &str) -> Option<OpOf<Self>> {
        KeyValue::parse(text)
    }
}
