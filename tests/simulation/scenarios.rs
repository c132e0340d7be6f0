//! One thing at a time: what a fault does to a flood, and what not.

use std::time::Duration;

use rumormill_core::plan::{Conditions, DiskFate, Fault, Peers, Timed};
use rumormill_core::{Outcome, PeerId, Value};
use rumormill_protocols::flood::ItemId;

use crate::case::{Case, at, held};

fn fault(millis: u64, fault: Fault) -> Timed {
    Timed { at: Duration::from_millis(millis), fault }
}

fn halves() -> Fault {
    let half = |from, to| Peers::Share { from, to };
    Fault::Partition { groups: vec![half(0.0, 0.5), half(0.5, 1.0)] }
}

#[test]
fn without_faults_pushing_is_enough() {
    let case = Case::new(1, 20, 2).with("anti_entropy", Value::Flag(false));
    let report = case.run();
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(report.messages.dropped, 0);
    assert!(report.virtual_time < Duration::from_secs(1), "{:?}", report.virtual_time);
}

#[test]
fn a_partition_keeps_the_halves_apart_until_it_heals() {
    let mut case = Case::new(2, 10, 2);
    case.plan.faults = vec![fault(0, halves()), fault(5_000, Fault::Heal)];
    let mut run = case.simulation();
    assert_eq!(run.run_until(at(4_900)), None);
    for peerid in 1..=10 {
        let others = if peerid <= 5 { 6..=10 } else { 1..=5_u64 };
        let holds = held(&run, peerid);
        let crossed = others.clone().find(|&author| holds.prefix(PeerId(author)) > 0);
        assert_eq!(crossed, None, "peer {peerid} has a message from the other half");
        assert_eq!(holds.len(), 10, "peer {peerid} has all of its own half");
    }
    let report = run.run();
    assert_eq!(report.outcome, Outcome::Completed);
    assert!(report.virtual_time > Duration::from_secs(5), "{:?}", report.virtual_time);
}

#[test]
fn a_one_way_cut_lets_the_other_way_pass() {
    let mut case = Case::new(3, 2, 1).with("anti_entropy", Value::Flag(false));
    let (from, to) = (Peers::Numbers(vec![1]), Peers::Numbers(vec![2]));
    case.plan.faults = vec![fault(0, Fault::Cut { from, to, both: false })];
    let mut run = case.simulation();
    run.run_until(at(2_000));
    assert_eq!(held(&run, 1).len(), 2, "what peer 2 sends arrives");
    assert_eq!(held(&run, 2).len(), 1, "what peer 1 sends does not");
}

/// Six peers with three messages each. Peer 1 is alone until 6 s, so that the run goes on; peer 4 learns all
/// others, is alone from 1 s on, crashes at 2 s and restarts at 3 s with its disk as said.
fn crash_of_peer_4(seed: u64, disk: DiskFate) -> Case {
    let mut case = Case::new(seed, 6, 3);
    let [one, four] = [1, 4].map(|number| Peers::Numbers(vec![number]));
    case.plan.faults = vec![
        fault(0, Fault::Partition { groups: vec![one.clone()] }),
        fault(1_000, Fault::Partition { groups: vec![one, four.clone()] }),
        fault(2_000, Fault::Crash { peers: four.clone() }),
        fault(3_000, Fault::Restart { peers: four, disk }),
        fault(6_000, Fault::Heal),
    ];
    case
}

#[test]
fn a_restarted_peer_has_what_its_disk_kept() {
    let mut run = crash_of_peer_4(4, DiskFate::Kept).simulation();
    run.run_until(at(1_900));
    assert_eq!(held(&run, 4).len(), 15, "all but those of peer 1");
    run.run_until(at(2_900));
    assert!(!run.is_up(4));
    run.run_until(at(5_900));
    assert_eq!(held(&run, 4).len(), 15, "nobody could have told it again");
    assert_eq!(run.run().outcome, Outcome::Completed);
}

#[test]
fn a_peer_with_a_lost_disk_learns_everything_again() {
    let mut run = crash_of_peer_4(5, DiskFate::Lost).simulation();
    run.run_until(at(5_900));
    assert_eq!(held(&run, 4).len(), 3, "it has only what it created anew");
    assert_eq!(run.run().outcome, Outcome::Completed);
}

#[test]
fn a_late_peer_catches_up() {
    let mut case = Case::new(6, 10, 2);
    case.plan.faults = vec![fault(5_000, Fault::Join { peers: Peers::Numbers(vec![7]) })];
    let mut run = case.simulation();
    run.run_until(at(4_900));
    assert!(!held(&run, 1).contains(ItemId { author: PeerId(7), number: 1 }));
    let report = run.run();
    assert_eq!(report.outcome, Outcome::Completed);
    assert!(report.virtual_time > Duration::from_secs(5));
}

#[test]
fn a_paused_peer_holds_up_only_itself() {
    let mut case = Case::new(7, 10, 1);
    let peers = Peers::Numbers(vec![3]);
    case.plan.faults = vec![fault(0, Fault::Pause { peers: peers.clone() }), fault(4_000, Fault::Resume { peers })];
    let mut run = case.simulation();
    run.run_until(at(3_900));
    for peerid in (1..=10).filter(|&peerid| peerid != 3) {
        assert_eq!(held(&run, peerid).len(), 9, "peer {peerid}");
    }
    assert_eq!(held(&run, 3).len(), 0);
    assert_eq!(run.run().outcome, Outcome::Completed);
}

#[test]
fn duplicates_and_overtaking_change_nothing_for_the_members() {
    let mut case = Case::new(8, 10, 5);
    case.plan.network.conditions = Conditions {
        duplication: 0.5,
        reordering: 0.5,
        reordering_by: Duration::from_millis(500),
        ..Conditions::default()
    };
    let report = case.run();
    assert_eq!(report.outcome, Outcome::Completed);
    assert!(report.messages.duplicated > report.messages.sent / 4, "{:?}", report.messages);
}

#[test]
fn a_peer_that_is_down_for_good_does_not_hold_up_the_others() {
    let mut case = Case::new(9, 10, 1);
    case.plan.faults = vec![
        fault(0, Fault::Partition { groups: vec![Peers::Numbers(vec![1])] }),
        fault(2_000, Fault::Crash { peers: Peers::Numbers(vec![10]) }),
        fault(4_000, Fault::Heal),
    ];
    let report = case.run();
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!((report.up, report.done), (9, 9));
    assert!(report.virtual_time > Duration::from_secs(4), "{:?}", report.virtual_time);
}

#[test]
fn the_same_case_gives_the_same_report() {
    let case = Case { plan: crate::chaos::plan(11), ..Case::new(11, 10, 3) };
    assert_eq!(case.run(), case.run());
    let other = Case { seed: 12, ..case.clone() };
    assert_ne!(case.run().digest, other.run().digest);
}
