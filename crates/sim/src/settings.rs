//! What a run needs besides its protocol's configuration.

use std::time::Duration;

use rumormill_core::plan::Plan;
use rumormill_core::{MAX_PEERS, Parameters, Topology};
use serde::{Deserialize, Serialize};

use crate::limits;

pub(crate) mod meaning;
mod validate;

/// What a run needs besides its protocol's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Decides every draw of the run.
    pub seed: u64,
    /// How many peers take part, 1 to [`MAX_PEERS`].
    pub peers: u32,
    /// Who knows whom at the start.
    pub topology: Topology,
    /// Network, disk, faults and churn.
    pub plan: Plan,
    /// The parameters that the protocol's configuration was made from: needed only where the plan changes
    /// some of them ([`Fault::Set`](rumormill_core::plan::Fault::Set)).
    pub parameters: Parameters,
    /// How many threads work, each on a shard of the peers; at most one per peer is used. The result is
    /// the same for any number.
    pub threads: u32,
    /// Virtual time after which the run ends in any case.
    pub time_limit: Duration,
    /// When the run ends before that.
    pub stop: StopRule,
    /// The protocol's own community in a trace.
    pub community: &'static str,
    /// Encodes and decodes every message on its way and hands over the decoded one, so that faults of a
    /// codec show. Costs time: for tests.
    pub check_codec: bool,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StopRule {
    /// When every peer is done and every target that it reported is met, all at one time. Peers that are
    /// down for good do not count; those that the plan brings (back) later do. A run in which no peer is
    /// left has failed.
    #[default]
    TargetsMet,
    /// At the time limit, which then completes the run.
    TimeLimit,
}

impl Settings {
    /// A run of this many peers in a random graph of degree 8, with the default network, without faults,
    /// on one thread, for at most a minute.
    #[must_use]
    pub fn new(seed: u64, peers: u32) -> Self {
        Self {
            seed,
            peers,
            topology: Topology::Random { degree: 8 },
            plan: Plan::default(),
            parameters: Parameters::default(),
            threads: 1,
            time_limit: Duration::from_secs(60),
            stop: StopRule::TargetsMet,
            community: "",
            check_codec: false,
        }
    }
}

/// Why settings make no run. `field` is a path, for example `plan.faults[2].conditions.loss`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// No peer, or more than a run can have.
    #[error("peers: {peers} is not between 1 and {MAX_PEERS}")]
    Peers {
        /// What was asked for.
        peers: u32,
    },
    /// No thread, or more than a run can have.
    #[error("threads: {threads} is not between 1 and {}", limits::THREADS)]
    Threads {
        /// What was asked for.
        threads: u32,
    },
    /// The topology has more neighbors than fit.
    #[error("topology: {peers} peers with up to {degree} neighbors each are too many; take fewer of either")]
    Topology {
        /// Number of peers.
        peers: u32,
        /// Neighbors of one peer.
        degree: u64,
    },
    /// A probability is not between 0 and 1.
    #[error("{field}: {value} is not between 0 and 1")]
    Probability {
        /// Where.
        field: String,
        /// What stands there.
        value: f64,
    },
    /// Nothing can happen to a run that has ended.
    #[error("the run has ended")]
    Ended,
    /// A value is not one that the simulator can work with.
    #[error("{field}: {why}")]
    Value {
        /// Where.
        field: String,
        /// What is wrong and what is allowed.
        why: String,
    },
}

impl SettingsError {
    /// The path of the field at fault.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Peers { .. } => "peers",
            Self::Threads { .. } => "threads",
            Self::Topology { .. } => "topology",
            Self::Ended => "fault",
            Self::Probability { field, .. } | Self::Value { field, .. } => field,
        }
    }
}
