//! What all peers that keep a journal share.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{ParameterError, Parameters};

use crate::raft::{self, Flaw, MEMBERS_MAX};

/// Bytes of entries in one message: at least one line, at most what leaves room for what is around them.
const BATCH_MIN: usize = 6;
const BATCH_MAX: usize = 60_000;

/// What all peers that keep a journal share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Raft's.
    pub raft: raft::Config,
    /// The first so many peers found the group; further ones are let in.
    pub founders: u32,
    /// Lines that each peer creates, peer 1 first.
    pub shares: Arc<[u64]>,
    /// All lines that there will be.
    pub total: u64,
    /// Time between two lines of one peer.
    pub create_every: Duration,
    /// Commands after which the log is compacted; so many more stay for those who are behind.
    pub compact_every: u64,
}

impl Config {
    /// The configuration from `peers`, `lines`, and where declared `founders` (0: all), `timeout`,
    /// `create_every`, `compact_every`, `batch_bytes` and `flaw`.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let range = |name: &str, why: String| ParameterError::Range { name: name.into(), why };
        let peers = parameters.peers()?;
        let shares = parameters.per_peer("lines")?;
        if shares.len() != peers as usize {
            return Err(range("lines", format!("{} values for {peers} peers", shares.len())));
        }
        if let Some(many) = shares.iter().find(|&&share| share > u64::from(u32::MAX)) {
            return Err(range("lines", format!("{many} lines of one peer; at most {} are possible", u32::MAX)));
        }
        let founders = match optional(parameters, "founders", Parameters::count)?.unwrap_or(0) {
            0 => u64::from(peers),
            founders => founders,
        };
        if founders > u64::from(peers) || peers as usize > MEMBERS_MAX {
            return Err(range(
                "founders",
                format!("{founders} of {peers} peers; at most {MEMBERS_MAX} can be members"),
            ));
        }
        let batch_bytes = optional(parameters, "batch_bytes", Parameters::count)?;
        let batch_bytes = match batch_bytes.map(usize::try_from) {
            None => raft::Config::default().batch_bytes,
            Some(Ok(bytes)) if (BATCH_MIN..=BATCH_MAX).contains(&bytes) => bytes,
            Some(_) => return Err(range("batch_bytes", format!("must be between {BATCH_MIN} and {BATCH_MAX}"))),
        };
        let timeout = optional(parameters, "timeout", Parameters::span)?.unwrap_or(Duration::from_millis(300));
        if timeout < Duration::from_millis(1) {
            return Err(range("timeout", "must be at least 1ms".into()));
        }
        Ok(Self {
            raft: raft::Config { batch_bytes, flaw: flaw(parameters)?, ..raft::Config::new(timeout) },
            founders: founders as u32,
            total: shares.iter().sum(),
            shares,
            create_every: optional(parameters, "create_every", Parameters::span)?.unwrap_or(Duration::from_millis(50)),
            compact_every: optional(parameters, "compact_every", Parameters::count)?.unwrap_or(50).max(1),
        })
    }

    /// Lines that peer number `peerid` creates.
    pub(super) fn share(&self, peerid: u32) -> u32 {
        let share = (peerid as usize).checked_sub(1).and_then(|place| self.shares.get(place));
        share.map_or(0, |&share| u32::try_from(share).unwrap_or(u32::MAX))
    }
}

fn flaw(parameters: &Parameters) -> Result<Option<Flaw>, ParameterError> {
    Ok(match optional(parameters, "flaw", |parameters, name| parameters.text(name).map(str::to_owned))?.as_deref() {
        None | Some("none") => None,
        Some("forgets-votes") => Some(Flaw::ForgetsVotes),
        Some("counts-old-terms") => Some(Flaw::CountsOldTerms),
        Some("reuses-incarnations") => Some(Flaw::ReusesIncarnations),
        Some(other) => {
            let known = "none, forgets-votes, counts-old-terms and reuses-incarnations";
            let why = format!("\"{other}\" is none of {known}");
            return Err(ParameterError::Range { name: "flaw".into(), why });
        }
    })
}

fn optional<T>(
    parameters: &Parameters,
    name: &str,
    read: impl Fn(&Parameters, &str) -> Result<T, ParameterError>,
) -> Result<Option<T>, ParameterError> {
    if parameters.0.contains_key(name) { read(parameters, name).map(Some) } else { Ok(None) }
}
