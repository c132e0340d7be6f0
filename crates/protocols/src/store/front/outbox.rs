//! What one activation has for others: calls for replicas, and answers for the layer above.

use rumormill_core::{Context, PeerId};

use super::session::Sessions;
use crate::store::{Answered, Application, Call, Calls, Indication, MAX_MESSAGE_BYTES, Message, Store, Timestamp};

/// The most calls of a message.
const MAX_CALLS: usize = 4_096;

/// The most acknowledgements of a message.
const MAX_FINISHED: usize = 1_024;

/// Bytes of a call besides its operation, at most: the session's id, numbers, time.
const CALL_BYTES: usize = 64;

/// Bytes of a part of a label, at most.
const PART_BYTES: usize = 25;

/// Labels that a new one is compared with: sessions that see the same have equal ones, one after the other.
const RECENT: usize = 4;

/// What one activation has for others.
pub(super) struct Outbox<A: Application> {
    /// The message for each replica, and about how many bytes it has. Replicas are few.
    open: Vec<(PeerId, Calls<A>, usize)>,
    /// Calls that are over.
    pub answers: Vec<Answered<A>>,
}

impl<A: Application> Outbox<A> {
    pub fn new() -> Self {
        Self { open: Vec::new(), answers: Vec::new() }
    }

    /// Adds a chain of calls; their labels are set here. A chain is never divided between messages.
    pub fn add(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        sessions: &mut Sessions<A>,
        to: PeerId,
        label: &Timestamp,
        chain: (Vec<Call<A>>, usize),
    ) {
        let (calls, bytes) = chain;
        let bytes = bytes + calls.len() * CALL_BYTES + label.len() * PART_BYTES;
        let place = self.open.iter().position(|(peer, ..)| *peer == to).unwrap_or_else(|| {
            self.open.push((to, empty(), 0));
            self.open.len() - 1
        });
        let (_, message, filled) = &mut self.open[place];
        // A quarter is left for acknowledgements, and for what was estimated too low.
        if *filled > 0 && (*filled + bytes > MAX_MESSAGE_BYTES / 4 * 3 || message.calls.len() >= MAX_CALLS) {
            let full = std::mem::replace(message, empty());
            *filled = 0;
            send(cx, sessions, to, full);
        }
        *filled += bytes;
        let recent = message.labels.len().saturating_sub(RECENT);
        let known = message.labels[recent..].iter().position(|known| known == label);
        let number = known.map_or_else(
            || {
                message.labels.push(label.clone());
                message.labels.len() - 1
            },
            |known| recent + known,
        );
        message.calls.extend(calls.into_iter().map(|call| Call { label: number as u32, ..call }));
    }

    /// Sends everything.
    pub fn send(self, cx: &mut Context<'_, Store<A>>, sessions: &mut Sessions<A>, knows: u64) {
        for (to, message, _) in self.open {
            send(cx, sessions, to, Calls { knows, ..message });
        }
        if !self.answers.is_empty() {
            cx.indicate(Indication::Answers(self.answers));
        }
    }
}

fn empty<A: Application>() -> Calls<A> {
    // A message that leaves before the others is of so many calls that the next one can say what is known.
    Calls { labels: Vec::new(), calls: Vec::new(), finished: Vec::new(), knows: u64::MAX }
}

fn send<A: Application>(cx: &mut Context<'_, Store<A>>, sessions: &mut Sessions<A>, to: PeerId, calls: Calls<A>) {
    let finished = sessions.acknowledge(MAX_FINISHED);
    cx.send(to, Message::Calls(Calls { finished, ..calls }));
}
