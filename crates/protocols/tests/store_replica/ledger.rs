//! An application for tests that notices what a replica may not do: each key keeps the names of all updates that
//! it got, and the value of the one with the greatest stamp.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Application, CallId, Changed, PartError, Stamp};

/// The keys, and what was noticed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ledger {
    pages: BTreeMap<u8, Page>,
    /// Updates that were executed more than once: not a part of the state.
    pub twice: u64,
    /// Updates that were not there when one was executed whose caller had seen them: not a part of the state.
    missed: Vec<Stamp>,
    /// The greatest floor that was told: not a part of the state.
    pub floor: u64,
    /// Updates with an earlier time than a floor that had been told: not a part of the state.
    pub below_floor: u64,
}

/// A key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// All updates, how often each was executed, in the order of their stamps.
    entries: BTreeMap<Stamp, u8>,
    /// What the last one wrote.
    value: u64,
}

/// Writes a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// Where.
    pub key: u8,
    /// What.
    pub value: u64,
    /// Updates that the caller had seen, with their keys.
    pub seen: Vec<(u8, Stamp)>,
}

/// Reads a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read(pub u8);

/// What there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// It was written.
    Written,
    /// All updates of the key.
    Entries(Vec<Stamp>),
}

impl Ledger {
    /// Was this update executed?
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub fn has(&self, call: CallId) -> bool {
        self.pages.values().any(|page| page.entries.keys().any(|stamp| stamp.call == call))
    }

    /// How many updates came too late: after one whose caller had seen them.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub fn too_early(&self) -> usize {
        self.missed.iter().filter(|stamp| self.has(stamp.call)).count()
    }

    /// How many updates were executed.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub fn len(&self) -> usize {
        self.pages.values().map(|page| page.entries.len()).sum()
    }
}

impl Application for Ledger {
    type Update = Write;
    type Query = Read;
    type Answer = Answer;

    fn update(&mut self, stamp: Stamp, write: &Write, changed: &mut Changed) -> Answer {
        let is_there = |key, stamp| self.pages.get(key).is_some_and(|page| page.entries.contains_key(stamp));
        self.missed.extend(write.seen.iter().filter(|(key, stamp)| !is_there(key, stamp)).map(|(_, stamp)| *stamp));
        self.below_floor += u64::from(stamp.time < self.floor);
        let page = self.pages.entry(write.key).or_default();
        let times = page.entries.entry(stamp).or_default();
        *times += 1;
        self.twice += u64::from(*times > 1);
        if page.entries.last_key_value().is_some_and(|(last, _)| *last == stamp) {
            page.value = write.value;
        }
        changed.part(&[write.key]);
        Answer::Written
    }

    fn query(&self, &Read(key): &Read) -> Answer {
        Answer::Entries(self.pages.get(&key).map_or(Vec::new(), |page| page.entries.keys().copied().collect()))
    }

    fn settle(&mut self, floor: u64, _: &mut Changed) {
        self.floor = self.floor.max(floor);
    }

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        let page = self.pages.get(key.first()?)?;
        Some(postcard::to_stdvec(page).unwrap())
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        let from = after.and_then(|key| key.first()).map_or(0, |&key| u16::from(key) + 1);
        self.pages.keys().find(|&&key| u16::from(key) >= from).map(|&key| vec![key])
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        let wrong = || PartError { why: "a page".into() };
        let page = postcard::from_bytes(value).map_err(|_| wrong())?;
        self.pages.insert(*key.first().ok_or_else(wrong)?, page);
        Ok(())
    }
}
