//! Answers that one activation gives, gathered for each front end.

use std::collections::BTreeMap;

use rumormill_core::{Context, PeerId};

use crate::store::{Application, CallId, Ended, Message, Refusal, Replicas, Replies, Reply, Slot, Store, Timestamp};

/// The most bytes of answers in one message, about.
const REPLIES_BYTES: usize = 1 << 20;

/// The most answers in one message.
const MAX_REPLIES: usize = 4096;

/// The most bytes of one answer. With the answers and labels before it, and its own label, it fits into a message.
const MAX_ANSWER_BYTES: usize = 2 << 20;

/// Bytes of a part of a label, at most.
const PART_BYTES: usize = 25;

/// Answers that one activation gives; empty between activations.
#[derive(Clone, Debug)]
pub(super) struct Outbox<A: Application>(BTreeMap<PeerId, Draft<A>>);

/// Answers to one front end.
#[derive(Clone, Debug)]
struct Draft<A: Application> {
    labels: Vec<Timestamp>,
    replies: Vec<Reply<A>>,
    bytes: usize,
    /// The label that stands for the value timestamp at the end of the activation.
    value: Option<u32>,
    /// Labels of answers to updates, by the label that the updates came with.
    shared: Vec<Option<u32>>,
    /// What it does not know of the members.
    replicas: Option<Replicas>,
    /// Lines that it need not name any more.
    ended: BTreeMap<Slot, Ended>,
}

/// What an answer says that its caller has seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'a> {
    /// What this replica has executed. More of it than was executed when the answer was made does no harm: a
    /// label may name too much.
    Value,
    /// Exactly this.
    Exactly(&'a Timestamp),
    /// This, which updates of this activation share that came with the same label, the number `from`: their
    /// numbers differ, and the answers may all name the greatest.
    Shared {
        /// The number of the label that they came with.
        from: u32,
        /// The update's own timestamp.
        ts: &'a Timestamp,
    },
    /// Nothing: it was refused.
    Nothing,
}

impl<A: Application> Default for Outbox<A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<A: Application> Default for Draft<A> {
    fn default() -> Self {
        let (labels, replies, shared) = (Vec::new(), Vec::new(), Vec::new());
        Self { labels, replies, bytes: 0, value: None, shared, replicas: None, ended: BTreeMap::new() }
    }
}

impl<A: Application> Outbox<A> {
    /// The labels that calls come with have new numbers from now on: another message of calls.
    pub(super) fn next_calls(&mut self, front: PeerId) {
        if let Some(draft) = self.0.get_mut(&front) {
            draft.shared.clear();
        }
    }

    /// A front end shall know these as the members.
    pub(super) fn tell_members(&mut self, front: PeerId, replicas: &Replicas) {
        self.0.entry(front).or_default().replicas.get_or_insert_with(|| replicas.clone());
    }

    /// A front end shall know that it need not name a line.
    pub(super) fn tell_ended(&mut self, front: PeerId, ended: Ended) {
        self.0.entry(front).or_default().ended.insert(ended.slot, ended);
    }

    /// Adds an answer: one that is too large for a message is refused, or, of an update, left out, for the update
    /// is done. True when there are so many that they should be sent.
    pub(super) fn answer(
        &mut self,
        front: PeerId,
        (id, update): (CallId, bool),
        seen: Seen<'_>,
        result: Result<Option<A::Answer>, Refusal>,
    ) -> bool {
        let draft = self.0.entry(front).or_default();
        let answer_bytes = |answer: &A::Answer| postcard::experimental::serialized_size(answer).unwrap_or(usize::MAX);
        let bytes = result.as_ref().ok().and_then(Option::as_ref).map_or(0, answer_bytes);
        let result = match result {
            Ok(_) if bytes > MAX_ANSWER_BYTES && update => Ok(None),
            Ok(_) if bytes > MAX_ANSWER_BYTES => Err(Refusal::Large),
            result => {
                draft.bytes += bytes;
                result
            }
        };
        let label = draft.label(seen);
        draft.replies.push(Reply { id, update, label, result });
        draft.bytes >= REPLIES_BYTES || draft.replies.len() >= MAX_REPLIES
    }

    /// Sends what there is.
    pub(super) fn send(&mut self, cx: &mut Context<'_, Store<A>>, value: &Timestamp, time: u64) {
        while let Some((front, mut draft)) = self.0.pop_first() {
            if let Some(place) = draft.value {
                draft.labels[place as usize].clone_from(value);
            }
            let Draft { labels, replies, replicas, ended, .. } = draft;
            let ended = ended.into_values().collect();
            cx.send(front, Message::Replies(Replies { labels, replies, time, replicas, ended }));
        }
    }
}

impl<A: Application> Draft<A> {
    fn label(&mut self, seen: Seen<'_>) -> u32 {
        let next = self.labels.len() as u32;
        match seen {
            // An answer that was refused has no label, but its field must hold one.
            Seen::Nothing | Seen::Value => {
                if self.value.is_none() {
                    self.labels.push(Timestamp::new());
                }
                *self.value.get_or_insert(next)
            }
            Seen::Exactly(ts) => self.push(ts),
            Seen::Shared { from, ts } => {
                let from = from as usize;
                if self.shared.len() <= from {
                    self.shared.resize(from + 1, None);
                }
                if let Some(place) = self.shared[from] {
                    self.labels[place as usize].merge(ts);
                    return place;
                }
                self.shared[from] = Some(next);
                self.push(ts)
            }
        }
    }

    /// One more label; its place.
    fn push(&mut self, ts: &Timestamp) -> u32 {
        self.bytes += ts.len() * PART_BYTES;
        self.labels.push(ts.clone());
        self.labels.len() as u32 - 1
    }
}
