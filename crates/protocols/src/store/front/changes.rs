//! Members that come and go while made-up clients go on: what a person would ask for, at set times.

use std::time::Duration;

use rumormill_core::{Context, PeerId};
use serde::Serialize;

use super::{FrontEnd, Timer, place};
use crate::store::{Application, Errand, Message, Refusal, Status, Store, numbers};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(200);

/// A change of membership, asked for by the first front end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// When, since it booted.
    pub at: Duration,
    /// What.
    pub verb: Verb,
    /// Of which peer: its number.
    pub peerid: u32,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verb {
    /// See [`Errand::Add`].
    Add,
    /// See [`Errand::Remove`].
    Remove,
    /// See [`Errand::Evict`].
    Evict,
}

impl Change {
    /// Reads changes such as `add 6 at 2s, remove 2 at 4500ms`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Self::parse_one).collect()
    }

    fn parse_one(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [verb, peerid, "at", at] = words.as_slice() else { return None };
        let verb = match *verb {
            "add" => Verb::Add,
            "remove" => Verb::Remove,
            "evict" => Verb::Evict,
            _ => return None,
        };
        let at = match (at.strip_suffix("ms"), at.strip_suffix('s')) {
            (Some(count), _) => Duration::from_millis(count.parse().ok()?),
            (None, Some(count)) => Duration::from_secs(count.parse().ok()?),
            (None, None) => return None,
        };
        Some(Self { at, verb, peerid: peerid.parse().ok()? })
    }

    fn errand<A: Application>(self, cx: &Context<'_, Store<A>>, all: &[PeerId]) -> Errand {
        let peer = (self.peerid as usize).checked_sub(1).and_then(|place| all.get(place)).copied().unwrap_or(cx.me);
        match self.verb {
            Verb::Add => Errand::Add(peer),
            Verb::Remove => Errand::Remove(peer),
            Verb::Evict => Errand::Evict(peer),
        }
    }
}

/// How far the changes are.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Changes {
    /// How many are done.
    done: usize,
    /// Who is asked next; nobody was asked yet.
    to: Option<PeerId>,
}

impl<A: Application> FrontEnd<A> {
    /// Begins with the changes, if this is the front end that asks for them.
    pub(super) fn start_changes(&mut self, cx: &mut Context<'_, Store<A>>) {
        if place(cx.config, self.seat) == 0 {
            self.await_change(cx, cx.now.as_nanos());
        }
    }

    /// Waits for the time of the next change; times count from `start`.
    fn await_change(&self, cx: &mut Context<'_, Store<A>>, start: u64) {
        let changes = cx.config.load.as_ref().map_or(&[][..], |load| &load.changes);
        if let Some(change) = changes.get(self.changes.done) {
            let due = start + rumormill_core::time::nanos(change.at);
            let after = Duration::from_nanos(due.saturating_sub(cx.now.as_nanos()));
            cx.set_timer(after.max(Duration::from_nanos(1)), crate::store::Timer::FrontEnd(Timer::Change { start }));
        }
    }

    /// Asks for the next change, and again until it is done.
    pub(super) fn ask_for_change(&mut self, cx: &mut Context<'_, Store<A>>, start: u64) {
        let Some((all, errand)) = self.next_change(cx).filter(|_| self.is_due(cx, start)) else { return };
        let to = self.changes.to.or_else(|| self.routes.first()).or(all.first().copied());
        if let Some(to) = to {
            cx.send(to, Message::Manage { ticket: start, errand });
        }
        // Who does not answer is not asked again.
        self.changes.to = to.and_then(|to| self.routes.after(to));
        cx.set_timer(PAUSE, crate::store::Timer::FrontEnd(Timer::Change { start }));
    }

    fn is_due(&self, cx: &Context<'_, Store<A>>, start: u64) -> bool {
        let change = cx.config.load.as_ref().and_then(|load| load.changes.get(self.changes.done));
        change.is_some_and(|change| cx.now.as_nanos() >= start + rumormill_core::time::nanos(change.at))
    }

    fn next_change(&self, cx: &Context<'_, Store<A>>) -> Option<(Vec<PeerId>, Errand)> {
        let change = *cx.config.load.as_ref()?.changes.get(self.changes.done)?;
        let all = numbers(cx, self.seat, u32::MAX);
        let errand = change.errand(cx, &all);
        Some((all, errand))
    }

    /// A replica answered what was asked of it. True when that was about a change.
    pub(in crate::store) fn hear_change(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        (from, start): (PeerId, u64),
        result: Result<(), Refusal>,
        status: &Status,
    ) -> bool {
        let Some((_, errand)) = self.next_change(cx) else { return false };
        let is_done = match errand {
            Errand::Add(peer) => status.members.contains(&peer),
            Errand::Remove(peer) | Errand::Evict(peer) => !status.members.contains(&peer),
            Errand::Status | Errand::Switch(_) | Errand::Gossip => false,
        };
        match result {
            Ok(()) if is_done => {
                self.changes.done += 1;
                self.await_change(cx, start);
            }
            Err(Refusal::NotPrimary(Some(primary))) => self.changes.to = Some(primary),
            // It has begun, or will be able to.
            _ => self.changes.to = Some(from),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_read_as_people_write_them() {
        let change = |at, verb, peerid| Change { at: Duration::from_millis(at), verb, peerid };
        let read = Change::parse("add 6 at 2s, remove 2 at 4500ms,evict 1 at 7s");
        assert_eq!(
            read.unwrap(),
            [change(2000, Verb::Add, 6), change(4500, Verb::Remove, 2), change(7000, Verb::Evict, 1)]
        );
        assert_eq!(Change::parse(" "), Some(Vec::new()));
        for wrong in ["add 6", "add x at 2s", "add 6 at 2", "drop 6 at 2s", "add 6 at 2s 3"] {
            assert_eq!(Change::parse(wrong), None, "{wrong}");
        }
    }
}
