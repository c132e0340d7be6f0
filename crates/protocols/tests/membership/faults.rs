//! Crashes, loss, partitions and churn: who is up is known in the end, and nobody else is held to have failed.

use std::time::Duration;

use rumormill_core::plan::{Churn, DiskFate, Fault, Peers};
use rumormill_core::{Rng, Value};
use rumormill_protocols::membership::Config;

use crate::world::Group;

fn numbers(peers: &[u32]) -> Peers {
    Peers::Numbers(peers.to_vec())
}

/// Both detectors, and with and without Lifeguard.
fn kinds(peers: u32, seconds: u64) -> [Group; 3] {
    let group = || Group::new(peers, seconds);
    let heartbeats = Value::Text("heartbeats".into());
    [group(), group().lifeguard(false), group().with("detector", heartbeats)]
}

#[test]
fn every_crash_is_noticed_by_all_in_time_and_nothing_else() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let peers = 4 + rng.below(20) as u32;
        let mut who: Vec<u32> = (1..=peers).collect();
        rng.shuffle(&mut who);
        who.truncate(1 + rng.below(u64::from(peers / 2)) as usize);
        let at = 20.0 + rng.unit() * 5.0;
        for (group, (slowest, rounds)) in kinds(peers, 400).into_iter().zip([(9, 1.0), (1, 1.0), (1, 3.0)]) {
            // All properties hold, that none fails falsely among them.
            let seen = group.crash(at, numbers(&who)).checked().run(seed);
            for &gone in &who {
                let failed = seen.reports("Failed", gone, at);
                let up = (1..=peers).filter(|peer| !who.contains(peer));
                assert!(up.clone().all(|peer| failed.contains_key(&peer)), "seed {seed}: {gone} by {failed:?}");
                let last = failed.values().copied().fold(0.0, f64::max) - at;
                // Twice as many periods as members to probe it, the longest suspicion, and time for news. In doubt of
                // itself, a member probes up to nine times less often. Heartbeats are expected by few, and when these
                // are gone too, others expect them only once that is known.
                let longest = Config::default().suspicion_time(peers as usize).max;
                let bound = f64::from(2 * peers * slowest) + rounds * (longest.as_secs_f64() + 8.0);
                assert!(last < bound, "seed {seed}: {gone} after {last} s of {bound}");
            }
        }
    }
}

#[test]
fn lost_messages_make_nobody_fail() {
    for seed in 0..20 {
        for (kind, group) in kinds(20, 150).into_iter().enumerate() {
            let seen = group.loss(0.05).checked().run(seed);
            assert_eq!(seen.false_failures(&[]), 0, "seed {seed}");
            assert!((1..=20).all(|peer| seen.counted(peer) == 19), "seed {seed}");
            let suspected = seen.heard.iter().filter(|heard| heard.what == "Suspected").count();
            let refuted = seen.heard.iter().filter(|heard| heard.what == "Alive").count();
            assert!(refuted <= suspected, "kind {kind} seed {seed}: {refuted} of {suspected}");
        }
    }
}

/// With a fifth of all messages lost, suspicions are common, and refuted.
#[test]
fn suspicions_are_refuted() {
    let (mut suspected, mut refuted) = (0, 0);
    for seed in 0..10 {
        let seen = Group::new(16, 120).loss(0.2).run(seed);
        let count = |what: &str| seen.heard.iter().filter(|heard| heard.what == what).count();
        (suspected, refuted) = (suspected + count("Suspected"), refuted + count("Alive"));
        assert_eq!(seen.false_failures(&[]), 0, "seed {seed}");
        assert!((1..=16).any(|peer| seen.simulation.state(peer).unwrap().membership().incarnation() > 0));
    }
    assert!(suspected > 100 && refuted * 10 > suspected * 8, "{refuted} of {suspected}");
}

#[test]
fn halves_of_a_split_group_find_together() {
    for seed in 0..12 {
        for (kind, group) in kinds(20, 360).into_iter().enumerate() {
            let halves = vec![Peers::Share { from: 0.0, to: 0.5 }, Peers::Share { from: 0.5, to: 1.0 }];
            let group = group.at(15.0, Fault::Partition { groups: halves }).at(220.0, Fault::Heal);
            let checks = ["crashes_are_noticed", "members_are_known", "nobody_speaks_for_others", "lists_agree"];
            let seen = group.check(&checks).run(seed);
            let failed = seen.reports("Failed", 20, 15.0);
            assert!(
                (1..=10).all(|peer| failed.contains_key(&peer)),
                "seed {seed}: the split was noticed by {failed:?}"
            );
            let split = seen.heard.iter().filter(|heard| heard.at > 220.0 && heard.what == "Failed").count();
            // Heartbeats go other ways once the circle is whole: somebody may expect those that no longer come.
            let most = if kind == 2 { 20 } else { 0 };
            assert!(split <= most, "kind {kind} seed {seed}: coming together makes {split} fail");
        }
    }
}

#[test]
fn without_anybody_who_looks_for_lost_members_they_do_not() {
    let halves = vec![Peers::Share { from: 0.0, to: 0.5 }, Peers::Share { from: 0.5, to: 1.0 }];
    let group = Group::new(20, 240).with("reconnect_every", Value::Span(Duration::ZERO));
    let seen = group.at(15.0, Fault::Partition { groups: halves }).at(100.0, Fault::Heal).run(1);
    assert!((1..=20).all(|peer| seen.counted(peer) == 9));
}

#[test]
fn whoever_comes_and_goes_all_agree_in_the_end() {
    for seed in 0..10 {
        for mut group in kinds(24, 400) {
            let disk = if seed % 2 == 0 { DiskFate::Kept } else { DiskFate::Lost };
            let secs = Duration::from_secs;
            let peers = Peers::Share { from: 0.25, to: 1.0 };
            group.plan.churn =
                Some(Churn::Exponential { mean_up: secs(60), mean_down: secs(20), peers, disk, until: secs(250) });
            let checks = ["crashes_are_noticed", "members_are_known", "nobody_speaks_for_others", "lists_agree"];
            let seen = group.loss(0.02).check(&checks).run(seed);
            let crashes = seen.heard.iter().filter(|heard| heard.what == "Failed").count();
            assert!(crashes > 30, "seed {seed}: {crashes} reports");
        }
    }
}

#[test]
fn a_leave_is_told_and_is_no_failure() {
    for seed in 0..10 {
        for group in kinds(16, 120) {
            let ask = |text: &str| Fault::Request { peers: numbers(&[3, 9]), text: text.into() };
            // They stop at once, without waiting for anybody to hear of it.
            let group = group.at(20.0, ask("leave")).crash(20.3, numbers(&[9])).at(60.0, ask("join"));
            let seen = group.check(&["crashes_are_noticed", "members_are_known", "lists_agree"]).run(seed);
            for gone in [3, 9] {
                let left = seen.reports("Left", gone, 20.0);
                assert!(left.len() >= 14, "seed {seed}: {gone} by {left:?}");
                assert!(left.values().all(|&at| at < 30.0), "seed {seed}: {left:?}");
            }
            assert_eq!(seen.reports("Joined", 3, 60.0).len(), 15, "seed {seed}: 9 is down");
            assert_eq!(seen.false_failures(&[]), 0, "seed {seed}");
        }
    }
}

/// A thousand peers in one storm: each knows all others soon.
#[test]
fn a_thousand_join_at_once() {
    let group = Group::new(1_000, 30).with("sync_every", Value::Span(Duration::from_secs(10)));
    let seen = group.run(1);
    let counted = (1..=1_000).filter(|&peer| seen.counted(peer) == 999).count();
    assert_eq!(counted, 1_000);
}
