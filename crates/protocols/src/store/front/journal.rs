//! What was done at a front end, for checkers: on its disk before a call leaves, so that a crash loses nothing
//! that others may have seen.

use rumormill_check::history::OperationId;
use rumormill_core::{Context, Instant};
use serde::{Deserialize, Serialize};

use super::FrontEnd;
use super::session::Who;
use crate::store::{Application, CallId, Failure, Op, Order, Store, Timestamp};

/// The most entries; calls beyond are not recorded.
const MAX_ENTRIES: usize = 1 << 20;

/// What keys of entries begin with.
const PREFIX: &[u8] = b"journal/";

/// One call, as a checker wants to know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Entry<A: Application> {
    /// Its session and number for checkers: a made-up client's session goes on at other front ends.
    pub operation: OperationId,
    /// Its name for replicas.
    pub call: CallId,
    /// How it was ordered.
    pub order: Order,
    /// What it asked for.
    pub op: Op<A::Update, A::Query>,
    /// When it was asked, on the front end's clock.
    pub invoked: Instant,
    /// How it ended; none when the front end crashed before.
    pub end: Option<End<A>>,
}

impl<A: Application> Entry<A> {
    /// Did a made-up client make the call, rather than somebody who typed it?
    #[must_use]
    pub fn is_of_client(&self) -> bool {
        self.operation.session <= u64::from(u32::MAX)
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct End<A: Application> {
    /// When, on the front end's clock.
    pub returned: Instant,
    /// The time of its stamp, as it was asked for.
    pub time: u64,
    /// The label that came with the answer; empty when it failed.
    pub label: Timestamp,
    /// What it returned, if that is known; or why it failed, and then nobody knows whether it was done.
    pub result: Result<Option<A::Answer>, Failure>,
}

/// All entries.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Journal<A: Application> {
    entries: Vec<Entry<A>>,
}

impl<A: Application> Default for Journal<A> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<A: Application> Journal<A> {
    /// The journal that is on disk.
    pub fn read(cx: &Context<'_, Store<A>>) -> Self {
        let mut entries = Vec::new();
        // Written by this front end, in order: what cannot be read is another program's, and ends it.
        cx.scan(PREFIX, |_, bytes| entries.extend(postcard::from_bytes(bytes).ok()));
        Self { entries }
    }

    /// How many calls of made-up clients it has.
    pub fn of_clients(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.is_of_client()).count() as u64
    }

    pub fn entries(&self) -> &[Entry<A>] {
        &self.entries
    }

    /// Adds an entry; where it stands.
    fn begin(&mut self, cx: &mut Context<'_, Store<A>>, entry: Entry<A>) -> Option<u32> {
        let place = u32::try_from(self.entries.len()).ok().filter(|&place| (place as usize) < MAX_ENTRIES)?;
        self.entries.push(entry);
        self.write(cx, place);
        Some(place)
    }

    /// The call ended like this.
    fn end(&mut self, cx: &mut Context<'_, Store<A>>, place: u32, end: End<A>) {
        if let Some(entry) = self.entries.get_mut(place as usize) {
            entry.end = Some(end);
            self.write(cx, place);
        }
    }

    fn write(&self, cx: &mut Context<'_, Store<A>>, place: u32) {
        // Numbers, and operations that travel: always encoded.
        let bytes = postcard::to_stdvec(&self.entries[place as usize]).unwrap_or_default();
        cx.persist(&[PREFIX, &place.to_be_bytes()].concat(), &bytes);
    }
}

impl<A: Application> FrontEnd<A> {
    /// Writes down that a call is made, if a journal is kept.
    pub(super) fn record(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        who: Who,
        call: CallId,
        order: Order,
        op: &Op<A::Update, A::Query>,
    ) -> Option<u32> {
        let peerid = self.seat.peerid;
        let clients = self.clients.as_mut()?;
        let operation = match who {
            Who::Client(client) => OperationId { session: client.into(), number: clients.asked(client).into() },
            // Calls from above may be made at one time, so each is a session of its own.
            Who::Above(_) => {
                let session = u64::from(peerid) << 32 | clients.journal.entries.len() as u64;
                OperationId { session, number: 1 }
            }
        };
        let entry = Entry { operation, call, order, op: op.clone(), invoked: cx.now, end: None };
        clients.journal.begin(cx, entry)
    }

    /// Writes down how a call ended.
    pub(super) fn note_outcome(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        entry: u32,
        (time, label): (u64, Timestamp),
        result: Result<Option<A::Answer>, Failure>,
    ) {
        if let Some(clients) = &mut self.clients {
            clients.journal.end(cx, entry, End { returned: cx.now, time, label, result });
        }
    }
}
