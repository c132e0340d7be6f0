//! What all voters share.

use std::time::Duration;

use rumormill_core::{ParameterError, Parameters};

/// Heartbeats within the least time that a follower waits: one or two may be lost.
const BEATS: u32 = 4;

/// What all voters share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Voters; more than half of them make a leader.
    pub peers: u32,
    /// How long a follower waits for its leader, at least; at most twice as long.
    pub timeout: Duration,
    /// How often a leader tells that it is there.
    pub beat_every: Duration,
    /// A peer is done when its leader has not changed for so long.
    pub settle: Duration,
}

impl Config {
    /// The configuration from `peers`, and where declared `timeout` and `settle`.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let span = |name: &str, usual: Duration| match parameters.0.contains_key(name) {
            true => parameters.span(name),
            false => Ok(usual),
        };
        let timeout = span("timeout", Duration::from_millis(300))?;
        if timeout < Duration::from_millis(1) {
            return Err(ParameterError::Range { name: "timeout".into(), why: "must be at least 1ms".into() });
        }
        Ok(Self {
            peers: parameters.peers()?,
            timeout,
            beat_every: timeout / BEATS,
            settle: span("settle", Duration::from_secs(3))?,
        })
    }
}
