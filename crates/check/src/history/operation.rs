//! One operation of a session.

use std::fmt;

use rumormill_core::Instant;
use serde::{Deserialize, Serialize};

/// The name of what is read and written.
pub type Key = String;

/// Which operation, and which call: the session's number, and the operation's among those of its session.
/// The retries of a call are one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationId {
    /// Which session.
    pub session: u64,
    /// Grows in a session; it may have gaps.
    pub number: u64,
}

/// What was written, as text. Checkers only compare them.
///
/// A history in which no key gets the same value twice is judged best: a value then says who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub String);

/// Which of two writes of one key wins: the larger, compared from left to right, for instance
/// (clock, session, number). The store's own rule, when it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version(pub u64, pub u64, pub u64);

/// A vector timestamp: a counter for each replica. A missing counter is 0.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(pub Vec<u64>);

/// In which order an operation is promised to take effect (Ladin, Liskov, Shrira, Ghemawat, "Providing High
/// Availability Using Lazy Replication", TOCS 10(4), 1992).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Order {
    /// After everything that its session knew.
    #[default]
    Causal,
    /// That, and in one order with all that are forced, the same at every replica.
    Forced,
    /// Ordered against everything, as if there were one copy.
    Immediate,
}

/// What was asked, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Kind {
    /// A key was overwritten, or deleted.
    Write {
        /// Which key.
        key: Key,
        /// Its new value; none deletes it.
        value: Option<Value>,
    },
    /// A key was read.
    Read {
        /// Which key.
        key: Key,
        /// What it held; none when it was absent.
        value: Option<Value>,
        /// Who wrote what it held, if the store tells. Needed only where the value does not say it: it was
        /// written more than once, or it is absent and could be so from the beginning or by a delete. Where
        /// some reads of a history tell, a key that is absent without was so from the beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<OperationId>,
    },
    /// A counter was changed by an amount.
    Add {
        /// Which counter.
        key: Key,
        /// By how much.
        by: i64,
    },
    /// A counter was read.
    Total {
        /// Which counter.
        key: Key,
        /// What it stood at.
        total: i64,
    },
    /// A member was put into a set.
    Insert {
        /// Which set.
        key: Key,
        /// The member.
        member: Value,
    },
    /// A member was taken out of a set.
    Remove {
        /// Which set.
        key: Key,
        /// The member.
        member: Value,
    },
    /// A set was read.
    Members {
        /// Which set.
        key: Key,
        /// Its members, in any order.
        members: Vec<Value>,
    },
}

/// One operation: who asked what and when, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Which one.
    pub id: OperationId,
    /// What was asked and answered. Of an operation whose outcome is unknown, the answer means nothing.
    pub kind: Kind,
    /// In which order it is promised to take effect.
    #[serde(default)]
    pub order: Order,
    /// When its session asked.
    pub invoked: Instant,
    /// When its session was answered. None when it never was: it may have happened or not, or happen later.
    pub returned: Option<Instant>,
    /// An answered operation of another session that its session knew of before this one, because it was handed
    /// a session token that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<OperationId>,
    /// The vector timestamp that came with the answer, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// Where the store puts this write among those of its key, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
}

impl Operation {
    /// A causal operation, asked at a time and not yet answered.
    #[must_use]
    pub fn new(session: u64, number: u64, kind: Kind, invoked: Instant) -> Self {
        let id = OperationId { session, number };
        Self { id, kind, order: Order::Causal, invoked, returned: None, after: None, label: None, version: None }
    }

    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match &self.kind {
            Kind::Write { key, .. }
            | Kind::Read { key, .. }
            | Kind::Add { key, .. }
            | Kind::Total { key, .. }
            | Kind::Insert { key, .. }
            | Kind::Remove { key, .. }
            | Kind::Members { key, .. } => key,
        }
    }

    /// Does it change something?
    #[must_use]
    pub fn is_update(&self) -> bool {
        matches!(self.kind, Kind::Write { .. } | Kind::Add { .. } | Kind::Insert { .. } | Kind::Remove { .. })
    }

    /// Was it answered?
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.returned.is_some()
    }

    /// What was done, as what follows a subject: `wrote x = 5`.
    #[must_use]
    pub fn deed(&self) -> String {
        let tried = if self.is_answered() { "" } else { " (its outcome unknown)" };
        self.done() + tried
    }

    /// What was done before something else: `had written x = 5`.
    #[must_use]
    pub fn deed_before(&self) -> String {
        let deed = self.done();
        match deed.split_once(' ') {
            Some(("wrote", rest)) => format!("had written {rest}"),
            Some(("took", rest)) => format!("had taken {rest}"),
            _ => format!("had {deed}"),
        }
    }

    fn done(&self) -> String {
        match &self.kind {
            Kind::Write { key, value: Some(value) } => format!("wrote {key} = {value}"),
            Kind::Write { key, value: None } => format!("deleted {key}"),
            Kind::Read { key, value: Some(value), .. } => format!("read {key} = {value}"),
            Kind::Read { key, value: None, .. } => format!("found {key} absent"),
            Kind::Add { key, by } => format!("added {by} to {key}"),
            Kind::Total { key, total } => format!("read {key} as {total} in total"),
            Kind::Insert { key, member } => format!("put {member} into {key}"),
            Kind::Remove { key, member } => format!("took {member} out of {key}"),
            Kind::Members { key, members } => format!("found {} members in {key}", members.len()),
        }
    }
}

/// `session 3 wrote x = 5`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session {} {}", self.id.session, self.deed())
    }
}

/// `3.7`: the seventh of session 3.
impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.session, self.number)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `[3, 0, 1]`.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self(number.to_string())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl Label {
    /// Is it at most the other, in every counter?
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().enumerate().all(|(place, &count)| count <= other.0.get(place).copied().unwrap_or(0))
    }
}

impl PartialEq for Label {
    fn eq(&self, other: &Self) -> bool {
        self.is_within(other) && other.is_within(self)
    }
}

impl Eq for Label {}
