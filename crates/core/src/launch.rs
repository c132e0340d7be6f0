//! How an experiment's parameters become a protocol's configuration and its peers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Protocol;
use crate::chart::Chart;
use crate::property::Property;

/// A protocol that an experiment can start: it makes its configuration and its peers from parameters.
pub trait Launch: Protocol {
    /// The configuration that all peers share.
    ///
    /// # Errors
    /// When a parameter is missing, of another type, or out of range.
    fn config(parameters: &Parameters) -> Result<Self::Config, ParameterError>;

    /// One peer as it is before it boots, with nothing from its disk.
    fn peer(config: &Self::Config, seat: Seat) -> Self;

    /// The request that a person typed, for example on the page; `None` when the protocol takes none.
    fn request(text: &str) -> Option<Self::Request> {
        let _ = text;
        None
    }

    /// The statechart whose states its peers enter and leave ([`Context::enter`](crate::Context::enter)), so
    /// that it can be drawn as a whole.
    #[must_use]
    fn chart() -> Option<Chart> {
        None
    }

    /// What must hold in every run; an experiment names those that are checked.
    #[must_use]
    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }
}

/// The most peers of a run: an event's id has 24 bits for the peer.
pub const MAX_PEERS: u32 = (1 << 24) - 1;

/// A peer's place in an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seat {
    /// The peer's number, 1 to `peers`; what `peerid` means in an expression.
    pub peerid: u32,
    /// How many peers take part.
    pub peers: u32,
}

/// The resolved parameters of a run, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(pub BTreeMap<String, Value>);

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Value {
    /// A number of things.
    Count(u64),
    /// A fraction or a factor.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Text, or one of several choices.
    Text(String),
    /// A span of time.
    Span(Duration),
    /// An expression's value for each peer, peer 1 first.
    PerPeer(#[serde(with = "runs_of_equals")] Arc<[u64]>),
}

/// As a person writes it in an experiment; values per peer are only counted.
impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Span(span) => f.write_str(&crate::plan::words::span(*span)),
            Self::PerPeer(values) => write!(f, "{} in all", values.iter().sum::<u64>()),
        }
    }
}

/// Why parameters make no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// The protocol needs a parameter that the experiment does not declare.
    #[error("{name}: the protocol needs this parameter; declare it in the experiment's parameters")]
    Missing {
        /// Its name.
        name: String,
    },
    /// The parameter is of another type than the protocol needs.
    #[error("{name}: expected {expected}")]
    Type {
        /// Its name.
        name: String,
        /// What the protocol needs, for example "a count".
        expected: &'static str,
    },
    /// The value is not one that the protocol can work with.
    #[error("{name}: {why}")]
    Range {
        /// Its name.
        name: String,
        /// What is allowed.
        why: String,
    },
}

impl Parameters {
    /// The number of peers: the parameter `peers`.
    ///
    /// # Errors
    /// When it is missing, no count, zero, or above [`MAX_PEERS`].
    pub fn peers(&self) -> Result<u32, ParameterError> {
        let peers = self.count("peers")?;
        u32::try_from(peers).ok().filter(|peers| (1..=MAX_PEERS).contains(peers)).ok_or_else(|| ParameterError::Range {
            name: "peers".into(),
            why: format!("{peers} is not between 1 and {MAX_PEERS}"),
        })
    }

    /// A number of things.
    ///
    /// # Errors
    /// When the parameter is missing or no count.
    pub fn count(&self, name: &str) -> Result<u64, ParameterError> {
        match self.get(name)? {
            Value::Count(count) => Ok(*count),
            _ => Err(Self::wrong(name, "a count")),
        }
    }

    /// A fraction or a factor.
    ///
    /// # Errors
    /// When the parameter is missing or no number.
    pub fn number(&self, name: &str) -> Result<f64, ParameterError> {
        match self.get(name)? {
            Value::Number(number) => Ok(*number),
            Value::Count(count) => Ok(*count as f64),
            _ => Err(Self::wrong(name, "a number")),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// When the parameter is missing or no flag.
    pub fn flag(&self, name: &str) -> Result<bool, ParameterError> {
        match self.get(name)? {
            Value::Flag(flag) => Ok(*flag),
            _ => Err(Self::wrong(name, "true or false")),
        }
    }

    /// Text.
    ///
    /// # Errors
    /// When the parameter is missing or no text.
    pub fn text(&self, name: &str) -> Result<&str, ParameterError> {
        match self.get(name)? {
            Value::Text(text) => Ok(text),
            _ => Err(Self::wrong(name, "text")),
        }
    }

    /// A span of time.
    ///
    /// # Errors
    /// When the parameter is missing or no span.
    pub fn span(&self, name: &str) -> Result<Duration, ParameterError> {
        match self.get(name)? {
            Value::Span(span) => Ok(*span),
            _ => Err(Self::wrong(name, "a span of time such as \"250ms\"")),
        }
    }

    /// An expression's value for each peer, peer 1 first.
    ///
    /// # Errors
    /// When the parameter is missing or no expression.
    pub fn per_peer(&self, name: &str) -> Result<Arc<[u64]>, ParameterError> {
        match self.get(name)? {
            Value::PerPeer(values) => Ok(Arc::clone(values)),
            _ => Err(Self::wrong(name, "an expression over peerid")),
        }
    }

    /// The value of this parameter, or an error that names it.
    ///
    /// # Errors
    /// When the parameter is missing.
    pub fn get(&self, name: &str) -> Result<&Value, ParameterError> {
        self.0.get(name).ok_or_else(|| ParameterError::Missing { name: name.into() })
    }

    fn wrong(name: &str, expected: &'static str) -> ParameterError {
        ParameterError::Type { name: name.into(), expected }
    }
}

/// Values for a million peers are mostly equal: in files they stand as (value, how many in a row).
mod runs_of_equals {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(values: &Arc<[u64]>, serializer: S) -> Result<S::Ok, S::Error> {
        let runs: Vec<(u64, u32)> =
            values.chunk_by(|left, right| left == right).map(|run| (run[0], run.len() as u32)).collect();
        runs.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u64]>, D::Error> {
        let runs = Vec::<(u64, u32)>::deserialize(deserializer)?;
        let total: u64 = runs.iter().map(|&(_, count)| u64::from(count)).sum();
        if total > u64::from(super::MAX_PEERS) {
            return Err(D::Error::custom(format!("values for {total} peers")));
        }
        Ok(runs.into_iter().flat_map(|(value, count)| std::iter::repeat_n(value, count as usize)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameters, Value};

    #[test]
    fn values_per_peer_come_back_from_a_file() {
        let values = Value::PerPeer([3, 3, 3, 0, 0, 7].into());
        let parameters = Parameters([("messages".to_string(), values)].into());
        let bytes = postcard::to_stdvec(&parameters).unwrap();
        assert!(bytes.len() < 20, "{} bytes", bytes.len());
        assert_eq!(postcard::from_bytes::<Parameters>(&bytes).unwrap(), parameters);
    }
}
