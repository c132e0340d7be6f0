//! Raft: a replicated log. Members agree on one order of commands, whatever crashes, is lost or cut off, as long
//! as more than half of them can talk to each other and keep their disks.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC 2014), with what
//! Ongaro's dissertation ("Consensus: Bridging Theory and Practice", Stanford 2014) adds: a question before the
//! vote (section 9.6), changes of membership one at a time (4.1 to 4.3), handing over leadership (3.10), the read
//! index (6.4), and leaders who step down when no majority answers (6.2). Section numbers in this module are the
//! dissertation's.
//!
//! It is a machine without a will of its own, made to be embedded
//! ([`Context::embed`](rumormill_core::Context::embed)): the layer above founds the group, proposes commands,
//! applies what is [committed](Indication::Committed), lets members in and out, and keeps and transfers
//! snapshots of what it has applied. [`Journal`] is a small such layer.
//!
//! **Incarnations.** A peer that lost its disk no longer knows for whom it voted and what it acknowledged. If it
//! went on as before, two leaders could be elected in one term and committed entries could be lost. So it comes
//! back as somebody else: a [`Member`] of the same peer in a fresh incarnation, which nobody counts until a
//! leader has removed the old one and added the new one. The layer above hears that it
//! [knocks](Indication::Knocks), and decides.
//!
//! **Disk.** Nothing is answered before it is durable: the runtime holds back what an activation sends until its
//! writes are. A leader counts itself at once, because nobody can acknowledge an entry that left it before its
//! own write was done.
//!
//! **Bounds.** Messages under way to a follower: [`Config::window`], each of [`Config::batch_bytes`]. Entries
//! that wait to be committed: [`Config::uncommitted_max`]. Requests to confirm: [`CONFIRMS_MAX`]. Members:
//! [`MEMBERS_MAX`]. The log grows until the layer above [compacts](Request::Compact) it.

mod change;
mod config;
mod confirm;
mod disk;
mod elect;
mod follow;
mod follower;
pub mod journal;
mod lead;
mod log;
mod message;
mod replicate;
mod request;

use std::collections::BTreeSet;

use rumormill_core::{Context, Duration, Instant, PeerId, Protocol};
use serde::Serialize;

pub use config::{Config, Flaw};
pub use confirm::CONFIRMS_MAX;
use disk::{Id, Stored, Vote};
pub use journal::Journal;
use lead::Lead;
use log::Log;
pub use message::{Body, Command, Entry, MEMBERS_MAX, Mark, Member, Message, Payload};
pub use request::{Change, Indication, Refusal, Request};

/// One member, or a peer that would like to be one.
#[derive(Clone, Debug, Serialize)]
pub struct Raft<C> {
    id: Id,
    vote: Vote,
    log: Log<C>,
    /// Up to here entries are committed, and were reported.
    commit: u64,
    state: State,
    leader: Option<Member>,
    /// When the leader was last heard from, or this peer booted: before it votes for another, it waits.
    heard_at: Instant,
    /// How long it waits for a leader.
    patience: Duration,
    /// Until when it waits.
    deadline: Instant,
}

/// What a peer is, with what it must know as that.
#[derive(Clone, Debug, Serialize)]
enum State {
    /// It is no member; it keeps what a leader sends it, and counts for nothing.
    Learner,
    Follower,
    Candidate(Ballot),
    Leader(Box<Lead>),
}

/// An election as its candidate sees it.
#[derive(Clone, Debug, Serialize)]
struct Ballot {
    /// Does it only ask whether it would be voted for?
    beforehand: bool,
    /// Who votes for it, itself among them.
    votes: BTreeSet<Member>,
}

/// What a peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Role {
    /// No member: it learns what is committed, if a leader tells it, and counts for nothing.
    Learner,
    /// It follows the leader, and waits.
    Follower,
    /// It has heard of no leader for long, and asks for votes.
    Candidate,
    /// A majority voted for it.
    Leader,
}

/// What a timer hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// Look whether there is still a leader. There is always one such timer.
    Patience,
    /// The leader of this term tells that it is there.
    Beat(u64),
}

impl Role {
    /// The name of its state in the chart.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        }
    }
}

impl State {
    const fn role(&self) -> Role {
        match self {
            Self::Learner => Role::Learner,
            Self::Follower => Role::Follower,
            Self::Candidate(_) => Role::Candidate,
            Self::Leader(_) => Role::Leader,
        }
    }
}

impl<C> Default for Raft<C> {
    fn default() -> Self {
        Self {
            id: Id::default(),
            vote: Vote::default(),
            log: Log::default(),
            commit: 0,
            state: State::Learner,
            leader: None,
            heard_at: Instant::ZERO,
            patience: Duration::ZERO,
            deadline: Instant::ZERO,
        }
    }
}

impl<C: Command> Protocol for Raft<C> {
    type Config = Config;
    type Message = Message<C>;
    type Timer = Timer;
    type Request = Request<C>;
    type Indication = Indication<C>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        match Stored::load(cx) {
            Ok(Some(Stored { id, vote, log })) => (self.id, self.vote, self.log) = (id, vote, log),
            Ok(None) => self.be_new(cx),
            // As good as lost: what it promised is not known.
            Err(disk::Unreadable) => {
                cx.note("the disk cannot be read, and is emptied");
                Stored::<C>::wipe(cx);
                self.be_new(cx);
            }
        }
        self.commit = self.log.mark().index;
        if self.is_member(cx.me) {
            self.state = State::Follower;
        }
        cx.enter(self.role().name());
        self.heard_at = cx.now;
        self.wait_anew(cx);
        cx.set_timer(self.patience, Timer::Patience);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message<C>) {
        let Message { incarnation, term, body } = message;
        let sender = Member { peer: from, incarnation };
        if self.would_disturb(cx, &body) {
            let beforehand = matches!(body, Body::Ask { beforehand: true, .. });
            return self.tell(cx, from, Body::Vote { beforehand, granted: false });
        }
        if term > self.vote.term {
            self.begin_term(cx, term, None);
            self.follow(cx, None);
        }
        match body {
            Body::Hello => self.hear_knock(cx, sender),
            Body::Ask { beforehand, last_index, last_term, .. } => {
                self.answer_ask(cx, sender, term, beforehand, (last_term, last_index));
            }
            Body::Vote { beforehand, granted } => self.count_vote(cx, sender, term, beforehand, granted),
            Body::Append { round, prev_index, prev_term, commit, entries } => {
                let append = follow::Append { round, prev_index, prev_term, commit, entries };
                self.hear_leader(cx, sender, term, append);
            }
            Body::Appended { round, index } => self.hear_appended(cx, sender, term, round, index),
            Body::Missing { round, prev_index, hint_index, hint_term } => {
                self.hear_missing(cx, sender, term, round, prev_index, (hint_index, hint_term));
            }
            Body::TakeOver => self.take_over(cx, sender, term),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience => {
                if cx.now >= self.deadline {
                    self.lose_patience(cx);
                }
                // At most as long as anybody waits, also when the clock was set back.
                let rest = self.deadline.since(cx.now).min(cx.config.timeout * 2);
                cx.set_timer(rest.max(Duration::from_millis(1)), Timer::Patience);
            }
            Timer::Beat(term) if term == self.vote.term => self.beat(cx),
            Timer::Beat(_) => {}
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request<C>) {
        match request {
            Request::Found { members } => self.found(cx, members),
            Request::Propose(command) => self.propose(cx, command),
            Request::Change(change) => self.change(cx, change),
            Request::Compact { upto } => {
                let upto = upto.min(self.commit);
                self.log.compact(cx, upto);
            }
            Request::Installed(mark) => self.install(cx, mark),
            Request::Confirm { id } => self.confirm(cx, id),
            Request::Campaign => self.campaign(cx),
            Request::HandOver { to } => self.hand_over(cx, to),
            Request::StartOver => self.start_over(cx),
        }
    }
}

impl<C: Command> Raft<C> {
    /// What this peer is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.state.role()
    }

    /// The highest term that it has heard of.
    #[must_use]
    pub fn term(&self) -> u64 {
        self.vote.term
    }

    /// For whom it voted in that term.
    #[must_use]
    pub fn voted_for(&self) -> Option<Member> {
        self.vote.candidate
    }

    /// Who leads that term, as far as it knows.
    #[must_use]
    pub fn leader(&self) -> Option<Member> {
        self.leader
    }

    /// Its incarnation: 0 for a founder that never lost its disk.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.id.incarnation
    }

    /// Up to here entries are committed, as far as it knows, and were reported.
    #[must_use]
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// The place of the last entry of its log; 0 for none.
    #[must_use]
    pub fn last_index(&self) -> u64 {
        self.log.last_index()
    }

    /// The members that count at present, ascending: from the last change in its log on, committed or not.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        self.log.members()
    }

    /// Up to here its log is compacted.
    #[must_use]
    pub fn compacted(&self) -> &Mark {
        self.log.mark()
    }

    /// What a snapshot of the layer above goes with when that has applied everything up to `index`: up to
    /// [`Raft::commit`], and not before [`Raft::compacted`].
    #[must_use]
    pub fn mark_at(&self, index: u64) -> Option<Mark> {
        self.log.mark_at(index).filter(|_| index <= self.commit)
    }

    /// The term of an entry of its log; none when it has none there, or no longer.
    #[must_use]
    pub fn term_at(&self, index: u64) -> Option<u64> {
        self.log.term_at(index)
    }

    /// An entry of its log; none when it has none there, or no longer.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<&Entry<C>> {
        self.log.entry(index)
    }

    /// When it last heard from the leader of its term, on its own clock. None while it knows no leader, and at the
    /// leader itself. Until [`Config::timeout`] has gone by since, it votes for nobody else unless that leader asks
    /// it to ([`Request::HandOver`]).
    #[must_use]
    pub fn leader_heard_at(&self) -> Option<Instant> {
        let follows = self.leader.is_some() && self.role() != Role::Leader;
        follows.then_some(self.heard_at)
    }

    /// At the leader: a majority has heard from it at this moment of its clock or later. Nobody else is elected
    /// until [`Config::timeout`] after it, on clocks that run as fast (a lease, section 6.4.1). None at others, and
    /// after a [`Request::HandOver`].
    #[must_use]
    pub fn majority_heard_at(&self) -> Option<Instant> {
        match &self.state {
            State::Leader(lead) if !lead.handed_over => lead.heard_at,
            _ => None,
        }
    }

    fn me(&self, peer: PeerId) -> Member {
        Member { peer, incarnation: self.id.incarnation }
    }

    /// Does this peer, in its incarnation, count?
    fn is_member(&self, peer: PeerId) -> bool {
        self.log.members().binary_search(&self.me(peer)).is_ok()
    }

    /// The peer's first boot, or its first with an empty disk.
    fn be_new(&mut self, cx: &mut Context<'_, Self>) {
        let fresh = 1 + cx.rng.below(u64::from(u32::MAX)) as u32;
        let incarnation = if cx.config.flaw == Some(Flaw::ReusesIncarnations) { 0 } else { fresh };
        self.id = Id { incarnation, removed: false };
        self.id.save(cx);
    }

    /// As though the disk had been lost: the next incarnation begins.
    fn start_over(&mut self, cx: &mut Context<'_, Self>) {
        Stored::<C>::wipe(cx);
        (self.vote, self.log, self.commit) = (Vote::default(), Log::default(), 0);
        self.be_new(cx);
        self.follow(cx, None);
        self.wait_anew(cx);
    }

    fn tell(&self, cx: &mut Context<'_, Self>, to: PeerId, body: Body<C>) {
        cx.send(to, Message { incarnation: self.id.incarnation, term: self.vote.term, body });
    }

    /// Waits for a leader or a candidate; for how long is drawn anew each time, or votes would be split again
    /// and again.
    fn wait_anew(&mut self, cx: &mut Context<'_, Self>) {
        self.patience = cx.rng.between(cx.config.timeout, cx.config.timeout * 2);
        self.deadline = cx.now + self.patience;
    }

    /// Becomes something else; what it was before.
    fn turn(&mut self, cx: &mut Context<'_, Self>, state: State) -> State {
        let (before, after) = (self.role(), state.role());
        if before != after {
            cx.exit(before.name());
            cx.enter(after.name());
        }
        std::mem::replace(&mut self.state, state)
    }

    /// Hears who leads, or that nobody does yet.
    fn learn(&mut self, cx: &mut Context<'_, Self>, leader: Option<Member>) {
        if self.leader != leader {
            self.leader = leader;
            cx.indicate(Indication::LeaderIs { member: leader, term: self.vote.term });
        }
    }

    /// Follows this leader, or nobody yet. Whoever led answers what waited for it.
    fn follow(&mut self, cx: &mut Context<'_, Self>, leader: Option<Member>) {
        let state = if self.is_member(cx.me) { State::Follower } else { State::Learner };
        if self.role() != state.role() {
            let before = self.turn(cx, state);
            self.learn(cx, leader);
            if let State::Leader(lead) = before {
                self.wait_anew(cx);
                self.disappoint(cx, *lead);
            }
        }
        self.learn(cx, leader);
    }

    /// Answers what waited for a leader that leads no more.
    fn disappoint(&mut self, cx: &mut Context<'_, Self>, lead: Lead) {
        let leader = self.leader.map(|leader| leader.peer);
        for (id, _) in lead.confirms {
            cx.indicate(Indication::Unconfirmed { id, leader });
        }
        if let Some(candidate) = lead.candidate {
            let change = Change::Add(candidate.member);
            cx.indicate(Indication::Unchanged { why: Refusal::NotLeader, change });
        }
    }
}

#[cfg(test)]
mod tests;
