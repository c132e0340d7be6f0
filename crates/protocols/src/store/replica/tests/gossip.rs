//! What replicas tell each other.

use super::traps::gossip;
use super::*;
use crate::store::{Indication, Request, Service};

fn fill(replica: &mut Replica, updates: u64) {
    for number in 1..=updates {
        replica.message(FRONT, calls(&Timestamp::new(), vec![update(id(1, number), 100)]));
    }
}

fn told(effects: &Effects) -> Vec<(PeerId, crate::store::Gossip<Ledger>)> {
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to, message: Message::Gossip(gossip) } => Some((*to, gossip.as_ref().clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn after_a_round_all_hold_everything_and_logs_empty() {
    let mut replicas = three(Ack::Fsync);
    replicas.iter_mut().for_each(|replica| fill(replica, 20));
    (0..3).for_each(|_| drop(round(&mut replicas)));
    let digests = replicas.each_ref().map(|replica| inner(replica).value().digest());
    assert!(digests[0] == digests[1] && digests[1] == digests[2]);
    assert_eq!(replicas.each_ref().map(|replica| inner(replica).log_len()), [0, 0, 0]);
    pass(&mut replicas, Duration::from_millis(100));
    let said = told(&replicas[0].timer(crate::store::Timer::Replica(super::super::Timer::Gossip)));
    assert!(said.len() <= 2, "when all is said, at most a new floor is told: {said:?}");
}

/// A message names the prefix that it holds, and the next one goes on there.
#[test]
fn batches_are_bounded_and_name_what_is_in_them() {
    let mut replicas = three(Ack::Fsync);
    fill(&mut replicas[0], 20_000);
    let effects = replicas[0].request(Request::Gossip);
    let to_two: Vec<_> = told(&effects).into_iter().filter(|(to, _)| *to == PeerId(2)).collect();
    assert_eq!(to_two.len(), 3);
    let mut since = 0;
    for (_, gossip) in &to_two {
        assert_eq!(gossip.since.get(line(1)), since);
        since += gossip.records.len() as u64;
        assert_eq!((gossip.upto.get(line(1)), gossip.complete), (since, since == 20_000));
    }
    talk(&mut replicas, 0, effects);
    assert_eq!(inner(&replicas[1]).value().len(), 20_000);
}

#[test]
fn a_message_that_was_lost_is_asked_for() {
    let mut replicas = three(Ack::Fsync);
    fill(&mut replicas[0], 1);
    let lost = replicas[0].request(Request::Gossip);
    assert!(!told(&lost).is_empty());
    replicas[0].message(FRONT, calls(&Timestamp::new(), vec![update(id(1, 2), 100)]));
    let effects = replicas[0].request(Request::Gossip);
    talk(&mut replicas, 0, effects);
    assert_eq!(inner(&replicas[1]).value().len(), 2);
}

#[test]
fn old_and_doubled_gossip_does_no_harm_and_forged_gossip_is_reported() {
    let mut replica = replica(1, Ack::Fsync);
    let records = |numbers: std::ops::RangeInclusive<u64>| -> Vec<_> {
        numbers.map(|number| record(line(2), number, Timestamp::new(), id(1, number))).collect()
    };
    let (first, both) = (gossip(2, &Timestamp::new(), records(1..=1)), gossip(2, &Timestamp::new(), records(1..=2)));
    for message in [both.clone(), first.clone(), both, first] {
        replica.message(PeerId(2), message);
    }
    assert_eq!((inner(&replica).value().len(), inner(&replica).value().twice), (2, 0));
    let forged = [
        (PeerId(3), gossip(2, &Timestamp::new(), Vec::new())),
        (PeerId(2), gossip(2, &Timestamp::new(), vec![record(line(2), 3, named(&[(2, 3)]), id(1, 3))])),
    ];
    for (from, message) in forged {
        let effects = replica.message(from, message);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Indicate(Indication::Misbehaved { .. }))));
    }
    assert_eq!(inner(&replica).value().len(), 2);
    let strange = replica.message(PeerId(77), gossip(77, &Timestamp::new(), Vec::new()));
    let told = |effect: &EffectOf<Store<Ledger>>| {
        matches!(effect, Effect::Send { to: PeerId(77), message: Message::Dismissed { .. } })
    };
    assert!(strange.iter().all(told), "who is no member is not heard, and told so: {strange:?}");
}

#[test]
fn an_update_that_two_must_hold_is_neither_answered_nor_shown_before() {
    let mut replicas = three(Ack::Replicas(1));
    let quick = Call { wait: false, ..update(id(2, 1), 100) };
    let effects = replicas[0].message(FRONT, calls(&Timestamp::new(), vec![update(id(1, 1), 100), quick]));
    assert!(answers(&effects).is_empty());
    let read = replicas[0].message(FRONT, calls(&Timestamp::new(), vec![query(id(3, 1))]));
    assert_eq!(shown(&read), 0);
    let rest = talk(&mut replicas, 0, effects);
    let said: Vec<_> = answers(&rest).into_iter().map(|(reply, _)| (reply.id, reply.result)).collect();
    assert_eq!(said.len(), 2, "both are answered once another holds them: {said:?}");
    let read = replicas[0].message(FRONT, calls(&Timestamp::new(), vec![query(id(3, 2))]));
    assert_eq!(shown(&read), 2);
}

#[test]
fn who_is_switched_off_refuses_calls_and_gossips_on() {
    let mut replicas = three(Ack::Fsync);
    fill(&mut replicas[0], 1);
    for (service, refusal, measured) in [
        (Service::Offline, Refusal::Offline, &["measured offline 1"][..]),
        (Service::Overloaded, Refusal::Overloaded, &["measured offline 0", "measured overloaded 1"]),
    ] {
        let effects = replicas[0].request(Request::Switch(service));
        let [observed @ .., Effect::Indicate(Indication::Switched(now))] = &effects[..] else { panic!("not switched") };
        assert_eq!(*now, service);
        let texts = observed.iter().map(|effect| if let Effect::Observed(text) = effect { text } else { "" });
        assert_eq!(texts.collect::<Vec<_>>(), measured);
        let effects = replicas[0].message(FRONT, calls(&Timestamp::new(), vec![query(id(1, 1))]));
        assert_eq!(answers(&effects)[0].0.result, Err(refusal));
    }
    round(&mut replicas);
    assert_eq!(inner(&replicas[1]).value().len(), 1);
    replicas[0].request(Request::Switch(Service::Online));
    replicas[0].config.overload = 0.5;
    let refused = (1..=1000).filter(|&number| {
        let effects = replicas[0].message(FRONT, calls(&Timestamp::new(), vec![query(id(1, number))]));
        answers(&effects)[0].0.result == Err(Refusal::Overloaded)
    });
    assert!((400..600).contains(&refused.count()), "drawn anew for each call");
}

#[test]
fn what_is_not_acknowledged_is_sent_again_after_two_rounds() {
    let [mut first, ..] = three(Ack::Fsync);
    first.config.gossip_every = Duration::from_secs(1);
    fill(&mut first, 1);
    let mut sent = |span| {
        first.now = first.now + span;
        let said = told(&first.timer(crate::store::Timer::Replica(super::super::Timer::Gossip)));
        said.iter().map(|(_, gossip)| gossip.records.len()).sum::<usize>()
    };
    assert_eq!(sent(Duration::ZERO), 2, "to both others");
    assert_eq!(sent(Duration::from_millis(1_900)), 0, "the answers may be on their way");
    assert_eq!(sent(Duration::from_millis(200)), 2);
}
