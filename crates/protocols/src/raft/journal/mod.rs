//! Journal: peers write lines, and Raft puts them in one order at all of them.
//!
//! A small layer above [`Raft`], and the protocol `raft` of experiments. Each peer creates its lines and sends
//! them to the leader, again and again until it finds them in its own copy of the journal; a line that is
//! committed twice is written once. Every member keeps the journal as counts and a hash of all that was
//! written, which is what its snapshots contain.
//!
//! Somebody must say once who founds the group: the request `found`. From then on every peer that lost its disk,
//! or is new, knocks and is let in.

mod config;
mod kept;
mod message;
mod properties;

use std::collections::{BTreeSet, VecDeque};

use rumormill_core::chart::Chart;
use rumormill_core::property::Property;
use rumormill_core::{Context, Duration, Launch, ParameterError, Parameters, PeerId, Protocol, Seat, Stacks};
use serde::Serialize;

use super::disk::{decode, encode};
use super::{Change, Mark, Member, Raft, Role};
pub use config::Config;
pub use kept::{Kept, Written};
pub use message::{Line, Message};

/// The name of the target: the lines that a peer has found committed.
pub const TARGET: &str = "committed";

/// Where the journal is on disk.
const KEY: &[u8] = b"journal";

/// Lines that one message may carry to the leader, and that a peer sends again at a time.
const LINES_MAX: usize = 64;

/// How often a peer sends again what it does not find committed.
const AGAIN_EVERY: Duration = Duration::from_millis(500);

/// Moments of the journal that are remembered, to compare them with others'.
const RECENT_MAX: usize = 512;

/// One peer that writes and keeps the journal.
#[derive(Clone, Debug, Serialize)]
pub struct Journal {
    peerid: u32,
    raft: Raft<Line>,
    kept: Kept,
    /// Lines that this peer has created since it booted; their numbers have no gaps.
    created: u32,
    /// At a leader: what it has appended in its term and not yet found committed.
    pending: BTreeSet<Line>,
    /// The hash of the journal after each of the last commands: (place in the log, hash).
    recent: VecDeque<(u64, u64)>,
}

/// What a timer hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// Raft's.
    Raft(super::Timer),
    /// Create a line.
    Create,
    /// Send again what is not committed.
    Again,
}

/// What a person or an experiment may ask of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `found`: the first peers of the experiment are the founders. To be asked of all peers, once.
    Found,
    /// `campaign`: wait no longer for a leader.
    Campaign,
    /// `hand over to 3`: peer 3 shall lead. Only the leader obeys.
    HandOver(u32),
    /// `remove 3`: peer 3 shall be no member. Only the leader obeys.
    Remove(u32),
    /// `read 7`: how many lines are there? The leader makes sure that it still is the leader; 7 comes back.
    Read(u64),
}

/// What a peer reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// A line is committed.
    Committed {
        /// Its place in the log.
        index: u64,
        /// The line.
        line: Line,
    },
    /// This peer leads a term.
    Elected {
        /// The term.
        term: u64,
    },
    /// From this committed entry on, these are the members.
    Members {
        /// Its place in the log.
        index: u64,
        /// The members.
        members: Vec<Member>,
    },
    /// The answer to [`Request::Read`]: so many lines are committed, or more.
    Read {
        /// The number of the request.
        id: u64,
        /// The place of the last entry that this contains.
        index: u64,
        /// How many lines there are.
        lines: u64,
    },
    /// The answer of a peer that does not lead.
    Unread {
        /// The number of the request.
        id: u64,
    },
    /// A peer sent something that no correct peer sends.
    Misbehaved {
        /// Who sent it.
        peer: PeerId,
        /// What was wrong.
        why: &'static str,
    },
}

impl Stacks<Raft<Line>> for Journal {
    const DISK_PREFIX: &'static str = "raft/";

    fn config(config: &Config) -> &super::Config {
        &config.raft
    }

    fn message(inner: super::Message<Line>) -> Message {
        Message::Raft(inner)
    }

    fn timer(inner: super::Timer) -> Timer {
        Timer::Raft(inner)
    }
}

impl Launch for Journal {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Config::from_parameters(parameters)
    }

    fn peer(_config: &Config, seat: Seat) -> Self {
        Self {
            peerid: seat.peerid,
            raft: Raft::default(),
            kept: Kept::default(),
            created: 0,
            pending: BTreeSet::new(),
            recent: VecDeque::new(),
        }
    }

    fn request(text: &str) -> Option<Request> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["found"] => Some(Request::Found),
            ["campaign"] => Some(Request::Campaign),
            ["hand", "over", "to", peerid] => peerid.parse().ok().map(Request::HandOver),
            ["remove", peerid] => peerid.parse().ok().map(Request::Remove),
            ["read"] => Some(Request::Read(0)),
            ["read", id] => id.parse().ok().map(Request::Read),
            _ => None,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::properties()
    }

    fn chart() -> Option<Chart> {
        let chart = Chart::new("raft", "learner").state("learner").state("follower").state("candidate").state("leader");
        let ways = [
            ("learner", "follower", "found"),
            ("learner", "follower", "append"),
            ("follower", "learner", "append"),
            ("follower", "candidate", "Patience"),
            ("follower", "candidate", "take over"),
            ("candidate", "candidate", "vote"),
            ("candidate", "leader", "vote"),
            ("candidate", "follower", "append"),
            ("candidate", "follower", "ask"),
            ("leader", "follower", "append"),
            ("leader", "follower", "answer"),
            ("leader", "follower", "ask"),
            ("leader", "follower", "Beat"),
            ("leader", "learner", "answer"),
        ];
        Some(ways.into_iter().fold(chart, |chart, (from, to, trigger)| chart.transition(from, to, trigger)))
    }
}

impl Protocol for Journal {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = Request;
    type Indication = Indication;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(kept) = cx.stored(KEY).and_then(|bytes| decode(&bytes).ok()) {
            self.kept = kept;
        }
        self.report(cx);
        self.drive(cx, |raft, cx| raft.on_start(cx));
        cx.set_timer(cx.config.create_every, Timer::Create);
        let first = cx.rng.between(Duration::ZERO, AGAIN_EVERY);
        cx.set_timer(first, Timer::Again);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Raft(message) => self.drive(cx, |raft, cx| raft.on_message(cx, from, message)),
            Message::Lines(lines) => {
                let is_line = |line: &Line| (1..=cx.config.share(line.author)).contains(&line.number);
                if lines.len() > LINES_MAX || !lines.iter().all(is_line) {
                    let why = "lines that nobody writes, or too many";
                    return cx.indicate(Indication::Misbehaved { peer: from, why });
                }
                self.propose(cx, lines);
            }
            Message::Snapshot { mark, kept } => self.install(cx, from, mark, kept),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Raft(timer) => self.drive(cx, |raft, cx| raft.on_timer(cx, timer)),
            Timer::Create => {
                if self.created < cx.config.share(self.peerid) {
                    self.created += 1;
                    self.submit(cx, vec![Line { author: self.peerid, number: self.created }]);
                    cx.set_timer(cx.config.create_every, Timer::Create);
                }
            }
            Timer::Again => {
                let missing = self.kept.missing(self.peerid, self.created).take(LINES_MAX);
                let missing = missing.map(|number| Line { author: self.peerid, number }).collect();
                self.submit(cx, missing);
                cx.set_timer(AGAIN_EVERY, Timer::Again);
            }
        }
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: Request) {
        let request = match request {
            Request::Found => {
                let members = (1..=cx.config.founders).filter_map(|peerid| self.peer_of(cx, peerid)).collect();
                super::Request::Found { members }
            }
            Request::Campaign => super::Request::Campaign,
            Request::Read(id) => super::Request::Confirm { id },
            Request::HandOver(peerid) => match self.peer_of(cx, peerid) {
                Some(to) => super::Request::HandOver { to },
                None => return,
            },
            Request::Remove(peerid) => match self.member_of(cx, peerid) {
                Some(member) if self.raft.role() == Role::Leader => super::Request::Change(Change::Remove(member)),
                _ => return,
            },
        };
        self.drive(cx, |raft, cx| raft.on_request(cx, request));
    }
}

impl Journal {
    /// What it knows of the log.
    #[must_use]
    pub fn raft(&self) -> &Raft<Line> {
        &self.raft
    }

    /// The journal as far as this peer has it.
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The journal's hash after the command at this place of the log, when that was lately.
    #[must_use]
    pub fn hash_at(&self, index: u64) -> Option<u64> {
        let place = self.recent.binary_search_by_key(&index, |(at, _)| *at).ok()?;
        self.recent.get(place).map(|(_, hash)| *hash)
    }

    /// The peer of this number: neighbors are in the order of their numbers, and everybody is one.
    fn peer_of(&self, cx: &Context<'_, Self>, peerid: u32) -> Option<PeerId> {
        let place = peerid.checked_sub(1)? as usize;
        match peerid.cmp(&self.peerid) {
            std::cmp::Ordering::Less => cx.neighbors.get(place).copied(),
            std::cmp::Ordering::Equal => Some(cx.me),
            std::cmp::Ordering::Greater => cx.neighbors.get(place - 1).copied(),
        }
    }

    fn member_of(&self, cx: &Context<'_, Self>, peerid: u32) -> Option<Member> {
        let peer = self.peer_of(cx, peerid)?;
        self.raft.members().iter().copied().find(|member| member.peer == peer)
    }

    /// Activates Raft, and does what follows from what it reports.
    fn drive(
        &mut self,
        cx: &mut Context<'_, Self>,
        activate: impl FnOnce(&mut Raft<Line>, &mut Context<'_, Raft<Line>>),
    ) {
        let mut heard: VecDeque<_> = cx.embed(|cx| activate(&mut self.raft, cx)).into();
        while let Some(indication) = heard.pop_front() {
            if let Some(request) = self.hear(cx, indication) {
                heard.extend(cx.embed(|cx| self.raft.on_request(cx, request)));
            }
        }
    }

    /// Hears what Raft reports; what to ask of it next.
    fn hear(
        &mut self,
        cx: &mut Context<'_, Self>,
        indication: super::Indication<Line>,
    ) -> Option<super::Request<Line>> {
        match indication {
            super::Indication::Committed { index, command } => return self.apply(cx, index, command),
            super::Indication::Members { index, members } => cx.indicate(Indication::Members { index, members }),
            super::Indication::LeaderIs { member, term } => {
                self.pending.clear();
                if member.is_some_and(|member| member.peer == cx.me) {
                    cx.indicate(Indication::Elected { term });
                }
            }
            super::Indication::Knocks { member } => return Some(super::Request::Change(Change::Add(member))),
            super::Indication::NeedsSnapshot { member } => {
                if let Some(mark) = self.raft.mark_at(self.kept.index) {
                    cx.send(member.peer, Message::Snapshot { mark, kept: self.kept.clone() });
                }
            }
            super::Indication::Confirmed { id, index } => {
                cx.indicate(Indication::Read { id, index, lines: self.kept.lines });
            }
            super::Indication::Unconfirmed { id, .. } => cx.indicate(Indication::Unread { id }),
            super::Indication::Misbehaved { peer, why } => cx.indicate(Indication::Misbehaved { peer, why }),
            // The author sends it again.
            super::Indication::NotLeader { command, .. } | super::Indication::Refused { command, .. } => {
                self.pending.remove(&command);
            }
            // Who wants to be a member knocks again.
            super::Indication::Unchanged { .. } => {}
        }
        None
    }

    /// Writes a committed line, unless it was written before; asks to forget the log when there is much of it.
    fn apply(&mut self, cx: &mut Context<'_, Self>, index: u64, line: Line) -> Option<super::Request<Line>> {
        if index <= self.kept.index {
            return None;
        }
        self.pending.remove(&line);
        self.kept.write(index, line);
        self.recent.push_back((index, self.kept.hash));
        if self.recent.len() > RECENT_MAX {
            self.recent.pop_front();
        }
        cx.indicate(Indication::Committed { index, line });
        self.report(cx);
        // Followers that are a little behind still find what they lack.
        let slack = cx.config.compact_every;
        let upto = index.saturating_sub(slack);
        (upto >= self.raft.compacted().index + slack).then(|| {
            cx.persist(KEY, &encode(&self.kept));
            super::Request::Compact { upto }
        })
    }

    /// Takes the leader's journal in place of its own, which is older.
    fn install(&mut self, cx: &mut Context<'_, Self>, from: PeerId, mark: Mark, kept: Kept) {
        let is_leader = self.raft.leader().is_some_and(|leader| leader.peer == from);
        let is_newer = mark.index > self.raft.commit() && self.raft.role() != Role::Leader;
        if !is_leader || !is_newer {
            return;
        }
        if !mark.is_sound() || mark.index != kept.index || !kept.is_sound(|author| cx.config.share(author)) {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "a snapshot of no journal" });
        }
        self.kept = kept;
        self.recent.clear();
        self.recent.push_back((self.kept.index, self.kept.hash));
        cx.persist(KEY, &encode(&self.kept));
        self.report(cx);
        self.drive(cx, |raft, cx| raft.on_request(cx, super::Request::Installed(mark)));
    }

    /// Sends lines to the leader, if there is one.
    fn submit(&mut self, cx: &mut Context<'_, Self>, lines: Vec<Line>) {
        match self.raft.leader() {
            Some(leader) if leader.peer == cx.me => self.propose(cx, lines),
            Some(leader) if !lines.is_empty() => cx.send(leader.peer, Message::Lines(lines)),
            _ => {}
        }
    }

    /// Appends lines to the log when this peer leads, unless they are there.
    fn propose(&mut self, cx: &mut Context<'_, Self>, lines: Vec<Line>) {
        if self.raft.role() != Role::Leader {
            return;
        }
        for line in lines {
            if !self.kept.has(line) && self.pending.insert(line) {
                self.drive(cx, |raft, cx| raft.on_request(cx, super::Request::Propose(line)));
            }
        }
    }

    fn report(&mut self, cx: &mut Context<'_, Self>) {
        cx.progress(TARGET, self.kept.lines, cx.config.total);
        if self.kept.lines >= cx.config.total {
            cx.done();
        }
    }
}

#[cfg(test)]
mod tests;
