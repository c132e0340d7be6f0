//! Violations of causal order, told to a person.

use super::super::index::{Index, Node, Source};
use super::super::{Value, Verdict};
use super::relation::{Edge, Relation, Why};

/// `session 1 read y = 2, which nobody wrote`.
pub(super) fn thin_air(index: &Index<'_>, read: Node) -> Verdict {
    let read = index.operations[read as usize];
    let text = format!("{read}, but nobody wrote that to {}", read.key());
    Verdict::violated("ThinAirRead", text, &[read])
}

/// A read of a set that found a member, or did not, though an update before it says the contrary; none: nobody put it
/// there.
pub(super) fn member(
    order: &Relation<'_, '_>,
    read: Node,
    (member, is_there): (&Value, bool),
    update: Option<Node>,
) -> Verdict {
    let index = order.index;
    let Some(update) = update else {
        let read = index.operations[read as usize];
        let text = format!("{read}, {member} among them, but nobody put that there");
        return Verdict::violated("ThinAirRead", text, &[read]);
    };
    let way = order.path(update, read);
    let (pattern, why) = if is_there {
        ("WriteCORead", format!("It found {member}, but whoever put that there did so before it was taken out"))
    } else {
        ("WriteCOInitRead", format!("It did not find {member}, but nobody had taken that out after it was put there"))
    };
    told(index, pattern, format!("{}. {why}", story(index, &way)), &way)
}

/// A read that returned what a write before it had overwritten.
pub(super) fn stale(order: &Relation<'_, '_>, source: Source, write: Node, read: Node) -> Verdict {
    let index = order.index;
    let mut way = order.path(write, read);
    let Source::Write(old) = source else {
        let text = format!("{}. It should not have been absent: it had been written before that", story(index, &way));
        return told(index, "WriteCOInitRead", text, &way);
    };
    let overwritten = order.path(old, write);
    let operations = &index.operations;
    let text = format!(
        "{}. That {} had been overwritten: {}",
        story(index, &way),
        operations[old as usize].key(),
        story(index, &overwritten)
    );
    way.splice(0..0, overwritten);
    told(index, "WriteCORead", text, &way)
}

/// A read of an absent key that its session knew to have been written.
pub(super) fn found_absent(order: &Relation<'_, '_>, write: Node, read: Node) -> Verdict {
    let way = order.path(write, read);
    let text = format!("a session knew this: {}. But there the key was absent", reasons(order.index, &way));
    told(order.index, "WriteHBInitRead", text, &way)
}

/// Each of these before the next, and the last before the first.
pub(super) fn cycle(index: &Index<'_>, pattern: &'static str, cycle: &[Edge]) -> Verdict {
    let text = format!("these would have to come each before the next, in a circle: {}", reasons(index, cycle));
    told(index, pattern, text, cycle)
}

/// A read all of whose candidates are impossible.
pub(super) fn nothing_left(order: &Relation<'_, '_>, read: Node, candidates: &[Source]) -> Verdict {
    let index = order.index;
    if let Some(source) = candidates.iter().find(|source| super::overwritten(order, read, **source).is_some()) {
        let write = super::overwritten(order, read, *source).unwrap_or(read);
        return stale(order, *source, write, read);
    }
    let read = index.operations[read as usize];
    let text = format!("{read}, but every operation that wrote that came after it");
    Verdict::violated("CyclicCO", text, &[read])
}

fn told(index: &Index<'_>, pattern: &'static str, text: String, way: &[Edge]) -> Verdict {
    let mut operations = Vec::new();
    for edge in way {
        for node in [edge.from, edge.to].into_iter().chain(match edge.why {
            Why::Conflict(read) => Some(read),
            _ => None,
        }) {
            let operation = index.operations[node as usize];
            if !operations.iter().any(|known: &&super::super::Operation| known.id == operation.id) {
                operations.push(operation);
            }
        }
    }
    Verdict::violated(pattern, text, &operations)
}

/// `session 1 wrote x = 1 and then wrote y = 2; session 2 read y = 2 and then found x absent`.
fn story(index: &Index<'_>, way: &[Edge]) -> String {
    let Some(first) = way.first() else { return String::new() };
    let mut text = index.operations[first.from as usize].to_string();
    for edge in way {
        let operation = index.operations[edge.to as usize];
        text += &match edge.why {
            Why::Session => format!(" and then {}", operation.deed()),
            Why::Token => format!("; with a token of that, {operation}"),
            Why::Reads | Why::Conflict(_) => format!("; {operation}"),
        };
    }
    text
}

/// Each step with what is behind it.
fn reasons(index: &Index<'_>, way: &[Edge]) -> String {
    let mut steps = Vec::new();
    for edge in way {
        let (from, to) = (index.operations[edge.from as usize], index.operations[edge.to as usize]);
        steps.push(match edge.why {
            Why::Session => format!("{from} and then {}", to.deed()),
            Why::Token => format!("{from}, and with a token of that, {to}"),
            Why::Reads => format!("{to}, as {from}"),
            Why::Conflict(read) => {
                let read = index.operations[read as usize];
                format!("{from} before {to}, as {read} when it knew both")
            }
        });
    }
    steps.join("; ")
}
