//! Bounds, and what happens at them.

use super::*;

#[test]
fn an_operation_may_be_large_but_not_larger() {
    let mut bench = Bench::new();
    let large = |bytes: usize| ask(1, 7, Op::Update((1, vec![0; bytes])));
    assert_eq!(bench.ask(vec![large(MAX_OPERATION_BYTES)]).answered(), [(1, Err(Failure::Large))]);
    assert_eq!(bench.ask(vec![large(MAX_OPERATION_BYTES - 100)]).to(), 1);
}

#[test]
fn messages_are_no_larger_than_they_may_be_and_chains_stay_whole() {
    let mut bench = Bench::new();
    let half = |session| ask(0, session, Op::Update((1, vec![0; MAX_OPERATION_BYTES / 2 - 100])));
    let did = bench.ask((0..12).flat_map(|number| [half(number % 6), half(number % 6)]).collect());
    let sent = did.sent();
    assert!(sent.len() > 1);
    let mut sessions = Vec::new();
    for (_, calls) in sent {
        let bytes = rumormill_core::Wire::measure(&Message::Calls(calls.clone())).bytes as usize;
        assert!(bytes <= crate::store::MAX_MESSAGE_BYTES, "{bytes}");
        let mut here: Vec<_> = calls.calls.iter().map(|call| call.id.session).collect();
        here.dedup();
        sessions.extend(here);
    }
    assert_eq!(sessions.len(), 6, "no session is in two messages");
}

#[test]
fn a_session_has_so_many_calls_and_no_more() {
    let mut bench = Bench::new();
    let did = bench.ask((0..=MAX_SESSION_CALLS as u64).map(|ticket| get(ticket, 7)).collect());
    assert_eq!(did.answered(), [(MAX_SESSION_CALLS as u64, Err(Failure::Full))]);
    assert_eq!(did.only().1.calls.len(), 256, "a chain has a bound of its own");
}

#[test]
fn a_front_end_has_so_many_calls_and_no_more() {
    let mut bench = Bench::new();
    let most = super::super::MAX_CALLS as u64;
    let did = bench.ask((0..most + 5).map(|ticket| get(ticket, u128::from(ticket % 1_000))).collect());
    let refused: Vec<u64> = did.answered().iter().map(|(ticket, _)| *ticket).collect();
    assert!(refused.into_iter().eq(most..most + 5));
}

#[test]
fn idle_sessions_make_room_and_what_they_had_seen_is_not_forgotten() {
    let mut bench = Bench::new();
    for first in (0..MAX_SESSIONS as u128).step_by(1_024) {
        let did = bench.ask((first..first + 1_024).map(|session| get(0, session)).collect());
        let calls: Vec<_> = did.sent().into_iter().flat_map(|(_, calls)| calls.calls.clone()).collect();
        bench.answer(1, &calls, &label(&[(1, first as u64 + 1)]));
    }
    // Everybody was used since: the first round only notes that, the second ends the first one.
    let did = bench.ask(vec![get(1, u128::MAX)]);
    assert_eq!(did.only().1.labels, [label(&[(1, 1)])], "what the session that made room had seen");
    bench.peer.request(Request::Status);
    let Store::FrontEnd(front) = &bench.peer.state else { panic!("a front end") };
    assert_eq!(front.sessions.len(), MAX_SESSIONS);
}

#[test]
fn sessions_that_come_and_go_leave_nothing() {
    let mut bench = Bench::new();
    for session in 0..10_000 {
        let calls = bench.ask(vec![set(0, session)]).only().1.calls.clone();
        bench.peer.request(Request::Close(SessionId(session)));
        bench.answer(1, &calls, &label(&[(1, 1)]));
    }
    let Store::FrontEnd(front) = &bench.peer.state else { panic!("a front end") };
    assert_eq!((front.sessions.len(), front.waiting, front.deadlines.len()), (0, 0, 0));
    let size = postcard::to_stdvec(&**front).unwrap().len();
    assert!(size < 20_000, "{size} bytes are left");
}

#[test]
fn nonsense_from_a_replica_is_reported() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![get(1, 7)]).only().1.calls.clone();
    let mut replies = answers(&calls, &Timestamp::new());
    replies.replies[0].label = 9;
    assert!(bench.reply(1, replies.clone()).misbehaved());
    (replies.replies[0].label, replies.replies[0].result) = (0, Ok(None));
    assert!(bench.reply(1, replies.clone()).misbehaved(), "a query is answered with something");
    replies.replies[0].id.session = SessionId(12);
    assert!(bench.reply(1, replies).answered().is_empty(), "of a session that there is not");
    assert_eq!(bench.answer(1, &calls, &Timestamp::new()).answered(), [(1, old())]);
}
