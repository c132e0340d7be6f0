//! What all nodes of a ring share.

use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{Instant, ParameterError, Parameters, PeerId};

use super::Node;
use super::chord::SUCCESSORS_MAX;

/// The most made-up lookups of a node.
const LOOKUPS_MAX: u64 = 1 << 20;

/// What all nodes of a ring share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Entries of a successor list, 1 to [`SUCCESSORS_MAX`]. So many nodes next to each other may fail at once, less
    /// one; and a ring of more than so many that stay never falls apart.
    pub successors: usize,
    /// The first so many peers begin as an ideal ring; the others join.
    pub founders: u32,
    /// Who boots for the first time after this does not found a ring: then there is one.
    pub founding: Instant,
    /// A newcomer waits so long for each newcomer with a lower number.
    pub join_every: Duration,
    /// Time between two rounds in which a node looks after its successors and one finger, about.
    pub stabilize_every: Duration,
    /// A question without an answer for so long is asked again.
    pub timeout: Duration,
    /// Who does not answer a question that was asked so often is taken for dead.
    pub tries: u32,
    /// Made-up lookups of each node, of random keys.
    pub lookups: u32,
    /// They begin so long after the node has become a member.
    pub load_after: Duration,
    /// Time between two of those, about.
    pub think: Duration,
    /// The founders in the order of the circle, by the ids that peers have in a simulation.
    table: Arc<[Node]>,
}

impl Config {
    /// The configuration from `peers`, and where declared `successors`, `founders` (0: all), `founding`, `join_every`,
    /// `stabilize_every`, `timeout`, `tries`, `lookups`, `load_after` and `think`.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ParameterError> {
        let peers = parameters.peers()?;
        let founders = match count(parameters, "founders", 0, 0..=u64::from(peers))? as u32 {
            0 => peers,
            founders => founders,
        };
        let founding = span(parameters, "founding", Duration::from_secs(1))?;
        let mut table: Vec<Node> = (1..=founders).map(|number| Node::new(PeerId(number.into()), 0)).collect();
        table.sort_unstable();
        Ok(Self {
            successors: count(parameters, "successors", 8, 1..=SUCCESSORS_MAX as u64)? as usize,
            founders,
            founding: Instant::ZERO + founding,
            join_every: span(parameters, "join_every", Duration::from_millis(100))?,
            stabilize_every: span(parameters, "stabilize_every", Duration::from_millis(500))?,
            timeout: span(parameters, "timeout", Duration::from_millis(500))?,
            tries: count(parameters, "tries", 2, 1..=100)? as u32,
            lookups: count(parameters, "lookups", 0, 0..=LOOKUPS_MAX)? as u32,
            load_after: span(parameters, "load_after", Duration::from_millis(1))?,
            think: span(parameters, "think", Duration::from_millis(500))?,
            table: table.into(),
        })
    }

    /// The founders in the order of the circle; `ids` are those of the peers in the order of their numbers.
    pub(super) fn table(&self, me: PeerId, peerid: u32, ids: impl Iterator<Item = PeerId>) -> Arc<[Node]> {
        if me == PeerId(peerid.into()) {
            // In a simulation, peers are called by their numbers.
            return Arc::clone(&self.table);
        }
        let mut table: Vec<Node> = ids.take(self.founders as usize).map(|peer| Node::new(peer, 0)).collect();
        table.sort_unstable();
        table.into()
    }
}

fn count(
    parameters: &Parameters,
    name: &str,
    usual: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<u64, ParameterError> {
    let count = if parameters.0.contains_key(name) { parameters.count(name)? } else { usual };
    if range.contains(&count) {
        return Ok(count);
    }
    let why = format!("{count} is not between {} and {}", range.start(), range.end());
    Err(ParameterError::Range { name: name.into(), why })
}

fn span(parameters: &Parameters, name: &str, usual: Duration) -> Result<Duration, ParameterError> {
    let span = if parameters.0.contains_key(name) { parameters.span(name)? } else { usual };
    if span >= Duration::from_millis(1) {
        return Ok(span);
    }
    Err(ParameterError::Range { name: name.into(), why: "must be at least 1ms".into() })
}

#[cfg(test)]
mod tests {
    use rumormill_core::Value;

    use super::*;

    #[test]
    fn what_cannot_be_names_its_parameter() {
        let wrong = [
            ("successors", Value::Count(0), "successors: 0 is not between 1 and 64"),
            ("founders", Value::Count(6), "founders: 6 is not between 0 and 5"),
            ("timeout", Value::Span(Duration::ZERO), "timeout: must be at least 1ms"),
            ("tries", Value::Count(0), "tries: 0 is not between 1 and 100"),
        ];
        for (name, value, why) in wrong {
            let parameters = [("peers".into(), Value::Count(5)), (name.into(), value)];
            let error = Config::from_parameters(&Parameters(parameters.into())).unwrap_err();
            assert_eq!(error.to_string(), why);
        }
    }
}
