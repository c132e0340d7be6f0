//! What a key-value store is asked, and what it answers.

use serde::{Deserialize, Serialize};

use crate::store::apps::Bytes;

/// What changes a key-value store. The names in brackets are those of the Redis commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Update {
    /// Sets keys to strings, whatever they were, all at once (SET, MSET). Answer: [`Answer::Ok`].
    Set(Vec<(Bytes, Bytes)>),
    /// Deletes keys (DEL). Answer: [`Answer::Number`], how many of them there were.
    Delete(Vec<Bytes>),
    /// Adds to a string that is a number; an absent one counts as 0 (INCR, INCRBY, DECR, DECRBY).
    /// Answer: [`Answer::Number`], the sum.
    Add {
        /// The key.
        key: Bytes,
        /// How much to add.
        by: i64,
    },
    /// Sets fields of a hash (HSET). Answer: [`Answer::Number`], how many of them are new.
    HashSet {
        /// The key.
        key: Bytes,
        /// Fields and their values; of a field that is named twice, the last one.
        fields: Vec<(Bytes, Bytes)>,
    },
    /// Deletes fields of a hash (HDEL). Answer: [`Answer::Number`], how many of them there were.
    HashDelete {
        /// The key.
        key: Bytes,
        /// The fields.
        fields: Vec<Bytes>,
    },
    /// Adds to a field that is a number; an absent one counts as 0 (HINCRBY).
    /// Answer: [`Answer::Number`], the sum.
    HashAdd {
        /// The key.
        key: Bytes,
        /// The field.
        field: Bytes,
        /// How much to add.
        by: i64,
    },
    /// Adds members to a set (SADD). Answer: [`Answer::Number`], how many of them are new.
    SetAdd {
        /// The key.
        key: Bytes,
        /// The members.
        members: Vec<Bytes>,
    },
    /// Removes members from a set (SREM). Answer: [`Answer::Number`], how many of them there were.
    SetRemove {
        /// The key.
        key: Bytes,
        /// The members.
        members: Vec<Bytes>,
    },
}

/// What is asked of a key-value store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Query {
    /// A string (GET). Answer: [`Answer::Value`].
    Get(Bytes),
    /// Several strings; what is no string counts as absent (MGET). Answer: [`Answer::Values`].
    GetMany(Vec<Bytes>),
    /// How many of these keys there are; one named twice counts twice (EXISTS). Answer: [`Answer::Number`].
    Exists(Vec<Bytes>),
    /// What kind of value a key has (TYPE). Answer: [`Answer::Kind`].
    Kind(Bytes),
    /// A field of a hash (HGET). Answer: [`Answer::Value`].
    HashGet {
        /// The key.
        key: Bytes,
        /// The field.
        field: Bytes,
    },
    /// All fields of a hash in order of their names (HGETALL). Answer: [`Answer::Fields`].
    HashAll(Bytes),
    /// How many fields a hash has (HLEN). Answer: [`Answer::Number`].
    HashLen(Bytes),
    /// All members of a set in order (SMEMBERS). Answer: [`Answer::Members`].
    Members(Bytes),
    /// Is it a member of the set (SISMEMBER)? Answer: [`Answer::Number`], 1 or 0.
    IsMember {
        /// The key.
        key: Bytes,
        /// What may be a member.
        member: Bytes,
    },
    /// How many members a set has (SCARD). Answer: [`Answer::Number`].
    MemberCount(Bytes),
    /// Some keys, from a place in their order on (SCAN). Answer: [`Answer::Page`].
    ///
    /// The order is that of a hash of the keys, so that a place in it is a number. Whoever follows the cursors
    /// from 0 until they are 0 again meets each key once that was there all the time, whatever else comes and
    /// goes meanwhile, and from whichever replica each page is.
    Scan {
        /// Where to go on: 0, or [`Answer::Page::cursor`] of the page before.
        cursor: u64,
        /// Only keys that match this pattern, with `*`, `?`, `[a-z]`, `[^a]` and `\` as in Redis (MATCH).
        pattern: Option<Bytes>,
        /// About how many keys to look at, at most [`MAX_SCAN`](super::MAX_SCAN) (COUNT; Redis's default is 10).
        count: u32,
        /// Only keys of this kind (TYPE).
        kind: Option<Kind>,
    },
    /// How many keys there are (DBSIZE). Answer: [`Answer::Number`].
    Size,
}

/// What a key-value store answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Ok,
    /// A number.
    Number(i64),
    /// A string or a field; `None` when there is none.
    Value(Option<Bytes>),
    /// Several strings, in the order in which they were asked for.
    Values(Vec<Option<Bytes>>),
    /// The fields of a hash, and their values.
    Fields(Vec<(Bytes, Bytes)>),
    /// The members of a set.
    Members(Vec<Bytes>),
    /// The kind of a value.
    Kind(Kind),
    /// Some of all keys.
    Page {
        /// Where the next page begins; 0 when there is none.
        cursor: u64,
        /// The keys.
        keys: Vec<Bytes>,
    },
    /// It cannot be done; nothing has changed.
    Error(Error),
}

/// The kind of a key's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// There is no such key.
    #[default]
    None,
    /// A string, perhaps a number.
    String,
    /// A hash: fields with values.
    Hash,
    /// A set of members.
    Set,
}

impl Kind {
    /// Redis's name of it: `none`, `string`, `hash` or `set`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::String => "string",
            Self::Hash => "hash",
            Self::Set => "set",
        }
    }
}

/// Why something cannot be done. Shown as Redis words it, with its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key holds another kind of value.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// The string is no 64-bit number.
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    /// The field is no 64-bit number.
    #[error("ERR hash value is not an integer")]
    FieldNotAnInteger,
    /// The sum is no 64-bit number.
    #[error("ERR increment or decrement would overflow")]
    Overflow,
}
