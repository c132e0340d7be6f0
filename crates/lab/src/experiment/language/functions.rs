//! The functions that an experiment file may call, besides Starlark's own.

use rumormill_core::plan::{Churn, Disk, DiskFate, Fault, Latency, Peers, Timed};
use rumormill_core::{Duration, MAX_PEERS, Parameters, Topology};
use serde_json::Value as Json;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::float::UnpackFloat;
use starlark::values::list_or_tuple::UnpackListOrTuple;
use starlark::values::tuple::UnpackTuple;

use super::data::{Data, Datum, LatencyPart, Parts, Stop};
use super::read;
use crate::experiment::units::{rate, span};
use crate::experiment::{Kind, Parameter};

/// The functions that declare parameters.
#[starlark_module]
pub(super) fn parameters(builder: &mut GlobalsBuilder) {
    /// A whole number.
    fn count<'v>(
        name: &str,
        default: Value<'v>,
        #[starlark(require = named)] min: Option<i64>,
        #[starlark(require = named)] max: Option<i64>,
        #[starlark(require = named, default = "")] help: &str,
    ) -> anyhow::Result<Data> {
        // Without peers there is no run, and no mode runs more than the simulator.
        let (least, most) = if name == "peers" { (Some(1), Some(i64::from(MAX_PEERS))) } else { (None, None) };
        let bounds = (min.max(least).map(|min| min as f64), max.or(most).map(|max| max as f64));
        parameter(Kind::Count, name, json(default)?, bounds, help)
    }

    /// A number.
    fn number<'v>(
        name: &str,
        default: Value<'v>,
        #[starlark(require = named)] min: Option<UnpackFloat>,
        #[starlark(require = named)] max: Option<UnpackFloat>,
        #[starlark(require = named, default = "")] help: &str,
    ) -> anyhow::Result<Data> {
        parameter(Kind::Number, name, json(default)?, (min.map(|min| min.0), max.map(|max| max.0)), help)
    }

    /// Yes or no.
    fn flag(name: &str, default: bool, #[starlark(require = named, default = "")] help: &str) -> anyhow::Result<Data> {
        parameter(Kind::Flag, name, Json::Bool(default), (None, None), help)
    }

    /// Any text.
    fn text(name: &str, default: &str, #[starlark(require = named, default = "")] help: &str) -> anyhow::Result<Data> {
        parameter(Kind::Text, name, default.into(), (None, None), help)
    }

    /// One of several texts.
    fn choice(
        name: &str,
        default: &str,
        #[starlark(require = named)] choices: UnpackListOrTuple<String>,
        #[starlark(require = named, default = "")] help: &str,
    ) -> anyhow::Result<Data> {
        let parameter = Parameter { choices: choices.items, ..declared(Kind::Choice, name, default.into(), help) };
        checked(parameter)
    }

    /// A span of time.
    fn span(
        name: &str,
        default: &str,
        #[starlark(require = named)] min: Option<&str>,
        #[starlark(require = named)] max: Option<&str>,
        #[starlark(require = named, default = "")] help: &str,
    ) -> anyhow::Result<Data> {
        let seconds = |bound: Option<&str>| bound.map(|text| time(text).map(|span| span.as_secs_f64())).transpose();
        parameter(Kind::Span, name, default.into(), (seconds(min)?, seconds(max)?), help)
    }

    /// A number for each peer, computed from `peerid`.
    fn expression(
        name: &str,
        default: &str,
        #[starlark(require = named)] variables: Option<UnpackListOrTuple<String>>,
        #[starlark(require = named, default = "")] help: &str,
    ) -> anyhow::Result<Data> {
        let variables = variables.map_or_else(|| vec!["peerid".to_string()], |variables| variables.items);
        checked(Parameter { variables, ..declared(Kind::Expression, name, default.into(), help) })
    }
}

/// The functions that describe network, disk and topology.
#[starlark_module]
pub(super) fn world(builder: &mut GlobalsBuilder) {
    /// How long messages travel; exactly one of the arguments.
    fn latency<'v>(
        #[starlark(require = named)] constant: Option<&str>,
        #[starlark(require = named)] uniform: Option<(&str, &str)>,
        #[starlark(require = named)] lognormal: Option<(&str, &str, UnpackFloat)>,
        #[starlark(require = named)] matrix: Option<&str>,
        #[starlark(require = named)] regions: Option<Value<'v>>,
        #[starlark(require = named, default = UnpackFloat(0.0))] jitter: UnpackFloat,
    ) -> anyhow::Result<Data> {
        let part = match (constant, uniform, lognormal, matrix, regions) {
            (Some(constant), None, None, None, None) => LatencyPart::Given(Latency::Constant(time(constant)?)),
            (None, Some((min, max)), None, None, None) => {
                let (min, max) = (time(min)?, time(max)?);
                anyhow::ensure!(min <= max, "the least latency is more than the greatest");
                LatencyPart::Given(Latency::Uniform { min, max })
            }
            (None, None, Some((min, median, sigma)), None, None) => {
                anyhow::ensure!((0.0..=10.0).contains(&sigma.0), "sigma {} is not between 0 and 10", sigma.0);
                let (min, median) = (time(min)?, time(median)?);
                LatencyPart::Given(Latency::LogNormal { min, median, sigma: sigma.0 })
            }
            (None, None, None, Some(file), None) => LatencyPart::File(file.into()),
            (None, None, None, None, Some(regions)) => {
                LatencyPart::Given(Latency::Regions(read::regions(regions, jitter.0)?.into()))
            }
            _ => anyhow::bail!("latency takes one of constant, uniform, lognormal, matrix and regions"),
        };
        Ok(network(Parts { latency: Some(part), ..Parts::default() }))
    }

    /// Messages are lost with this probability.
    fn loss(p: UnpackFloat) -> anyhow::Result<Data> {
        Ok(network(Parts { loss: Some(probability("loss", p.0)?), ..Parts::default() }))
    }

    /// Messages arrive twice with this probability.
    fn duplicate(p: UnpackFloat) -> anyhow::Result<Data> {
        Ok(network(Parts { duplication: Some(probability("duplicate", p.0)?), ..Parts::default() }))
    }

    /// Messages are held back by up to `by` with this probability.
    fn reorder(p: UnpackFloat, by: &str) -> anyhow::Result<Data> {
        let reordering = Some((probability("reorder", p.0)?, time(by)?));
        Ok(network(Parts { reordering, ..Parts::default() }))
    }

    /// Messages take this much longer.
    fn delay(by: &str) -> anyhow::Result<Data> {
        Ok(network(Parts { delay: Some(time(by)?), ..Parts::default() }))
    }

    /// A link carries this much in a second.
    fn bandwidth(rate: &str) -> anyhow::Result<Data> {
        let bandwidth = Some(self::rate(rate).map_err(anyhow::Error::msg)?);
        Ok(network(Parts { bandwidth, ..Parts::default() }))
    }

    /// How long a disk takes and what a crash does to it.
    fn disk(
        latency: &str,
        #[starlark(default = UnpackFloat(0.5))] keeps_unsynced: UnpackFloat,
    ) -> anyhow::Result<Data> {
        let keeps_unsynced = probability("keeps_unsynced", keeps_unsynced.0)?;
        Ok(Data(Datum::Disk(Disk { latency: time(latency)?, keeps_unsynced })))
    }

    /// Everybody knows everybody.
    fn full() -> anyhow::Result<Data> {
        Ok(Data(Datum::Topology(Topology::Full)))
    }

    /// A random graph in which everybody knows this many.
    fn random_graph(degree: u32) -> anyhow::Result<Data> {
        anyhow::ensure!((2..=1_000).contains(&degree), "degree {degree} is not between 2 and 1000");
        Ok(Data(Datum::Topology(Topology::Random { degree })))
    }

    /// Everybody knows the next `reach` on either side.
    fn ring(#[starlark(default = 1)] reach: u32) -> anyhow::Result<Data> {
        anyhow::ensure!((1..=500).contains(&reach), "reach {reach} is not between 1 and 500");
        Ok(Data(Datum::Topology(Topology::Ring { reach })))
    }

    /// A rectangle; neighbors left, right, above and below.
    fn grid() -> anyhow::Result<Data> {
        Ok(Data(Datum::Topology(Topology::Grid)))
    }
}

/// The functions that choose peers.
#[starlark_module]
pub(super) fn peers(builder: &mut GlobalsBuilder) {
    /// All of them.
    fn all_peers() -> anyhow::Result<Data> {
        Ok(Data(Datum::Peers(Peers::All)))
    }

    /// Those with these numbers, from 1.
    fn peers(#[starlark(args)] numbers: UnpackTuple<u32>) -> anyhow::Result<Data> {
        anyhow::ensure!(numbers.items.iter().all(|&number| number > 0), "peers are numbered from 1");
        Ok(Data(Datum::Peers(Peers::Numbers(numbers.items))))
    }

    /// Those from one fraction of all to another.
    fn share(start: UnpackFloat, end: UnpackFloat) -> anyhow::Result<Data> {
        let (from, to) = (probability("share", start.0)?, probability("share", end.0)?);
        anyhow::ensure!(from <= to, "the share begins at {from} after it ends at {to}");
        Ok(Data(Datum::Peers(Peers::Share { from, to })))
    }

    /// The first half and the second, as groups of a partition.
    fn halves() -> anyhow::Result<Data> {
        let half = |from, to| Peers::Share { from, to };
        Ok(Data(Datum::Groups(vec![half(0.0, 0.5), half(0.5, 1.0)])))
    }

    /// This many, drawn by the seed; the same draw names the same peers.
    fn random_peers(count: u32, #[starlark(default = 0)] draw: u32) -> anyhow::Result<Data> {
        Ok(Data(Datum::Peers(Peers::Random { count, draw })))
    }
}

/// The functions that make faults.
#[starlark_module]
pub(super) fn faults(builder: &mut GlobalsBuilder) {
    /// A fault and when it happens.
    fn at<'v>(time: &str, fault: Value<'v>) -> anyhow::Result<Data> {
        let Some(Data(Datum::Fault(fault))) = Data::from_value(fault) else {
            anyhow::bail!("at() takes a fault such as crash(1) or heal(), not {}", read::what(fault));
        };
        Ok(Data(Datum::Timed(Timed { at: self::time(time)?, fault })))
    }

    /// Messages between different groups are lost.
    fn partition<'v>(#[starlark(args)] groups: UnpackTuple<Value<'v>>) -> anyhow::Result<Data> {
        let groups = read::groups(&groups.items)?;
        fault(Fault::Partition { groups })
    }

    /// Messages from `senders` to `receivers` are lost.
    fn cut<'v>(
        senders: Value<'v>,
        receivers: Value<'v>,
        #[starlark(default = false)] both: bool,
    ) -> anyhow::Result<Data> {
        fault(Fault::Cut { from: read::peers(senders)?, to: read::peers(receivers)?, both })
    }

    /// Ends every partition, cut and link condition.
    fn heal() -> anyhow::Result<Data> {
        fault(Fault::Heal)
    }

    /// Conditions on the links from `senders` to `receivers`; without conditions, those end.
    fn link<'v>(senders: Value<'v>, receivers: Value<'v>, conditions: Option<Value<'v>>) -> anyhow::Result<Data> {
        let conditions = conditions.filter(|value| !value.is_none()).map(read::conditions).transpose()?;
        fault(Fault::Link { from: read::peers(senders)?, to: read::peers(receivers)?, conditions })
    }

    /// Conditions on all links without their own.
    fn conditions<'v>(network: Value<'v>) -> anyhow::Result<Data> {
        fault(Fault::Conditions(read::conditions(network)?))
    }

    /// The peers stop at once.
    fn crash<'v>(peers: Value<'v>) -> anyhow::Result<Data> {
        fault(Fault::Crash { peers: read::peers(peers)? })
    }

    /// Crashed peers boot again.
    fn restart<'v>(peers: Value<'v>, #[starlark(default = "kept")] disk: &str) -> anyhow::Result<Data> {
        fault(Fault::Restart { peers: read::peers(peers)?, disk: fate(disk)? })
    }

    /// The peers freeze.
    fn pause<'v>(peers: Value<'v>) -> anyhow::Result<Data> {
        fault(Fault::Pause { peers: read::peers(peers)? })
    }

    /// Frozen peers go on.
    fn resume<'v>(peers: Value<'v>) -> anyhow::Result<Data> {
        fault(Fault::Resume { peers: read::peers(peers)? })
    }

    /// The peers take `by` for each message and timer.
    fn slow<'v>(peers: Value<'v>, by: &str) -> anyhow::Result<Data> {
        fault(Fault::Slow { peers: read::peers(peers)?, by: time(by)? })
    }

    /// The peers' clocks jump by `offset`, which may begin with a minus, and drift.
    fn clock<'v>(
        peers: Value<'v>,
        #[starlark(default = "0")] offset: &str,
        #[starlark(default = 0)] drift_ppm: i32,
    ) -> anyhow::Result<Data> {
        let (sign, offset) = offset.trim().strip_prefix('-').map_or((1, offset), |offset| (-1, offset));
        let offset_ns = sign * i64::try_from(time(offset)?.as_nanos())?;
        anyhow::ensure!(drift_ppm.abs() <= 500_000, "drift_ppm {drift_ppm} is not between -500000 and 500000");
        fault(Fault::Clock { peers: read::peers(peers)?, offset_ns, drift_ppm })
    }

    /// The peers boot only now.
    fn join<'v>(peers: Value<'v>) -> anyhow::Result<Data> {
        fault(Fault::Join { peers: read::peers(peers)? })
    }

    /// The peers are asked something, in the words that their protocol knows.
    fn request<'v>(peers: Value<'v>, text: &str) -> anyhow::Result<Data> {
        anyhow::ensure!(!text.trim().is_empty(), "the request is empty");
        fault(Fault::Request { peers: read::peers(peers)?, text: text.into() })
    }

    /// Parameters have other values from now on.
    fn set<'v>(#[starlark(kwargs)] values: SmallMap<String, Value<'v>>) -> anyhow::Result<Data> {
        anyhow::ensure!(!values.is_empty(), "set() names no parameter: for example set(messages = 5)");
        let values = values.into_iter().map(|(name, value)| {
            let read = read::parameter_value(value);
            Ok((name.clone(), read.map_err(|why| anyhow::anyhow!("set(): {name}: {why}"))?))
        });
        fault(Fault::Set { parameters: Parameters(values.collect::<anyhow::Result<_>>()?) })
    }

    /// Peers come and go, each session and absence of random length with these means.
    fn churn<'v>(
        #[starlark(require = named)] up: &str,
        #[starlark(require = named)] down: &str,
        #[starlark(require = named)] until: &str,
        #[starlark(require = named)] peers: Option<Value<'v>>,
        #[starlark(require = named, default = "kept")] disk: &str,
    ) -> anyhow::Result<Data> {
        let (mean_up, mean_down, until) = (time(up)?, time(down)?, time(until)?);
        anyhow::ensure!(!mean_up.is_zero() && !mean_down.is_zero(), "up and down must be longer than 0");
        let peers = peers.map_or(Ok(Peers::All), read::peers)?;
        Ok(Data(Datum::Churn(Churn::Exponential { mean_up, mean_down, peers, disk: fate(disk)?, until })))
    }

    /// Exactly these absences: (peer, from, to).
    fn absences(
        absences: UnpackListOrTuple<(u32, String, String)>,
        #[starlark(require = named, default = "kept")] disk: &str,
    ) -> anyhow::Result<Data> {
        let read = absences.items.iter().map(|(peer, from, to)| {
            let (from, to) = (time(from)?, time(to)?);
            anyhow::ensure!(*peer > 0 && from < to, "an absence of peer {peer} ends before it begins");
            Ok((*peer, from, to))
        });
        let absences = read.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Data(Datum::Churn(Churn::Schedule { absences, disk: fate(disk)? })))
    }

    /// Every property that the protocol has.
    fn all_properties() -> anyhow::Result<Vec<String>> {
        Ok(vec![crate::checks::ALL.into()])
    }

    /// The run ends when every target is met and every peer done.
    fn targets_met(#[starlark(default = "60s")] within: &str) -> anyhow::Result<Data> {
        Ok(Data(Datum::Stop(Stop::TargetsMet(limit(within)?))))
    }

    /// The run ends after this time.
    fn time_limit(after: &str) -> anyhow::Result<Data> {
        Ok(Data(Datum::Stop(Stop::TimeLimit(limit(after)?))))
    }
}

fn parameter(
    kind: Kind,
    name: &str,
    default: Json,
    (min, max): (Option<f64>, Option<f64>),
    help: &str,
) -> anyhow::Result<Data> {
    checked(Parameter { min, max, ..declared(kind, name, default, help) })
}

fn declared(kind: Kind, name: &str, default: Json, help: &str) -> Parameter {
    let (name, help) = (name.to_string(), help.to_string());
    Parameter { name, kind, default, help, min: None, max: None, choices: Vec::new(), variables: Vec::new() }
}

/// A parameter whose name can stand on a command line and whose default is allowed.
fn checked(parameter: Parameter) -> anyhow::Result<Data> {
    let name = &parameter.name;
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    anyhow::ensure!(
        plain && begins && name.len() <= 40,
        "\"{name}\" cannot name a parameter: use a to z, 0 to 9 and _, beginning with a letter"
    );
    parameter.read(&parameter.default).map_err(|problem| anyhow::anyhow!("the default of {problem}"))?;
    Ok(Data(Datum::Parameter(parameter)))
}

fn json(value: Value<'_>) -> anyhow::Result<Json> {
    value.to_json_value()
}

fn network(parts: Parts) -> Data {
    Data(Datum::Network(parts))
}

fn fault(fault: Fault) -> anyhow::Result<Data> {
    Ok(Data(Datum::Fault(fault)))
}

fn fate(disk: &str) -> anyhow::Result<DiskFate> {
    match disk {
        "kept" => Ok(DiskFate::Kept),
        "lost" => Ok(DiskFate::Lost),
        other => anyhow::bail!("disk is \"kept\" or \"lost\", not \"{other}\""),
    }
}

fn time(text: &str) -> anyhow::Result<Duration> {
    span(text).map_err(anyhow::Error::msg)
}

fn limit(text: &str) -> anyhow::Result<Duration> {
    let limit = time(text)?;
    anyhow::ensure!(!limit.is_zero(), "the time limit must be longer than 0");
    Ok(limit)
}

fn probability(name: &str, p: f64) -> anyhow::Result<f64> {
    anyhow::ensure!((0.0..=1.0).contains(&p), "{name} {p} is not between 0 and 1");
    Ok(p)
}
