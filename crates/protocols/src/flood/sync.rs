//! Anti-entropy: two peers compare what they have, and each sends what the other lacks.

use std::sync::Arc;

use rumormill_core::{Context, PeerId, Rng};
use serde::{Deserialize, Serialize};

use super::held::Author;
use super::{Flood, Held, Indication, ItemId, Message};

/// Authors in one summary, at most: about 60 kB.
const SHELVES_MAX: usize = 4_096;
/// Numbers beyond a prefix in one summary, at most, over all authors.
const AHEAD_MAX: usize = 16_384;
/// Messages in one batch, at most.
const BATCH_MAX: usize = 500;
/// Bytes of content in one batch, about: below [`Message`]'s limit.
const BATCH_BYTES_MAX: usize = 128 * 1024;
/// Batches in answer to one summary, at most; what is left waits for the next exchange.
const BATCHES_MAX: usize = 8;

/// What a peer has of the authors from `low` to `high`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// First author that this summary speaks of.
    pub low: PeerId,
    /// Last author that this summary speaks of. Authors in the range without a shelf: nothing is held.
    pub high: PeerId,
    /// What is held, by author, ascending.
    pub shelves: Vec<Shelf>,
    /// Shall the receiver answer with its own summary when it lacks something?
    pub answer: bool,
}

/// What a peer has of one author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// Who.
    pub author: PeerId,
    /// All of 1 to this.
    pub prefix: u32,
    /// And these beyond, ascending.
    pub ahead: Vec<u32>,
}

impl Summary {
    /// A summary of `held`. When there are too many authors for one, it covers a random stretch of them.
    pub fn of(held: &Held, rng: &mut Rng, answer: bool) -> Self {
        let authors = held.authors();
        if authors.len() <= SHELVES_MAX {
            return Self::of_range(held, PeerId(0), PeerId(u64::MAX), answer);
        }
        let start = rng.below((authors.len() - SHELVES_MAX) as u64 + 1) as usize;
        // The ends of the stretch reach up to its neighbors, so that every author is in some summary.
        let low = if start == 0 { PeerId(0) } else { PeerId(authors[start - 1].author.0 + 1) };
        let last = authors[start..].get(SHELVES_MAX);
        let high = last.map_or(PeerId(u64::MAX), |next| PeerId(next.author.0 - 1));
        Self::of_range(held, low, high, answer)
    }

    fn of_range(held: &Held, low: PeerId, high: PeerId, answer: bool) -> Self {
        let mut room = AHEAD_MAX;
        let shelves = within(held, low, high).iter().take(SHELVES_MAX).map(|author| {
            let ahead: Vec<u32> = author.ahead.iter().flat_map(|ahead| ahead.iter().copied()).take(room).collect();
            room -= ahead.len();
            Shelf { author: author.author, prefix: author.prefix, ahead }
        });
        Self { low, high, shelves: shelves.collect(), answer }
    }

    /// No correct peer sends shelves out of order or out of range.
    fn is_well_formed(&self) -> bool {
        let ordered = self.shelves.windows(2).all(|pair| pair[0].author < pair[1].author);
        let in_range = self.shelves.iter().all(|shelf| (self.low..=self.high).contains(&shelf.author));
        let ahead = self.shelves.iter().all(|shelf| {
            shelf.ahead.first().is_none_or(|&first| first > shelf.prefix)
                && shelf.ahead.windows(2).all(|pair| pair[0] < pair[1])
        });
        ordered && in_range && ahead && self.low <= self.high
    }

    fn shelf(&self, author: PeerId) -> Option<&Shelf> {
        let place = self.shelves.binary_search_by_key(&author, |shelf| shelf.author).ok()?;
        self.shelves.get(place)
    }
}

impl Shelf {
    fn contains(&self, number: u32) -> bool {
        number <= self.prefix || self.ahead.binary_search(&number).is_ok()
    }
}

impl Flood {
    /// Sends what the sender of `theirs` lacks, and asks for what this peer lacks.
    pub(super) fn compare(&mut self, cx: &mut Context<'_, Self>, from: PeerId, theirs: &Summary) {
        if !theirs.is_well_formed() {
            cx.indicate(Indication::Misbehaved { peer: from, why: "a summary out of order" });
            return;
        }
        let missing = self.missing(theirs);
        for batch in self.batches(cx.config.signed, missing).into_iter().take(BATCHES_MAX) {
            cx.send(from, batch);
        }
        if theirs.answer && self.lacks(theirs) {
            let mine = Summary::of_range(&self.held, theirs.low, theirs.high, false);
            cx.send(from, Message::Compare(Arc::new(mine)));
        }
    }

    /// What this peer has and the sender of `theirs` has not.
    fn missing(&self, theirs: &Summary) -> impl Iterator<Item = ItemId> {
        within(&self.held, theirs.low, theirs.high)
            .iter()
            .flat_map(|held| {
                let shelf = theirs.shelf(held.author);
                let numbers = held.numbers().filter(move |&number| !shelf.is_some_and(|shelf| shelf.contains(number)));
                numbers.map(|number| ItemId { author: held.author, number })
            })
            .take(BATCH_MAX * BATCHES_MAX)
    }

    /// Has the sender of `theirs` something that this peer has not?
    fn lacks(&self, theirs: &Summary) -> bool {
        theirs.shelves.iter().any(|shelf| {
            let held = |number| self.held.contains(ItemId { author: shelf.author, number });
            self.held.prefix(shelf.author) < shelf.prefix || shelf.ahead.iter().any(|&number| !held(number))
        })
    }

    /// These messages in batches that fit the wire.
    pub(super) fn batches(&self, signed: bool, ids: impl IntoIterator<Item = ItemId>) -> Vec<Message> {
        let ids: Vec<ItemId> = ids.into_iter().collect();
        if !signed {
            return ids.chunks(BATCH_MAX).map(|chunk| Message::Bare(Arc::new(chunk.to_vec()))).collect();
        }
        let mut batches: Vec<Vec<Arc<super::Item>>> = Vec::new();
        let mut bytes = usize::MAX;
        for item in ids.iter().filter_map(|id| self.item(id)) {
            let size = item.body.len() + 96;
            bytes = bytes.saturating_add(size);
            match batches.last_mut() {
                Some(batch) if bytes <= BATCH_BYTES_MAX && batch.len() < BATCH_MAX => batch.push(Arc::clone(item)),
                _ => {
                    batches.push(vec![Arc::clone(item)]);
                    bytes = size;
                }
            }
        }
        batches.into_iter().map(|batch| Message::Signed(Arc::new(batch))).collect()
    }
}

/// What is held of the authors from `low` to `high`.
fn within(held: &Held, low: PeerId, high: PeerId) -> &[Author] {
    let authors = held.authors();
    let first = authors.partition_point(|held| held.author < low);
    let end = authors.partition_point(|held| held.author <= high);
    authors.get(first..end).unwrap_or(&[])
}
