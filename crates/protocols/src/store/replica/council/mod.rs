//! The replicas' council: a Raft group of all members, which agrees on what cannot be done lazily.
//!
//! Its leader is the primary. [`order`] gives forced updates their numbers, [`round`] holds rounds in which all
//! members stop (for immediate calls, for lines that have ended, for members who go), [`stop`] is what a member
//! does meanwhile, [`join`] takes members in, and by a [`lease`] who has lost touch fences itself. What is agreed on is
//! carried out by every member in the same order ([`decree`]).

mod decree;
mod join;
mod lease;
mod order;
mod round;
mod stop;

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::{Context, Instant, PeerId, Protocol as _, Stacks};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::Replica;
use super::parked::Owed;
use crate::raft::{self, Member, Raft};
use crate::store::{Application, CallId, Config, Decree, Indication, Message, Refusal, Round, Store};

pub(super) use decree::Cursor;
pub(in crate::store) use round::Standing;

/// What the keys of the council's log begin with on the disk.
pub(super) const PREFIX: &str = "council/";

/// Entries that stay in the council's log after they were carried out, so that members who are a little behind
/// need no snapshot.
const SLACK: u64 = 1_024;

/// Peers that would like to be members and are remembered, at most.
const MAX_KNOCKING: usize = 64;

/// How a replica comes to life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Birth {
    /// With what it has on its disk.
    Again,
    /// With nothing: it lost its disk, or was never there.
    Anew,
    /// As one of these founders of the store.
    Founding(Vec<PeerId>),
}

/// The council, as this replica knows it.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Council<A: Application> {
    pub(super) raft: Raft<Decree<A>>,
    /// What has been carried out.
    pub(super) cursor: Cursor,
    /// Who waits for calls that this replica, as the primary, is having ordered.
    owed: BTreeMap<CallId, SmallVec<[Owed; 1]>>,
    /// Members and the last word from each.
    heard: BTreeMap<PeerId, Instant>,
    /// Why this member takes no calls just now.
    stop: Option<stop::Stop>,
    /// Calls that came meanwhile.
    delayed: stop::Delayed<A>,
    /// What it does as the primary.
    chair: Option<Box<round::Chair<A>>>,
    /// Peers that would like to be members.
    knocking: BTreeMap<PeerId, Member>,
    /// From when on its lease counts, on its own clock.
    leased_at: Option<Instant>,
    /// The council has counted this peer in its present life: what decrees before said of it was about another one.
    counts: bool,
    /// This peer is no member any more, and forgets everything when the activation ends.
    leaving: bool,
}

impl<A: Application> Default for Council<A> {
    fn default() -> Self {
        Self {
            raft: Raft::default(),
            cursor: Cursor::default(),
            owed: BTreeMap::new(),
            heard: BTreeMap::new(),
            stop: None,
            delayed: stop::Delayed::default(),
            chair: None,
            knocking: BTreeMap::new(),
            leased_at: None,
            counts: false,
            leaving: false,
        }
    }
}

impl<A: Application> Stacks<Raft<Decree<A>>> for Store<A> {
    const DISK_PREFIX: &'static str = PREFIX;

    fn config(config: &Config) -> &raft::Config {
        &config.council
    }

    fn message(inner: raft::Message<Decree<A>>) -> Message<A> {
        Message::Council(Box::new(inner))
    }

    fn timer(inner: raft::Timer) -> crate::store::Timer {
        crate::store::Timer::Replica(super::Timer::Council(inner))
    }
}

impl<A: Application> Council<A> {
    /// Who orders updates, as far as this member knows.
    pub(super) fn primary(&self) -> Option<PeerId> {
        self.raft.leader().map(|leader| leader.peer)
    }

    /// Is this member the primary? Otherwise who is, as far as it knows.
    pub(super) fn presides(&self) -> Result<(), Option<PeerId>> {
        if self.chair.is_some() { Ok(()) } else { Err(self.primary()) }
    }

    /// Was a member heard of in the council lately?
    fn hears(&self, peer: PeerId, cx: &Context<'_, Store<A>>) -> bool {
        self.heard.get(&peer).is_some_and(|&at| cx.now.since(at) < cx.config.council.timeout * 2)
    }
}

impl<A: Application> Replica<A> {
    /// The council's part of a boot.
    pub(super) fn boot_council(&mut self, cx: &mut Context<'_, Store<A>>, birth: Birth) {
        if birth != Birth::Anew {
            self.boot_stopped(cx);
        }
        self.counsel(cx, |raft, cx| raft.on_start(cx));
        let request = match birth {
            Birth::Again => {
                // Of what is not compacted, the council tells again.
                self.council.counts = self.council.raft.compacted().members.contains(&self.as_member(cx));
                return;
            }
            Birth::Founding(members) => raft::Request::Found { members },
            // What is left of the council's log on the disk is only forgotten when this activation is over.
            Birth::Anew => raft::Request::StartOver,
        };
        self.counsel(cx, |raft, cx| raft.on_request(cx, request));
    }

    /// Somebody of the council says something.
    pub(in crate::store) fn on_council(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        from: PeerId,
        message: raft::Message<Decree<A>>,
    ) {
        if self.council.cursor.replicas.members.contains(&from) {
            self.council.heard.insert(from, cx.now);
        }
        self.counsel(cx, |raft, cx| raft.on_message(cx, from, message));
        self.finish(cx);
    }

    /// A timer of the council's.
    pub(super) fn on_council_timer(&mut self, cx: &mut Context<'_, Store<A>>, timer: raft::Timer) {
        self.counsel(cx, |raft, cx| raft.on_timer(cx, timer));
    }

    /// Activates the council, and does what follows from what it reports.
    pub(super) fn counsel(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        activate: impl FnOnce(&mut Raft<Decree<A>>, &mut Context<'_, Raft<Decree<A>>>),
    ) {
        let mut heard: VecDeque<_> = cx.embed(|cx| activate(&mut self.council.raft, cx)).into();
        while let Some(indication) = heard.pop_front() {
            if let Some(request) = self.hear_council(cx, indication) {
                heard.extend(cx.embed(|cx| self.council.raft.on_request(cx, request)));
            }
        }
    }

    /// Hears what the council reports; what to ask of it next.
    fn hear_council(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        indication: raft::Indication<Decree<A>>,
    ) -> Option<raft::Request<Decree<A>>> {
        match indication {
            raft::Indication::Committed { index, command } => self.carry_out(cx, index, command),
            raft::Indication::LeaderIs { member, term } => {
                let is_me = member.is_some_and(|member| member.peer == cx.me);
                return self.take_chair(cx, is_me.then_some(term));
            }
            raft::Indication::Members { members, .. } => self.hear_members(cx, &members),
            raft::Indication::Knocks { member } => return self.hear_knock(member),
            raft::Indication::Unchanged { change, .. } => self.hear_unchanged(change),
            raft::Indication::NeedsSnapshot { member } => cx.send(member.peer, Message::Behind),
            raft::Indication::NotLeader { leader, command } => {
                return self.hear_refused(cx, command, Refusal::NotPrimary(leader));
            }
            raft::Indication::Refused { command, .. } => return self.hear_refused(cx, command, Refusal::Overloaded),
            raft::Indication::Misbehaved { peer, why } => cx.indicate(Indication::Misbehaved { peer, why }),
            // It is never asked.
            raft::Indication::Confirmed { .. } | raft::Indication::Unconfirmed { .. } => {}
        }
        None
    }

    /// What is done now and then: a round that takes too long ends, members come and go.
    pub(super) fn council_tick(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.limit_floor();
        self.ask_for_lease(cx);
        self.chair_tick(cx);
        self.look_for_ended_lines(cx);
        self.reconcile(cx);
    }

    /// The floor must not rise beyond the calls in decrees that are not carried out, here or anywhere: a copy of
    /// such a call must still be known for one.
    fn limit_floor(&mut self) {
        let raft = &self.council.raft;
        let open = (raft.commit() + 1..=raft.last_index()).filter_map(|index| match &raft.entry(index)?.payload {
            raft::Payload::Command(decree) => decree.time(),
            _ => None,
        });
        let asked = self.council.chair.as_ref().and_then(|chair| chair.earliest());
        self.floor_limit = open.chain(asked).min();
    }

    /// The state on the disk is of this moment: what led to it need not be kept.
    pub(super) fn compact_council(&mut self, cx: &mut Context<'_, Store<A>>) {
        if self.has_much_to_compact() {
            let upto = self.council.cursor.index - SLACK;
            self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Compact { upto }));
        }
    }

    /// Is there so much in the council's log that it is worth while to write the state?
    pub(super) fn has_much_to_compact(&self) -> bool {
        self.council.cursor.index >= self.council.raft.compacted().index + 2 * SLACK
    }

    /// How far decrees are carried out in this state.
    pub(super) fn seal(&self) -> Seal {
        let cursor = self.council.cursor.clone();
        let mark = self.council.raft.mark_at(cursor.index);
        let stopped = self.council.stop.as_ref().and_then(stop::Stop::undecided);
        Seal { cursor, mark, stopped }
    }

    /// Takes over another member's state, in which decrees are carried out further.
    pub(super) fn adopt_seal(&mut self, cx: &mut Context<'_, Store<A>>, seal: &Seal) {
        if seal.cursor.index > self.council.cursor.index {
            self.council.cursor = seal.cursor.clone();
            self.adopt_members(cx, seal.cursor.replicas.clone());
            self.round_is_decided();
        }
        // In an earlier life, this member may have stopped for it, too.
        if let Some(round) = seal.stopped.filter(|&round| round > self.council.cursor.round) {
            self.stop(cx, round);
        }
    }

    /// Does the council count it in its present life, by a decision? Whoever lost the disk must wait for that before it
    /// takes calls: else it could forget that it has stopped, and a round be decided without its knowing. Of two members, the other one is all of the council that is left, and has
    /// told it.
    pub(super) fn is_heard(&self) -> bool {
        self.council.counts || self.members.replicas.members.len() <= 2
    }

    /// This peer in its present life, as the council counts members.
    pub(super) fn as_member(&self, cx: &Context<'_, Store<A>>) -> Member {
        Member { peer: cx.me, incarnation: self.council.raft.incarnation() }
    }

    /// That state is on the disk: the council's log begins after it.
    pub(super) fn break_seal(&mut self, cx: &mut Context<'_, Store<A>>, seal: Seal) {
        let is_further = |mark: &raft::Mark| mark.index > self.council.raft.commit() && mark.is_sound();
        if let Some(mark) = seal.mark.filter(is_further) {
            self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Installed(mark)));
        }
    }

    /// The council's log no longer has what this member lacks; whoever says so has it.
    pub(in crate::store) fn on_behind(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId) {
        if self.council.cursor.replicas.members.contains(&from) {
            self.fall_behind(cx, from);
        }
        self.finish(cx);
    }
}

/// How far decrees are carried out in a state: what a snapshot of it goes with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// How far decrees are carried out in it.
    pub(super) cursor: Cursor,
    /// The same, as the council's log counts.
    pub(super) mark: Option<raft::Mark>,
    /// The round for which its owner has stopped, and which is not decided there.
    pub(super) stopped: Option<Round>,
}
