//! An order of a history's operations, closed under "before what is before".

use std::collections::VecDeque;

use super::super::OperationId;
use super::super::index::{Index, Node, Source};

/// Numbers that a closure may have, of four bytes each: half a gigabyte. Ten thousand operations in as many
/// sessions fit.
const CLOSURE_MAX: usize = 1 << 27;

/// Why one operation is directly before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Why {
    /// They are of one session.
    Session,
    /// The session of the second was handed a token that covers the first.
    Token,
    /// The second read what the first wrote.
    Reads,
    /// Both write the key of this read, which had the second's value though the first was before it.
    Conflict(Node),
}

/// One operation directly before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Edge {
    pub from: Node,
    pub to: Node,
    pub why: Why,
}

/// The transitive closure of the order of sessions, reads-from, and further edges.
///
/// Sessions are chains. So what is before an operation is, in each chain, a beginning of it, and is told by
/// its length: one number a chain in place of one bit an operation.
pub(in super::super) struct Relation<'i, 'a> {
    pub index: &'i Index<'a>,
    /// By the operation that they lead to.
    further: Vec<Vec<Edge>>,
    /// A row an operation: how many of each chain are before it, itself counted.
    past: Vec<u32>,
}

/// There is no such order, or it is too large.
pub(in super::super) enum NoOrder {
    /// Each of these is before the next, the last before the first.
    Cycle(Vec<Edge>),
    TooLarge,
}

impl<'i, 'a> Relation<'i, 'a> {
    /// The least order with these edges.
    pub fn new(index: &'i Index<'a>, edges: &[Edge]) -> Result<Self, NoOrder> {
        let size = index.len().saturating_mul(index.chains.len());
        if size > CLOSURE_MAX {
            return Err(NoOrder::TooLarge);
        }
        let mut further = vec![Vec::new(); index.len()];
        for edge in edges {
            further[edge.to as usize].push(*edge);
        }
        let mut relation = Self { index, further, past: Vec::new() };
        let order = relation.topological().map_err(|stuck| NoOrder::Cycle(relation.short_cycle(&stuck)))?;
        relation.past = vec![0; size];
        for node in order {
            relation.close(node);
        }
        Ok(relation)
    }

    /// The edges that it has besides those of sessions and of values read.
    pub fn further(&self) -> impl Iterator<Item = Edge> {
        self.further.iter().flatten().copied()
    }

    /// The updates that a read of a set shows to have happened before it.
    pub fn shown_by(&self, read: Node) -> impl Iterator<Item = Node> {
        self.further[read as usize].iter().filter(|edge| edge.why == Why::Reads).map(|edge| edge.from)
    }

    /// How many operations of each chain are before this one, itself counted.
    pub fn past(&self, node: Node) -> &[u32] {
        let width = self.index.chains.len();
        &self.past[node as usize * width..][..width]
    }

    /// How many operations of each chain are before a call, itself not counted; none when nothing is known of it.
    pub fn before_call(&self, call: OperationId) -> Option<Vec<u32>> {
        let Some(node) = self.index.node(call) else {
            let before = self.index.unseen.get(&call).copied().flatten();
            return before.map(|before| self.past(before).to_vec());
        };
        let mut past = self.past(node).to_vec();
        let (chain, place) = self.index.place[node as usize];
        past[chain as usize] = place;
        Some(past)
    }

    /// Is the first before the second, or the same?
    pub fn is_before(&self, first: Node, second: Node) -> bool {
        self.is_in(first, self.past(second))
    }

    /// Is the operation among the first of each chain, so many?
    pub fn is_in(&self, node: Node, past: &[u32]) -> bool {
        let (chain, place) = self.index.place[node as usize];
        past[chain as usize] > place
    }

    /// The last write of a chain, for each chain, of the key of this operation that is before it.
    pub fn last_writes(&self, node: Node) -> impl Iterator<Item = Node> {
        self.last_writes_in(self.past(node), node)
    }

    /// The last write of a chain, for each chain, of the key of this operation among the first of each chain.
    pub fn last_writes_in(&self, past: &[u32], node: Node) -> impl Iterator<Item = Node> {
        let key = self.index.key[node as usize] as usize;
        let writes = self.index.writes[key].iter();
        writes.filter_map(|(chain, writes)| self.index.last_before(writes, past[*chain as usize]))
    }

    /// The way from one operation to a later one, with as few messages between sessions as possible.
    pub fn path(&self, first: Node, second: Node) -> Vec<Edge> {
        self.search(first, second).unwrap_or_default()
    }

    fn close(&mut self, node: Node) {
        let width = self.index.chains.len();
        let mut row = vec![0; width];
        for edge in self.edges_into(node) {
            let other = &self.past[edge.from as usize * width..][..width];
            for (mine, theirs) in row.iter_mut().zip(other) {
                *mine = (*mine).max(*theirs);
            }
        }
        let (chain, place) = self.index.place[node as usize];
        row[chain as usize] = place + 1;
        self.past[node as usize * width..][..width].copy_from_slice(&row);
    }

    /// What is directly before an operation.
    fn edges_into(&self, node: Node) -> impl Iterator<Item = Edge> {
        let at = node as usize;
        let session = self.index.before[at].map(|from| Edge { from, to: node, why: Why::Session });
        let reads = match self.index.source[at] {
            Source::Write(from) => Some(Edge { from, to: node, why: Why::Reads }),
            _ => None,
        };
        let token = self.index.after[at].map(|from| Edge { from, to: node, why: Why::Token });
        session.into_iter().chain(token).chain(reads).chain(self.further[at].iter().copied())
    }

    /// All operations, each after those before it (Kahn, CACM 5(11), 1962). When there is a cycle: which
    /// operations are on one or after one.
    fn topological(&self) -> Result<Vec<Node>, Vec<bool>> {
        let mut next = vec![Vec::new(); self.index.len()];
        let mut waits_for = vec![0_u32; self.index.len()];
        for node in self.index.nodes() {
            for edge in self.edges_into(node) {
                next[edge.from as usize].push(node);
                waits_for[node as usize] += 1;
            }
        }
        let mut order: Vec<Node> = self.index.nodes().filter(|&node| waits_for[node as usize] == 0).collect();
        let mut done = 0;
        while let Some(&node) = order.get(done) {
            done += 1;
            for &later in &next[node as usize] {
                waits_for[later as usize] -= 1;
                if waits_for[later as usize] == 0 {
                    order.push(later);
                }
            }
        }
        let stuck = || waits_for.iter().map(|&count| count > 0).collect();
        if order.len() == self.index.len() { Ok(order) } else { Err(stuck()) }
    }

    /// A cycle with few edges between sessions: the best through an edge to some cycle's operations.
    fn short_cycle(&self, stuck: &[bool]) -> Vec<Edge> {
        const TRIED_MAX: usize = 64;
        let mut best = Vec::new();
        let edges = self.some_cycle(stuck).into_iter().flat_map(|node| self.edges_into(node));
        for edge in edges.filter(|edge| edge.why != Why::Session).take(TRIED_MAX) {
            let Some(mut cycle) = self.search(edge.to, edge.from) else { continue };
            cycle.push(edge);
            if best.is_empty() || length(&cycle) < length(&best) {
                best = cycle;
            }
        }
        best
    }

    /// The operations of some cycle: whoever goes backward for ever among those that are stuck comes around.
    fn some_cycle(&self, stuck: &[bool]) -> Vec<Node> {
        let Some(start) = self.index.nodes().find(|&node| stuck[node as usize]) else { return Vec::new() };
        let (mut way, mut seen) = (vec![start], vec![false; self.index.len()]);
        let mut at = start;
        while !std::mem::replace(&mut seen[at as usize], true) {
            let Some(edge) = self.edges_into(at).find(|edge| stuck[edge.from as usize]) else { break };
            at = edge.from;
            way.push(at);
        }
        let first = way.iter().position(|&node| node == at).unwrap_or(0);
        way.split_off(first + 1)
    }

    /// A way from one operation to another with the fewest edges between sessions, and of those the fewest
    /// steps within them: breadth first, backward, in which a step within a session costs nothing.
    fn search(&self, first: Node, second: Node) -> Option<Vec<Edge>> {
        let mut onward: Vec<Option<Edge>> = vec![None; self.index.len()];
        let mut seen = vec![false; self.index.len()];
        let mut open = VecDeque::from([(second, None)]);
        while let Some((node, edge)) = open.pop_front() {
            if std::mem::replace(&mut seen[node as usize], true) {
                continue;
            }
            onward[node as usize] = edge;
            if node == first {
                return Some(self.walk(first, second, &onward));
            }
            for edge in self.edges_into(node).filter(|edge| !seen[edge.from as usize]) {
                match edge.why {
                    Why::Session => open.push_front((edge.from, Some(edge))),
                    _ => open.push_back((edge.from, Some(edge))),
                }
            }
        }
        None
    }

    /// The way that a search found, a session's steps in a row as one.
    fn walk(&self, first: Node, second: Node, onward: &[Option<Edge>]) -> Vec<Edge> {
        let mut way: Vec<Edge> = Vec::new();
        let mut at = first;
        while at != second {
            let Some(edge) = onward[at as usize] else { break };
            at = edge.to;
            match way.last_mut() {
                Some(last) if last.why == Why::Session && edge.why == Why::Session => last.to = edge.to,
                _ => way.push(edge),
            }
        }
        way
    }
}

/// What makes a cycle hard to read.
fn length(cycle: &[Edge]) -> (usize, usize) {
    (cycle.iter().filter(|edge| edge.why != Why::Session).count(), cycle.len())
}
