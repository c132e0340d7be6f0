//! What all peers of an experiment share.

use std::time::Duration;

use rumormill_core::{ParameterError, Parameters};

use crate::membership::{Config, Detector, Lifeguard, PhiConfig};

/// What all peers of an experiment share.
#[derive(Clone, Debug)]
pub struct SwimConfig {
    /// The membership's.
    pub membership: Config,
    /// A peer joins through so many of its neighbors, the first ones.
    pub contacts: usize,
    /// How many members there are in the end.
    pub remaining: u64,
    /// A peer is done when it has counted so many for so long.
    pub settle: Duration,
}

impl SwimConfig {
    /// The configuration from `peers`, and where declared from the parameters of `experiments/swim.star`.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let has = |name: &str| parameters.0.contains_key(name);
        let span = |name: &str, usual: Duration| if has(name) { parameters.span(name) } else { Ok(usual) };
        let flag = |name: &str, usual: bool| if has(name) { parameters.flag(name) } else { Ok(usual) };
        let number = |name: &str, usual: f64| if has(name) { parameters.number(name) } else { Ok(usual) };
        let count = |name: &str, usual: u64| if has(name) { parameters.count(name) } else { Ok(usual) };
        let size = |name: &str, usual: usize| {
            let count = count(name, usual as u64)?;
            Ok(usize::try_from(count).unwrap_or(usize::MAX))
        };
        let small = |name: &str, usual: u32| {
            let count = count(name, usual.into())?;
            Ok(u32::try_from(count).unwrap_or(u32::MAX))
        };
        let mut config = Config::new(span("period", Duration::from_secs(1))?);
        config.ping_timeout = span("ping_timeout", config.ping_timeout)?;
        config.indirect = size("indirect", config.indirect)?;
        config.suspicion = flag("suspicion", config.suspicion)?;
        config.suspicion_factor = small("suspicion_factor", config.suspicion_factor)?;
        config.spread = small("spread", config.spread)?;
        config.piggyback = size("piggyback", config.piggyback)?;
        config.sync_every = span("sync_every", config.sync_every)?;
        config.reconnect_every = span("reconnect_every", config.reconnect_every)?;
        config.remember = span("remember", config.remember)?;
        let (all, none) = (Lifeguard::ALL, Lifeguard::NONE);
        config.lifeguard = Lifeguard {
            health_max: if flag("lha_probe", true)? { all.health_max } else { none.health_max },
            suspicion_max: if flag("lha_suspicion", true)? { all.suspicion_max } else { none.suspicion_max },
            confirmations: all.confirmations,
            buddy: flag("buddy", true)?,
        };
        let detector = if has("detector") { parameters.text("detector")? } else { "probes" };
        config.detector = match detector {
            "probes" => Detector::Probes,
            "heartbeats" => {
                let usual = PhiConfig { deviation_min: config.period / 10, ..PhiConfig::default() };
                let phi = PhiConfig { threshold: number("threshold", usual.threshold)?, ..usual };
                Detector::Heartbeats { watchers: size("watchers", 4)?, phi }
            }
            _ => return Err(range("detector", "must be probes or heartbeats")),
        };
        config.check().map_err(|error| range(error.field, error.why))?;
        let peers = u64::from(parameters.peers()?);
        let gone = count("gone", 0)?;
        let remaining = peers.checked_sub(gone).filter(|&remaining| remaining > 0);
        Ok(Self {
            membership: config,
            contacts: size("contacts", 3)?,
            remaining: remaining.ok_or_else(|| range("gone", "must be less than peers"))?,
            settle: span("settle", Duration::from_secs(5))?,
        })
    }
}

fn range(name: &str, why: &str) -> ParameterError {
    ParameterError::Range { name: name.into(), why: why.into() }
}
