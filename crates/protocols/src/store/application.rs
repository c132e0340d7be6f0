//! What is replicated: any state machine with updates and queries.

use std::fmt::Debug;
use std::ops::Range;

use rumormill_check::history::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SessionId, Stamp};

/// What travels as an operation or an answer.
pub trait Operation: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static> Operation for T {}

/// A state machine that replicas execute.
///
/// Every replica executes the same updates, each once, an update after those that it may depend on. But two
/// concurrent updates may come in another order elsewhere, so the state must depend on the set of updates
/// alone: as though they had been executed in the order of their stamps, which agrees with the causal order.
/// Then replicas converge (Shapiro et al., "Conflict-Free Replicated Data Types", SSS 2011).
///
/// The state is a set of parts, each with a key, so that a change writes only the parts that it touched.
pub trait Application: Clone + Default + Debug + Serialize + Send + Sync + 'static {
    /// What changes the state.
    type Update: Operation;
    /// What looks at it.
    type Query: Operation;
    /// What either returns.
    type Answer: Operation;

    /// Executes an update and returns its answer: what its caller would see of it here and now. Notes the keys
    /// of the parts that it changed.
    fn update(&mut self, stamp: Stamp, update: &Self::Update, changed: &mut Changed) -> Self::Answer;

    /// Answers a query.
    fn query(&self, query: &Self::Query) -> Self::Answer;

    /// From now on no update with an earlier time than `floor` will be executed: what was kept only to order
    /// such updates (graves of what was deleted, single increments) can go. Notes the parts that it changed;
    /// does a bounded amount of work, so that it may have to be called again.
    fn settle(&mut self, floor: u64, changed: &mut Changed);

    /// The part with this key, encoded; `None` when there is none (any more).
    fn part(&self, key: &[u8]) -> Option<Vec<u8>>;

    /// The least key of a part after `after`, or the least of all.
    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>>;

    /// Takes a part from a disk or a snapshot, in place of what was there.
    ///
    /// # Errors
    /// When `value` is no encoded part.
    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError>;

    /// The name of an update in traces and legends, for example `rate`.
    fn name_of_update(update: &Self::Update) -> &'static str {
        let _ = update;
        "update"
    }

    /// The name of a query in traces and legends.
    fn name_of_query(query: &Self::Query) -> &'static str {
        let _ = query;
        "query"
    }

    /// A hash of the whole state: equal states have equal ones.
    fn digest(&self) -> u64 {
        let (mut digest, mut after) = (0, None);
        while let Some(key) = self.next_part(after.as_deref()) {
            let value = self.part(&key).unwrap_or_default();
            digest = rumormill_core::rng::mix(digest ^ fingerprint(&key)) ^ fingerprint(&value);
            after = Some(key);
        }
        digest
    }
}

/// A 64-bit hash of bytes; not for security.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        rumormill_core::rng::mix(hash ^ u64::from_le_bytes(word))
    })
}

/// Bytes that are no part of this application's state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no part of the state: {why}")]
pub struct PartError {
    /// What is wrong with them.
    pub why: String,
}

/// The keys of parts that changed since they were last written to disk.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Changed {
    keys: std::collections::BTreeSet<Vec<u8>>,
    /// What the names begin with: see [`Changed::under`].
    prefix: Vec<u8>,
}

impl Changed {
    /// Notes that the part with this key changed.
    pub fn part(&mut self, key: &[u8]) {
        self.keys.insert([&self.prefix, key].concat());
    }

    /// Notes what `work` changes under names that begin with one byte more: so an application made of others
    /// tells their parts apart.
    pub fn under<T>(&mut self, first: u8, work: impl FnOnce(&mut Self) -> T) -> T {
        self.prefix.push(first);
        let result = work(self);
        self.prefix.pop();
        result
    }

    /// How many parts have changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Has none changed?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// All of them; none has changed any more.
    pub fn take(&mut self) -> std::collections::BTreeSet<Vec<u8>> {
        std::mem::take(&mut self.keys)
    }
}

/// An application that can make up a load for itself, and say what its operations mean to a checker.
pub trait Exercise: Application {
    /// A made-up operation of a client: an update in a fraction `updates` of all cases. `nth` counts the
    /// client's operations from 1; written values must be unique, so that a reader's source is known: `session`
    /// and `nth` together are. It uses only keys that have these numbers.
    fn draw(
        rng: &mut rumormill_core::Rng,
        session: SessionId,
        nth: u64,
        updates: f64,
        keys: Range<u32>,
    ) -> Op<Self::Update, Self::Query>;

    /// Queries that together see everything that [`Exercise::draw`] may have written to these keys.
    fn survey(keys: Range<u32>) -> Vec<Self::Query>;

    /// What was done, as checkers of histories understand it. Of an update, the answer may be missing. Several
    /// kinds are recorded as operations that follow each other (the fields of a hash, the members of a set); of
    /// an immediate operation only the first, for it has one moment.
    fn recorded(op: &Op<Self::Update, Self::Query>, answer: Option<&Self::Answer>) -> Vec<Kind>;

    /// The operation that a person typed at a front end, for example `set x 5`; `None` when it is none.
    fn parse(text: &str) -> Option<Op<Self::Update, Self::Query>>;
}

/// An operation of an application.
pub type OpOf<A> = Op<<A as Application>::Update, <A as Application>::Query>;

/// An operation: what a caller asks for.
#[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
pub enum Op<U, Q> {
    /// Changes the state.
    Update(U),
    /// Looks at it.
    Query(Q),
}
