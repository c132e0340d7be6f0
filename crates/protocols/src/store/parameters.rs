//! How an experiment's parameters become a store's configuration.

use std::time::Duration;

use rumormill_core::{Instant, ParameterError, Parameters};

use super::{Ack, Change, Config, Flaw, Load};
use crate::raft;

/// The most replicas and spares: each is a slot of timestamps, and lives of them are more.
const MAX_REPLICAS: u64 = 64;

/// How long members of the council wait for their leader, when an experiment does not say.
const COUNCIL_TIMEOUT: Duration = Duration::from_secs(1);

/// The most calls of all clients together: a front end remembers them for the checkers.
const MAX_CALLS: u64 = 1 << 20;

impl Config {
    /// The configuration from `peers`, `replicas` and what else is declared; the peers that are neither replicas
    /// nor spares are front ends.
    ///
    /// # Errors
    /// When a parameter is of another type, or out of range.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let read = Reader(parameters);
        let peers = u64::from(parameters.peers()?);
        let replicas = read.count("replicas", 3.min(peers), 1..=MAX_REPLICAS)?;
        let spares = read.count("spares", 0, 0..=MAX_REPLICAS)?;
        let Some(front_ends) = peers.checked_sub(replicas + spares) else {
            let why = format!("{replicas} replicas and {spares} spares are more than the {peers} peers");
            return Err(ParameterError::Range { name: "peers".into(), why });
        };
        let delta = read.span("delta", Duration::from_secs(10), Duration::from_millis(1))?;
        let lease = read.span("lease", Duration::ZERO, Duration::ZERO)?;
        Ok(Self {
            replicas: replicas as u32,
            front_ends: front_ends as u32,
            spares: spares as u32,
            founding: Instant::ZERO + read.span("founding", Duration::from_millis(500), Duration::ZERO)?,
            gossip_every: read.span("gossip_every", Duration::from_millis(500), Duration::from_millis(1))?,
            gossip_after: read.count("gossip_after", 1_000, 1..=u64::MAX)? as usize,
            delta,
            ack: read.ack(replicas)?,
            council: council(read.span("council_timeout", COUNCIL_TIMEOUT, Duration::from_millis(10))?),
            lease: (!lease.is_zero()).then_some(lease),
            retry_after: read.span("retry_after", Duration::from_millis(250), Duration::from_millis(1))?,
            overload: read.share("overload", 0.0)?,
            load: Some(read.load(front_ends)?),
            flaw: read.flaw()?,
        })
    }
}

/// The council whose members wait so long for their leader, at least.
#[must_use]
pub fn council(timeout: Duration) -> raft::Config {
    // An entry may be the updates of a whole round.
    raft::Config { batch_bytes: 3 << 19, ..raft::Config::new(timeout) }
}

/// Parameters with defaults for what an experiment does not declare.
struct Reader<'a>(&'a Parameters);

impl Reader<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.0.contains_key(name)
    }

    fn count(&self, name: &str, usual: u64, range: std::ops::RangeInclusive<u64>) -> Result<u64, ParameterError> {
        let count = if self.has(name) { self.0.count(name)? } else { usual };
        if range.contains(&count) {
            return Ok(count);
        }
        let why = match *range.end() {
            u64::MAX => format!("must be at least {}", range.start()),
            most => format!("{count} is not between {} and {most}", range.start()),
        };
        Err(ParameterError::Range { name: name.into(), why })
    }

    fn share(&self, name: &str, usual: f64) -> Result<f64, ParameterError> {
        let share = if self.has(name) { self.0.number(name)? } else { usual };
        if (0.0..=1.0).contains(&share) {
            return Ok(share);
        }
        Err(ParameterError::Range { name: name.into(), why: format!("{share} is not between 0 and 1") })
    }

    fn span(&self, name: &str, usual: Duration, least: Duration) -> Result<Duration, ParameterError> {
        let span = if self.has(name) { self.0.span(name)? } else { usual };
        if span >= least {
            return Ok(span);
        }
        Err(ParameterError::Range { name: name.into(), why: format!("must be at least {least:?}") })
    }

    fn text(&self, name: &str, usual: &'static str) -> Result<&str, ParameterError> {
        if self.has(name) { self.0.text(name) } else { Ok(usual) }
    }

    /// `ack`: when updates are answered; with `f+1`, `f` says how many replicas may be lost.
    fn ack(&self, replicas: u64) -> Result<Ack, ParameterError> {
        match self.text("ack", "fsync")? {
            "memory" => Ok(Ack::Memory),
            "fsync" => Ok(Ack::Fsync),
            "f+1" => Ok(Ack::Replicas(self.count("f", 1, 1..=replicas.saturating_sub(1).max(1))? as u32)),
            other => {
                let why = format!("\"{other}\" is not memory, fsync or f+1");
                Err(ParameterError::Range { name: "ack".into(), why })
            }
        }
    }

    fn load(&self, front_ends: u64) -> Result<Load, ParameterError> {
        let clients = self.count("clients", 2, 0..=u64::from(u16::MAX))?;
        let calls = self.count("calls", 50, 0..=MAX_CALLS)?;
        if clients.saturating_mul(calls).saturating_mul(front_ends) > MAX_CALLS {
            let why = format!("{clients} clients at {front_ends} front ends make more than {MAX_CALLS} calls in all");
            return Err(ParameterError::Range { name: "calls".into(), why });
        }
        Ok(Load {
            clients: clients as u32,
            calls: calls as u32,
            updates: self.share("updates", 0.5)?,
            forced: self.share("forced", 0.0)?,
            immediate: self.share("immediate", 0.0)?,
            keys: self.count("keys", 10, 1..=1 << 20)? as u32,
            think: self.span("think", Duration::from_millis(100), Duration::ZERO)?,
            changes: self.changes()?,
            roam_after: self.count("roam_after", 0, 0..=MAX_CALLS)? as u32,
        })
    }

    /// `changes`: members that come and go.
    fn changes(&self) -> Result<Vec<Change>, ParameterError> {
        let text = self.text("changes", "")?;
        Change::parse(text).ok_or_else(|| {
            let why = format!("\"{text}\" is no list such as: add 6 at 2s, remove 2 at 4500ms, evict 1 at 7s");
            ParameterError::Range { name: "changes".into(), why }
        })
    }

    /// `flaw`: a mistake by its name, or `none`.
    fn flaw(&self) -> Result<Option<Flaw>, ParameterError> {
        let name = self.text("flaw", "none")?;
        if name == "none" {
            return Ok(None);
        }
        let found = Flaw::ALL.into_iter().find(|(_, known)| *known == name);
        found.map(|(flaw, _)| Some(flaw)).ok_or_else(|| {
            let names = Flaw::ALL.map(|(_, name)| name).join(", ");
            ParameterError::Range { name: "flaw".into(), why: format!("\"{name}\" is not none, {names}") }
        })
    }
}

#[cfg(test)]
mod tests {
    use rumormill_core::Value;

    use super::*;

    fn config(values: &[(&str, Value)]) -> Result<Config, ParameterError> {
        Config::from_parameters(&Parameters(
            values.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
        ))
    }

    #[test]
    fn what_is_not_declared_has_its_usual_value() {
        let config = config(&[("peers", Value::Count(5))]).unwrap();
        assert_eq!((config.replicas, config.front_ends, config.spares), (3, 2, 0));
        assert_eq!((config.ack, config.lease, config.flaw), (Ack::Fsync, None, None));
        assert_eq!(config.load.unwrap().calls, 50);
    }

    #[test]
    fn names_are_understood() {
        let text = |text: &str| Value::Text(text.into());
        let peers = ("peers", Value::Count(9));
        let config = config(&[
            peers,
            ("replicas", Value::Count(5)),
            ("spares", Value::Count(1)),
            ("ack", text("f+1")),
            ("f", Value::Count(2)),
            ("lease", Value::Span(Duration::from_secs(3))),
            ("flaw", text("no-prev")),
        ]);
        let config = config.unwrap();
        assert_eq!((config.replicas, config.front_ends, config.spares), (5, 3, 1));
        assert_eq!((config.ack, config.lease), (Ack::Replicas(2), Some(Duration::from_secs(3))));
        assert_eq!(config.flaw, Some(Flaw::NoPrev));
    }

    #[test]
    fn what_cannot_be_names_its_parameter() {
        let text = |text: &str| Value::Text(text.into());
        let wrong: [(&str, Value, &str); 8] = [
            ("replicas", Value::Count(0), "replicas: 0 is not between 1 and 64"),
            ("replicas", Value::Count(6), "peers: 6 replicas and 0 spares are more than the 5 peers"),
            ("delta", Value::Span(Duration::ZERO), "delta: must be at least 1ms"),
            ("overload", Value::Number(1.5), "overload: 1.5 is not between 0 and 1"),
            ("ack", text("never"), "ack: \"never\" is not memory, fsync or f+1"),
            ("calls", Value::Count(1 << 19), "calls: 2 clients at 2 front ends make more than 1048576 calls in all"),
            ("gossip_after", Value::Count(0), "gossip_after: must be at least 1"),
            ("clients", text("many"), "clients: expected a count"),
        ];
        for (name, value, why) in wrong {
            let error = config(&[("peers", Value::Count(5)), (name, value)]).unwrap_err();
            assert_eq!(error.to_string(), why);
        }
        let error = config(&[("peers", Value::Count(5)), ("flaw", text("x"))]).unwrap_err();
        assert!(error.to_string().starts_with("flaw: \"x\" is not none, no-prev, "), "{error}");
    }
}
