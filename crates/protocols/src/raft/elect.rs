//! Elections (section 3.4), with a question beforehand (9.6) so that a member that was cut off does not depose a
//! leader when it comes back.

use std::collections::BTreeSet;

use rumormill_core::{Context, PeerId};

use super::disk::Vote;
use super::lead::Lead;
use super::message::{Body, Command, Member, Payload};
use super::{Ballot, Flaw, Raft, Role, State};

impl<C: Command> Raft<C> {
    /// Does this message ask for a vote while there is a leader? Then not even its term is heard.
    pub(super) fn would_disturb(&self, cx: &Context<'_, Self>, body: &Body<C>) -> bool {
        let Body::Ask { handed_over: false, .. } = body else { return false };
        self.role() == Role::Leader || cx.now.since(self.heard_at) < cx.config.timeout
    }

    /// Nothing was heard of a leader for long.
    pub(super) fn lose_patience(&mut self, cx: &mut Context<'_, Self>) {
        match self.role() {
            Role::Leader => self.wait_anew(cx),
            Role::Learner => {
                self.wait_anew(cx);
                self.knock(cx);
            }
            Role::Follower | Role::Candidate => self.campaign(cx),
        }
    }

    /// Asks whether it would be voted for, if it may lead at all and does not.
    pub(super) fn campaign(&mut self, cx: &mut Context<'_, Self>) {
        if matches!(self.role(), Role::Follower | Role::Candidate) && self.is_member(cx.me) {
            self.ask(cx, true, false);
        }
    }

    /// The leader wants this peer to lead in its place.
    pub(super) fn take_over(&mut self, cx: &mut Context<'_, Self>, leader: Member, term: u64) {
        let is_from_leader = term == self.vote.term && self.leader == Some(leader);
        if is_from_leader && self.role() == Role::Follower && self.is_member(cx.me) {
            self.ask(cx, false, true);
        }
    }

    /// Asks for votes: in a new term, or beforehand in the present one.
    fn ask(&mut self, cx: &mut Context<'_, Self>, beforehand: bool, handed_over: bool) {
        let me = self.me(cx.me);
        if !beforehand {
            let Some(term) = self.vote.term.checked_add(1) else { return };
            self.begin_term(cx, term, Some(me));
        }
        let (last_index, last_term) = (self.log.last_index(), self.log.last_term());
        let doing = if beforehand { "asks whether it would be voted for after" } else { "asks for votes in" };
        cx.note(format_args!("{doing} term {}, its log ends at {last_index} of term {last_term}", self.vote.term));
        self.turn(cx, State::Candidate(Ballot { beforehand, votes: BTreeSet::from([me]) }));
        self.learn(cx, None);
        self.wait_anew(cx);
        for member in self.log.members().iter().filter(|member| **member != me) {
            self.tell(cx, member.peer, Body::Ask { beforehand, handed_over, last_index, last_term });
        }
        self.act_with_majority(cx);
    }

    /// Votes for the first in a term who asks and whose log is not behind; beforehand, says whether it would.
    /// `ends` is the candidate's last entry, (term, index).
    pub(super) fn answer_ask(
        &mut self,
        cx: &mut Context<'_, Self>,
        candidate: Member,
        term: u64,
        beforehand: bool,
        ends: (u64, u64),
    ) {
        let is_behind = ends < (self.log.last_term(), self.log.last_index());
        let is_free = beforehand || self.vote.candidate.is_none_or(|chosen| chosen == candidate);
        let granted = term == self.vote.term && !is_behind && is_free && self.role() != Role::Leader;
        if granted && !beforehand {
            self.begin_term(cx, term, Some(candidate));
            self.wait_anew(cx);
        }
        self.tell(cx, candidate.peer, Body::Vote { beforehand, granted });
    }

    /// Counts a vote, when it comes from a member.
    pub(super) fn count_vote(
        &mut self,
        cx: &mut Context<'_, Self>,
        voter: Member,
        term: u64,
        beforehand: bool,
        granted: bool,
    ) {
        let State::Candidate(ballot) = &mut self.state else { return };
        if granted && term == self.vote.term && beforehand == ballot.beforehand {
            ballot.votes.insert(voter);
            self.act_with_majority(cx);
        }
    }

    fn act_with_majority(&mut self, cx: &mut Context<'_, Self>) {
        let State::Candidate(ballot) = &self.state else { return };
        let members = self.log.members();
        let votes = members.iter().filter(|member| ballot.votes.contains(member)).count();
        if votes <= members.len() / 2 {
            return;
        }
        if ballot.beforehand {
            self.ask(cx, false, false);
        } else {
            cx.note(format_args!("is elected in term {} by {votes} of {}", self.vote.term, members.len()));
            self.lead(cx);
        }
    }

    fn lead(&mut self, cx: &mut Context<'_, Self>) {
        let lead = Lead::new(self.log.last_index() + 1, cx.now);
        self.turn(cx, State::Leader(Box::new(lead)));
        self.learn(cx, Some(self.me(cx.me)));
        self.follow_members(cx);
        // What earlier terms left behind is committed together with this.
        self.append(cx, Payload::Nothing);
        self.beat(cx);
    }

    /// Leads no more, and waits for another.
    pub(super) fn step_down(&mut self, cx: &mut Context<'_, Self>, why: &str) {
        cx.note(format_args!("leads term {} no more: {why}", self.vote.term));
        self.follow(cx, None);
    }

    /// Hands leadership over to the member at this peer.
    pub(super) fn hand_over(&mut self, cx: &mut Context<'_, Self>, to: PeerId) {
        let member = self.log.members().iter().copied().find(|member| member.peer == to);
        let State::Leader(lead) = &mut self.state else { return };
        if let Some(member) = member.filter(|member| lead.followers.contains_key(member)) {
            lead.hand_to = Some(member);
            self.hand_over_when_ready(cx);
        }
    }

    /// Asks the one who shall take over to do so, once it has the whole log.
    pub(super) fn hand_over_when_ready(&mut self, cx: &mut Context<'_, Self>) {
        let State::Leader(lead) = &mut self.state else { return };
        let is_ready = |member: &Member| lead.followers.get(member).is_some_and(|f| f.matched == self.log.last_index());
        if let Some(member) = lead.hand_to.filter(is_ready) {
            (lead.hand_to, lead.handed_over) = (None, true);
            cx.note(format_args!("hands leadership over to {member}"));
            self.tell(cx, member.peer, Body::TakeOver);
        }
    }

    /// Goes to a term, and votes in it or not yet; on disk before anybody hears of it.
    pub(super) fn begin_term(&mut self, cx: &mut Context<'_, Self>, term: u64, candidate: Option<Member>) {
        let vote = Vote { term, candidate };
        if self.vote == vote {
            return;
        }
        self.vote = vote;
        match cx.config.flaw {
            Some(Flaw::ForgetsVotes) => Vote { candidate: None, ..vote }.save(cx),
            _ => vote.save(cx),
        }
    }
}
