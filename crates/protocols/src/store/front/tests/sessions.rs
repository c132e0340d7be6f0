//! What sessions see, and in which order.

use super::*;

#[test]
fn what_is_asked_at_once_is_one_message_and_answered_at_once() {
    let mut bench = Bench::new();
    let did = bench.ask((1..=50).map(|session| set(100 + session as u64, session)).collect());
    let (to, calls) = did.only();
    assert_eq!((to, calls.calls.len(), calls.labels.len()), (1, 50, 1), "all sessions have seen the same: nothing");
    let did = bench.answer(1, &calls.calls.clone(), &label(&[(1, 50)]));
    let tickets: Vec<u64> = did.answered().iter().map(|(ticket, _)| *ticket).collect();
    assert!(tickets.into_iter().eq(101..=150), "in one indication");
    assert!(did.answers().iter().all(|answered| answered.token.label == label(&[(1, 50)])));
}

#[test]
fn a_call_comes_after_what_its_session_has_seen() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.answer(1, &calls, &label(&[(1, 3), (2, 1)]));
    let did = bench.ask(vec![get(2, 7), get(3, 8)]);
    let calls = did.only().1;
    let of = |place: usize| calls.labels[calls.calls[place].label as usize].clone();
    assert_eq!((of(0), of(1)), (label(&[(1, 3), (2, 1)]), Timestamp::new()));
}

#[test]
fn what_a_client_asks_meanwhile_waits_and_then_goes_together() {
    let mut bench = Bench::new();
    let first = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    assert!(bench.ask(vec![set(2, 7), get(3, 7)]).sent().is_empty(), "the first is not answered yet");
    assert!(bench.ask(vec![set(4, 7)]).sent().is_empty());
    let did = bench.answer(1, &first, &label(&[(1, 1)]));
    let (_, calls) = did.only();
    assert_eq!(calls.labels, [label(&[(1, 1)])]);
    let numbers: Vec<_> = calls.calls.iter().map(|call| (matches!(call.op, Op::Update(_)), call.id.number)).collect();
    assert_eq!(numbers, [(true, 2), (false, 1)], "a chain, in the client's order");
    assert!(calls.calls.is_sorted_by_key(|call| call.time) && calls.calls[0].time > first[0].time);
    let chain = calls.calls.clone();
    let did = bench.answer(1, &chain, &label(&[(1, 2)]));
    let last = &did.only().1.calls;
    assert!(
        matches!(last[..], [Call { id: crate::store::CallId { number: 3, .. }, .. }]),
        "an update waits for the query before it"
    );
    assert!(last[0].time > chain[1].time);
}

#[test]
fn answers_are_handed_over_in_the_clients_order() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7), set(2, 7), get(3, 7)]).only().1.calls.clone();
    assert_eq!(bench.answer(1, &calls[1..], &label(&[(1, 1)])).answered(), []);
    let did = bench.answer(1, &calls[..1], &label(&[(1, 1)]));
    assert_eq!(did.answered(), [(1, old()), (2, old()), (3, old())]);
}

#[test]
fn the_label_of_every_reply_counts_also_of_late_ones() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    assert_eq!(bench.wait(millis(150)).to(), 2, "the same to another replica");
    bench.answer(2, &calls, &label(&[(2, 1)]));
    // The first replica had taken it too: the update has two timestamps.
    assert_eq!(bench.answer(1, &calls, &label(&[(1, 1)])).answered(), [], "answered once");
    assert_eq!(bench.ask(vec![get(2, 7)]).only().1.labels, [label(&[(1, 1), (2, 1)])]);
}

#[test]
fn a_token_brings_what_was_seen_elsewhere() {
    let mut bench = Bench::new();
    let seen = Token { label: label(&[(3, 9)]), time: 5_000 };
    let did = bench.ask(vec![Ask { seen: seen.clone(), ..set(1, 7) }]);
    let (_, calls) = did.only();
    assert_eq!(calls.labels, [label(&[(3, 9)])]);
    assert!(calls.calls[0].time > 5_000, "later than all that the token knows of");
    let did = bench.answer(1, &calls.calls.clone(), &label(&[(1, 1), (3, 9)]));
    let token = did.answers()[0].token.clone();
    assert_eq!(token.label, label(&[(1, 1), (3, 9)]));
    assert!(token.time > seen.time, "its own stamp is among what it has seen");
    // And it is one that another front end understands.
    assert_eq!(token.to_string().parse(), Ok(token));
}

#[test]
fn a_made_up_token_harms_only_its_own_call() {
    let mut bench = Bench::new();
    let late = Token { label: Timestamp::new(), time: u64::MAX };
    let did = bench.ask(vec![Ask { seen: late, ..set(1, 7) }]);
    assert_eq!(did.answered(), [(1, Err(Failure::Refused(Refusal::Early)))]);
    let seen = Token { label: label(&[(99, 1_000)]), time: 0 };
    let calls = bench.ask(vec![Ask { seen, ..set(2, 7) }]).only().1.calls.clone();
    let did = bench.refuse(1, &calls, Refusal::Unknown);
    assert_eq!(did.answered(), [(2, Err(Failure::Refused(Refusal::Unknown)))]);
    let did = bench.ask(vec![set(3, 7)]);
    assert_eq!(did.only().1.labels, [Timestamp::new()], "the session has not seen that");
}

#[test]
fn labels_that_together_cannot_travel_are_refused() {
    let mut bench = Bench::new();
    let many = |from: u64| label(&(from..from + MAX_SLOTS as u64).map(|replica| (replica, 1)).collect::<Vec<_>>());
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.answer(1, &calls, &many(1));
    let seen = Token { label: many(1_000), time: 0 };
    let did = bench.ask(vec![Ask { seen, ..set(2, 7) }]);
    assert!(did.sent().is_empty());
    assert_eq!(did.answered(), [(2, Err(Failure::Refused(Refusal::Unknown)))]);
    // A replica that says such a thing is not believed.
    let calls = bench.ask(vec![set(3, 7)]).only().1.calls.clone();
    let did = bench.answer(1, &calls, &many(1_000));
    assert!(did.misbehaved() && did.answered().is_empty());
}

#[test]
fn replicas_hear_which_updates_are_finished() {
    let mut bench = Bench::new();
    let first = bench.ask(vec![set(1, 7), set(2, 7), set(3, 8)]).only().1.clone();
    assert_eq!(first.finished, []);
    bench.answer(1, &first.calls, &label(&[(1, 3)]));
    let second = bench.ask(vec![get(4, 8)]).only().1.clone();
    let mut finished = second.finished;
    finished.sort_unstable();
    let mut expected = vec![first.calls[1].id, first.calls[2].id];
    expected.sort_unstable();
    assert_eq!(finished, expected, "the last of each session, once");
    bench.answer(1, &second.calls, &label(&[(1, 3)]));
    assert_eq!(bench.ask(vec![get(5, 8)]).only().1.finished, []);
}

#[test]
fn a_closed_session_ends_with_its_last_call_and_is_acknowledged() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.peer.request(Request::Close(SessionId(7)));
    assert_eq!(bench.ask(vec![set(2, 7)]).answered(), [(2, Err(Failure::Full))], "it is being closed");
    assert_eq!(bench.answer(1, &calls, &label(&[(1, 1)])).answered(), [(1, old())]);
    let did = bench.ask(vec![set(3, 7)]);
    let (_, again) = did.only();
    assert_eq!(again.finished, [calls[0].id]);
    assert_ne!(again.calls[0].id.session, calls[0].id.session, "a new session: no number is used twice");
    assert_eq!(again.calls[0].id.number, 1);
}

#[test]
fn lines_that_are_passed_are_named_together() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.answer(1, &calls, &label(&[(4, 2), (5, 9)]));
    let calls = bench.ask(vec![set(2, 7)]).only().1.calls.clone();
    let slot = |replica| Slot { replica: PeerId(replica), incarnation: 0 };
    let ended = [(4, 3), (5, 8)].map(|(replica, last)| Ended { slot: slot(replica), last, nth: replica + 10 });
    bench.reply(1, Replies { ended: ended.to_vec(), ..answers(&calls, &label(&[(1, 1)])) });
    let sent = bench.ask(vec![set(3, 7)]).only().1.labels[0].clone();
    let expected = [(Slot::ENDED, 14), (slot(1), 1), (slot(5), 9)].into_iter().collect::<Timestamp>();
    assert_eq!(sent, expected, "what is lost of line 5 is named, so that the replica can say so");
}
