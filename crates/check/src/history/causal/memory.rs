//! Does every session keep to what it once saw?

use super::super::Verdict;
use super::super::index::Source;
use super::convergence::conflicts;
use super::relation::{NoOrder, Relation};
use super::{too_large, words};

/// Looks, for each session, for what contradicts its happened-before: the least order with the causal one in
/// which a write is before another of its key when the session read the second though the first was before.
///
/// What the last operation of a session knows includes what earlier ones knew, so it is enough to look at all
/// reads of a session together. What a session concludes may let it conclude more, a round for each.
pub(super) fn find(order: &Relation<'_, '_>) -> Result<(), Verdict> {
    let index = order.index;
    for session in &index.chains {
        let mut edges = conflicts(order, session.iter().copied());
        while !edges.is_empty() {
            let happened = match Relation::new(index, &edges) {
                Ok(happened) => happened,
                Err(NoOrder::Cycle(cycle)) => return Err(words::cycle(index, "CyclicHB", &cycle)),
                Err(NoOrder::TooLarge) => return Err(too_large(index)),
            };
            let initial = |&&read: &&u32| index.source[read as usize] == Source::Initial;
            for &read in session.iter().filter(initial) {
                if let Some(write) = happened.last_writes(read).next() {
                    return Err(words::found_absent(&happened, write, read));
                }
            }
            let more = conflicts(&happened, session.iter().copied());
            if more.is_empty() {
                break;
            }
            edges.extend(more);
        }
    }
    Ok(())
}
