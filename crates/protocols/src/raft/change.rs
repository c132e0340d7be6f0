//! Who is a member: the founding, changes one at a time (sections 4.1 and 4.2), and knocking.
//!
//! A change counts from the moment it is in the log. That is safe because two majorities around the change of a
//! single member have a member in common, because there is no second change before the first is committed, and
//! because a leader first commits an entry of its own term. A new incarnation of a peer is another member: the
//! old one is removed, and then the new one added.

use rumormill_core::{Context, PeerId};

use super::disk::Id;
use super::follower::Follower;
use super::lead::Candidate;
use super::message::{Body, Command, Entry, MEMBERS_MAX, Member, Payload, are_members};
use super::request::{Change, Indication, Refusal};
use super::{Raft, State};

/// Times `timeout` that a leader waits for a word from who is to be added, or was removed.
const PATIENCE: u32 = 10;

impl<C: Command> Raft<C> {
    /// This boot is the founding.
    pub(super) fn found(&mut self, cx: &mut Context<'_, Self>, founders: Vec<PeerId>) {
        let mut members: Vec<Member> = founders.into_iter().map(|peer| Member { peer, incarnation: 0 }).collect();
        members.sort_unstable();
        members.dedup();
        let is_founder = members.iter().any(|member| member.peer == cx.me);
        if self.log.last_index() > 0 || !is_founder || !are_members(&members) {
            return cx.note("founds nothing: it has a log already, or is not among the founders");
        }
        self.id = Id { incarnation: 0, removed: false };
        self.id.save(cx);
        // The same entry at every founder, and therefore committed.
        self.log.append(cx, Entry { term: 0, payload: Payload::Members(members) });
        self.commit_to(cx, 1);
        self.follow(cx, self.leader);
        self.wait_anew(cx);
    }

    /// Changes who is a member, when this peer leads.
    pub(super) fn change(&mut self, cx: &mut Context<'_, Self>, change: Change) {
        match self.begin_change(cx, change) {
            Ok(()) => self.go_on_with_change(cx),
            Err(why) => cx.indicate(Indication::Unchanged { why, change }),
        }
    }

    fn begin_change(&mut self, cx: &mut Context<'_, Self>, change: Change) -> Result<(), Refusal> {
        let (last, members) = (self.log.last_index(), self.log.members());
        let (is_under_way, is_member) = (self.log.last_change() > self.commit, members.contains(&change.member()));
        let State::Leader(lead) = &mut self.state else { return Err(Refusal::NotLeader) };
        if is_under_way || lead.candidate.is_some() || self.commit < lead.first {
            return Err(Refusal::ChangeUnderWay);
        }
        match change {
            Change::Add(_) if is_member => return Err(Refusal::NothingToDo),
            Change::Remove(_) if !is_member => return Err(Refusal::NothingToDo),
            Change::Add(_) if members.len() == MEMBERS_MAX => return Err(Refusal::Members),
            Change::Remove(_) if members.len() == 1 => return Err(Refusal::Members),
            Change::Add(member) => {
                cx.note(format_args!("brings {member} up to date, to add it"));
                lead.candidate = Some(Candidate { member, since: cx.now });
                lead.followers.insert(member, Follower::new(last, cx.now));
                self.begin_round(cx);
            }
            Change::Remove(member) => {
                let rest = members.iter().copied().filter(|other| *other != member).collect();
                self.append_members(cx, rest);
            }
        }
        Ok(())
    }

    /// Takes the next step of adding a member: when it has caught up, its peer's old incarnation goes, and then
    /// it comes.
    pub(super) fn go_on_with_change(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        let Some(Candidate { member, .. }) = lead.candidate else { return };
        let has_caught_up = lead.followers.get(&member).is_some_and(|follower| follower.matched >= self.commit);
        if !has_caught_up || self.log.last_change() > self.commit {
            return;
        }
        let mut members = self.log.members().to_vec();
        if members.iter().any(|other| other.peer == member.peer) {
            members.retain(|other| other.peer != member.peer);
        } else {
            members.push(member);
            members.sort_unstable();
            lead.candidate = None;
        }
        self.append_members(cx, members);
    }

    fn append_members(&mut self, cx: &mut Context<'_, Self>, members: Vec<Member>) {
        cx.note(format_args!("changes the members to {members:?}"));
        self.append(cx, Payload::Members(members));
        self.follow_members(cx);
        self.feed_all(cx);
        self.advance(cx);
    }

    /// Sends entries to all members from now on. Who is no longer one still hears of that.
    pub(super) fn follow_members(&mut self, cx: &mut Context<'_, Self>) {
        let (me, last) = (self.me(cx.me), self.log.last_index());
        let State::Leader(lead) = &mut self.state else { return };
        for member in self.log.members().iter().filter(|member| **member != me) {
            lead.followers.entry(*member).or_insert_with(|| Follower::new(last, cx.now));
        }
    }

    /// A change is committed: all hear of it, and the next step of adding a member can be taken.
    pub(super) fn finish_change(&mut self, cx: &mut Context<'_, Self>) {
        self.announce(cx);
        self.go_on_with_change(cx);
    }

    /// Sends nothing more to those who are no members any more and know it, or do not answer.
    pub(super) fn let_go(&mut self, cx: &mut Context<'_, Self>) {
        let (members, change) = (self.log.members(), self.log.last_change());
        let State::Leader(lead) = &mut self.state else { return };
        let candidate = lead.candidate.map(|candidate| candidate.member);
        lead.followers.retain(|member, follower| {
            let counts = members.contains(member) || candidate == Some(*member);
            let knows = follower.told_commit >= change && follower.round > follower.told_round;
            counts || !knows && cx.now.since(follower.heard_at) < cx.config.timeout * PATIENCE
        });
    }

    /// Waits no longer for one who is to be added and does not answer.
    pub(super) fn give_up_change(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        let Some(Candidate { member, since }) = lead.candidate else { return };
        let heard_at = lead.followers.get(&member).map_or(since, |follower| follower.heard_at.max(since));
        if cx.now.since(heard_at) > cx.config.timeout * PATIENCE {
            lead.candidate = None;
            lead.followers.remove(&member);
            cx.indicate(Indication::Unchanged { why: Refusal::NoAnswer, change: Change::Add(member) });
        }
    }

    /// Asks to be let in, unless this peer was put out: the leader, or everybody when none is known.
    pub(super) fn knock(&mut self, cx: &mut Context<'_, Self>) {
        match self.leader {
            _ if self.id.removed => {}
            Some(leader) => self.tell(cx, leader.peer, Body::Hello),
            None => cx.neighbors.iter().for_each(|peer| self.tell(cx, *peer, Body::Hello)),
        }
        // It may lead no more, or be gone.
        self.follow(cx, None);
    }

    /// Somebody would like to be a member.
    pub(super) fn hear_knock(&mut self, cx: &mut Context<'_, Self>, member: Member) {
        let State::Leader(lead) = &self.state else { return };
        let is_known = self.log.members().contains(&member) || lead.candidate.is_some_and(|it| it.member == member);
        if !is_known {
            cx.indicate(Indication::Knocks { member });
        }
    }
}
