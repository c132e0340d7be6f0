//! Slow members: what they send and hear is late, but their timers are not. SWIM then takes members for failed that are
//! well; Lifeguard hardly does.

use rumormill_core::plan::{Fault, Peers};

use crate::world::Group;

/// A group of which some members are slow again and again; how many reports of failures there were, about members that
/// are never slow, and about all.
fn failures(lifeguard: bool, seed: u64) -> (usize, usize) {
    let slow: Vec<u32> = (1..=4).collect();
    let mut group = Group::new(32, 300).lifeguard(lifeguard);
    for cycle in 0..8 {
        group = group.slow(30.0 + f64::from(cycle) * 32.0, 16.0, &slow, 8.0);
    }
    let seen = group.run(seed);
    (seen.false_failures(&slow), seen.false_failures(&[]))
}

#[test]
fn lifeguard_has_several_times_fewer_false_failures() {
    let total = |lifeguard| {
        let found = (0..8).map(|seed| failures(lifeguard, seed));
        found.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    };
    let (plain, guarded) = (total(false), total(true));
    println!("about members that are well: {} and {}; about all: {} and {}", plain.0, guarded.0, plain.1, guarded.1);
    assert!(plain.0 > 50, "slow members make work: {plain:?}");
    assert!(guarded.0 * 5 <= plain.0, "{guarded:?} of {plain:?}");
}

/// Members that freeze and go on may be held to have failed, but take no others for that.
#[test]
fn frozen_members_hold_nobody_to_have_failed() {
    for lifeguard in [true, false] {
        for seed in 0..6 {
            let frozen: Vec<u32> = (1..=4).collect();
            let mut group = Group::new(24, 200).lifeguard(lifeguard);
            for cycle in 0..4 {
                let at = 30.0 + f64::from(cycle) * 30.0;
                let peers = || Peers::Numbers(frozen.clone());
                group = group.at(at, Fault::Pause { peers: peers() }).at(at + 12.0, Fault::Resume { peers: peers() });
            }
            let seen = group.check(&["crashes_are_noticed", "members_are_known", "lists_agree"]).run(seed);
            assert_eq!(seen.false_failures(&frozen), 0, "seed {seed}");
        }
    }
}
