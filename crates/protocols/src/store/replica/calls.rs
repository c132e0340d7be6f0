//! The call table: which updates of each session are executed, and what they answered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::numbers::Numbers;
use crate::store::{Application, CallId, SessionId, Slot, Stamp};

/// The most answers that are kept of one session, until its front end has acknowledged them. Of an older call
/// a copy is answered without what it returned.
const MAX_ANSWERS: usize = 1024;

/// The most sessions in a call table. Then calls of further ones are refused until δ has passed for some.
pub(super) const MAX_SESSIONS: usize = 1 << 20;

/// Finished calls that the next gossip tells of, at most; others tell of later ones.
const MAX_NEWS: usize = 4096;

/// Which updates of each session are executed here. A session's row goes when no update of it can come any
/// more: when all members take only later ones, and have told of all that they took before.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct CallTable<A: Application> {
    sessions: BTreeMap<SessionId, Session<A>>,
    /// Calls that are in the log and not executed.
    logged: BTreeMap<CallId, (Slot, u64)>,
    /// When to look whether a session's row can go.
    expiry: BTreeSet<(u64, SessionId)>,
    /// Rows that changed since they were last written to disk.
    changed: BTreeSet<SessionId>,
    /// Acknowledgements of front ends that other replicas have not been told.
    news: BTreeMap<SessionId, u64>,
}

/// What is known of one session.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Session<A: Application> {
    /// Its executed updates.
    executed: Numbers,
    /// No copies of updates up to this are sent any more.
    finished: u64,
    /// The answers of later ones, in the order in which they were executed.
    answers: Vec<Kept<A>>,
    /// The time of its newest executed update.
    newest: u64,
    /// A number, and a time that no later number's update is before: for closing gaps.
    mark: (u64, u64),
    #[serde(skip)]
    changed: bool,
}

/// The answer of an executed update.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Kept<A: Application> {
    number: u64,
    /// What it returned.
    pub(super) answer: A::Answer,
    /// Where its record is, or was.
    pub(super) at: (Slot, u64),
}

/// What is known of a call.
pub(super) enum Known<'a, A: Application> {
    /// Nothing.
    New,
    /// It is executed; its answer, unless that is forgotten.
    Executed(Option<&'a Kept<A>>),
    /// It is in the log, here, and not executed.
    Logged(Slot, u64),
    /// The front end said that no copy of it is sent any more: this one is old.
    Finished,
}

impl<A: Application> Default for CallTable<A> {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            logged: BTreeMap::new(),
            expiry: BTreeSet::new(),
            changed: BTreeSet::new(),
            news: BTreeMap::new(),
        }
    }
}

impl<A: Application> Default for Session<A> {
    fn default() -> Self {
        let executed = Numbers::default();
        Self { executed, finished: 0, answers: Vec::new(), newest: 0, mark: (0, 0), changed: false }
    }
}

impl<A: Application> CallTable<A> {
    /// How many sessions there are.
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// What is known of a call.
    pub(super) fn find(&self, id: CallId) -> Known<'_, A> {
        let session = self.sessions.get(&id.session);
        if let Some(session) = session.filter(|session| session.executed.contains(id.number)) {
            return Known::Executed(session.answers.iter().rev().find(|kept| kept.number == id.number));
        }
        if !self.logged.is_empty()
            && let Some(&(slot, number)) = self.logged.get(&id)
        {
            return Known::Logged(slot, number);
        }
        match session {
            Some(session) if id.number <= session.finished => Known::Finished,
            _ => Known::New,
        }
    }

    /// Is there room for another update of this session?
    pub(super) fn has_room(&self, session: SessionId) -> bool {
        match self.sessions.get(&session) {
            Some(session) => !session.executed.is_full(),
            None => self.sessions.len() < MAX_SESSIONS,
        }
    }

    /// Is this call executed?
    pub(super) fn is_executed(&self, id: CallId) -> bool {
        self.sessions.get(&id.session).is_some_and(|session| session.executed.contains(id.number))
    }

    /// Notes that a call is in the log and waits for its execution.
    pub(super) fn log(&mut self, id: CallId, at: (Slot, u64)) {
        self.logged.entry(id).or_insert(at);
    }

    /// Notes that a call is executed, and its answer.
    pub(super) fn execute(&mut self, stamp: Stamp, at: (Slot, u64), answer: A::Answer) {
        let CallId { session: id, number } = stamp.call;
        if !self.logged.is_empty() {
            self.logged.remove(&stamp.call);
        }
        let expiry = &mut self.expiry;
        let session = self.sessions.entry(id).or_insert_with(|| {
            expiry.insert((stamp.time, id));
            Session::default()
        });
        session.executed.insert(number);
        session.newest = session.newest.max(stamp.time);
        if number > session.finished {
            if session.answers.len() == MAX_ANSWERS {
                session.answers.remove(0);
            }
            session.answers.push(Kept { number, answer, at });
        }
        if !std::mem::replace(&mut session.changed, true) {
            self.changed.insert(id);
        }
    }

    /// A copy's record is executed, which does nothing.
    pub(super) fn unlog(&mut self, id: CallId, at: (Slot, u64)) {
        if self.logged.get(&id) == Some(&at) {
            self.logged.remove(&id);
        }
    }

    /// A front end acknowledges answers: no copies of these calls are sent any more. `first_hand`: it said so
    /// to this replica, which tells the others.
    pub(super) fn finish(&mut self, finished: &[CallId], first_hand: bool) {
        for &CallId { session: id, number } in finished {
            let Some(session) = self.sessions.get_mut(&id).filter(|session| session.finished < number) else {
                continue;
            };
            session.finished = number;
            session.answers.retain(|kept| kept.number > number);
            if session.answers.is_empty() {
                session.answers.shrink_to(1);
            }
            if !std::mem::replace(&mut session.changed, true) {
                self.changed.insert(id);
            }
            if first_hand && (self.news.len() < MAX_NEWS || self.news.contains_key(&id)) {
                self.news.insert(id, number);
            }
        }
    }

    /// Acknowledgements that the others have not been told of.
    pub(super) fn news(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.news).into_iter().map(|(session, number)| CallId { session, number }).collect()
    }

    /// No update with an earlier time than `floor` will be executed any more: forgets sessions without later
    /// ones, and takes what is missing among the earlier numbers of the others for what never comes.
    pub(super) fn settle(&mut self, floor: u64) {
        while let Some(&(time, id)) = self.expiry.first().filter(|(time, _)| *time < floor) {
            self.expiry.remove(&(time, id));
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            if session.newest < floor {
                self.sessions.remove(&id);
                self.changed.insert(id);
                continue;
            }
            if session.executed.has_gaps() && session.mark.1 < floor {
                // A session's numbers and times grow together, so all of these would be earlier than the floor.
                session.executed.fill(session.mark.0);
                session.mark = (session.executed.last(), session.newest);
            }
            self.expiry.insert((session.newest, id));
        }
    }

    /// The rows that changed since this was last asked, encoded; none for those that are gone.
    pub(super) fn take_changed(&mut self) -> Vec<(SessionId, Option<Vec<u8>>)> {
        let sessions = &mut self.sessions;
        let changed = std::mem::take(&mut self.changed).into_iter();
        let rows = changed.map(|id| {
            let row = sessions.get_mut(&id).map(|session| {
                session.changed = false;
                super::disk::encode(session)
            });
            (id, row)
        });
        rows.collect()
    }

    /// Has a row changed?
    pub(super) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// The rows after a session, in order.
    pub(super) fn rows(&self, after: Option<SessionId>) -> impl Iterator<Item = (SessionId, &Session<A>)> {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        self.sessions.range((from, std::ops::Bound::Unbounded)).map(|(&id, session)| (id, session))
    }

    /// Takes a row from a disk or a snapshot.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn restore(&mut self, id: SessionId, row: &[u8]) -> Result<(), &'static str> {
        let session: Session<A> = postcard::from_bytes(row).map_err(|_| "a row of the call table is malformed")?;
        if !session.executed.is_sound() || session.answers.len() > MAX_ANSWERS {
            return Err("a row of the call table is no set of calls");
        }
        self.expiry.insert((session.newest, id));
        self.sessions.insert(id, session);
        Ok(())
    }

    /// Marks all rows as changed, so that all of them are written.
    pub(super) fn touch(&mut self) {
        for (&id, session) in &mut self.sessions {
            session.changed = true;
            self.changed.insert(id);
        }
    }
}
