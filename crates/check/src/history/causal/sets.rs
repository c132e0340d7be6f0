//! Do reads of sets know what is before them?

use super::super::index::{Index, Node};
use super::super::sets::{Knowledge, Reason, Update};
use super::super::{Kind, Verdict};
use super::relation::{Edge, Relation, Why};
use super::words;

/// What is before a read in the causal order.
struct Past<'o, 'i, 'a> {
    order: &'o Relation<'i, 'a>,
    read: Node,
}

impl Knowledge for Past<'_, '_, '_> {
    fn is_known(&self, update: Update<'_>) -> bool {
        update.node.is_some_and(|node| self.order.is_before(node, self.read))
    }

    fn is_possible(&self, update: Update<'_>) -> bool {
        update.node.is_none_or(|node| !self.order.is_before(self.read, node))
    }

    fn is_before(&self, first: Update<'_>, second: Update<'_>) -> bool {
        before(self.order, first, second)
    }
}

/// Is one update before another in the causal order?
pub(in super::super) fn before(order: &Relation<'_, '_>, first: Update<'_>, second: Update<'_>) -> bool {
    first.node.zip(second.node).is_some_and(|(first, second)| first != second && order.is_before(first, second))
}

/// The reads of sets.
fn reads(index: &Index<'_>) -> impl Iterator<Item = Node> {
    index.nodes().filter(|&node| matches!(index.operations[node as usize].kind, Kind::Members { .. }))
}

/// The updates that reads of sets show to have happened before them, as far as that is not known: of what explains
/// what they found, there is only one left.
pub(super) fn shown(order: &Relation<'_, '_>) -> Vec<Edge> {
    let index = order.index;
    let mut edges = Vec::new();
    for read in reads(index) {
        let past = Past { order, read };
        for (_, _, reason) in index.sets.reasons(index.operations[read as usize], &past) {
            // What was never answered is an operation only if it is sure that it happened.
            if let Reason::Only(update) = reason
                && let Some(from) = update.node
            {
                edges.push(Edge { from, to: read, why: Why::Reads });
            }
        }
    }
    edges
}

/// Looks for a read of a set that found a member which had been removed before it, or did not find one which had been
/// put there.
pub(super) fn find(order: &Relation<'_, '_>) -> Result<(), Verdict> {
    let index = order.index;
    reads(index).try_for_each(|read| {
        let past = Past { order, read };
        let mut reasons = index.sets.reasons(index.operations[read as usize], &past);
        let wrong = reasons.find_map(|(member, is_there, reason)| match reason {
            Reason::None(update) => Some((member, is_there, update)),
            _ => None,
        });
        match wrong {
            Some((member, is_there, update)) => {
                Err(words::member(order, read, (member, is_there), update.and_then(|update| update.node)))
            }
            None => Ok(()),
        }
    })
}
