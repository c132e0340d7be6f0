//! Zave's operations in random order, with her invariant judged after each; and the mistakes of the first papers on
//! Chord, which break it.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::{PeerId, Rng};

use super::{Rectified, Surroundings};
use crate::ring::Node;

/// Entries of a successor list.
const WANTED: usize = 3;

/// Operations of a schedule.
const STEPS: usize = 80;

/// A way in which the first papers on Chord go wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    None,
    /// A newcomer knows one successor, and gets to know others later.
    JoinsWithOne,
    /// A first successor's predecessor is believed to live.
    Trusts,
    /// A predecessor that does not answer stays.
    KeepsPredecessor,
}

/// A part of an operation that comes later: others may come between.
#[derive(Clone, Copy, Debug)]
enum Pending {
    /// The node asks one that its first successor has before itself.
    Ask(Node, Node),
    /// A node hears that another one is before it.
    Rectify(Node, Node),
}

/// Members, and what is under way between them. What is asked is answered at once.
struct Circle {
    members: BTreeMap<Node, Surroundings>,
    pending: VecDeque<Pending>,
    /// These stay.
    base: Vec<Node>,
    next: u64,
    flaw: Flaw,
    rng: Rng,
}

impl Circle {
    /// An ideal ring of so many members, who stay for good.
    fn new(seed: u64, count: u64, flaw: Flaw) -> Self {
        // Each schedule has other places on the circle.
        let first = seed * 1_000;
        let base: Vec<Node> = (1..=count).map(|number| Node::new(PeerId(first + number), 0)).collect();
        let mut order = base.clone();
        order.sort();
        let mut members = BTreeMap::new();
        for (place, &me) in order.iter().enumerate() {
            let mut one = Surroundings::alone(me, WANTED);
            let others = order[place + 1..].iter().chain(&order[..place]).copied();
            one.set(others.clone());
            if let Some(before) = others.last() {
                one.rectify(before);
            }
            members.insert(me, one);
        }
        Self { members, pending: VecDeque::new(), base, next: first + count, flaw, rng: Rng::new(seed) }
    }

    fn lives(&self, node: Node) -> bool {
        self.members.contains_key(&node)
    }

    fn anybody(&mut self) -> Node {
        let all: Vec<Node> = self.members.keys().copied().collect();
        *self.rng.choose(&all).unwrap()
    }

    fn step(&mut self) {
        match self.rng.below(10) {
            0 | 1 => self.join(),
            2 => self.fail(),
            3 | 4 if !self.pending.is_empty() => {
                let place = self.rng.below(self.pending.len() as u64) as usize;
                let pending = self.pending.remove(place).unwrap();
                self.go_on(pending);
            }
            _ => {
                let node = self.anybody();
                self.stabilize(node);
            }
        }
    }

    /// The member that is found when somebody looks for who comes before a place: by live successors, from anywhere.
    fn before(&mut self, me: Node) -> Option<Node> {
        let mut at = self.anybody();
        for _ in 0..100 {
            let after = self.members[&at].successors();
            if after.first().is_none_or(|first| me.id().is_between(at.id(), first.id())) {
                return Some(at);
            }
            at = *after.iter().find(|node| self.lives(**node))?;
        }
        None
    }

    fn join(&mut self) {
        self.next += 1;
        let me = Node::new(PeerId(self.next), 0);
        let Some(before) = self.before(me) else { return };
        let mut list = self.members[&before].successors().to_vec();
        if self.flaw == Flaw::JoinsWithOne {
            list.truncate(1);
        }
        let mut one = Surroundings::alone(me, WANTED);
        assert!(one.join(before, &list), "it was found where it belongs");
        self.members.insert(me, one);
    }

    /// A member fails, unless it stays for good, or somebody had no live successor then.
    fn fail(&mut self) {
        let node = self.anybody();
        let is_needed = |other: &Surroundings| {
            other.me() != node && !other.successors().iter().any(|&next| next != node && self.lives(next))
        };
        if !self.base.contains(&node) && !self.members.values().any(is_needed) {
            self.members.remove(&node);
        }
    }

    /// The first half of stabilizing: the first successor is asked.
    fn stabilize(&mut self, node: Node) {
        let Some(first) = self.members[&node].first() else { return };
        let asked = self.members.get(&first).cloned();
        let me = self.members.get_mut(&node).unwrap();
        let Some(asked) = asked else { return me.forget(first) };
        me.hear(first, asked.successors());
        match asked.predecessor().filter(|&candidate| me.is_better(candidate)) {
            Some(candidate) if self.flaw == Flaw::Trusts => {
                let list: Vec<Node> = std::iter::once(candidate).chain(me.successors().iter().copied()).collect();
                me.set(list);
                self.pending.push_back(Pending::Rectify(candidate, node));
            }
            Some(candidate) => self.pending.push_back(Pending::Ask(node, candidate)),
            None => self.pending.push_back(Pending::Rectify(first, node)),
        }
    }

    fn go_on(&mut self, pending: Pending) {
        match pending {
            Pending::Ask(node, candidate) => {
                let asked = self.members.get(&candidate).cloned();
                let Some(me) = self.members.get_mut(&node) else { return };
                if let Some(asked) = asked {
                    me.hear(candidate, asked.successors());
                }
                let first = me.first();
                self.pending.extend(first.map(|first| Pending::Rectify(first, node)));
            }
            Pending::Rectify(node, candidate) => {
                let Some(me) = self.members.get_mut(&node) else { return };
                if let Rectified::Ask(present) = me.rectify(candidate)
                    && self.flaw != Flaw::KeepsPredecessor
                    && !self.members.contains_key(&present)
                {
                    let me = self.members.get_mut(&node).unwrap();
                    me.forget(present);
                    me.rectify(candidate);
                }
            }
        }
    }

    /// Zave's invariant: each member has a live successor, and enough members are passed over by nobody.
    fn invariant(&self) -> Result<(), String> {
        for (node, one) in &self.members {
            if !one.successors().is_empty() && !one.successors().iter().any(|&next| self.lives(next)) {
                return Err(format!("{node:?} has no live successor: {:?}", one.successors()));
            }
        }
        let is_passed_over = |node: Node| {
            self.members.values().any(|one| {
                let list: Vec<Node> = std::iter::once(one.me()).chain(one.successors().iter().copied()).collect();
                list.windows(2).any(|pair| node.id().is_between(pair[0].id(), pair[1].id()))
            })
        };
        let principals = self.members.keys().filter(|node| !is_passed_over(**node)).count();
        if principals <= WANTED {
            return Err(format!("only {principals} of {} members are passed over by nobody", self.members.len()));
        }
        Ok(())
    }

    /// When nobody comes or goes any more, the ring becomes ideal.
    fn becomes_ideal(&mut self) -> Result<(), String> {
        for _ in 0..4 * self.members.len() + 10 {
            for node in self.members.keys().copied().collect::<Vec<_>>() {
                self.stabilize(node);
                while let Some(pending) = self.pending.pop_front() {
                    self.go_on(pending);
                }
            }
        }
        let order: Vec<Node> = self.members.keys().copied().collect();
        for (place, node) in order.iter().enumerate() {
            let others: Vec<Node> = order[place + 1..].iter().chain(&order[..place]).copied().collect();
            let one = &self.members[node];
            let right = &others[..WANTED.min(others.len())];
            if one.successors() != right || one.predecessor() != others.last().copied() {
                return Err(format!("in the end {one:?}, but after it come {others:?}"));
            }
        }
        Ok(())
    }
}

/// What goes wrong in a schedule, if something does.
fn judge(seed: u64, flaw: Flaw) -> Result<(), String> {
    let mut circle = Circle::new(seed, WANTED as u64 + 1, flaw);
    for step in 0..STEPS {
        circle.step();
        circle.invariant().map_err(|why| format!("seed {seed}, step {step}: {why}"))?;
    }
    circle.becomes_ideal().map_err(|why| format!("seed {seed}: {why}"))
}

#[test]
fn the_invariant_holds_in_ten_thousand_schedules() {
    for seed in 1..=10_000 {
        assert_eq!(judge(seed, Flaw::None), Ok(()));
    }
}

/// Zave proves nothing of rings in which fewer nodes stay than a list has entries and one.
#[test]
fn a_ring_that_begins_with_one_node_becomes_ideal_too() {
    for seed in 1..=5_000 {
        let mut circle = Circle::new(seed, 1, Flaw::None);
        (0..STEPS).for_each(|_| circle.step());
        assert_eq!(circle.becomes_ideal(), Ok(()), "seed {seed}");
    }
}

#[test]
fn the_mistakes_of_the_first_papers_are_found() {
    for flaw in [Flaw::JoinsWithOne, Flaw::Trusts, Flaw::KeepsPredecessor] {
        let found = (1..=10_000).find_map(|seed| judge(seed, flaw).err());
        println!("{flaw:?}: {}", found.unwrap_or_else(|| panic!("{flaw:?} is not found")));
    }
}

#[test]
fn a_newcomer_is_not_let_in_where_it_does_not_belong() {
    let mut nodes = [1, 2, 3].map(|number| Node::new(PeerId(number), 0));
    nodes.sort();
    let mut one = Surroundings::alone(nodes[2], WANTED);
    assert!(!one.join(nodes[0], &[nodes[1]]));
    assert_eq!(one.first(), None);
    assert!(one.join(nodes[1], &[nodes[0]]));
    assert_eq!(one.successors(), [nodes[0]]);
}

#[test]
fn two_alone_become_a_ring() {
    let nodes = [1, 2].map(|number| Node::new(PeerId(number), 0));
    let [mut first, mut second] = nodes.map(|node| Surroundings::alone(node, WANTED));
    assert!(first.owns(nodes[1].id()), "who is alone has all");
    assert!(second.join(nodes[0], first.successors()));
    assert_eq!(first.rectify(nodes[1]), Rectified::Accepted);
    assert_eq!((first.first(), first.predecessor()), (Some(nodes[1]), Some(nodes[1])));
    assert_eq!(second.rectify(nodes[0]), Rectified::Accepted);
    assert!(first.owns(nodes[0].id()) && !first.owns(nodes[1].id()) && second.owns(nodes[1].id()));
}
