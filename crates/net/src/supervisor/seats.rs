//! Which peers share a process.

use std::collections::BTreeSet;

use rumormill_core::plan::{Churn, Fault, Plan};

use super::{Launchpad, StartError};

/// Processes of one run, at most.
pub const MAX_PROCESSES: usize = 1_024;

/// Processes that hold one peer only because of what the plan does to it, at most.
pub const MAX_LONE: usize = 128;

/// The peers of each process.
pub(super) fn assign(launchpad: &Launchpad) -> Result<Vec<Vec<u32>>, StartError> {
    let (peers, each) = (launchpad.peers, launchpad.peers_per_process.max(1));
    if peers == 0 {
        return Err(StartError::NoPeers);
    }
    let mut lone = lone(&launchpad.plan, launchpad.seed, peers);
    if lone.len() > MAX_LONE {
        lone.clear();
    }
    let sharing = peers as usize - lone.len();
    let processes = lone.len() + sharing.div_ceil(each as usize);
    if processes > MAX_PROCESSES {
        return Err(StartError::TooMany { peers, peers_per_process: each, processes });
    }
    let others: Vec<u32> = (1..=peers).filter(|peer| !lone.contains(peer)).collect();
    let shared = others.chunks(each as usize).map(<[u32]>::to_vec);
    Ok(shared.chain(lone.iter().map(|&peer| vec![peer])).collect())
}

/// The peers to which something happens that happens to a process.
fn lone(plan: &Plan, seed: u64, peers: u32) -> BTreeSet<u32> {
    let mut lone = BTreeSet::new();
    for timed in &plan.faults {
        if let Fault::Crash { peers: some }
        | Fault::Restart { peers: some, .. }
        | Fault::Pause { peers: some }
        | Fault::Resume { peers: some }
        | Fault::Join { peers: some } = &timed.fault
        {
            lone.extend(some.resolve(seed, peers));
        }
    }
    match &plan.churn {
        Some(Churn::Exponential { peers: some, .. }) => lone.extend(some.resolve(seed, peers)),
        Some(Churn::Schedule { absences, .. }) => {
            lone.extend(absences.iter().map(|&(peer, ..)| peer).filter(|peer| (1..=peers).contains(peer)));
        }
        _ => {}
    }
    lone
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::Duration;
    use rumormill_core::plan::{Peers, Timed};

    fn launchpad(peers: u32, peers_per_process: u32) -> Launchpad {
        let parameters = rumormill_core::Parameters::default();
        Launchpad { peers_per_process, ..Launchpad::new("peer".into(), "test", parameters, peers) }
    }

    fn crash(peers: Peers) -> Plan {
        Plan { faults: vec![Timed { at: Duration::ZERO, fault: Fault::Crash { peers } }], ..Plan::default() }
    }

    #[test]
    fn every_peer_has_one_process_and_crashing_ones_have_their_own() {
        let plan = crash(Peers::Numbers(vec![2, 5]));
        let seats = assign(&Launchpad { plan, ..launchpad(7, 3) }).unwrap();
        assert_eq!(seats, [vec![1, 3, 4], vec![6, 7], vec![2], vec![5]]);
    }

    #[test]
    fn when_all_of_many_crash_they_still_share() {
        let seats = assign(&Launchpad { plan: crash(Peers::All), ..launchpad(200, 20) }).unwrap();
        assert_eq!(seats.len(), 10);
        let seats = assign(&Launchpad { plan: crash(Peers::All), ..launchpad(20, 20) }).unwrap();
        assert_eq!(seats.len(), 20);
    }

    #[test]
    fn impossible_numbers_are_refused() {
        assert!(matches!(assign(&launchpad(0, 1)), Err(StartError::NoPeers)));
        let error = assign(&launchpad(1_000_000, 10)).unwrap_err();
        assert!(matches!(error, StartError::TooMany { processes: 100_000, .. }), "{error}");
    }
}
