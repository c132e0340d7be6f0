//! Reads that may have their value from several operations: it was written more than once, or the key is
//! absent and could be so from the beginning or by a delete.

use std::collections::BTreeMap;

use super::super::Verdict;
use super::super::index::{Index, Node, Source};
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

/// The candidate that adds least to the causal order: one that is before the read already, of those the
/// latest, or the beginning; else the last that was asked for before the read was answered.
fn likeliest(order: &Relation<'_, '_>, read: Node, candidates: &[Source]) -> Source {
    let answered = order.index.operations[read as usize].returned;
    let merit = |source: &Source| match *source {
        Source::Write(write) => {
            let invoked = order.index.operations[write as usize].invoked;
            let possible = Some(invoked) <= answered;
            (if order.is_before(write, read) { 3 } else { u8::from(possible) }, invoked)
        }
        _ => (2, Default::default()),
    };
    candidates.iter().copied().max_by_key(merit).unwrap_or(Source::Nobody)
}
