//! Histories written down by hand.

use std::collections::BTreeMap;

use rumormill_core::Instant;

use super::{History, Key, Kind, Label, Operation, OperationId, Order, Replica, Step, Value, Version};

/// Writes a history down. An operation lasts a second, and the next begins a second after it ended, unless
/// [`Session::during`] says otherwise.
///
/// ```
/// use rumormill_check::history::History;
///
/// let mut build = History::build();
/// build.session(1).write("x", 1).write("y", 2);
/// build.session(2).read("y", 2).read("x", 1);
/// let history = build.history();
/// assert_eq!(history.operations.len(), 4);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    history: History,
    next: BTreeMap<u64, u64>,
    /// In seconds.
    clock: u64,
}

impl Builder {
    /// Goes on with a session.
    pub fn session(&mut self, session: u64) -> Session<'_> {
        Session { build: self, session }
    }

    /// Adds a replica that executed these calls, each (session, number), and ended in a state.
    pub fn replica(&mut self, replica: u64, executed: &[(u64, u64)], digest: &str) -> &mut Self {
        let replica = Replica { digest: Some(digest.into()), ..Replica::executed(replica, ids(executed)) };
        self.history.replicas.push(replica);
        self
    }

    /// The replica added last got a state in which these calls had been executed, and then executed those.
    pub fn received(&mut self, received: &[(u64, u64)], executed: &[(u64, u64)]) -> &mut Self {
        if let Some(replica) = self.history.replicas.last_mut() {
            replica.steps.push(Step::Received(ids(received).collect()));
            replica.steps.extend(ids(executed).map(Step::Executed));
        }
        self
    }

    /// From now on every replica has everything.
    pub fn quiet(&mut self) -> &mut Self {
        self.history.quiet = Some(seconds(self.clock));
        self
    }

    /// The history so far.
    #[must_use]
    pub fn history(&self) -> History {
        self.history.clone()
    }
}

/// A session of a history that is being written down. Each call adds an operation, numbered from 0, or says
/// more about the last one.
#[derive(Debug)]
pub struct Session<'a> {
    build: &'a mut Builder,
    session: u64,
}

impl Session<'_> {
    /// Adds an operation.
    pub fn does(&mut self, kind: Kind) -> &mut Self {
        let number = self.build.next.entry(self.session).or_default();
        let mut operation = Operation::new(self.session, *number, kind, seconds(self.build.clock));
        *number += 1;
        self.build.clock += 1;
        operation.returned = Some(seconds(self.build.clock));
        self.build.clock += 1;
        self.build.history.operations.push(operation);
        self
    }

    /// Overwrites a key.
    pub fn write(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.does(Kind::Write { key: Key::from(key), value: Some(value.into()) })
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: &str) -> &mut Self {
        self.does(Kind::Write { key: key.into(), value: None })
    }

    /// Reads a key that holds this.
    pub fn read(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.does(Kind::Read { key: key.into(), value: Some(value.into()), from: None })
    }

    /// Reads a key that is absent.
    pub fn absent(&mut self, key: &str) -> &mut Self {
        self.does(Kind::Read { key: key.into(), value: None, from: None })
    }

    /// Changes a counter.
    pub fn add(&mut self, key: &str, by: i64) -> &mut Self {
        self.does(Kind::Add { key: key.into(), by })
    }

    /// Reads a counter.
    pub fn total(&mut self, key: &str, total: i64) -> &mut Self {
        self.does(Kind::Total { key: key.into(), total })
    }

    /// Puts a member into a set.
    pub fn insert(&mut self, key: &str, member: impl Into<Value>) -> &mut Self {
        self.does(Kind::Insert { key: key.into(), member: member.into() })
    }

    /// Takes a member out of a set.
    pub fn remove(&mut self, key: &str, member: impl Into<Value>) -> &mut Self {
        self.does(Kind::Remove { key: key.into(), member: member.into() })
    }

    /// Reads a set.
    pub fn members(&mut self, key: &str, members: &[&str]) -> &mut Self {
        let members = members.iter().copied().map(Value::from).collect();
        self.does(Kind::Members { key: key.into(), members })
    }

    /// The last one lasted from this second to that.
    pub fn during(&mut self, invoked: u64, returned: u64) -> &mut Self {
        self.build.clock = self.build.clock.max(returned + 1);
        self.last(|last| (last.invoked, last.returned) = (seconds(invoked), Some(seconds(returned))))
    }

    /// The last one, asked in this second, was never answered.
    pub fn unanswered(&mut self, invoked: u64) -> &mut Self {
        self.last(|last| (last.invoked, last.returned) = (seconds(invoked), None))
    }

    /// The last one was never answered.
    pub fn lost(&mut self) -> &mut Self {
        self.last(|last| last.returned = None)
    }

    /// The last one read what this operation, (session, number), wrote.
    pub fn from(&mut self, session: u64, number: u64) -> &mut Self {
        self.last(|last| {
            if let Kind::Read { from, .. } = &mut last.kind {
                *from = Some(OperationId { session, number });
            }
        })
    }

    /// Before the last one, the session was handed a token that covers this operation, (session, number).
    pub fn after(&mut self, session: u64, number: u64) -> &mut Self {
        self.last(|last| last.after = Some(OperationId { session, number }))
    }

    /// The last one was promised this order.
    pub fn order(&mut self, order: Order) -> &mut Self {
        self.last(|last| last.order = order)
    }

    /// The last one was answered with this label.
    pub fn label(&mut self, counters: &[u64]) -> &mut Self {
        self.last(|last| last.label = Some(Label(counters.to_vec())))
    }

    /// The last one wrote this version.
    pub fn version(&mut self, clock: u64) -> &mut Self {
        self.last(|last| last.version = Some(Version(clock, last.id.session, last.id.number)))
    }

    fn last(&mut self, change: impl FnOnce(&mut Operation)) -> &mut Self {
        let mine = |operation: &&mut Operation| operation.id.session == self.session;
        if let Some(last) = self.build.history.operations.iter_mut().rev().find(mine) {
            change(last);
        }
        self
    }
}

/// The moment so many seconds after the beginning.
fn seconds(count: u64) -> Instant {
    Instant::from_nanos(count.saturating_mul(1_000_000_000))
}

fn ids(calls: &[(u64, u64)]) -> impl Iterator<Item = OperationId> {
    calls.iter().map(|&(session, number)| OperationId { session, number })
}
