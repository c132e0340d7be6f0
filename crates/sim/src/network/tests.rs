//! Tests of what the network does to messages.

use std::time::Duration;

use rumormill_core::plan::{Latency, Peers};

use super::*;

fn network(conditions: Conditions) -> Network {
    let latency = Latency::Constant(Duration::from_millis(10));
    Network::new(3, &plan::Network { latency, conditions })
}

fn parcel(from: u32, to: u32, sequence: u32) -> Parcel {
    Parcel { time: 1_000, from, to, sequence, bytes: 100 }
}

/// What becomes of ten thousand messages.
fn fates(network: &mut Network) -> Vec<Fate> {
    (0..10_000).map(|sequence| network.fate(parcel(1, 2, sequence))).collect()
}

fn apply(network: &mut Network, fault: Fault) {
    network.apply(&Arc::new(Moment::new(0, fault, 1, 10)));
}

fn numbers<const N: usize>(numbers: [u32; N]) -> Peers {
    Peers::Numbers(numbers.to_vec())
}

const ON_TIME: u64 = 10_001_000;

#[test]
fn loss_and_duplication_happen_as_often_as_asked() {
    let all = fates(&mut network(Conditions { loss: 0.3, duplication: 0.1, ..Conditions::default() }));
    let lost = all.iter().filter(|fate| **fate == Fate::Lost(Loss::Link)).count();
    let doubled = all.iter().filter(|fate| **fate == Fate::Doubled(ON_TIME, ON_TIME)).count();
    assert!((2_850..3_150).contains(&lost), "{lost} lost");
    assert!((630..770).contains(&doubled), "{doubled} doubled of those that were not lost");
    assert!(
        fates(&mut network(Conditions { loss: 1.0, ..Conditions::default() }))
            .iter()
            .all(|fate| matches!(fate, Fate::Lost(_)))
    );
}

#[test]
fn reordering_holds_some_messages_back() {
    let by = Duration::from_millis(5);
    let all = fates(&mut network(Conditions { reordering: 0.2, reordering_by: by, ..Conditions::default() }));
    let late = all.iter().filter(|fate| matches!(fate, Fate::Arrives(at) if *at > ON_TIME)).count();
    assert!((1_850..2_150).contains(&late), "{late}");
    assert!(all.iter().all(|fate| matches!(fate, Fate::Arrives(at) if (ON_TIME..=ON_TIME + 5_000_000).contains(at))));
}

#[test]
fn a_link_of_limited_bandwidth_queues_and_overflows() {
    // 100 bytes at 8 Mbit/s take 100 µs.
    let mut network = network(Conditions { bandwidth: Some(8_000_000), ..Conditions::default() });
    let all: Vec<Fate> = (0..20_000).map(|sequence| network.fate(parcel(1, 2, sequence))).collect();
    assert_eq!(all[0], Fate::Arrives(ON_TIME + 100_000));
    assert_eq!(all[9], Fate::Arrives(ON_TIME + 1_000_000));
    let taken = all.iter().take_while(|fate| matches!(fate, Fate::Arrives(_))).count() as u64;
    assert_eq!(taken, QUEUED_BYTES_PER_LINK / 100 + 1);
    assert_eq!(all[19_999], Fate::Lost(Loss::Full));
    assert_eq!(network.fate(parcel(2, 1, 0)), Fate::Arrives(ON_TIME + 100_000), "the other way is another link");
}

#[test]
fn conditions_add_delay() {
    let mut network = network(Conditions { delay: Duration::from_millis(7), ..Conditions::default() });
    assert_eq!(network.fate(parcel(1, 2, 0)), Fate::Arrives(ON_TIME + 7_000_000));
    apply(&mut network, Fault::Conditions(Conditions::default()));
    assert_eq!(network.fate(parcel(1, 2, 1)), Fate::Arrives(ON_TIME));
}

#[test]
fn a_partition_separates_groups_and_the_rest() {
    let mut network = network(Conditions::default());
    apply(&mut network, Fault::Partition { groups: vec![numbers([1, 2]), numbers([2, 3])] });
    let mut passes = |from, to| matches!(network.fate(parcel(from, to, 0)), Fate::Arrives(_));
    assert!(passes(1, 2) && passes(2, 1) && passes(4, 5) && passes(3, 3));
    assert!(!passes(1, 3) && !passes(3, 1) && !passes(1, 4) && !passes(4, 3) && !passes(2, 3));
    apply(&mut network, Fault::Partition { groups: vec![numbers([1])] });
    assert!(matches!(network.fate(parcel(3, 4, 0)), Fate::Arrives(_)), "replaced");
    apply(&mut network, Fault::Heal);
    assert!(matches!(network.fate(parcel(1, 4, 0)), Fate::Arrives(_)), "healed");
}

#[test]
fn a_cut_is_one_way_unless_asked() {
    let mut network = network(Conditions::default());
    apply(&mut network, Fault::Cut { from: numbers([1]), to: numbers([2, 3]), both: false });
    apply(&mut network, Fault::Cut { from: numbers([4]), to: numbers([5]), both: true });
    let mut cut = |from, to| network.fate(parcel(from, to, 0)) == Fate::Lost(Loss::Cut);
    assert!(cut(1, 2) && cut(1, 3) && cut(4, 5) && cut(5, 4));
    assert!(!cut(2, 1) && !cut(1, 4) && !cut(2, 3));
}

#[test]
fn the_last_conditions_of_a_link_hold() {
    let mut network = network(Conditions::default());
    let lossy = Conditions { loss: 1.0, ..Conditions::default() };
    let link = |conditions| Fault::Link { from: numbers([1]), to: Peers::All, conditions };
    apply(&mut network, link(Some(lossy)));
    assert_eq!(network.fate(parcel(1, 2, 0)), Fate::Lost(Loss::Link));
    assert_eq!(network.fate(parcel(2, 1, 0)), Fate::Arrives(ON_TIME));
    let slow = Conditions { delay: Duration::from_millis(1), ..Conditions::default() };
    apply(&mut network, Fault::Link { from: Peers::All, to: numbers([2]), conditions: Some(slow) });
    assert_eq!(network.fate(parcel(1, 2, 1)), Fate::Arrives(ON_TIME + 1_000_000));
    assert_eq!(network.fate(parcel(1, 3, 0)), Fate::Lost(Loss::Link));
    apply(&mut network, link(None));
    assert_eq!((network.fate(parcel(1, 3, 1)), network.links.len()), (Fate::Arrives(ON_TIME), 2));
}

#[test]
fn a_draw_depends_on_seed_sender_and_count_alone() {
    let conditions = Conditions { loss: 0.5, ..Conditions::default() };
    let (one, other) = (fates(&mut network(conditions)), fates(&mut network(conditions)));
    assert_eq!(one, other);
    let mut reseeded = Network { seed: 4, ..network(conditions) };
    assert_ne!(one, fates(&mut reseeded));
}
