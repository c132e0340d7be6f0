//! How a run runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::experiment::Problem;

/// How a run runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// In the simulator: virtual time, every fault, up to millions of peers.
    #[default]
    Sim,
    /// As processes on this machine: real sockets and disks.
    Processes,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Sim, Self::Processes];

    /// The name in files, on the page and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Processes => "processes",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mode {
    type Err = Problem;

    fn from_str(name: &str) -> Result<Self, Problem> {
        let known = Self::ALL.into_iter().find(|mode| mode.name() == name);
        known.ok_or_else(|| Problem::new(format!("there is no mode \"{name}\"")).next("there are: sim, processes"))
    }
}

impl From<Mode> for rumormill_trace::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Sim => Self::Sim,
            Mode::Processes => Self::Processes,
        }
    }
}
