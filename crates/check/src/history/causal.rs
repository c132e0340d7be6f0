//! Causal consistency by bad patterns (Bouajjani, Enea, Guerraoui, Hamza, "On Verifying Causal Consistency",
//! POPL 2017).
//!
//! When no value is written twice to a key, a history keeps a promise exactly when none of a few patterns
//! occurs in it. The causal order is the order of the sessions and reads-from, closed. Causal consistency
//! ([`consistency`]) is broken by a cycle in it, by a value that nobody wrote, and by a read of something that
//! was overwritten before it. Causal convergence ([`convergence`]), in which all agree on who wins of concurrent
//! writes, is broken further by a cycle with the conflict order; causal memory ([`memory`]), in which nobody
//! changes their mind, by what a session can conclude from its reads.
//!
//! A set is a key for each of its members, which an update puts there or takes out. A read of it has all of these from
//! the newest updates that it knows; where only one explains what it found, it knows that one.
//!
//! What was never answered counts when its value was read. A read that may have its value from several
//! operations is given one that is possible; when none of those that were tried fits, nothing is decided.

mod convergence;
mod memory;
pub(super) mod relation;
mod sets;
mod unclear;
pub(super) mod words;

use self::relation::{NoOrder, Relation};
pub(super) use self::sets::before;
pub(super) use self::unclear::{resolve, undecided};
use super::index::{Index, Node, Source};
use super::{History, Verdict};

/// Causal consistency: everything is seen after what was known when it was written. Patterns CyclicCO,
/// ThinAirRead, WriteCOInitRead and WriteCORead.
#[must_use]
pub fn consistency(history: &History) -> Verdict {
    judge(history, |_| Ok(()))
}

/// Causal convergence: causal consistency, and all sessions agree on an order of concurrent writes. Pattern
/// CyclicCF besides.
#[must_use]
pub fn convergence(history: &History) -> Verdict {
    judge(history, convergence::find)
}

/// Causal memory: causal consistency, and no session sees concurrent writes in one order and later in
/// another. Patterns WriteHBInitRead and CyclicHB besides.
#[must_use]
pub fn memory(history: &History) -> Verdict {
    judge(history, memory::find)
}

/// Looks for the patterns of causal consistency, and then for further ones.
fn judge(history: &History, further: impl Fn(&Relation<'_, '_>) -> Result<(), Verdict>) -> Verdict {
    let index = match Index::new(history) {
        Ok(index) => index,
        Err(malformed) => return malformed.into(),
    };
    let judged = index.len();
    // What is certain first: what is found then does not hang on a guess.
    let found = patterns(&index).and_then(|()| further(&order(&index)?));
    let found = found.and_then(|()| {
        let resolved = unclear::resolve(&index)?;
        if resolved.guessed == 0 {
            return if index.unclear.is_empty() { Ok(()) } else { further(&order(&resolved.index)?) };
        }
        let fits = patterns(&resolved.index).and_then(|()| further(&order(&resolved.index)?));
        fits.map_err(|_| unclear::undecided(resolved.guessed))
    });
    found.err().unwrap_or(Verdict::Holds { judged })
}

/// The causal order. What reads of sets show tells more of it, in rounds.
pub(super) fn order<'i, 'a>(index: &'i Index<'a>) -> Result<Relation<'i, 'a>, Verdict> {
    let mut edges = Vec::new();
    loop {
        let order = Relation::new(index, &edges).map_err(|why| match why {
            NoOrder::Cycle(cycle) => words::cycle(index, "CyclicCO", &cycle),
            NoOrder::TooLarge => too_large(index),
        })?;
        let shown = sets::shown(&order);
        if shown.is_empty() {
            return Ok(order);
        }
        edges.extend(shown);
    }
}

/// The patterns of causal consistency.
fn patterns(index: &Index<'_>) -> Result<(), Verdict> {
    if let Some(read) = index.nodes().find(|&node| index.source[node as usize] == Source::Nobody) {
        return Err(words::thin_air(index, read));
    }
    let order = order(index)?;
    sets::find(&order)?;
    index.nodes().try_for_each(|read| match overwritten(&order, read, index.source[read as usize]) {
        Some(write) => Err(words::stale(&order, index.source[read as usize], write, read)),
        None => Ok(()),
    })
}

/// A write before this read that had overwritten what it would return if it had its value from there.
fn overwritten(order: &Relation<'_, '_>, read: Node, source: Source) -> Option<Node> {
    match source {
        Source::Initial => order.last_writes(read).next(),
        Source::Write(old) => order.last_writes(read).find(|&write| write != old && order.is_before(old, write)),
        _ => None,
    }
}

pub(super) fn too_large(index: &Index<'_>) -> Verdict {
    let (operations, chains) = (index.len(), index.chains.len());
    let why = format!("{operations} operations in {chains} sessions are too many; judge a part of the history");
    Verdict::Undecided { why }
}
