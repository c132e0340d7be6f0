//! What a node looks up: for whoever asks it, for its own place and fingers, and for made-up load.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::{Context, PeerId};
use serde::Serialize;

use super::chord::first_power;
use super::questions::Why;
use super::{BITS, Id, Indication, Lookup, Message, Next, Node, Phase, Ring, Step, TARGET, Timer};

/// Lookups under way at a node, at most; further ones fail at once.
pub(super) const LOOKUPS_MAX: usize = 4096;

/// So many nodes are named as nearer to a key: when the first one does not answer, there are others.
const NEARER: usize = 4;

/// What a node looks up.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Seeking {
    open: BTreeMap<u64, (Purpose, Lookup)>,
    next: u64,
    /// The power of the finger that was looked up last.
    finger: u32,
    /// Made-up lookups whose owners are asked whether they live, the first of them now.
    checks: BTreeMap<u64, Check>,
    /// Made-up lookups that were begun, and those that are over.
    begun: u32,
    over: u32,
    /// What they found: as long as the load is.
    found: BTreeMap<Id, Node>,
}

/// A made-up lookup found these owners, and is not over before one of them answers: a client would ask them, too.
#[derive(Clone, Debug, Serialize)]
struct Check {
    key: Id,
    owners: VecDeque<Node>,
    hops: u32,
    timeouts: u32,
}

/// Why a key is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Purpose {
    /// The layer above asked.
    Asked,
    /// To find the place where this node belongs.
    Join,
    /// For the finger of this power.
    Finger(u32),
    /// As load.
    Load,
}

impl Seeking {
    pub(super) const fn found(&self) -> &BTreeMap<Id, Node> {
        &self.found
    }

    /// Forgets what is under way.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.checks.clear();
    }
}

impl Ring {
    /// Looks a key up.
    pub(super) fn seek(&mut self, cx: &mut Context<'_, Self>, key: Id, purpose: Purpose) {
        match self.step(key) {
            _ if self.phase != Phase::Member => self.missed(cx, key, purpose),
            Step::Owners(mut owners) => {
                if owners.is_empty() {
                    owners.push(self.node());
                }
                self.reached(cx, (key, purpose), None, owners, (0, 0));
            }
            Step::Nearer(nodes) => self.seek_from(cx, key, purpose, nodes),
        }
    }

    /// Looks a key up, from these nodes on.
    pub(super) fn seek_from(
        &mut self,
        cx: &mut Context<'_, Self>,
        key: Id,
        purpose: Purpose,
        from: impl IntoIterator<Item = Node>,
    ) {
        if self.seeking.open.len() >= LOOKUPS_MAX {
            return self.missed(cx, key, purpose);
        }
        let mut lookup = Lookup::of(key, from);
        let next = lookup.ask_next();
        self.seeking.next += 1;
        let number = self.seeking.next;
        self.seeking.open.insert(number, (purpose, lookup));
        self.go_on(cx, number, next);
    }

    /// A node named the next step of a lookup.
    pub(super) fn hear_step(&mut self, cx: &mut Context<'_, Self>, number: u64, from: Node, step: Step) {
        if let Some((_, lookup)) = self.seeking.open.get_mut(&number) {
            let next = lookup.hear(from, step);
            self.go_on(cx, number, next);
        }
    }

    /// A node did not.
    pub(super) fn give_up_step(&mut self, cx: &mut Context<'_, Self>, number: u64) {
        if let Some((_, lookup)) = self.seeking.open.get_mut(&number) {
            let next = lookup.give_up();
            self.go_on(cx, number, next);
        }
    }

    fn go_on(&mut self, cx: &mut Context<'_, Self>, number: u64, next: Next) {
        let Some((purpose, lookup)) = self.seeking.open.get(&number) else { return };
        let (purpose, key, cost) = (*purpose, lookup.key(), (lookup.hops(), lookup.timeouts()));
        match next {
            Next::Ask(node) => self.ask(cx, node, Why::Lookup { number, key }),
            Next::Done { before, owners } => {
                self.seeking.open.remove(&number);
                self.reached(cx, (key, purpose), before, owners, cost);
            }
            Next::Failed => {
                self.seeking.open.remove(&number);
                self.missed(cx, key, purpose);
            }
        }
    }

    /// Who owns a key was found.
    fn reached(
        &mut self,
        cx: &mut Context<'_, Self>,
        (key, purpose): (Id, Purpose),
        before: Option<Node>,
        owners: Vec<Node>,
        (hops, timeouts): (u32, u32),
    ) {
        let Some(&owner) = owners.first() else { return };
        match purpose {
            Purpose::Join => return self.settle(cx, before, &owners),
            Purpose::Finger(power) => return self.point_finger(power, owner),
            Purpose::Asked => {}
            Purpose::Load => {
                self.seeking.next += 1;
                let number = self.seeking.next;
                self.seeking.checks.insert(number, Check { key, owners: owners.into(), hops, timeouts });
                return self.check_owner(cx, number);
            }
        }
        cx.indicate(Indication::Found { key, owner, hops, timeouts });
    }

    /// Asks the next owner of a key whether it lives.
    fn check_owner(&mut self, cx: &mut Context<'_, Self>, number: u64) {
        let Some(check) = self.seeking.checks.get(&number) else { return };
        match check.owners.front() {
            Some(&owner) if owner == self.node() => self.hear_owner(cx, number, owner),
            Some(&owner) => self.ask(cx, owner, Why::Owner(number)),
            None => {
                let key = check.key;
                self.seeking.checks.remove(&number);
                self.missed(cx, key, Purpose::Load);
            }
        }
    }

    /// The owner of a key lives.
    pub(super) fn hear_owner(&mut self, cx: &mut Context<'_, Self>, number: u64, owner: Node) {
        let Some(Check { key, hops, timeouts, .. }) = self.seeking.checks.remove(&number) else { return };
        self.seeking.found.insert(key, owner);
        cx.measure("hops", hops.into());
        cx.measure("timeouts", timeouts.into());
        cx.indicate(Indication::Found { key, owner, hops, timeouts });
        self.finish_load(cx);
    }

    /// The owner of a key does not answer: the next one has taken over, or will.
    pub(super) fn give_up_owner(&mut self, cx: &mut Context<'_, Self>, number: u64) {
        if let Some(check) = self.seeking.checks.get_mut(&number) {
            check.owners.pop_front();
            check.timeouts += 1;
            self.check_owner(cx, number);
        }
    }

    /// Nobody could tell who owns a key.
    fn missed(&mut self, cx: &mut Context<'_, Self>, key: Id, purpose: Purpose) {
        match purpose {
            Purpose::Join => return self.join_later(cx),
            Purpose::Finger(_) => return,
            Purpose::Asked => {}
            Purpose::Load => self.finish_load(cx),
        }
        cx.indicate(Indication::NotFound { key });
    }

    /// Somebody looks a key up.
    pub(super) fn point(&self, cx: &mut Context<'_, Self>, to: PeerId, ticket: u64, key: Id) {
        cx.send(to, Message::Found { ticket, step: self.step(key) });
    }

    /// What this node knows of a key.
    fn step(&self, key: Id) -> Step {
        let (me, list) = (self.node(), self.surroundings.successors());
        if key == me.id() {
            return Step::Owners(std::iter::once(me).chain(list.iter().copied()).take(list.len().max(1)).collect());
        }
        let Some(first) = self.surroundings.first() else { return Step::Owners(Vec::new()) };
        if key == first.id() || key.is_between(me.id(), first.id()) {
            return Step::Owners(list.to_vec());
        }
        let known = self.fingers.nodes().chain(list.iter().copied());
        let mut nearer: Vec<Node> = known.filter(|node| node.id().is_between(me.id(), key)).collect();
        nearer.sort_unstable_by_key(|node| node.id().distance(key));
        nearer.dedup();
        nearer.truncate(NEARER);
        Step::Nearer(nearer)
    }

    /// Looks up the next finger.
    pub(super) fn fix_finger(&mut self, cx: &mut Context<'_, Self>) {
        let me = self.node().id();
        let Some(least) = self.surroundings.first().and_then(|first| first_power(me, first.id())) else { return };
        self.fingers.begin_at(least);
        let power = self.seeking.finger + 1;
        let power = if (least..BITS).contains(&power) { power } else { least };
        self.seeking.finger = power;
        let is_under_way = |(purpose, _): &(Purpose, Lookup)| matches!(purpose, Purpose::Finger(_));
        if !self.seeking.open.values().any(is_under_way) {
            self.seek(cx, me.plus_power(power), Purpose::Finger(power));
        }
    }

    /// A finger's node is found: and so it is for further powers that it owns, too.
    fn point_finger(&mut self, power: u32, owner: Node) {
        let me = self.node();
        if owner == me {
            return;
        }
        let owns = |power: &u32| me.id().distance(me.id().plus_power(*power)) <= me.id().distance(owner.id());
        for power in std::iter::once(power).chain((power + 1..BITS).take_while(owns)) {
            self.fingers.set(power, owner);
            self.seeking.finger = power;
        }
    }

    /// A member begins with its load.
    pub(super) fn start_load(&mut self, cx: &mut Context<'_, Self>) {
        cx.progress(TARGET, self.seeking.over.into(), cx.config.lookups.into());
        if self.seeking.over >= cx.config.lookups {
            cx.done();
        } else {
            let pause = cx.rng.between(std::time::Duration::ZERO, cx.config.think);
            cx.set_timer(cx.config.load_after + pause, Timer::Think);
        }
    }

    /// It is time for the next lookup of the load.
    pub(super) fn think(&mut self, cx: &mut Context<'_, Self>) {
        if self.phase != Phase::Member || self.seeking.begun >= cx.config.lookups {
            return;
        }
        self.seeking.begun += 1;
        let key: [u64; 4] = std::array::from_fn(|_| cx.rng.next_u64());
        let key = Id::of(&key.map(u64::to_be_bytes).concat());
        self.seek(cx, key, Purpose::Load);
    }

    /// A lookup of the load is over.
    fn finish_load(&mut self, cx: &mut Context<'_, Self>) {
        self.seeking.over += 1;
        cx.progress(TARGET, self.seeking.over.into(), cx.config.lookups.into());
        if self.seeking.over >= cx.config.lookups {
            cx.done();
        } else {
            let think = cx.config.think;
            let pause = cx.rng.between(think / 2, think + think / 2);
            cx.set_timer(pause, Timer::Think);
        }
    }
}
