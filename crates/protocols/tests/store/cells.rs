//! The smallest application with one of everything that a checker can judge: registers, counters and sets. What
//! a simulation finds is then the store's doing, not the application's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rumormill_check::history::Kind;
use rumormill_core::Rng;
use rumormill_protocols::store::{Application, Changed, Exercise, Op, PartError, SessionId, Stamp};
use serde::{Deserialize, Serialize};

/// Registers, counters and sets, by number.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cells(BTreeMap<u32, Cell>);

/// What a number names: of three in a row, one of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Cell {
    /// The last write wins; a delete is one.
    Register(Stamp, Option<String>),
    Counter(i64),
    Set(BTreeSet<String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    Write(u32, Option<String>),
    Add(u32, i64),
    Insert(u32, String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Value(Option<String>),
    Total(i64),
    Members(Vec<String>),
}

impl Application for Cells {
    type Update = Change;
    type Query = u32;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, update: &Change, changed: &mut Changed) -> Answer {
        let (Change::Write(key, _) | Change::Add(key, _) | Change::Insert(key, _)) = update;
        changed.part(&key.to_be_bytes());
        match (update, self.0.get_mut(key)) {
            (Change::Write(_, value), Some(Cell::Register(last, held))) => {
                if *last < stamp {
                    (*last, *held) = (stamp, value.clone());
                }
            }
            (Change::Add(_, by), Some(Cell::Counter(total))) => *total += by,
            (Change::Insert(_, member), Some(Cell::Set(members))) => _ = members.insert(member.clone()),
            (change, _) => {
                let cell = match change {
                    Change::Write(_, value) => Cell::Register(stamp, value.clone()),
                    Change::Add(_, by) => Cell::Counter(*by),
                    Change::Insert(_, member) => Cell::Set([member.clone()].into()),
                };
                self.0.insert(*key, cell);
            }
        }
        self.query(key)
    }

    fn query(&self, key: &u32) -> Answer {
        match (key % 3, self.0.get(key)) {
            (_, Some(Cell::Register(_, value))) => Answer::Value(value.clone()),
            (_, Some(Cell::Counter(total))) => Answer::Total(*total),
            (_, Some(Cell::Set(members))) => Answer::Members(members.iter().cloned().collect()),
            (0, None) => Answer::Value(None),
            (1, None) => Answer::Total(0),
            (_, None) => Answer::Members(Vec::new()),
        }
    }

    fn settle(&mut self, _: u64, _: &mut Changed) {}

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        let key = u32::from_be_bytes(key.try_into().ok()?);
        self.0.get(&key).map(|cell| postcard::to_stdvec(cell).unwrap())
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        let after = after.map(|key| u32::from_be_bytes(key.try_into().unwrap()));
        let next = self.0.keys().find(|&&key| after.is_none_or(|after| key > after));
        next.map(|key| key.to_be_bytes().to_vec())
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        let wrong = || PartError { why: "not a cell".into() };
        let key = u32::from_be_bytes(key.try_into().map_err(|_| wrong())?);
        self.0.insert(key, postcard::from_bytes(value).map_err(|_| wrong())?);
        Ok(())
    }
}

impl Exercise for Cells {
    fn draw(rng: &mut Rng, session: SessionId, nth: u64, updates: f64, keys: Range<u32>) -> Op<Change, u32> {
        let key = keys.start + rng.below(u64::from(keys.end - keys.start)) as u32;
        if !rng.chance(updates) {
            return Op::Query(key);
        }
        let own = format!("{}.{nth}", session.0);
        Op::Update(match key % 3 {
            // No deletes: a reader of nothing could not say whose it was.
            0 => Change::Write(key, Some(own)),
            1 => Change::Add(key, [1, 2, -1][rng.below(3) as usize]),
            _ => Change::Insert(key, own),
        })
    }

    fn survey(keys: Range<u32>) -> Vec<u32> {
        keys.collect()
    }

    fn recorded(op: &Op<Change, u32>, answer: Option<&Answer>) -> Vec<Kind> {
        let key = |key: &u32| format!("k{key}");
        let deed = match op {
            Op::Update(Change::Write(at, value)) => {
                return vec![Kind::Write { key: key(at), value: value.clone().map(Into::into) }];
            }
            Op::Update(Change::Add(at, by)) => Some((at, Kind::Add { key: key(at), by: *by })),
            // What an update returns may show more than its label says that its session has seen.
            Op::Update(Change::Insert(at, member)) => {
                return vec![Kind::Insert { key: key(at), member: member.clone().into() }];
            }
            Op::Query(_) => None,
        };
        // What a counter stood at is read after it was changed.
        let (Op::Query(at) | Op::Update(Change::Write(at, _) | Change::Add(at, _) | Change::Insert(at, _))) = op;
        let read = answer.map(|answer| match answer.clone() {
            Answer::Value(value) => Kind::Read { key: key(at), value: value.map(Into::into), from: None },
            Answer::Total(total) => Kind::Total { key: key(at), total },
            Answer::Members(members) => {
                Kind::Members { key: key(at), members: members.into_iter().map(Into::into).collect() }
            }
        });
        deed.map(|(_, deed)| deed).into_iter().chain(read).collect()
    }

    fn parse(text: &str) -> Option<Op<Change, u32>> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            ["get", key] => Some(Op::Query(key.parse().ok()?)),
            ["set", key, value] => Some(Op::Update(Change::Write(key.parse().ok()?, Some(value.into())))),
            _ => None,
        }
    }
}
