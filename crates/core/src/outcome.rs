//! How a run ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Every target met and every peer done, or the time that the experiment asked for went by.
    Completed,
    /// Not complete when its time was up.
    TimeLimit,
    /// A person or program stopped it.
    Stopped,
    /// A property did not hold.
    Violated,
    /// It could not go on: the run's record says why.
    Failed,
}

impl Outcome {
    /// The name in files, on the page and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::TimeLimit => "time-limit",
            Self::Stopped => "stopped",
            Self::Violated => "violated",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
