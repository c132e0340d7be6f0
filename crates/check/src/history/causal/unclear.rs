//! Reads that may have their value from several operations: it was written more than once, or the key is
//! absent and could be so from the beginning or by a delete.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::super::index::{Index, Node, Source};
use super::super::{Operation, Verdict};
use super::relation::Relation;
use super::{order, overwritten, words};

/// An index without unclear reads.
pub(in super::super) struct Resolved<'a> {
    pub index: Index<'a>,
    /// How many could have had their value from elsewhere, too.
    pub guessed: usize,
}

/// Gives each unclear read a source. A source is impossible when it comes after the read, or was overwritten
/// before it; what is the only one left tells more of the order, in rounds. Then one is chosen of those left.
///
/// # Errors
/// When a read has nothing left that it could have its value from, or the causal order is none.
pub(in super::super) fn resolve<'a>(index: &Index<'a>) -> Result<Resolved<'a>, Verdict> {
    let mut index = index.clone();
    let mut open = std::mem::take(&mut index.unclear);
    loop {
        let known = order(&index)?;
        let settled = eliminate(&known, &mut open)?;
        if settled.is_empty() {
            let guesses: Vec<(Node, Source)> =
                open.iter().map(|(&read, candidates)| (read, likeliest(&known, read, candidates))).collect();
            for &(read, source) in &guesses {
                index.source[read as usize] = source;
            }
            return Ok(Resolved { index, guessed: guesses.len() });
        }
        for (read, source) in settled {
            index.source[read as usize] = source;
        }
    }
}

/// What a checker says when the sources that were chosen do not fit.
pub(in super::super) fn undecided(guessed: usize) -> Verdict {
    let why = format!(
        "{guessed} reads may have what they returned from more than one operation, and the likeliest do not fit; \
         write no value twice, or record whom reads have it from"
    );
    Verdict::Undecided { why }
}

/// Takes what is impossible from the candidates of each read; those with one left.
fn eliminate(order: &Relation<'_, '_>, open: &mut BTreeMap<Node, Vec<Source>>) -> Result<Vec<(Node, Source)>, Verdict> {
    let mut settled = Vec::new();
    for (&read, candidates) in open.iter_mut() {
        let was = candidates.clone();
        candidates.retain(|&source| is_possible(order, read, source));
        match candidates[..] {
            [] => return Err(words::nothing_left(order, read, &was)),
            [source] => settled.push((read, source)),
            _ => {}
        }
    }
    open.retain(|_, candidates| candidates.len() > 1);
    Ok(settled)
}

fn is_possible(order: &Relation<'_, '_>, read: Node, source: Source) -> bool {
    let after = matches!(source, Source::Write(write) if order.is_before(read, write));
    !after && overwritten(order, read, source).is_none()
}

/// The candidate that the store's own versions allow and that adds least to the causal order: of those before
/// the read already the latest, or the beginning; else, of those asked for before the read was answered, the
/// one that wins by the least, or the first.
fn likeliest(order: &Relation<'_, '_>, read: Node, candidates: &[Source]) -> Source {
    let operations = &order.index.operations;
    let answered = operations[read as usize].returned;
    let newest = order.last_writes(read).filter_map(|write| operations[write as usize].version).max();
    let merit = |source: &Source| {
        let Source::Write(write) = *source else { return (newest.is_none(), 2, None, 0) };
        let Operation { version, invoked, .. } = operations[write as usize];
        let wins = version.is_none_or(|version| Some(version) >= newest);
        if order.is_before(write, read) {
            (wins, 3, None, invoked.as_nanos())
        } else {
            (wins, u8::from(Some(*invoked) <= answered), version.map(Reverse), !invoked.as_nanos())
        }
    };
    candidates.iter().copied().max_by_key(merit).unwrap_or(Source::Nobody)
}
