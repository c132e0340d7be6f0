//! When what happens to which peer.

use std::time::Duration;

use rumormill_core::plan::{Churn, DiskFate, Fault, Plan};
use rumormill_core::rng::mix;
use rumormill_core::{Instant, Rng};

use crate::waiting::Waiting;

/// Lives of one churning peer, at most.
const MAX_LIVES: usize = 1_000;

/// What is going to happen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// A fault of the plan.
    Fault(Fault),
    /// A churning peer leaves.
    Leave(u32),
    /// A churning peer returns.
    Return(u32, DiskFate),
    /// A process that somebody killed is started again.
    Respawn(usize),
}

impl Action {
    /// Does it let peer number `peerid` boot?
    pub fn boots(&self, peerid: u32, seed: u64, peers: u32) -> bool {
        match self {
            Self::Fault(Fault::Restart { peers: some, .. } | Fault::Join { peers: some }) => {
                some.resolve(seed, peers).contains(&peerid)
            }
            Self::Return(peer, _) => *peer == peerid,
            _ => false,
        }
    }
}

/// All that the plan has in store.
pub(super) fn of(plan: &Plan, seed: u64, peers: u32) -> Waiting<Action> {
    let mut timeline = Waiting::default();
    let mut add = |at: Duration, action| drop(timeline.push(Instant::ZERO + at, action));
    for timed in plan.schedule() {
        add(timed.at, Action::Fault(timed.fault.clone()));
    }
    match &plan.churn {
        Some(Churn::Exponential { mean_up, mean_down, peers: some, disk, until }) => {
            for peer in some.resolve(seed, peers) {
                let mut rng = Rng::new(mix(seed ^ 0x6368_7572_6e00) ^ u64::from(peer));
                let mut at = Duration::ZERO;
                for _ in 0..MAX_LIVES {
                    at = at.saturating_add(exponential(&mut rng, *mean_up));
                    if at >= *until {
                        break;
                    }
                    add(at, Action::Leave(peer));
                    at = at.saturating_add(exponential(&mut rng, *mean_down));
                    add(at, Action::Return(peer, *disk));
                }
            }
        }
        Some(Churn::Schedule { absences, disk }) => {
            for &(peer, from, to) in absences.iter().filter(|(peer, ..)| (1..=peers).contains(peer)) {
                add(from, Action::Leave(peer));
                add(to, Action::Return(peer, *disk));
            }
        }
        _ => {}
    }
    timeline
}

/// A span of exponential length.
fn exponential(rng: &mut Rng, mean: Duration) -> Duration {
    let factor = -(1.0 - rng.unit()).ln();
    Duration::try_from_secs_f64(mean.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

/// The peers that boot later than the run.
pub(super) fn joiners(plan: &Plan, seed: u64, peers: u32) -> Vec<u32> {
    let mut joiners: Vec<u32> = plan
        .faults
        .iter()
        .filter_map(|timed| match &timed.fault {
            Fault::Join { peers: some } => Some(some.resolve(seed, peers)),
            _ => None,
        })
        .flatten()
        .collect();
    joiners.sort_unstable();
    joiners.dedup();
    joiners
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::plan::Peers;

    #[test]
    fn a_churning_peer_leaves_and_returns_in_turn_until_the_end() {
        let second = Duration::from_secs(1);
        let churn = Churn::Exponential {
            mean_up: second,
            mean_down: second,
            peers: Peers::Numbers(vec![3]),
            disk: DiskFate::Kept,
            until: 100 * second,
        };
        let mut timeline = of(&Plan { churn: Some(churn), ..Plan::default() }, 1, 5);
        let (mut leaves, mut here) = (0, true);
        while let Some(at) = timeline.next() {
            match timeline.due(at).unwrap() {
                Action::Leave(3) if here => {
                    assert!(at < Instant::ZERO + 100 * second);
                    leaves += 1;
                }
                Action::Return(3, DiskFate::Kept) if !here => {}
                other => panic!("{other:?} while here is {here}"),
            }
            here = !here;
        }
        assert!(here, "gone for good");
        assert!((30..70).contains(&leaves), "{leaves} absences in 100 s");
    }

    #[test]
    fn actions_know_whom_they_boot() {
        let restart = Fault::Restart { peers: Peers::Numbers(vec![2]), disk: DiskFate::Lost };
        assert!(Action::Fault(restart.clone()).boots(2, 1, 5) && !Action::Fault(restart).boots(3, 1, 5));
        assert!(Action::Return(4, DiskFate::Kept).boots(4, 1, 5));
    }
}
