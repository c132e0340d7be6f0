//! What a member does with what its leader sends (section 3.5), and what it reports once that is committed.

use rumormill_core::{Context, PeerId};

use super::message::{Body, Command, Entry, Mark, Member, Payload, are_members};
use super::request::Indication;
use super::{Raft, Role};

/// What a leader sends: the fields of [`Body::Append`].
pub(super) struct Append<C> {
    pub round: u64,
    pub prev_index: u64,
    pub prev_term: u64,
    pub commit: u64,
    pub entries: Vec<Entry<C>>,
}

impl<C: Command> Append<C> {
    /// What no correct leader of this term sends.
    fn fault(&self, term: u64) -> Option<&'static str> {
        let mut before = self.prev_term;
        for entry in &self.entries {
            if entry.term < before || entry.term > term {
                return Some("entries whose terms go down, or are later than the leader's");
            }
            before = entry.term;
            if let Payload::Members(members) = &entry.payload
                && !are_members(members)
            {
                return Some("a list of members that is empty, too long or out of order");
            }
        }
        let fits = self.prev_index.checked_add(self.entries.len() as u64).is_some();
        (!fits).then_some("entries beyond the last place there is")
    }

    /// The place of the last entry.
    fn end(&self) -> u64 {
        self.prev_index + self.entries.len() as u64
    }
}

impl<C: Command> Raft<C> {
    /// The leader of a term was heard.
    pub(super) fn hear_leader(&mut self, cx: &mut Context<'_, Self>, leader: Member, term: u64, append: Append<C>) {
        let Append { round, prev_index, .. } = append;
        if term < self.vote.term {
            // The sender has missed a term: any answer tells it.
            return self.tell(cx, leader.peer, Body::Missing { round, prev_index, hint_index: 0, hint_term: 0 });
        }
        let is_second = self.role() == Role::Leader || self.leader.is_some_and(|known| known != leader);
        if let Some(why) = is_second.then_some("a second leader in one term").or_else(|| append.fault(term)) {
            return cx.indicate(Indication::Misbehaved { peer: leader.peer, why });
        }
        self.follow(cx, Some(leader));
        self.heard_at = cx.now;
        // A learner knocks all the same: what it hears may be meant for its old incarnation.
        if self.role() != Role::Learner {
            self.deadline = cx.now + self.patience;
        }
        let compacted = self.log.mark().index;
        if append.prev_index >= compacted && self.log.term_at(prev_index) != Some(append.prev_term) {
            return self.miss(cx, leader.peer, round, prev_index, append.prev_term);
        }
        let (commit, end) = (append.commit, append.end().max(compacted));
        if self.keep(cx, append) {
            // What the leader has committed beyond `end` may differ from what is here.
            self.commit_to(cx, commit.min(end));
            self.tell(cx, leader.peer, Body::Appended { round, index: end });
            self.follow(cx, Some(leader));
        } else {
            cx.indicate(Indication::Misbehaved { peer: leader.peer, why: "another entry in place of a committed one" });
        }
    }

    /// Tells the leader that the logs differ before what it sent, and where they may be the same: it takes one
    /// question for each term in which they differ.
    fn miss(&self, cx: &mut Context<'_, Self>, leader: PeerId, round: u64, prev_index: u64, prev_term: u64) {
        let before = self.log.last_up_to(prev_index.saturating_sub(1), prev_term);
        // What is committed is the same in any case.
        let hint_index = before.max(self.commit);
        let hint_term = self.log.term_at(hint_index).unwrap_or(0);
        self.tell(cx, leader, Body::Missing { round, prev_index, hint_index, hint_term });
    }

    /// Makes the log the leader's where it sent entries. False when that would replace a committed one.
    fn keep(&mut self, cx: &mut Context<'_, Self>, append: Append<C>) -> bool {
        let mut index = append.prev_index;
        for entry in append.entries {
            index += 1;
            match self.log.term_at(index) {
                Some(term) if term == entry.term => continue,
                Some(_) if index <= self.commit => return false,
                Some(_) => {
                    cx.note(format_args!("replaces entries {index} to {} by its leader's", self.log.last_index()));
                    self.log.truncate(cx, index);
                }
                None if index <= self.log.mark().index => continue,
                None => {}
            }
            self.log.append(cx, entry);
        }
        true
    }

    /// Entries up to `index` are committed.
    pub(super) fn commit_to(&mut self, cx: &mut Context<'_, Self>, index: u64) {
        while self.commit < index {
            let at = self.commit + 1;
            let Some(entry) = self.log.entry(at) else { return };
            self.commit = at;
            match entry.payload.clone() {
                Payload::Nothing => {}
                Payload::Command(command) => cx.indicate(Indication::Committed { index: at, command }),
                Payload::Members(members) => {
                    let before = self.log.mark_at(at - 1).unwrap_or_default().members;
                    self.are_now_members(cx, at, members, &before);
                }
            }
        }
    }

    /// A change of membership is committed.
    fn are_now_members(&mut self, cx: &mut Context<'_, Self>, index: u64, members: Vec<Member>, before: &[Member]) {
        let me = self.me(cx.me);
        let (was, is) = (before.contains(&me), members.contains(&me));
        if was && !is || is && self.id.removed {
            self.id.removed = !is;
            self.id.save(cx);
        }
        cx.indicate(Indication::Members { index, members });
        self.finish_change(cx);
        if was && !is && self.role() == Role::Leader {
            self.step_down(cx, "it is no member any more");
        }
    }

    /// The layer above has taken another member's snapshot.
    pub(super) fn install(&mut self, cx: &mut Context<'_, Self>, mark: Mark) {
        if mark.index <= self.commit || self.role() == Role::Leader || !mark.is_sound() {
            return;
        }
        let Mark { index, members, .. } = mark.clone();
        let before = self.log.members().to_vec();
        self.log.install(cx, mark);
        self.commit = index;
        cx.note(format_args!("goes on from a snapshot of everything up to {index}"));
        self.are_now_members(cx, index, members, &before);
        self.follow(cx, self.leader);
    }
}
