//! What implementations of lazy replication get wrong.

use super::*;

#[test]
fn a_copy_of_a_collected_call_is_answered_with_what_is_executed() {
    let mut replicas = three(Ack::Fsync);
    let call = calls(&Timestamp::new(), vec![update(id(1, 1), 100)]);
    let first = answers(&replicas[0].message(FRONT, call.clone()));
    (0..3).for_each(|_| drop(round(&mut replicas)));
    assert_eq!(inner(&replicas[0]).log_len(), 0, "all hold it");
    // Something is held here that is not executed: it waits for what nobody has.
    let waits = calls(&named(&[(2, 7)]), vec![Call { wait: false, ..update(id(2, 1), 100) }]);
    replicas[0].message(FRONT, waits);
    let copy = answers(&replicas[0].message(FRONT, call));
    assert_eq!(copy[0].0.result, first[0].0.result, "the same answer");
    assert!(copy[0].1.covers(&first[0].1));
    assert_eq!(&copy[0].1, inner(&replicas[0]).value_timestamp());
    let read = replicas[0].message(FRONT, calls(&copy[0].1, vec![query(id(1, 1))]));
    assert_eq!(shown(&read), 1, "whoever has that label need not wait");
}

#[test]
fn both_timestamps_of_an_update_that_two_took_are_executed() {
    let mut replicas = three(Ack::Fsync);
    let call = calls(&Timestamp::new(), vec![update(id(1, 1), 100)]);
    let mut label = label_of(&replicas[0].message(FRONT, call.clone()));
    label.merge(&label_of(&replicas[1].message(FRONT, call)));
    assert_eq!(label, named(&[(1, 1), (2, 1)]));
    round(&mut replicas);
    let read = replicas[2].message(FRONT, calls(&label, vec![query(id(1, 1))]));
    assert_eq!(shown(&read), 1);
    assert!(replicas.iter().all(|replica| inner(replica).value().twice == 0));
}

#[test]
fn nothing_is_executed_or_read_before_what_it_depends_on() {
    let mut replica = replica(1, Ack::Fsync);
    let late = record(line(2), 1, named(&[(3, 1)]), id(1, 2));
    let early = record(line(3), 1, Timestamp::new(), id(1, 1));
    let effects = replica.message(PeerId(2), gossip(2, &Timestamp::new(), vec![late]));
    assert_eq!((inner(&replica).value().len(), inner(&replica).log_len()), (0, 1));
    let is_pull = |effect: &_| matches!(effect, Effect::Send { to: PeerId(3), message: Message::Pull { .. } });
    assert!(effects.iter().any(is_pull), "it asks for what is missing");
    let asked = replica.message(FRONT, calls(&named(&[(2, 1), (3, 1)]), vec![query(id(1, 1))]));
    assert!(answers(&asked).is_empty(), "the read waits");
    assert!(!asked.iter().any(is_pull), "it has asked a moment ago");
    let effects = replica.message(PeerId(3), gossip(3, &Timestamp::new(), vec![early]));
    assert_eq!(shown(&effects), 2);
}

/// Two records become ready at once, and one depends on the other.
#[test]
fn what_becomes_ready_at_once_is_executed_in_the_order_of_stamps() {
    let mut replica = replica(1, Ack::Fsync);
    let cause = record(line(2), 1, named(&[(3, 1)]), id(1, 5));
    let mut effect = record(line(2), 2, named(&[(2, 1), (3, 1)]), id(1, 6));
    effect.update.seen = vec![(1, cause.stamp)];
    // The effect begins to wait for line 3 before its cause does.
    let other = record(line(3), 1, Timestamp::new(), id(1, 4));
    replica.message(PeerId(2), gossip(2, &Timestamp::new(), vec![cause, effect]));
    replica.message(PeerId(3), gossip(3, &Timestamp::new(), vec![other]));
    assert_eq!((inner(&replica).value().len(), inner(&replica).value().too_early()), (3, 0));
}

#[test]
fn a_copy_is_executed_once_and_late_ones_are_refused() {
    let mut replicas = three(Ack::Fsync);
    let call = calls(&Timestamp::new(), vec![update(id(1, 1), 100)]);
    for _ in 0..3 {
        assert_eq!(label_of(&replicas[0].message(FRONT, call.clone())), named(&[(1, 1)]));
    }
    // A record of the same call that another replica took.
    let copy = record(line(2), 1, Timestamp::new(), id(1, 1));
    replicas[0].message(PeerId(2), gossip(2, &Timestamp::new(), vec![copy]));
    assert_eq!((inner(&replicas[0]).value().len(), inner(&replicas[0]).value().twice), (1, 0));
    assert_eq!(inner(&replicas[0]).value_timestamp(), &named(&[(1, 1), (2, 1)]));
    let refused = |replica: &mut Replica, seconds| {
        let effects = replica.message(FRONT, calls(&Timestamp::new(), vec![update(id(7, 1), seconds)]));
        answers(&effects)[0].0.result.clone()
    };
    assert_eq!(refused(&mut replicas[0], 89), Err(Refusal::Late));
    assert_eq!(refused(&mut replicas[0], 111), Err(Refusal::Early));
    assert!(refused(&mut replicas[0], 91).is_ok());
}

#[test]
fn calls_are_forgotten_when_no_copy_can_be_taken_any_more_and_not_before() {
    let mut replicas = three(Ack::Fsync);
    let call = calls(&Timestamp::new(), vec![update(id(1, 1), 100)]);
    replicas[0].message(FRONT, call.clone());
    for _ in 0..14 {
        round(&mut replicas);
        let sessions = replicas.each_ref().map(|replica| inner(replica).sessions());
        let now = replicas[0].now.as_nanos();
        if now < 100 * SECOND + DELTA.as_nanos() as u64 {
            assert_eq!(sessions, [1, 1, 1]);
        }
        pass(&mut replicas, Duration::from_secs(1));
    }
    assert_eq!(replicas.each_ref().map(|replica| inner(replica).sessions()), [0, 0, 0]);
    for replica in &mut replicas {
        let copy = answers(&replica.message(FRONT, call.clone()));
        assert_eq!(copy[0].0.result, Err(Refusal::Late));
        assert!(inner(replica).value().floor > 100 * SECOND, "the application is told, too");
    }
}

#[test]
fn the_calls_of_a_session_are_a_chain() {
    let mut replica = replica(1, Ack::Fsync);
    let read_of_missing = named(&[(2, 1)]);
    let chain = vec![
        update(id(1, 1), 100),
        Call { label: 1, ..query(id(1, 1)) },
        update(id(1, 2), 100),
        query(id(1, 2)),
        update(id(2, 1), 100),
    ];
    let labels = vec![Timestamp::new(), read_of_missing];
    let message = Message::Calls(Calls { labels, calls: chain, finished: Vec::new(), knows: 0 });
    let first = answers(&replica.message(FRONT, message));
    let ids: Vec<_> = first.iter().map(|(reply, _)| (reply.update, reply.id)).collect();
    assert_eq!(ids, [(true, id(1, 1)), (true, id(2, 1))], "the rest waits behind the read");
    let missing = record(line(2), 1, Timestamp::new(), id(9, 1));
    let then = replica.message(PeerId(2), gossip(2, &Timestamp::new(), vec![missing]));
    let ids: Vec<_> = answers(&then).iter().map(|(reply, _)| (reply.update, reply.id)).collect();
    assert_eq!(ids, [(false, id(1, 1)), (true, id(1, 2)), (false, id(1, 2))]);
    let (_, label) = &answers(&then)[1];
    assert!(label.covers(&named(&[(1, 3), (2, 1)])), "the write follows what was read: {label:?}");
    // When one is refused, so is what follows it.
    let refused = vec![update(id(3, 1), 1), update(id(3, 2), 100)];
    let results: Vec<_> = answers(&replica.message(FRONT, calls(&Timestamp::new(), refused)))
        .into_iter()
        .map(|(reply, _)| reply.result)
        .collect();
    assert_eq!(results, [Err(Refusal::Late), Err(Refusal::Late)]);
}

#[test]
fn labels_of_what_never_was_are_refused() {
    let mut replica = replica(1, Ack::Fsync);
    let effects = replica.message(FRONT, calls(&named(&[(1, 5)]), vec![update(id(1, 1), 100)]));
    assert_eq!(answers(&effects)[0].0.result, Err(Refusal::Unknown), "its own line has no such number");
    assert!(answers(&replica.message(FRONT, calls(&named(&[(2, 5)]), vec![query(id(1, 1))]))).is_empty());
    replica.now = replica.now + DELTA + Duration::from_secs(2);
    let effects = replica.timer(crate::store::Timer::Replica(super::super::Timer::Gossip));
    let then = replica.timer(crate::store::Timer::Replica(super::super::Timer::Gossip));
    let said: Vec<_> = answers(&effects).into_iter().chain(answers(&then)).map(|(reply, _)| reply.result).collect();
    assert_eq!(said, [Err(Refusal::Unknown)], "nobody has heard of it in all that time");
}

/// Gossip of a replica that says no more than these records.
pub(super) fn gossip(from: u64, since: &Timestamp, records: Vec<Record<Ledger>>) -> Message<Ledger> {
    let mut upto = since.clone();
    records.iter().for_each(|record| upto.raise(record.slot, record.number));
    Message::Gossip(Box::new(crate::store::Gossip {
        from: line(from),
        upto,
        since: since.clone(),
        value: Timestamp::new(),
        floor: 0,
        complete: false,
        time: 0,
        answer: false,
        records: records.into_iter().map(std::sync::Arc::new).collect(),
        finished: Vec::new(),
    }))
}
