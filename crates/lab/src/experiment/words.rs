//! A plan in words, for the form and the command line.

use std::time::Duration;

use rumormill_core::plan::{Churn, Conditions, DiskFate, Fault, Latency, Peers, Plan};

use super::units::{say, trimmed};
use super::{FaultInWords, Stop};

/// The network: `5 ms to 50 ms, 1 % loss`.
pub(super) fn network(plan: &Plan) -> String {
    let latency = match &plan.network.latency {
        Latency::Constant(span) => say(*span),
        Latency::Uniform { min, max } => format!("{} to {}", say(*min), say(*max)),
        Latency::LogNormal { min, median, .. } => format!("{} + lognormal around {}", say(*min), say(*median)),
        Latency::Matrix(matrix) => format!("measured between {} sites", matrix.sites),
        Latency::Regions(regions) => format!("{} regions: {}", regions.names.len(), regions.names.join(", ")),
        _ => "latency".into(),
    };
    let conditions = conditions(&plan.network.conditions);
    if conditions.is_empty() { latency } else { format!("{latency}, {conditions}") }
}

/// Conditions on a link; empty when there are none.
fn conditions(conditions: &Conditions) -> String {
    let mut words = Vec::new();
    let percent = |p: f64| format!("{} %", trimmed(p * 100.0));
    if conditions.loss > 0.0 {
        words.push(format!("{} loss", percent(conditions.loss)));
    }
    if conditions.duplication > 0.0 {
        words.push(format!("{} duplicated", percent(conditions.duplication)));
    }
    if conditions.reordering > 0.0 {
        words.push(format!("{} held back up to {}", percent(conditions.reordering), say(conditions.reordering_by)));
    }
    if !conditions.delay.is_zero() {
        words.push(format!("{} slower", say(conditions.delay)));
    }
    if let Some(bits) = conditions.bandwidth {
        words.push(match bits {
            1_000_000.. => format!("{} Mbit/s", trimmed(bits as f64 / 1e6)),
            _ => format!("{} kbit/s", trimmed(bits as f64 / 1e3)),
        });
    }
    words.join(", ")
}

/// The faults in order, and churn.
pub(super) fn faults(plan: &Plan) -> Vec<FaultInWords> {
    let timed = |at: Duration, text| FaultInWords { at_s: at.as_secs_f64(), text };
    let mut words: Vec<_> = plan.schedule().into_iter().map(|one| timed(one.at, fault(&one.fault))).collect();
    match &plan.churn {
        Some(Churn::Exponential { mean_up, mean_down, peers, until, .. }) => {
            let (up, down, until) = (say(*mean_up), say(*mean_down), say(*until));
            let who = choice(peers);
            words.push(timed(Duration::ZERO, format!("{who} come and go: {up} up, {down} down on average, until {until}")));
        }
        Some(Churn::Schedule { absences, .. }) => {
            words.push(timed(Duration::ZERO, format!("{} absences as scheduled", absences.len())));
        }
        _ => {}
    }
    words
}

/// A fault: `3 random peers crash`.
fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Partition { groups } => {
            format!("partition: {}", groups.iter().map(choice).collect::<Vec<_>>().join(" | "))
        }
        Fault::Cut { from, to, both: true } => format!("cut between {} and {}", choice(from), choice(to)),
        Fault::Cut { from, to, both: false } => format!("cut from {} to {}", choice(from), choice(to)),
        Fault::Heal => "heal".into(),
        Fault::Link { from, to, conditions: Some(holds) } => {
            format!("from {} to {}: {}", choice(from), choice(to), or_good(conditions(holds)))
        }
        Fault::Link { from, to, conditions: None } => format!("from {} to {}: as before", choice(from), choice(to)),
        Fault::Conditions(holds) => format!("network: {}", or_good(conditions(holds))),
        Fault::Crash { peers } => format!("{} crash", choice(peers)),
        Fault::Restart { peers, disk: DiskFate::Kept } => format!("{} restart from disk", choice(peers)),
        Fault::Restart { peers, disk: DiskFate::Lost } => format!("{} restart with an empty disk", choice(peers)),
        Fault::Pause { peers } => format!("{} pause", choice(peers)),
        Fault::Resume { peers } => format!("{} resume", choice(peers)),
        Fault::Slow { peers, by } => format!("{} take {} for each message", choice(peers), say(*by)),
        Fault::Clock { peers, offset_ns, drift_ppm } => {
            let sign = if *offset_ns < 0 { "-" } else { "+" };
            let jump = say(Duration::from_nanos(offset_ns.unsigned_abs()));
            format!("clocks of {}: {sign}{jump}, {drift_ppm} ppm", choice(peers))
        }
        Fault::Join { peers } => format!("{} join", choice(peers)),
        other => format!("{other:?}"),
    }
}

fn or_good(words: String) -> String {
    if words.is_empty() { "good".into() } else { words }
}

/// Some peers: `peers 1, 2, 3`.
fn choice(peers: &Peers) -> String {
    match peers {
        Peers::All => "all peers".into(),
        Peers::Numbers(numbers) => match numbers.as_slice() {
            [one] => format!("peer {one}"),
            some => {
                let shown: Vec<_> = some.iter().take(8).map(u32::to_string).collect();
                format!("peers {}{}", shown.join(", "), if some.len() > 8 { ", ..." } else { "" })
            }
        },
        Peers::Share { from, to } => format!("{} to {} %", trimmed(from * 100.0), trimmed(to * 100.0)),
        Peers::Random { count: 1, .. } => "1 random peer".into(),
        Peers::Random { count, .. } => format!("{count} random peers"),
        other => format!("{other:?}"),
    }
}

/// When it ends.
pub(super) fn stop(stop: &Stop) -> String {
    let limit = say(stop.time_limit);
    if stop.targets_met { format!("when all targets are met, at the latest after {limit}") } else { format!("after {limit}") }
}

/// All choices of peers in a fault.
pub(super) fn peers_of(fault: &Fault) -> Vec<&Peers> {
    match fault {
        Fault::Partition { groups } => groups.iter().collect(),
        Fault::Cut { from, to, .. } | Fault::Link { from, to, .. } => vec![from, to],
        Fault::Crash { peers }
        | Fault::Restart { peers, .. }
        | Fault::Pause { peers }
        | Fault::Resume { peers }
        | Fault::Slow { peers, .. }
        | Fault::Clock { peers, .. }
        | Fault::Join { peers } => vec![peers],
        _ => Vec::new(),
    }
}
