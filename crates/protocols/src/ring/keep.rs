//! Keeping a place on the circle: booting, joining, looking after those next to it, leaving.

use rumormill_core::{Context, PeerId};

use super::chord::{Rectified, SUCCESSORS_MAX, Surroundings};
use super::questions::Why;
use super::seek::Purpose;
use super::{Indication, Message, Node, Phase, Ring, Timer};

/// What is on the disk of a node that was a member once: it does not found a ring again.
const MEMBER: &[u8] = b"member";

impl Ring {
    /// Boots: founds the ring together with the other founders, or joins it when it is this node's turn.
    pub(super) fn boot(&mut self, cx: &mut Context<'_, Self>) {
        self.surroundings = Surroundings::alone(Node::new(cx.me, 0), cx.config.successors);
        let Some(newcomers) = self.seat.peerid.checked_sub(cx.config.founders).filter(|&number| number > 0) else {
            if cx.now < cx.config.founding && cx.stored(MEMBER).is_none() {
                return self.found_ring(cx);
            }
            return self.join(cx);
        };
        cx.set_timer(cx.config.join_every.saturating_mul(newcomers), Timer::Join);
    }

    /// Begins as one of the founders, each of which knows all of them.
    fn found_ring(&mut self, cx: &mut Context<'_, Self>) {
        let place = (self.seat.peerid as usize - 1).min(cx.neighbors.len());
        let (before, after) = cx.neighbors.split_at(place);
        let ids = before.iter().chain(std::iter::once(&cx.me)).chain(after).copied();
        let table = cx.config.table(cx.me, self.seat.peerid, ids);
        let me = self.node();
        let at = table.partition_point(|node| *node < me);
        let others = (1..table.len()).map(|further| table[(at + further) % table.len()]);
        let before = others.clone().next_back();
        self.surroundings.begin(others.take(cx.config.successors), before);
        self.fingers.begin(me, &table);
        self.enter(cx);
    }

    /// It is a member from now on.
    fn enter(&mut self, cx: &mut Context<'_, Self>) {
        self.phase = Phase::Member;
        cx.persist(MEMBER, &[]);
        cx.indicate(Indication::Joined);
        self.tick_later(cx);
        self.start_load(cx);
        self.measure(cx);
    }

    /// Sets the timer of the next round, at a time of its own.
    fn tick_later(&self, cx: &mut Context<'_, Self>) {
        let every = cx.config.stabilize_every;
        let pause = cx.rng.between(every / 2, every + every / 2);
        cx.set_timer(pause, Timer::Stabilize);
    }

    /// Looks for its place, with the help of anybody.
    pub(super) fn join(&mut self, cx: &mut Context<'_, Self>) {
        if self.phase == Phase::Member || self.questions.has(|why| matches!(why, Why::Lookup { .. })) {
            return;
        }
        self.phase = Phase::Joining;
        if cx.neighbors.is_empty() {
            // There is nobody whose ring it could join.
            return self.enter(cx);
        }
        let contact = cx.rng.choose(cx.neighbors).map(|&peer| Node::new(peer, 0));
        let key = self.node().id();
        self.seek_from(cx, key, Purpose::Join, contact);
    }

    /// The place is found: between one node and the first of its successors.
    pub(super) fn settle(&mut self, cx: &mut Context<'_, Self>, before: Option<Node>, owners: &[Node]) {
        // Who is alone names itself as the owner.
        let list = if before.is_some_and(|before| owners == [before]) { &[] } else { owners };
        match before {
            Some(before) if self.phase == Phase::Joining && self.surroundings.join(before, list) => {
                self.enter(cx);
                self.stabilize(cx);
            }
            _ => self.join_later(cx),
        }
    }

    /// It did not work: it is tried again after a while.
    pub(super) fn join_later(&self, cx: &mut Context<'_, Self>) {
        let pause = cx.rng.between(cx.config.timeout / 2, cx.config.timeout * 2);
        cx.set_timer(pause, Timer::Join);
    }

    /// A round: the first successor, one finger, and whether the predecessor lives.
    pub(super) fn tick(&mut self, cx: &mut Context<'_, Self>) {
        if self.phase != Phase::Member {
            return;
        }
        self.tick_later(cx);
        self.stabilize(cx);
        self.fix_finger(cx);
    }

    /// Asks the first successor for its neighbors, unless it is being asked.
    pub(super) fn stabilize(&mut self, cx: &mut Context<'_, Self>) {
        let is_asking = self.questions.has(|why| matches!(why, Why::Successor | Why::Candidate));
        if let (Phase::Member, Some(first), false) = (self.phase, self.surroundings.first(), is_asking) {
            self.ask(cx, first, Why::Successor);
        }
        self.measure(cx);
    }

    /// The first successor lives.
    pub(super) fn hear_successor(
        &mut self,
        cx: &mut Context<'_, Self>,
        first: Node,
        before_it: Option<Node>,
        list: &[Node],
    ) {
        self.surroundings.hear(first, list);
        match before_it.filter(|&candidate| self.surroundings.is_better(candidate)) {
            Some(candidate) => self.ask(cx, candidate, Why::Candidate),
            None => self.say_before(cx),
        }
        self.measure(cx);
    }

    /// A better successor lives.
    pub(super) fn hear_candidate(&mut self, cx: &mut Context<'_, Self>, candidate: Node, list: &[Node]) {
        self.surroundings.hear(candidate, list);
        self.say_before(cx);
        self.measure(cx);
    }

    /// Tells the first successor that this node is before it.
    pub(super) fn say_before(&self, cx: &mut Context<'_, Self>) {
        if let (Phase::Member, Some(first)) = (self.phase, self.surroundings.first()) {
            cx.send(first.peer(), Message::Before);
        }
    }

    /// A node says that it is before this one.
    pub(super) fn hear_before(&mut self, cx: &mut Context<'_, Self>, candidate: Node) {
        let is_asking = |why| matches!(why, Why::Predecessor(_));
        match self.surroundings.rectify(candidate) {
            Rectified::Ask(present) if !self.questions.has(is_asking) => {
                self.ask(cx, present, Why::Predecessor(candidate));
            }
            Rectified::Ask(_) | Rectified::Accepted => {}
        }
        self.measure(cx);
    }

    /// Somebody wants to know its neighbors.
    pub(super) fn tell(&self, cx: &mut Context<'_, Self>, to: PeerId, ticket: u64) {
        let (predecessor, successors) = (self.surroundings.predecessor(), self.surroundings.successors().to_vec());
        cx.send(to, Message::Tell { ticket, predecessor, successors });
    }

    /// Leaves: those next to it are told who is.
    pub(super) fn leave(&mut self, cx: &mut Context<'_, Self>) {
        if self.phase == Phase::Member {
            let (predecessor, successors) = (self.surroundings.predecessor(), self.surroundings.successors().to_vec());
            let told = predecessor.into_iter().chain(self.surroundings.first()).map(Node::peer);
            let mut told: Vec<PeerId> = told.collect();
            told.dedup();
            cx.send_all(told, &Message::Leaving { predecessor, successors });
        }
        self.phase = Phase::Away;
        self.questions.clear();
        self.seeking.clear();
        self.surroundings = Surroundings::alone(self.node(), cx.config.successors);
        self.fingers = super::Fingers::default();
        cx.forget(MEMBER);
        cx.indicate(Indication::Left);
        self.measure(cx);
    }

    /// A neighbor leaves, and says who is next to it.
    pub(super) fn hear_leaving(
        &mut self,
        cx: &mut Context<'_, Self>,
        leaving: Node,
        predecessor: Option<Node>,
        list: &[Node],
    ) {
        if list.len() > SUCCESSORS_MAX {
            return cx
                .indicate(Indication::Misbehaved { peer: leaving.peer(), why: "more nodes than a list may have" });
        }
        let was_before = self.surroundings.predecessor() == Some(leaving);
        self.surroundings.forget(leaving);
        self.fingers.forget(leaving);
        if was_before && let Some(before) = predecessor.filter(|before| *before != leaving) {
            self.surroundings.rectify(before);
        }
        self.stabilize(cx);
    }

    /// Tells the trace how many successors it has: fewer than it wants are a sign of trouble.
    fn measure(&self, cx: &mut Context<'_, Self>) {
        cx.measure("successors", self.surroundings.successors().len() as u64);
    }
}
