//! What a checker says.

use std::fmt;

use rumormill_core::property;
use serde::Serialize;

use super::{Malformed, Operation, OperationId};

/// Whether a promise was kept in a history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// It was kept.
    Holds {
        /// How much was judged: operations, or calls at replicas. A promise about nothing is kept, too.
        judged: usize,
    },
    /// It was not.
    Violated(Witness),
    /// The history does not say, or finding out would take too much.
    Undecided {
        /// Why, and what to record or change to know more.
        why: String,
    },
}

/// The part of a history that shows that a promise was not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// What it is called in the literature.
    pub pattern: &'static str,
    /// What happened, for a person.
    pub text: String,
    /// The operations that show it.
    pub operations: Vec<OperationId>,
}

impl Verdict {
    /// Was the promise kept?
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds { .. })
    }

    /// Was it not kept?
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.witness().is_some()
    }

    /// What shows that it was not kept.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::Violated(witness) => Some(witness),
            _ => None,
        }
    }

    /// It was not kept, as these operations show.
    pub(crate) fn violated(pattern: &'static str, text: String, operations: &[&Operation]) -> Self {
        let operations = operations.iter().map(|operation| operation.id).collect();
        Self::Violated(Witness { pattern, text, operations })
    }
}

impl From<Malformed> for Verdict {
    fn from(malformed: Malformed) -> Self {
        Self::Undecided { why: malformed.to_string() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds { judged } => write!(f, "holds ({judged} judged)"),
            Self::Violated(witness) => write!(f, "violated: {witness}"),
            Self::Undecided { why } => write!(f, "undecided: {why}"),
        }
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.operations.iter().map(ToString::to_string).collect();
        write!(f, "{}: {} (operations {})", self.pattern, self.text, ids.join(", "))
    }
}

/// So that a property can return what a checker said. What is undecided does not hold.
impl property::Verdict for Verdict {
    fn verdict(self) -> Result<(), String> {
        if self.holds() { Ok(()) } else { Err(self.to_string()) }
    }
}
