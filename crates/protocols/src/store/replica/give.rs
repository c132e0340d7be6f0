//! Giving a snapshot, piece by piece, to a replica that gossip cannot bring up to date.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{Context, Instant, PeerId};
use serde::Serialize;

use super::Replica;
use super::calls::CallTable;
use super::disk::encode;
use super::gossip::deaf_after;
use crate::store::{Application, Content, Head, Message, Piece, Place, Record, Slot, Store};

/// The most bytes of a piece, about.
const PIECE_BYTES: usize = 512 << 10;

/// A snapshot is kept for so long after its last piece was asked for. There is one at a time: until then others
/// who ask get no answer, and ask somebody else.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// A snapshot that is being given away: this replica's state at one moment.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Giving<A: Application> {
    to: PeerId,
    snapshot: u64,
    asked_at: Instant,
    head: Head,
    #[serde(skip)]
    value: A,
    #[serde(skip)]
    calls: CallTable<A>,
    #[serde(skip)]
    records: Vec<(Arc<Record<A>>, u32)>,
}

impl<A: Application> Replica<A> {
    /// A replica asks for a piece of this one's state.
    pub(super) fn give(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        to: PeerId,
        (line, snapshot): (Slot, u64),
        place: &Place,
    ) {
        let may_come = self.may_come(to);
        // From now on it is in its present life, and what it held before does not count: nothing that it lacks
        // is removed from the log any more. Of who is no member yet, it may be: then it asks again.
        let is_heard = self
            .members
            .row(to)
            .map_or(may_come, |row| row.hear(line.incarnation, cx.now, deaf_after(cx.config.gossip_every) * 2));
        if line.replica != to || !is_heard || self.is_empty_handed() {
            return;
        }
        if *place == Place::Head {
            let is_busy = |giving: &Giving<A>| giving.to != to && cx.now.since(giving.asked_at) < KEPT_FOR;
            if self.giving.as_deref().is_some_and(is_busy) {
                return;
            }
            // A copy of the question must not make another snapshot: its pieces would not fit the first one's.
            if self.giving.as_deref().is_none_or(|giving| (giving.to, giving.snapshot) != (to, snapshot)) {
                self.giving = Some(Box::new(self.giving_to(to, snapshot, cx.now)));
            }
        }
        let Some(giving) = self.giving.as_deref_mut().filter(|giving| (giving.to, giving.snapshot) == (to, snapshot))
        else {
            return;
        };
        giving.asked_at = cx.now;
        if let Some((content, next)) = giving.piece(place) {
            cx.send(to, Message::Piece(Piece { snapshot, place: place.clone(), next, content }));
        } else {
            self.giving = None;
        }
    }

    /// Forgets a snapshot that nobody asks for any more.
    pub(super) fn stop_giving(&mut self, now: Instant) {
        self.giving.take_if(|giving| now.since(giving.asked_at) >= KEPT_FOR);
    }

    fn giving_to(&self, to: PeerId, snapshot: u64, now: Instant) -> Giving<A> {
        let head = Head {
            value: self.value_timestamp.clone(),
            executed: self.log.executed().clone(),
            held: self.log.held().clone(),
            floor: self.floors.store(),
            time: self.heard,
            seal: self.seal(),
            ended: self.members.ended.iter().collect(),
            trail: self.trail.calls(),
        };
        let records = self.log.beyond(&head.executed).map(|entry| (Arc::clone(&entry.record), entry.bytes)).collect();
        Giving { to, snapshot, asked_at: now, head, value: self.value.clone(), calls: self.calls.clone(), records }
    }
}

impl<A: Application> Giving<A> {
    /// The piece at a place, and where the next one is; none at the end.
    fn piece(&self, place: &Place) -> Option<(Content<A>, Place)> {
        let mut bytes = 0;
        match place {
            Place::Head => Some((Content::Head(Box::new(self.head.clone())), Place::Parts(None))),
            Place::Parts(after) => {
                let (mut parts, mut last) = (Vec::new(), after.clone());
                while let Some(key) = self.value.next_part(last.as_deref()) {
                    if bytes >= PIECE_BYTES {
                        return Some((Content::Parts(parts), Place::Parts(last)));
                    }
                    if let Some(part) = self.value.part(&key) {
                        bytes += key.len() + part.len();
                        parts.push((key.clone(), part));
                    }
                    last = Some(key);
                }
                Some((Content::Parts(parts), Place::Calls(None)))
            }
            Place::Calls(after) => {
                let (mut rows, mut last) = (Vec::new(), *after);
                for (id, session) in self.calls.rows(*after) {
                    if bytes >= PIECE_BYTES {
                        return Some((Content::Calls(rows), Place::Calls(last)));
                    }
                    let row = encode(session);
                    bytes += row.len() + 16;
                    rows.push((id, row));
                    last = Some(id);
                }
                Some((Content::Calls(rows), Place::Records(0)))
            }
            Place::Records(after) => {
                let mut records = Vec::new();
                for (record, length) in self.records.iter().skip(usize::try_from(*after).unwrap_or(usize::MAX)) {
                    if bytes >= PIECE_BYTES {
                        let next = after + records.len() as u64;
                        return Some((Content::Records(records), Place::Records(next)));
                    }
                    bytes += *length as usize;
                    records.push(Arc::clone(record));
                }
                Some((Content::Records(records), Place::End))
            }
            Place::End => None,
        }
    }
}
