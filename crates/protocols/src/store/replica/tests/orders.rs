//! What other orders need of the log: forced records, and lines that end.

use std::sync::Arc;

use super::traps::gossip;
use super::*;

fn forced(number: u64, mut prev: Timestamp, call: CallId) -> Record<Ledger> {
    prev.raise(Slot::FORCED, number - 1);
    Record { order: Order::Forced, ..record(Slot::FORCED, number, prev, call) }
}

#[test]
fn forced_records_are_executed_in_their_order_and_collected_like_others() {
    let mut replicas = three(Ack::Fsync);
    let cause = label_of(&replicas[0].message(FRONT, calls(&Timestamp::new(), vec![update(id(1, 1), 100)])));
    let records = [forced(1, cause, id(1, 2)), forced(2, Timestamp::new(), id(2, 1))];
    for record in &records {
        let message = gossip(3, &named(&[]), vec![record.clone()]);
        replicas[1].message(PeerId(3), message);
        replicas[2].message(PeerId(2), gossip(2, &named(&[]), vec![record.clone()]));
    }
    assert_eq!(inner(&replicas[1]).value().len(), 0, "the first waits for its cause, the second for the first");
    replicas[0].activate(|state, cx| {
        let Store::Replica(replica) = state else { panic!("a front end") };
        for record in records {
            assert!(replica.take(cx, Arc::new(record)).unwrap().is_some(), "executed at once");
        }
        replica.finish(cx);
    });
    (0..3).for_each(|_| drop(round(&mut replicas)));
    for replica in &replicas {
        assert_eq!((inner(replica).value().len(), inner(replica).log_len()), (3, 0));
        assert_eq!(inner(replica).value_timestamp().get(Slot::FORCED), 2);
    }
}

#[test]
fn nothing_waits_for_more_than_there_is_of_a_line_that_has_ended() {
    let mut replica = replica(1, Ack::Fsync);
    let lost = record(line(2), 1, named(&[(3, 9)]), id(1, 1));
    replica.message(PeerId(2), gossip(2, &Timestamp::new(), vec![lost]));
    replica.message(FRONT, calls(&named(&[(3, 8)]), vec![query(id(1, 1))]));
    assert_eq!(inner(&replica).value().len(), 0);
    let effects = replica.activate(|state, cx| {
        let Store::Replica(replica) = state else { panic!("a front end") };
        replica.end_line(cx, line(3), 0);
        replica.finish(cx);
    });
    assert_eq!(inner(&replica).value().len(), 1, "what it depends on is lost for good");
    assert_eq!(answers(&effects)[0].0.result, Err(Refusal::Lost(line(3), 0)));
    replica.message(PeerId(3), gossip(3, &Timestamp::new(), vec![record(line(3), 1, Timestamp::new(), id(2, 1))]));
    assert_eq!(inner(&replica).log_len(), 1, "the line takes no more");
}
