//! A plan in words, for the form and the command line.

use std::time::Duration;

use rumormill_core::plan::words::span as say;
use rumormill_core::plan::{Churn, Conditions, Fault, Network, Peers, Plan};

use super::{FaultInWords, Stop};

/// The network: `5 ms to 50 ms, 1 % loss`.
pub(super) fn network(plan: &Plan) -> String {
    let Network { latency, conditions } = &plan.network;
    if *conditions == Conditions::default() { latency.to_string() } else { format!("{latency}, {conditions}") }
}

/// The faults in order, and churn.
pub(super) fn faults(plan: &Plan) -> Vec<FaultInWords> {
    let timed = |at: Duration, text| FaultInWords { at_s: at.as_secs_f64(), text };
    let mut words: Vec<_> = plan.schedule().into_iter().map(|one| timed(one.at, one.fault.to_string())).collect();
    match &plan.churn {
        Some(Churn::Exponential { mean_up, mean_down, peers, until, .. }) => {
            let (up, down, until) = (say(*mean_up), say(*mean_down), say(*until));
            let who = peers;
            words.push(timed(
                Duration::ZERO,
                format!("{who} come and go: {up} up, {down} down on average, until {until}"),
            ));
        }
        Some(Churn::Schedule { absences, .. }) => {
            words.push(timed(Duration::ZERO, format!("{} absences as scheduled", absences.len())));
        }
        _ => {}
    }
    words
}

/// When it ends.
pub(super) fn stop(stop: &Stop) -> String {
    let limit = say(stop.time_limit);
    if stop.targets_met {
        format!("when all targets are met, at the latest after {limit}")
    } else {
        format!("after {limit}")
    }
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
        | Fault::Join { peers }
        | Fault::Request { peers, .. } => vec![peers],
        _ => Vec::new(),
    }
}
