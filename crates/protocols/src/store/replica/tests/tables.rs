//! The log, the call table, and what waits, each by itself.

use std::sync::Arc;

use super::super::calls::{CallTable, Known};
use super::super::log::{Entry, Log, Misfit};
use super::super::outbox::{Outbox, Seen};
use super::super::parked::{Chain, Owed, Parked};
use super::*;

fn entry(slot: Slot, number: u64) -> Entry<Ledger> {
    let record = Arc::new(record(slot, number, Timestamp::new(), id(slot.replica.0, number)));
    Entry { record, executed: false, batch: 0, bytes: 1 }
}

#[test]
fn a_line_has_no_gaps_and_is_collected_as_far_as_it_is_executed_and_known() {
    let mut log = Log::default();
    assert_eq!(log.append(entry(line(1), 2)), Err(Misfit::Gap));
    (1..=5).for_each(|number| log.append(entry(line(1), number)).unwrap());
    assert_eq!(log.append(entry(line(1), 5)), Err(Misfit::Known));
    assert!(log.execute(line(1), 1).is_some());
    assert!(log.execute(line(1), 1).is_none(), "once");
    [3, 4].into_iter().for_each(|number| drop(log.execute(line(1), number)));
    assert_eq!(log.executed(), &named(&[(1, 1)]), "the second is missing");
    log.collect(|_| 3, |_| ());
    assert_eq!((log.len(), log.collected()), (4, &named(&[(1, 1)])));
    log.execute(line(1), 2);
    assert_eq!(log.executed(), &named(&[(1, 4)]));
    let mut gone = Vec::new();
    log.collect(|_| 3, |entry| gone.push(entry.record.number));
    assert_eq!((gone, log.len(), log.held()), (vec![2, 3], 2, &named(&[(1, 5)])));
    assert!(log.get(line(1), 3).is_none() && log.get(line(1), 4).is_some());
}

#[test]
fn what_lies_beyond_a_timestamp_comes_in_the_order_of_stamps() {
    let mut log = Log::default();
    for number in 1..=4 {
        log.append(entry(line(1), number)).unwrap();
        log.append(entry(line(2), number)).unwrap();
    }
    let beyond: Vec<_> = log.beyond(&named(&[(1, 2), (2, 3)])).map(|e| (e.record.slot, e.record.number)).collect();
    assert_eq!(beyond, [(line(1), 3), (line(1), 4), (line(2), 4)]);
    assert_eq!(log.beyond(&named(&[(1, 9), (2, 9)])).count(), 0);
}

fn executed(table: &mut CallTable<Ledger>, session_number: u64, number: u64, seconds: u64) {
    let stamp = Stamp { time: seconds * SECOND, call: id(session_number, number) };
    table.execute(stamp, (line(1), number), Answer::Written);
}

#[test]
fn a_call_is_known_until_no_copy_can_come() {
    let mut table = CallTable::default();
    executed(&mut table, 1, 1, 10);
    executed(&mut table, 1, 3, 20);
    assert!(matches!(table.find(id(1, 1)), Known::Executed(Some(_))));
    assert!(matches!(table.find(id(1, 2)), Known::New));
    table.finish(&[id(1, 2)], true);
    assert!(matches!(table.find(id(1, 1)), Known::Executed(None)), "its answer need not be kept");
    assert!(matches!(table.find(id(1, 2)), Known::Finished));
    assert_eq!((table.news(), table.news()), (vec![id(1, 2)], vec![]), "the others are told once");
    table.settle(20 * SECOND);
    assert_eq!(table.len(), 1, "an update of that very time may come");
    table.settle(20 * SECOND + 1);
    assert_eq!(table.len(), 0);
}

/// A session that goes on for ever leaves no gaps for ever: what is missing long ago never comes.
#[test]
fn gaps_close_when_what_is_missing_cannot_come_any_more() {
    let mut table = CallTable::default();
    for number in 1..=4000 {
        executed(&mut table, 1, 2 * number, number);
        table.settle(number.saturating_sub(10) * SECOND);
        assert!(table.has_room(session(1)), "after {number}");
    }
    assert!(table.is_executed(id(1, 7)), "an odd number of long ago counts as done");
    assert!(!table.is_executed(id(1, 7999)), "one of late does not");
}

#[test]
fn rows_come_back_from_their_encoding_and_others_are_refused() {
    let mut table = CallTable::default();
    executed(&mut table, 5, 1, 10);
    executed(&mut table, 6, 1, 10);
    table.settle(0);
    let rows = table.take_changed();
    assert_eq!((rows.len(), table.has_changed()), (2, false));
    let mut other: CallTable<Ledger> = CallTable::default();
    for (session, row) in rows {
        other.restore(session, &row.unwrap()).unwrap();
    }
    assert!(matches!(other.find(id(6, 1)), Known::Executed(Some(_))));
    assert!(other.restore(session(7), &[1, 9, 3, 0, 0, 0, 0]).is_err(), "numbers from 9 to 3");
    table.settle(11 * SECOND);
    assert!(table.take_changed().iter().all(|(_, row)| row.is_none()), "they leave the disk, too");
}

#[test]
fn a_session_has_one_parked_chain_and_an_answer_is_owed_once() {
    let mut parked = Parked::default();
    let chain = |number| {
        let calls = [(Timestamp::new(), query(id(1, number)))].into();
        Chain { front: FRONT, seen: Timestamp::new(), calls }
    };
    let first = parked.park(chain(1));
    let second = parked.park(chain(1));
    assert!(parked.take(first).is_none(), "the newer one has taken its place");
    parked.follow(second, Timestamp::new(), query(id(1, 2)));
    assert_eq!(parked.len(), 2);
    assert_eq!(parked.older_than(101 * SECOND), [second]);
    assert_eq!((parked.take(second).unwrap().calls.len(), parked.len()), (2, 0));
    let owed = |wait| Owed { front: FRONT, id: id(1, 1), wait };
    [true, true, false].into_iter().for_each(|wait| parked.owe((line(1), 1), owed(wait)));
    assert_eq!(parked.due((line(1), 1), |owed| !owed.wait).as_slice(), [owed(false)]);
    assert_eq!(parked.due((line(1), 1), |_| true).as_slice(), [owed(true)]);
    assert_eq!(parked.len(), 0);
}

#[test]
fn answers_to_updates_with_one_label_share_one() {
    let mut replica = replica(1, Ack::Fsync);
    let effects = replica.activate(|_, cx| {
        let mut outbox: Outbox<Ledger> = Outbox::default();
        for number in 1..=3 {
            let seen = Seen::Shared { from: 0, ts: &named(&[(1, number)]) };
            outbox.answer(FRONT, (id(number, 1), true), seen, Ok(None));
        }
        outbox.answer(FRONT, (id(4, 1), true), Seen::Exactly(&named(&[(3, 1)])), Ok(None));
        outbox.answer(FRONT, (id(5, 1), false), Seen::Value, Ok(None));
        outbox.send(cx, &named(&[(1, 9)]), 7);
    });
    let labels: Vec<_> = answers(&effects).into_iter().map(|(_, label)| label).collect();
    let (all, exact, value) = (named(&[(1, 3)]), named(&[(3, 1)]), named(&[(1, 9)]));
    assert_eq!(labels, [all.clone(), all.clone(), all, exact, value]);
}

#[test]
fn an_answer_that_is_too_large_for_a_message_is_refused_at_once() {
    let mut replica = replica(1, Ack::Fsync);
    let entries = |count| Ok(Some(Answer::Entries(vec![Stamp { time: 0, call: id(1, 0) }; count])));
    let size = |count| postcard::to_stdvec(&entries(count).unwrap()).unwrap().len();
    let (fits, large) = (600_000, 800_000);
    assert!(size(fits) < 2 << 20 && size(large) > 2 << 20, "{} and {}", size(fits), size(large));
    let effects = replica.activate(|_, cx| {
        let mut outbox: Outbox<Ledger> = Outbox::default();
        for (number, update, count) in [(1, false, large), (2, true, large), (3, false, fits)] {
            outbox.answer(FRONT, (id(1, number), update), Seen::Value, entries(count));
        }
        outbox.send(cx, &Timestamp::new(), 7);
    });
    let results: Vec<_> = answers(&effects).into_iter().map(|(reply, _)| reply.result).collect();
    assert_eq!(results[..2], [Err(Refusal::Large), Ok(None)], "the update is done");
    assert_eq!(results[2], entries(fits));
}

#[test]
fn labels_count_for_the_length_of_a_message() {
    use rumormill_core::Wire as _;
    let mut replica = replica(1, Ack::Fsync);
    let longest = |nth: u64| (0..128).map(|part| (line(u64::MAX - part), u64::MAX - nth)).collect::<Timestamp>();
    let effects = replica.activate(|_, cx| {
        let mut outbox: Outbox<Ledger> = Outbox::default();
        for number in 1..=4_096 {
            if outbox.answer(FRONT, (id(1, number), true), Seen::Exactly(&longest(number)), Ok(None)) {
                outbox.send(cx, &Timestamp::new(), 7);
            }
        }
        outbox.send(cx, &Timestamp::new(), 7);
    });
    assert_eq!(answers(&effects).len(), 4_096);
    for effect in &effects {
        let Effect::Send { message, .. } = effect else { continue };
        assert!(message.measure().bytes < 4 << 20, "{} bytes", message.measure().bytes);
    }
}
