//! The guarantees of a session about its own past, by the members that it found in sets.

use std::collections::BTreeSet;

use super::super::causal::before;
use super::super::causal::relation::Relation;
use super::super::index::Node;
use super::super::sets::{Knowledge, Reason, Update};
use super::super::{Kind, Operation, Value, Verdict};
use super::Guarantee;

/// What a session must know.
struct Memory<'o, 'i, 'a> {
    order: &'o Relation<'i, 'a>,
    known: BTreeSet<Node>,
}

impl Knowledge for Memory<'_, '_, '_> {
    fn is_known(&self, update: Update<'_>) -> bool {
        update.node.is_some_and(|node| self.known.contains(&node))
    }

    fn is_possible(&self, _: Update<'_>) -> bool {
        true
    }

    fn is_before(&self, first: Update<'_>, second: Update<'_>) -> bool {
        before(self.order, first, second)
    }
}

/// Looks for a read of a set that misses what its session did with it, or saw in it, before.
pub(super) fn find(guarantee: Guarantee, order: &Relation<'_, '_>) -> Result<(), Verdict> {
    order.index.chains.iter().try_for_each(|chain| session(guarantee, order, chain))
}

fn session(guarantee: Guarantee, order: &Relation<'_, '_>, chain: &[Node]) -> Result<(), Verdict> {
    let mut memory = Memory { order, known: BTreeSet::new() };
    for &node in chain {
        let operation = order.index.operations[node as usize];
        match &operation.kind {
            Kind::Insert { .. } | Kind::Remove { .. } if guarantee == Guarantee::ReadYourWrites => {
                memory.known.insert(node);
            }
            Kind::Members { .. } => {
                let mut reasons = order.index.sets.reasons(operation, &memory);
                let wrong = reasons.find_map(|(member, is_there, reason)| match reason {
                    Reason::None(Some(update)) => Some((member, is_there, update)),
                    // What nobody put there breaks another promise.
                    _ => None,
                });
                if let Some((member, is_there, update)) = wrong {
                    return Err(tell(guarantee, operation, (member, is_there), update.operation));
                }
                drop(reasons);
                if guarantee == Guarantee::MonotonicReads {
                    memory.known.extend(order.shown_by(node));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn tell(guarantee: Guarantee, read: &Operation, (member, is_there): (&Value, bool), update: &Operation) -> Verdict {
    let found = if is_there { "with" } else { "without" };
    let told = match guarantee {
        Guarantee::ReadYourWrites => format!("after it {}", update.deed_before()),
        _ => format!("after it had seen that {update}"),
    };
    let text = format!("{read}, {found} {member}, {told}, and nothing newer explains that");
    Verdict::violated(guarantee.name(), text, &[update, read])
}
