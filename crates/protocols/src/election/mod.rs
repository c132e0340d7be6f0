//! Election: peers agree on one leader, and on another one when they no longer hear from it.
//!
//! The leader election of Raft (Ongaro and Ousterhout, USENIX ATC 2014, section 5.2): time is divided into
//! terms, a peer votes once in a term, and whoever has the votes of a majority leads it. Term and vote are on
//! disk before anybody hears of them, so that a peer that crashes and comes back votes no second time. So
//! there is at most one leader in a term; of two leaders, the one of the lower term does not know yet. Every
//! peer must know all others.

mod config;
mod message;
mod properties;

use std::collections::BTreeSet;

use rumormill_core::chart::Chart;
use rumormill_core::property::Property;
use rumormill_core::{Context, Launch, ParameterError, Parameters, PeerId, Protocol, Seat};
use serde::{Deserialize, Serialize};

pub use config::Config;
pub use message::Message;

/// The name of the target: 1 while a peer knows the leader of its term.
pub const TARGET: &str = "leader";

/// Where term and vote stand on disk.
const KEY: &[u8] = b"election";

/// One voter.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Election {
    role: Role,
    vote: Vote,
    /// Who voted for this peer in its term.
    votes: BTreeSet<PeerId>,
    /// Who leads the term, as far as this peer knows.
    leader: Option<PeerId>,
    /// Which election timer counts.
    patience: u32,
    /// Which calm timer counts.
    calm: u32,
}

/// What a peer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Role {
    /// It follows the leader, and waits.
    #[default]
    Follower,
    /// It has heard of no leader for long, and asks for votes.
    Candidate,
    /// A majority voted for it.
    Leader,
}

/// What must survive a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The highest term that this peer has heard of.
    pub term: u64,
    /// For whom it voted in it.
    pub candidate: Option<PeerId>,
}

/// What a timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// No leader was heard of, since this many changes of mind.
    Patience(u32),
    /// The leader of this term tells that it is there.
    Beat(u64),
    /// The leader has not changed, since this many changes.
    Calm(u32),
}

/// What a person may ask of a voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Ask for votes now.
    Campaign,
    /// Lead no more.
    StepDown,
}

/// What a voter reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// This peer leads a term.
    Elected {
        /// The term.
        term: u64,
    },
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

impl Role {
    /// The name of its state in the chart.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        }
    }
}

impl Launch for Election {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Config::from_parameters(parameters)
    }

    fn peer(_config: &Config, _seat: Seat) -> Self {
        Self::default()
    }

    fn request(text: &str) -> Option<Request> {
        match text.trim() {
            "campaign" => Some(Request::Campaign),
            "step down" => Some(Request::StepDown),
            _ => None,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }

    fn chart() -> Option<Chart> {
        let chart = Chart::new("election", "follower").state("follower").state("candidate").state("leader");
        let ways = [
            ("follower", "candidate", "Patience"),
            ("candidate", "candidate", "Patience"),
            ("candidate", "leader", "vote"),
            ("candidate", "follower", "beat"),
            ("candidate", "follower", "ask"),
            ("candidate", "follower", "vote"),
            ("leader", "follower", "beat"),
            ("leader", "follower", "ask"),
            ("leader", "follower", "vote"),
            ("leader", "follower", "request"),
        ];
        Some(ways.into_iter().fold(chart, |chart, (from, to, trigger)| chart.transition(from, to, trigger)))
    }
}

impl Protocol for Election {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(vote) = cx.stored(KEY).and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
            self.vote = vote;
        }
        cx.enter(self.role.name());
        cx.progress(TARGET, 0, 1);
        self.wait(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        if message.term() > self.vote.term {
            self.begin_term(cx, message.term(), None);
            self.follow(cx, None);
        }
        match message {
            Message::Ask { term } => self.answer(cx, from, term),
            Message::Vote { term, granted } => self.count(cx, from, term, granted),
            // The sender has missed a term: the answer tells it.
            Message::Beat { term } if term < self.vote.term => self.reply(cx, from, false),
            Message::Beat { .. } if self.role == Role::Leader => {
                cx.indicate(Indication::Misbehaved { peer: from, why: "a second leader in one term" });
            }
            Message::Beat { .. } => {
                self.follow(cx, Some(from));
                self.wait(cx);
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Patience(patience) if patience == self.patience && self.role != Role::Leader => self.campaign(cx),
            Timer::Beat(term) if term == self.vote.term && self.role == Role::Leader => self.beat(cx),
            Timer::Calm(calm) if calm == self.calm => cx.done(),
            _ => {}
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request) {
        match request {
            Request::Campaign => self.campaign(cx),
            Request::StepDown if self.role == Role::Leader => {
                self.follow(cx, None);
                self.wait(cx);
            }
            Request::StepDown => {}
        }
    }
}

impl Election {
    /// What this peer is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The highest term that this peer has heard of.
    #[must_use]
    pub fn term(&self) -> u64 {
        self.vote.term
    }

    /// Who leads that term, as far as this peer knows.
    #[must_use]
    pub fn leader(&self) -> Option<PeerId> {
        self.leader
    }

    /// Waits for a leader or a candidate; for how long is drawn anew each time, or votes would be split again
    /// and again.
    fn wait(&mut self, cx: &mut Context<'_, Self>) {
        self.patience = self.patience.wrapping_add(1);
        let patience = cx.rng.between(cx.config.timeout, cx.config.timeout * 2);
        cx.set_timer(patience, Timer::Patience(self.patience));
    }

    /// Asks for votes in a new term.
    fn campaign(&mut self, cx: &mut Context<'_, Self>) {
        let Some(term) = self.vote.term.checked_add(1) else { return };
        self.begin_term(cx, term, Some(cx.me));
        self.votes = BTreeSet::from([cx.me]);
        self.turn(cx, Role::Candidate);
        self.learn(cx, None);
        self.wait(cx);
        cx.send_all(cx.neighbors.iter().copied(), &Message::Ask { term });
        self.lead_with_majority(cx);
    }

    /// Votes, for the first who asks in a term.
    fn answer(&mut self, cx: &mut Context<'_, Self>, candidate: PeerId, term: u64) {
        let granted = term == self.vote.term && self.vote.candidate.is_none_or(|chosen| chosen == candidate);
        if granted {
            self.begin_term(cx, term, Some(candidate));
            self.wait(cx);
        }
        self.reply(cx, candidate, granted);
    }

    fn reply(&self, cx: &mut Context<'_, Self>, to: PeerId, granted: bool) {
        cx.send(to, Message::Vote { term: self.vote.term, granted });
    }

    /// Counts a vote.
    fn count(&mut self, cx: &mut Context<'_, Self>, voter: PeerId, term: u64, granted: bool) {
        if granted && term == self.vote.term && self.role == Role::Candidate {
            self.votes.insert(voter);
            self.lead_with_majority(cx);
        }
    }

    fn lead_with_majority(&mut self, cx: &mut Context<'_, Self>) {
        if self.votes.len() > cx.config.peers as usize / 2 {
            self.turn(cx, Role::Leader);
            self.learn(cx, Some(cx.me));
            cx.indicate(Indication::Elected { term: self.vote.term });
            self.beat(cx);
        }
    }

    /// Tells everybody that this peer leads.
    fn beat(&self, cx: &mut Context<'_, Self>) {
        let term = self.vote.term;
        cx.send_all(cx.neighbors.iter().copied(), &Message::Beat { term });
        cx.set_timer(cx.config.beat_every, Timer::Beat(term));
    }

    /// Follows this leader, or nobody yet. Whoever led waits for others from now on.
    fn follow(&mut self, cx: &mut Context<'_, Self>, leader: Option<PeerId>) {
        let led = self.role == Role::Leader;
        if self.role != Role::Follower {
            self.turn(cx, Role::Follower);
        }
        self.learn(cx, leader);
        if led {
            self.wait(cx);
        }
    }

    fn turn(&mut self, cx: &mut Context<'_, Self>, role: Role) {
        cx.exit(self.role.name());
        cx.enter(role.name());
        self.role = role;
    }

    /// Hears who leads, or that nobody does. When that stays so, this peer is done.
    fn learn(&mut self, cx: &mut Context<'_, Self>, leader: Option<PeerId>) {
        if self.leader == leader {
            return;
        }
        self.leader = leader;
        self.calm = self.calm.wrapping_add(1);
        cx.progress(TARGET, u64::from(leader.is_some()), 1);
        if leader.is_some() {
            cx.set_timer(cx.config.settle, Timer::Calm(self.calm));
        }
    }

    /// Goes to a term, and votes in it or not yet; on disk before anybody hears of it.
    fn begin_term(&mut self, cx: &mut Context<'_, Self>, term: u64, candidate: Option<PeerId>) {
        let vote = Vote { term, candidate };
        if self.vote != vote {
            self.vote = vote;
            // Ids and numbers are always written.
            let bytes = postcard::to_stdvec(&vote).unwrap_or_default();
            cx.persist(KEY, &bytes);
        }
    }
}

#[cfg(test)]
mod tests;
