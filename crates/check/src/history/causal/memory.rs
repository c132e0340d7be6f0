//! Does every session keep to what it once saw?

use super::super::Verdict;
use super::super::index::{Node, Source};
use super::relation::{Edge, NoOrder, Relation, Why};
use super::{too_large, words};

/// Looks, for each session, for what contradicts its happened-before: the least order with the causal one in
/// which a write is before another of its key when the session read the second though the first was before.
///
/// What the last operation of a session knows includes what earlier ones knew, so it is enough to look at all
/// reads of a session together.
pub(super) fn find(order: &Relation<'_, '_>) -> Result<(), Verdict> {
    order.index.chains.iter().try_for_each(|chain| {
        let mut mind = Mind::new(order, chain);
        if mind.is_consistent() { Ok(()) } else { Err(mind.tell()) }
    })
}

/// What a session can conclude from its reads.
///
/// All that it concludes is that something comes before a write that it read. So beside the causal order it is
/// enough to keep what comes before those.
struct Mind<'o, 'i, 'a> {
    order: &'o Relation<'i, 'a>,
    /// Its reads that returned something, and what wrote that, as a place in `read`.
    reads: Vec<(Node, usize)>,
    /// Its reads of keys that were absent from the beginning.
    absent: Vec<Node>,
    /// The writes that it read.
    read: Vec<Node>,
    /// What comes before each of those, if that is more than in the causal order.
    past: Vec<Option<Vec<u32>>>,
    /// What it concluded.
    edges: Vec<(Edge, usize)>,
    contradicts: bool,
}

impl<'o, 'i, 'a> Mind<'o, 'i, 'a> {
    fn new(order: &'o Relation<'i, 'a>, session: &[Node]) -> Self {
        let source = |node: Node| order.index.source[node as usize];
        let written = |&node: &Node| match source(node) {
            Source::Write(write) => Some((node, write)),
            _ => None,
        };
        let reads: Vec<(Node, Node)> = session.iter().filter_map(written).collect();
        let mut read: Vec<Node> = reads.iter().map(|&(_, write)| write).collect();
        read.sort_unstable();
        read.dedup();
        let place = |write: Node| read.binary_search(&write).unwrap_or(0);
        Self {
            order,
            reads: reads.iter().map(|&(node, write)| (node, place(write))).collect(),
            absent: session.iter().copied().filter(|&node| source(node) == Source::Initial).collect(),
            past: vec![None; read.len()],
            read,
            edges: Vec::new(),
            contradicts: false,
        }
    }

    /// Concludes all that there is to conclude, in rounds: what is new may lead to more.
    fn is_consistent(&mut self) -> bool {
        let mut more = true;
        while more && !self.contradicts {
            more = false;
            for place in 0..self.read.len() {
                more |= self.learn(self.known(self.read[place]), place);
            }
            for at in 0..self.edges.len() {
                let (edge, place) = self.edges[at];
                more |= self.conclude(edge, place);
            }
            for at in 0..self.reads.len() {
                more |= self.look_at(self.reads[at].0, self.reads[at].1);
            }
        }
        let unexpected = |&read: &Node| self.order.last_writes_in(&self.known(read), read).next().is_some();
        !self.contradicts && !self.absent.iter().any(unexpected)
    }

    /// Whatever of its key is before a read is before what it returned. Is there anything new?
    fn look_at(&mut self, read: Node, place: usize) -> bool {
        let preferred = self.read[place];
        let mut others: Vec<Node> = self.order.last_writes_in(&self.known(read), read).collect();
        // The last ones most likely have the others before them.
        others.sort_unstable_by_key(|&write| self.order.index.operations[write as usize].invoked);
        let mut more = false;
        for from in others.into_iter().rev().filter(|&write| write != preferred) {
            let before = match &self.past[place] {
                Some(past) => self.order.is_in(from, past),
                None => self.order.is_before(from, preferred),
            };
            if !before {
                let edge = Edge { from, to: preferred, why: Why::Conflict(read) };
                self.edges.push((edge, place));
                more |= self.conclude(edge, place);
            }
        }
        more
    }

    /// What is before the beginning of an edge is before its end.
    fn conclude(&mut self, edge: Edge, place: usize) -> bool {
        let known = self.known(edge.from);
        self.contradicts |= self.order.is_in(edge.to, &known);
        self.learn(known, place)
    }

    /// These come before a write that was read. Is there anything new?
    fn learn(&mut self, known: Vec<u32>, place: usize) -> bool {
        let past = self.past[place].as_deref().unwrap_or_else(|| self.order.past(self.read[place]));
        if known.iter().zip(past).all(|(known, past)| known <= past) {
            return false;
        }
        let both = known.iter().zip(past).map(|(known, past)| *known.max(past)).collect();
        self.past[place] = Some(both);
        true
    }

    /// What comes before an operation, as far as it is known.
    fn known(&self, node: Node) -> Vec<u32> {
        let mut known = self.order.past(node).to_vec();
        for (&write, past) in self.read.iter().zip(&self.past) {
            let Some(past) = past.as_ref().filter(|_| self.order.is_in(write, &known)) else { continue };
            for (known, past) in known.iter_mut().zip(past) {
                *known = (*known).max(*past);
            }
        }
        known
    }

    /// What the contradiction is.
    fn tell(&self) -> Verdict {
        let edges: Vec<Edge> = self.order.further().chain(self.edges.iter().map(|(edge, _)| *edge)).collect();
        let index = self.order.index;
        match Relation::new(index, &edges) {
            Err(NoOrder::Cycle(cycle)) => words::cycle(index, "CyclicHB", &cycle),
            Err(NoOrder::TooLarge) => too_large(index),
            Ok(happened) => {
                let write = |&read: &Node| Some((happened.last_writes(read).next()?, read));
                let (write, read) = self.absent.iter().find_map(write).unwrap_or_default();
                words::found_absent(&happened, write, read)
            }
        }
    }
}
