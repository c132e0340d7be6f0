//! What all members of a flood share.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{ParameterError, Parameters, Value};

/// Up to this many peers, messages are signed and kept on disk unless the experiment says otherwise.
const SMALL: u32 = 1_000;

/// What all members share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Messages that each peer creates, peer 1 first.
    pub shares: Arc<[u64]>,
    /// All messages that there will be.
    pub total: u64,
    /// The largest share.
    pub share_max: u32,
    /// Neighbors to which a message is pushed on first receipt, at most.
    pub fanout: usize,
    /// Are messages signed by their author? Without, a message is nothing but its id, so that a million
    /// peers fit into memory.
    pub signed: bool,
    /// Are messages kept on disk?
    pub durable: bool,
    /// Does a peer compare what it has with a random neighbor from time to time?
    pub anti_entropy: bool,
    /// How often, on average.
    pub sync_every: Duration,
    /// Time between two messages of one peer.
    pub create_every: Duration,
}

impl Config {
    /// The configuration from `peers`, `messages`, and where declared `fanout`, `signed`, `durable` (yes,
    /// no or auto), `anti_entropy`, `sync_every` and `create_every`.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let peers = parameters.peers()?;
        let shares = parameters.per_peer("messages")?;
        if shares.len() != peers as usize {
            let why = format!("{} values for {peers} peers", shares.len());
            return Err(ParameterError::Range { name: "messages".into(), why });
        }
        let largest = shares.iter().copied().max().unwrap_or(0);
        let share_max = u32::try_from(largest).map_err(|_| ParameterError::Range {
            name: "messages".into(),
            why: format!("{largest} messages of one peer; at most {} are possible", u32::MAX),
        })?;
        let sync_every = optional(parameters, "sync_every", Parameters::span)?.unwrap_or(Duration::from_secs(1));
        if sync_every.is_zero() {
            let why = "must be longer than 0".to_string();
            return Err(ParameterError::Range { name: "sync_every".into(), why });
        }
        Ok(Self {
            total: shares.iter().sum(),
            share_max,
            shares,
            fanout: optional(parameters, "fanout", Parameters::count)?.unwrap_or(10).max(1) as usize,
            signed: switch(parameters, "signed", peers <= SMALL)?,
            durable: switch(parameters, "durable", peers <= SMALL)?,
            anti_entropy: optional(parameters, "anti_entropy", Parameters::flag)?.unwrap_or(true),
            sync_every,
            create_every: optional(parameters, "create_every", Parameters::span)?.unwrap_or(Duration::from_millis(20)),
        })
    }

    /// Messages that peer number `peerid` creates.
    pub(super) fn share(&self, peerid: u32) -> u32 {
        let share = (peerid as usize).checked_sub(1).and_then(|index| self.shares.get(index));
        share.map_or(0, |&share| u32::try_from(share).unwrap_or(u32::MAX))
    }
}

fn optional<T>(
    parameters: &Parameters,
    name: &str,
    read: impl Fn(&Parameters, &str) -> Result<T, ParameterError>,
) -> Result<Option<T>, ParameterError> {
    if parameters.0.contains_key(name) { read(parameters, name).map(Some) } else { Ok(None) }
}

/// Yes, no, or auto: `otherwise`.
fn switch(parameters: &Parameters, name: &str, otherwise: bool) -> Result<bool, ParameterError> {
    match parameters.0.get(name) {
        None => Ok(otherwise),
        Some(Value::Flag(flag)) => Ok(*flag),
        Some(_) => match parameters.text(name)? {
            "auto" => Ok(otherwise),
            "yes" => Ok(true),
            "no" => Ok(false),
            other => {
                let why = format!("\"{other}\" is none of auto, yes and no");
                Err(ParameterError::Range { name: name.into(), why })
            }
        },
    }
}
