//! Do all sessions agree on an order of concurrent writes?

use super::super::Verdict;
use super::super::index::{Node, Source};
use super::relation::{Edge, NoOrder, Relation, Why};
use super::{too_large, words};

/// Looks for a cycle of the causal order and the conflict order: a write comes before another one of its key
/// that a read preferred though it was after the first.
pub(super) fn find(order: &Relation<'_, '_>) -> Result<(), Verdict> {
    let index = order.index;
    let edges: Vec<Edge> = order.further().chain(conflicts(order, index.nodes())).collect();
    match Relation::new(index, &edges) {
        Ok(_) => Ok(()),
        Err(NoOrder::Cycle(cycle)) => Err(words::cycle(index, "CyclicCF", &cycle)),
        Err(NoOrder::TooLarge) => Err(too_large(index)),
    }
}

/// What these reads say about the order of writes, as far as it is not known. Of the writes in a chain, the
/// last one before a read says it for all.
pub(super) fn conflicts(order: &Relation<'_, '_>, reads: impl Iterator<Item = Node>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for read in reads {
        let Source::Write(preferred) = order.index.source[read as usize] else { continue };
        let known = |write: &Node| order.is_before(*write, preferred);
        let others = order.last_writes(read).filter(|write| !known(write));
        edges.extend(others.map(|from| Edge { from, to: preferred, why: Why::Conflict(read) }));
    }
    edges
}
