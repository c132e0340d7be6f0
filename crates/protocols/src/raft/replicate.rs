//! What a leader does (section 3.5): it appends, sends its entries to all, and commits what a majority has.

use rumormill_core::Context;

use super::follower::Follower;
use super::lead::{Lead, majority};
use super::message::{Body, Command, Entry, Member, Payload};
use super::request::{Indication, Refusal};
use super::{Flaw, Raft, State, Timer, disk};

/// Times `timeout` after which the layer above is told once more that a follower needs a snapshot.
const SNAPSHOT_AGAIN: u32 = 4;

impl<C: Command> Raft<C> {
    /// Appends a command, when this peer leads.
    pub(super) fn propose(&mut self, cx: &mut Context<'_, Self>, command: C) {
        if !matches!(self.state, State::Leader(_)) {
            let leader = self.leader.map(|leader| leader.peer);
            return cx.indicate(Indication::NotLeader { leader, command });
        }
        if self.log.last_index() - self.commit >= cx.config.uncommitted_max {
            return cx.indicate(Indication::Refused { why: Refusal::Busy, command });
        }
        if disk::encode(&command).len() > cx.config.batch_bytes {
            return cx.indicate(Indication::Refused { why: Refusal::TooLong, command });
        }
        self.append(cx, Payload::Command(command));
        self.feed_all(cx);
        self.advance(cx);
    }

    /// Puts an entry of this term after the last one.
    pub(super) fn append(&mut self, cx: &mut Context<'_, Self>, payload: Payload<C>) {
        self.log.append(cx, Entry { term: self.vote.term, payload });
    }

    /// Tells everybody that this peer leads, and looks whether a majority still answers.
    pub(super) fn beat(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        let heard_at = lead.heard_at.map_or(lead.since, |at| at.max(lead.since));
        let is_alone = self.log.members().len() < 2;
        if !is_alone && cx.now.since(heard_at) > cx.config.timeout * 2 {
            return self.step_down(cx, "no majority answers");
        }
        self.give_up_change(cx);
        self.let_go(cx);
        self.begin_round(cx);
        let beat_every = cx.rng.between(cx.config.beat_every * 3 / 4, cx.config.beat_every);
        cx.set_timer(beat_every, Timer::Beat(self.vote.term));
        self.advance(cx);
    }

    /// Begins a round: every follower hears from this peer at once, with entries or without.
    pub(super) fn begin_round(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        lead.begin_round(cx.now);
        for member in self.followers() {
            if !self.feed(cx, member) {
                self.send_entries(cx, member, false);
            }
        }
    }

    /// Sends everybody what there is to send.
    pub(super) fn feed_all(&mut self, cx: &mut Context<'_, Self>) {
        for member in self.followers() {
            self.feed(cx, member);
        }
    }

    fn followers(&self) -> Vec<Member> {
        match &self.state {
            State::Leader(lead) => lead.followers.keys().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Sends a follower entries that it lacks, as many messages as may be under way. Was there one?
    fn feed(&mut self, cx: &mut Context<'_, Self>, member: Member) -> bool {
        let mut fed = false;
        while let State::Leader(lead) = &mut self.state
            && let Some(follower) = lead.followers.get_mut(&member)
            && follower.next <= self.log.last_index()
        {
            if follower.next <= self.log.mark().index {
                if follower.needs_snapshot(cx.now, cx.config.timeout * SNAPSHOT_AGAIN) {
                    cx.note(format_args!("{member} needs a snapshot: it lacks {}", follower.next));
                    cx.indicate(Indication::NeedsSnapshot { member });
                }
                break;
            }
            if !follower.is_open(cx.config.window) {
                break;
            }
            self.send_entries(cx, member, true);
            fed = true;
        }
        fed
    }

    /// Sends a follower what comes next for it, or a mere heartbeat.
    fn send_entries(&mut self, cx: &mut Context<'_, Self>, member: Member, with_entries: bool) {
        let State::Leader(lead) = &mut self.state else { return };
        let round = lead.round();
        let Some(follower) = lead.followers.get_mut(&member) else { return };
        let prev_index = (follower.next - 1).max(self.log.mark().index);
        let entries = if with_entries { self.log.batch(prev_index + 1, cx.config.batch_bytes) } else { Vec::new() };
        if !entries.is_empty() {
            follower.sent(prev_index + entries.len() as u64);
        }
        if follower.told_commit < self.commit {
            (follower.told_commit, follower.told_round) = (self.commit, round);
        }
        let prev_term = self.log.term_at(prev_index).unwrap_or(0);
        self.tell(cx, member.peer, Body::Append { round, prev_index, prev_term, commit: self.commit, entries });
    }

    /// A follower's log is this one's up to `index`.
    pub(super) fn hear_appended(
        &mut self,
        cx: &mut Context<'_, Self>,
        member: Member,
        term: u64,
        round: u64,
        index: u64,
    ) {
        let last = self.log.last_index();
        let Some(follower) = self.answered(cx, member, term, round) else { return };
        if index > last {
            let why = "it says that it has entries which its leader has not";
            return cx.indicate(Indication::Misbehaved { peer: member.peer, why });
        }
        follower.appended(index);
        self.advance(cx);
        self.feed(cx, member);
        // It may be the first moment in which this one has nothing under way.
        self.announce(cx);
        self.go_on_with_change(cx);
        self.hand_over_when_ready(cx);
    }

    /// A follower lacks the entry at `prev_index`; `hint` is where the logs may be the same, (index, term).
    pub(super) fn hear_missing(
        &mut self,
        cx: &mut Context<'_, Self>,
        member: Member,
        term: u64,
        round: u64,
        prev_index: u64,
        hint: (u64, u64),
    ) {
        let common = self.log.last_up_to(hint.0, hint.1);
        let Some(follower) = self.answered(cx, member, term, round) else { return };
        if follower.missing(prev_index, common) {
            self.feed(cx, member);
        }
        self.advance(cx);
    }

    /// The follower who answered a message of this term; none when it is none of this leader's.
    fn answered(&mut self, cx: &Context<'_, Self>, member: Member, term: u64, round: u64) -> Option<&mut Follower> {
        let State::Leader(lead) = &mut self.state else { return None };
        let is_ours = term == self.vote.term && round <= lead.round();
        let follower = lead.followers.get_mut(&member).filter(|_| is_ours)?;
        follower.heard(round, cx.now);
        Some(follower)
    }

    /// Looks what a majority has and has answered.
    pub(super) fn advance(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        let me = Member { peer: cx.me, incarnation: self.id.incarnation };
        let members = self.log.members();
        let round = lead.majority_round(me, members);
        lead.answered(round);
        let last = self.log.last_index();
        let matched = members.iter().map(|member| match lead.followers.get(member) {
            _ if *member == me => last,
            Some(follower) => follower.matched,
            None => 0,
        });
        let held = majority(matched.collect());
        // An entry of an earlier term may be replaced although a majority has it (figure 3.7).
        let is_own = self.log.term_at(held) == Some(self.vote.term);
        if held > self.commit && (is_own || cx.config.flaw == Some(Flaw::CountsOldTerms)) {
            self.commit_to(cx, held);
            self.announce(cx);
        }
        self.confirm_answered(cx, round);
    }

    /// Tells followers who have nothing under way what is committed: the others hear it with what comes next.
    pub(super) fn announce(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &self.state else { return };
        let last = self.log.last_index();
        let is_waiting =
            |follower: &Follower| follower.is_idle() && follower.next > last && follower.told_commit < self.commit;
        let waiting = |lead: &Lead| {
            let waiting = lead.followers.iter().filter(|(_, follower)| is_waiting(follower));
            waiting.map(|(member, _)| *member).collect::<Vec<_>>()
        };
        for member in waiting(lead) {
            self.send_entries(cx, member, false);
        }
    }
}
