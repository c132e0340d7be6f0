//! Starlark values to data, with errors that say what was expected.

use rumormill_core::plan::{Churn, Conditions, Disk, Peers, Regions, Timed};
use rumormill_core::{Duration, Topology};
use starlark::values::dict::DictRef;
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::{UnpackValue, Value};

use super::data::{Data, Datum, Parts, Stop};
use crate::experiment::units::span;
use crate::experiment::{Kind, Parameter};

/// The most regions of a latency table.
const REGIONS_MAX: usize = 100;

/// The most parameters, and the most entries of lists of texts.
const ENTRIES_MAX: usize = 1_000;

/// A choice of peers: as a function gave it, a number, or a list of numbers.
pub(super) fn peers(value: Value<'_>) -> anyhow::Result<Peers> {
    if let Some(Data(Datum::Peers(peers))) = Data::from_value(value) {
        return Ok(peers);
    }
    let numbers = match value.unpack_i32() {
        Some(number) => vec![i64::from(number)],
        None => match UnpackListOrTuple::<i64>::unpack_value(value) {
            Ok(Some(numbers)) => numbers.items,
            _ => anyhow::bail!("expected peers, as in 3, [1, 2], all_peers() or share(0, 0.5), not {}", what(value)),
        },
    };
    let number = |&number: &i64| {
        let number = u32::try_from(number).ok().filter(|&number| number > 0);
        number.ok_or_else(|| anyhow::anyhow!("peers are numbered from 1"))
    };
    Ok(Peers::Numbers(numbers.iter().map(number).collect::<anyhow::Result<_>>()?))
}

/// The groups of a partition: choices of peers, or what `halves()` gives.
pub(super) fn groups(values: &[Value<'_>]) -> anyhow::Result<Vec<Peers>> {
    let mut groups = Vec::new();
    for value in values {
        match Data::from_value(*value) {
            Some(Data(Datum::Groups(more))) => groups.extend(more),
            _ => groups.push(peers(*value)?),
        }
    }
    anyhow::ensure!(!groups.is_empty(), "a partition needs at least one group, as in partition(halves())");
    Ok(groups)
}

/// What holds on a link: a network without a latency.
pub(super) fn conditions(value: Value<'_>) -> anyhow::Result<Conditions> {
    let Some(Data(Datum::Network(parts))) = Data::from_value(value) else {
        anyhow::bail!("expected conditions such as loss(0.3) + delay(\"50ms\"), not {}", what(value));
    };
    anyhow::ensure!(parts.latency.is_none(), "a latency holds for the whole run; on a link use delay(\"50ms\")");
    Ok(parts.conditions())
}

/// Regions from one-way latencies between each two names: `{("eu", "us"): "40ms", ...}`.
pub(super) fn regions(value: Value<'_>, jitter: f64) -> anyhow::Result<Regions> {
    anyhow::ensure!((0.0..=10.0).contains(&jitter), "jitter {jitter} is not between 0 and 10");
    let expected = || anyhow::anyhow!("regions is a table such as {{(\"eu\", \"us\"): \"40ms\", ...}}");
    let table = DictRef::from_value(value).ok_or_else(expected)?;
    let mut entries: Vec<(String, String, Duration)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (pair, text) in table.iter() {
        let pair = <(String, String)>::unpack_value(pair).ok().flatten().ok_or_else(expected)?;
        let text = text.unpack_str().ok_or_else(expected)?;
        for name in [&pair.0, &pair.1] {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        anyhow::ensure!(names.len() <= REGIONS_MAX, "there are more than {REGIONS_MAX} regions");
        entries.push((pair.0, pair.1, span(text).map_err(anyhow::Error::msg)?));
    }
    let mut latency = vec![None; names.len() * names.len()];
    let place = |name: &str| names.iter().position(|known| known == name).unwrap_or(0);
    for (one, other, span) in &entries {
        latency[place(one) * names.len() + place(other)] = Some(*span);
    }
    for one in 0..names.len() {
        for other in 0..names.len() {
            let back = latency[other * names.len() + one];
            let there = &mut latency[one * names.len() + other];
            *there = there.or(back);
            anyhow::ensure!(there.is_some(), "the latency from {} to {} is missing", names[one], names[other]);
        }
    }
    anyhow::ensure!(!names.is_empty(), "there is no region in the table");
    Ok(Regions { latency: latency.into_iter().flatten().collect(), names, jitter })
}

/// A network.
pub(super) fn network(value: Value<'_>) -> anyhow::Result<Parts> {
    match Data::from_value(value) {
        Some(Data(Datum::Network(parts))) => Ok(parts),
        _ => anyhow::bail!("expected a network such as latency(constant = \"10ms\") + loss(0.01), not {}", what(value)),
    }
}

/// A topology.
pub(super) fn topology(value: Value<'_>) -> anyhow::Result<Topology> {
    match Data::from_value(value) {
        Some(Data(Datum::Topology(topology))) => Ok(topology),
        _ => anyhow::bail!("expected full(), random_graph(8), ring(2) or grid(), not {}", what(value)),
    }
}

/// A disk.
pub(super) fn disk(value: Value<'_>) -> anyhow::Result<Disk> {
    match Data::from_value(value) {
        Some(Data(Datum::Disk(disk))) => Ok(disk),
        _ => anyhow::bail!("expected a disk such as disk(\"1ms\"), not {}", what(value)),
    }
}

/// Churn.
pub(super) fn churn(value: Value<'_>) -> anyhow::Result<Churn> {
    match Data::from_value(value) {
        Some(Data(Datum::Churn(churn))) => Ok(churn),
        _ => anyhow::bail!("expected churn(up = ..., down = ..., until = ...) or absences([...]), not {}", what(value)),
    }
}

/// Faults: a list of them with their times.
pub(super) fn faults(value: Value<'_>) -> anyhow::Result<Vec<Timed>> {
    let list = UnpackListOrTuple::<Value<'_>>::unpack_value(value).ok().flatten();
    let list = list.ok_or_else(|| anyhow::anyhow!("expected a list of faults, not {}", what(value)))?;
    let timed = list.items.into_iter().map(|value| match Data::from_value(value) {
        Some(Data(Datum::Timed(timed))) => Ok(timed),
        _ => anyhow::bail!("expected at(\"3s\", ...) in the list of faults, not {}", what(value)),
    });
    timed.collect()
}

/// A rule for the end.
pub(super) fn stop(value: Value<'_>) -> anyhow::Result<Stop> {
    match Data::from_value(value) {
        Some(Data(Datum::Stop(stop))) => Ok(stop),
        _ => anyhow::bail!("expected targets_met(within = \"60s\") or time_limit(\"60s\"), not {}", what(value)),
    }
}

/// What a person may choose; the number of peers is among it.
pub(super) fn parameters(value: Option<Value<'_>>) -> anyhow::Result<Vec<Parameter>> {
    let value = value.unwrap_or_else(Value::new_none);
    let list = items(value).ok_or_else(|| anyhow::anyhow!("parameters is a list, not {}", what(value)))?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for value in list {
        let Some(Data(Datum::Parameter(parameter))) = Data::from_value(value) else {
            anyhow::bail!("expected count(...), expression(...) or the like in parameters, not {}", what(value));
        };
        let twice = parameters.iter().any(|known| known.name == parameter.name);
        anyhow::ensure!(!twice, "the parameter {} is declared twice", parameter.name);
        parameters.push(parameter);
    }
    let counted = parameters.iter().any(|one| one.name == "peers" && one.kind == Kind::Count);
    anyhow::ensure!(counted, "an experiment needs the parameter count(\"peers\", 10, min = 1)");
    Ok(parameters)
}

/// A list of texts; empty when there is none.
pub(super) fn strings(name: &str, value: Option<Value<'_>>) -> anyhow::Result<Vec<String>> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(Vec::new()) };
    let list = items(value).ok_or_else(|| anyhow::anyhow!("{name} is a list of texts, not {}", what(value)))?;
    let text = |value: Value<'_>| value.unpack_str().map(String::from);
    list.into_iter().map(text).collect::<Option<_>>().ok_or_else(|| anyhow::anyhow!("{name} is a list of texts"))
}

fn items<'v>(value: Value<'v>) -> Option<Vec<Value<'v>>> {
    let list = UnpackListOrTuple::<Value<'v>>::unpack_value(value).ok().flatten()?;
    (list.items.len() <= ENTRIES_MAX).then_some(list.items)
}

/// Is it a function of the parameters?
pub(super) fn is_function(value: Value<'_>) -> bool {
    value.get_type() == "function"
}

/// What a value is, for an error.
pub(super) fn what(value: Value<'_>) -> String {
    match Data::from_value(value) {
        Some(data) => data.0.what().into(),
        None => {
            let shown: String = value.to_repr().chars().take(40).collect();
            format!("{} {shown}", value.get_type())
        }
    }
}

/// The value of a parameter as it stands in the file; its declaration says later what it means.
pub(super) fn parameter_value(value: Value<'_>) -> anyhow::Result<rumormill_core::Value> {
    use rumormill_core::Value as Raw;
    Ok(match value.to_json_value()? {
        serde_json::Value::Bool(flag) => Raw::Flag(flag),
        serde_json::Value::String(text) => Raw::Text(text),
        serde_json::Value::Number(number) => match number.as_u64() {
            Some(count) => Raw::Count(count),
            None => Raw::Number(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::Array(values) => {
            let counts: Option<Vec<u64>> = values.iter().map(serde_json::Value::as_u64).collect();
            Raw::PerPeer(counts.ok_or_else(|| anyhow::anyhow!("expected a whole number for each peer"))?.into())
        }
        _ => anyhow::bail!("expected a number, a text, True or False, not {}", what(value)),
    })
}
