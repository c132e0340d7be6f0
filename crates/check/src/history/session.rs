//! The four guarantees of a session (Terry, Demers, Petersen, Spreitzer, Theimer, Welch, "Session Guarantees for
//! Weakly Consistent Replicated Data", PDIS 1994).
//!
//! They are about which writes a session, and any server, may miss:
//!
//! | | whoever | must know |
//! |---|---|---|
//! | read your writes | a session's reads | what the session wrote before |
//! | monotonic reads | a session's reads | what the session read before |
//! | monotonic writes | those that see a write of a session | what that session wrote before it |
//! | writes follow reads | those that see a write of a session | what that session read before it |
//!
//! A read that must know a write shows that it did not when what it returned is older: the key was absent from
//! the beginning, or what it returned was overwritten before that write. Which of two writes of a key is older,
//! the store's own versions say, else (of causal writes) their labels, else the causal order. Where the answers carry labels, a
//! read's must cover those of the session's writes (or reads); and where the calls are known that each replica
//! executed, those must be in the order that the last two guarantees ask for. So of two writes that are
//! concurrent as far as is known, a session may see either. The first two are also judged by the members of sets.

use super::delivery::{self, Needs};
use super::index::{Index, Node, Source};
use super::{History, Kind, Label, Verdict, causal};

mod observed;
mod sets;

/// Which of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarantee {
    ReadYourWrites,
    MonotonicReads,
    MonotonicWrites,
    WritesFollowReads,
}

/// A session's reads know what it wrote before.
#[must_use]
pub fn read_your_writes(history: &History) -> Verdict {
    judge(history, Guarantee::ReadYourWrites)
}

/// A session's reads know what it read before.
#[must_use]
pub fn monotonic_reads(history: &History) -> Verdict {
    judge(history, Guarantee::MonotonicReads)
}

/// Who sees a write knows what its session wrote before it.
#[must_use]
pub fn monotonic_writes(history: &History) -> Verdict {
    judge(history, Guarantee::MonotonicWrites)
}

/// Who sees a write knows what its session had read before it.
#[must_use]
pub fn writes_follow_reads(history: &History) -> Verdict {
    judge(history, Guarantee::WritesFollowReads)
}

fn judge(history: &History, guarantee: Guarantee) -> Verdict {
    let index = match Index::new(history) {
        Ok(index) => index,
        Err(malformed) => return malformed.into(),
    };
    let found = guarantee.certain(history, &index).and_then(|()| guarantee.probable(&index));
    found.err().unwrap_or(Verdict::Holds { judged: index.len() })
}

impl Guarantee {
    /// What is so whatever the unclear reads have their values from.
    fn certain(self, history: &History, index: &Index<'_>) -> Result<(), Verdict> {
        match self {
            Self::ReadYourWrites | Self::MonotonicReads => self.labels(index)?,
            Self::MonotonicWrites => delivery::judge(history, index, Needs::OwnUpdates)?,
            Self::WritesFollowReads => delivery::judge(history, index, Needs::WhatWasRead)?,
        }
        let order = causal::order(index).map_err(cyclic)?;
        if self.is_own() {
            sets::find(self, &order)?;
        }
        observed::find(self, &order)
    }

    /// What is so when they have them from where it is likeliest.
    fn probable(self, index: &Index<'_>) -> Result<(), Verdict> {
        if index.unclear.is_empty() {
            return Ok(());
        }
        // Nothing possible was left: that is found as a violation of causal consistency, and is not of one
        // guarantee alone.
        let resolved = causal::resolve(index).map_err(cyclic)?;
        let order = causal::order(&resolved.index).map_err(cyclic)?;
        observed::find(self, &order).map_err(|violated| match resolved.guessed {
            0 => violated,
            guessed => causal::undecided(guessed),
        })
    }

    /// Do the labels of a session's reads cover those that came before?
    fn labels(self, index: &Index<'_>) -> Result<(), Verdict> {
        for chain in &index.chains {
            let mut last: Option<(Node, &Label)> = None;
            for &node in chain {
                let operation = index.operations[node as usize];
                let Some(label) = &operation.label else { continue };
                if let Some((known, before)) = last
                    && !operation.is_update()
                    && !before.is_within(label)
                {
                    let known = index.operations[known as usize];
                    let text = format!(
                        "{known} with label {before}, and then {} from a state with label {label}, which does not \
                         cover it",
                        operation.deed()
                    );
                    return Err(Verdict::violated(self.name(), text, &[known, operation]));
                }
                // Labels of a session that keeps its promises grow, so the last one is the largest.
                if operation.is_update() == (self == Self::ReadYourWrites) {
                    last = Some((node, label));
                }
            }
        }
        Ok(())
    }

    fn name(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "ReadYourWrites",
            Self::MonotonicReads => "MonotonicReads",
            Self::MonotonicWrites => "MonotonicWrites",
            Self::WritesFollowReads => "WritesFollowReads",
        }
    }

    /// Is it about the session's own past, not about that of those whose writes it saw?
    fn is_own(self) -> bool {
        matches!(self, Self::ReadYourWrites | Self::MonotonicReads)
    }

    /// The write that whoever is to know this operation must know.
    fn told_by(self, index: &Index<'_>, node: Node) -> Option<Node> {
        match self {
            Self::ReadYourWrites | Self::MonotonicWrites => {
                matches!(index.operations[node as usize].kind, Kind::Write { .. }).then_some(node)
            }
            Self::MonotonicReads | Self::WritesFollowReads => match index.source[node as usize] {
                Source::Write(write) => Some(write),
                _ => None,
            },
        }
    }
}

fn cyclic(violated: Verdict) -> Verdict {
    let why = match violated {
        Verdict::Violated(witness) => {
            format!("the causal order is broken already, so that nothing says which write is older: {witness}")
        }
        other => return other,
    };
    Verdict::Undecided { why }
}
