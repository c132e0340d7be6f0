//! Who is asked, again and instead.

use super::*;

#[test]
fn a_silent_replica_is_left_and_the_same_call_goes_to_the_next() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7), get(2, 7)]).only().1.calls.clone();
    assert!(bench.wait(millis(99)).sent().is_empty());
    let did = bench.wait(millis(2));
    let (to, copies) = did.only();
    assert_eq!(to, 2);
    assert_eq!(
        (&copies.calls[0], copies.calls[1].id),
        (&calls[0], calls[1].id),
        "the update is the same, stamp and all"
    );
    assert_eq!(bench.wait(millis(100)).to(), 3);
    assert_eq!(bench.wait(millis(100)).to(), 1, "round and round");
    let did = bench.answer(1, &calls, &label(&[(1, 1)]));
    assert_eq!(did.answered(), [(1, old()), (2, old())]);
    assert_eq!(bench.ask(vec![set(3, 7)]).to(), 1);
    assert_eq!(bench.ask(vec![set(4, 8)]).to(), 1, "other sessions, too");
}

#[test]
fn only_what_has_no_answer_is_sent_again() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7), set(2, 7), get(3, 7), get(4, 7)]).only().1.calls.clone();
    bench.answer(1, &[calls[0].clone(), calls[3].clone()], &label(&[(1, 1)]));
    let did = bench.wait(millis(150));
    let (_, again) = did.only();
    let ids: Vec<_> = again.calls.iter().map(|call| (call.id, matches!(call.op, Op::Update(_)))).collect();
    // The last query is asked again with the one before it, which might see more than it did.
    assert_eq!(ids, [(calls[1].id, true), (calls[2].id, false), (calls[3].id, false)]);
    assert_eq!(again.labels, [label(&[(1, 1)])]);
}

#[test]
fn patience_ends_and_what_became_of_the_call_is_unknown() {
    let mut bench = Bench::new();
    bench.ask(vec![set(1, 7), Ask { patience: millis(250), ..set(2, 8) }]);
    assert_eq!(bench.wait(millis(260)).answered(), [(2, Err(Failure::Unknown))]);
    let did = bench.wait(millis(800));
    assert_eq!(did.answered(), [(1, Err(Failure::Unknown))]);
    assert!(bench.wait(Duration::from_secs(60)).sent().is_empty(), "nobody asks any more");
    assert_eq!(bench.timers.len(), 0);
}

#[test]
fn after_a_failure_the_session_goes_on() {
    let mut bench = Bench::new();
    bench.ask(vec![Ask { patience: millis(50), ..set(1, 7) }]);
    assert!(bench.ask(vec![set(2, 7)]).sent().is_empty());
    let did = bench.wait(millis(60));
    assert_eq!(did.answered(), [(1, Err(Failure::Unknown))]);
    let (_, calls) = did.only();
    assert_eq!(calls.calls[0].id.number, 2);
    assert_eq!(calls.finished.len(), 1, "no copy of the first is sent any more");
}

#[test]
fn an_offline_replica_is_left_for_a_while() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    let did = bench.refuse(1, &calls, Refusal::Offline);
    assert_eq!(did.to(), 2, "at once");
    bench.answer(2, &calls, &label(&[(2, 1)]));
    assert_eq!(bench.ask(vec![set(2, 8)]).to(), 2);
    bench.wait(Duration::from_secs(11));
    assert_eq!(bench.ask(vec![set(3, 9)]).to(), 1, "perhaps it is back");
}

#[test]
fn an_overloaded_replica_is_asked_again_next_time() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    assert_eq!(bench.refuse(1, &calls, Refusal::Overloaded).to(), 2);
    assert_eq!(bench.ask(vec![set(2, 8)]).to(), 1);
}

#[test]
fn when_all_refuse_it_rests_and_tries_again_until_patience_ends() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    for round in 0..3 {
        let first = if round == 0 { 1 } else { bench.wait(millis(20)).to() };
        for step in 0..3 {
            let did = bench.refuse((first - 1 + step) % 3 + 1, &calls, Refusal::Overloaded);
            assert_eq!(did.sent().len(), usize::from(step < 2), "round {round}, step {step}");
        }
    }
    let mut sent = 0;
    let did = loop {
        let did = bench.wait(millis(10));
        sent += did.sent().len();
        for to in did.sent().iter().map(|(to, _)| *to).collect::<Vec<_>>() {
            for step in 0..3 {
                bench.refuse((to - 1 + step) % 3 + 1, &calls, Refusal::Offline);
            }
        }
        if !did.answered().is_empty() {
            break did;
        }
    };
    assert_eq!(did.answered(), [(1, Err(Failure::Busy))], "it was not taken by anybody");
    assert!((5..40).contains(&sent), "{sent} rounds: pauses grow, up to the time of a retry");
}

#[test]
fn without_patience_every_replica_is_tried_once_from_the_first() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.refuse(1, &calls, Refusal::Offline);
    let did = bench.ask(vec![Ask { patience: Duration::ZERO, ..set(2, 8) }]);
    let (to, calls) = did.only();
    assert_eq!(to, 1, "the fixed order, whoever was offline before");
    let calls = calls.calls.clone();
    assert_eq!(bench.refuse(1, &calls, Refusal::Offline).to(), 2);
    assert_eq!(bench.refuse(2, &calls, Refusal::Overloaded).to(), 3);
    let did = bench.refuse(3, &calls, Refusal::Overloaded);
    assert_eq!((did.answered(), did.sent().len()), (vec![(2, Err(Failure::Busy))], 0));
}

#[test]
fn without_patience_silence_is_waited_out_once() {
    let mut bench = Bench::new();
    bench.ask(vec![Ask { patience: Duration::ZERO, ..set(2, 8) }]);
    assert_eq!(bench.wait(millis(100)).to(), 2);
    assert_eq!(bench.wait(millis(100)).to(), 3);
    assert_eq!(bench.wait(millis(100)).answered(), [(2, Err(Failure::Unknown))]);
}

#[test]
fn forced_calls_follow_the_primary() {
    let mut bench = Bench::new();
    let forced = |ticket, session| Ask { order: Order::Forced, ..set(ticket, session) };
    let calls = bench.ask(vec![forced(1, 7), set(2, 7)]).only().1.calls.clone();
    assert_eq!(calls.len(), 1, "what is ordered goes alone");
    assert_eq!(bench.refuse(1, &calls, Refusal::NotPrimary(Some(PeerId(3)))).to(), 3);
    let did = bench.answer(3, &calls, &label(&[(0, 1)]));
    assert_eq!((did.answered(), did.to()), (vec![(1, old())], 1));
    assert_eq!(bench.ask(vec![forced(3, 8)]).to(), 3, "it is remembered");
    let did = bench.wait(millis(3_000));
    assert_eq!(did.sent().last().map(|(to, _)| *to), Some(1), "and left when it is silent for long");
}

#[test]
fn who_is_told_of_no_primary_asks_the_next_and_does_not_go_in_circles() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![Ask { order: Order::Immediate, ..get(1, 7) }]).only().1.calls.clone();
    assert_eq!(bench.refuse(1, &calls, Refusal::NotPrimary(None)).to(), 2);
    assert_eq!(bench.refuse(2, &calls, Refusal::NotPrimary(Some(PeerId(1)))).to(), 1);
    let did = bench.refuse(1, &calls, Refusal::NotPrimary(Some(PeerId(2))));
    assert!(did.sent().is_empty(), "three were asked: it rests");
    assert_eq!(bench.wait(millis(10)).to(), 2);
}

#[test]
fn a_late_update_has_an_unknown_end_and_a_late_query_gets_a_new_time() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7), get(2, 7)]).only().1.calls.clone();
    assert_eq!(bench.refuse(1, &calls, Refusal::Late).to(), 2, "another clock may be right");
    bench.refuse(2, &calls, Refusal::Late);
    assert_eq!(bench.refuse(3, &calls, Refusal::Late).answered(), [(1, Err(Failure::Unknown))]);
    let did = bench.wait(millis(10));
    let (to, again) = did.only();
    assert_eq!(again.calls.len(), 1);
    assert!(again.calls[0].time > calls[1].time);
    let again = again.calls.clone();
    assert_eq!(bench.answer(to, &again, &Timestamp::new()).answered(), [(2, old())]);
}

#[test]
fn what_depends_on_lost_updates_is_refused_at_once() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![get(1, 7)]).only().1.calls.clone();
    let lost = Refusal::Lost(Slot { replica: PeerId(2), incarnation: 0 }, 5);
    let did = bench.refuse(1, &calls, lost);
    assert_eq!((did.answered(), did.sent().len()), (vec![(1, Err(Failure::Refused(lost)))], 0));
}

#[test]
fn a_query_whose_answer_is_too_large_is_over_at_once_and_what_comes_after_it_is_not() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![get(1, 7), get(2, 7)]).only().1.calls.clone();
    let did = bench.refuse(1, &calls[..1], Refusal::Large);
    assert_eq!((did.answered(), did.sent().len()), (vec![(1, Err(Failure::Refused(Refusal::Large)))], 0));
    assert_eq!(bench.answer(1, &calls[1..], &label(&[(1, 1)])).answered(), [(2, old())]);
}

#[test]
fn what_another_replica_refuses_late_does_not_matter() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    assert_eq!(bench.wait(millis(100)).to(), 2);
    assert!(bench.refuse(1, &calls, Refusal::Offline).sent().is_empty());
    assert_eq!(bench.answer(1, &calls, &label(&[(1, 1)])).answered(), [(1, old())], "but an answer does");
}

#[test]
fn when_a_link_goes_down_nobody_waits() {
    let mut bench = Bench::new();
    bench.ask(vec![set(1, 7)]);
    let effects = bench.peer.activate(|state, cx| state.on_link(cx, PeerId(2), rumormill_core::Link::Down));
    assert!(bench.did(effects).sent().is_empty());
    let effects = bench.peer.activate(|state, cx| state.on_link(cx, PeerId(1), rumormill_core::Link::Down));
    assert_eq!(bench.did(effects).to(), 2);
}

#[test]
fn a_newer_list_of_replicas_is_followed() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    let replicas = Some(Replicas { version: 1, members: [9, 3].map(PeerId).to_vec() });
    bench.reply(1, Replies { replicas, ..answers(&calls, &label(&[(1, 1)])) });
    assert_eq!(bench.ask(vec![set(2, 7)]).to(), 9);
}

#[test]
fn stamps_are_later_than_all_that_was_heard_of() {
    let mut bench = Bench::new();
    let calls = bench.ask(vec![set(1, 7)]).only().1.calls.clone();
    bench.reply(1, Replies { time: 1_000_000, ..answers(&calls, &label(&[(1, 1)])) });
    assert!(bench.ask(vec![set(2, 8)]).only().1.calls[0].time > 1_000_000);
}

#[test]
fn a_clock_that_is_set_back_holds_nobody_up() {
    let mut bench = Bench::new();
    bench.peer.now = Instant::ZERO + Duration::from_secs(100);
    bench.ask(vec![set(1, 7)]);
    let (_, timer) = bench.timers.remove(0);
    bench.peer.now = Instant::ZERO;
    let effects = bench.peer.timer(timer);
    assert_eq!(bench.did(effects).to(), 2);
}

#[test]
fn when_all_that_are_known_were_let_go_others_are_asked() {
    let mut bench = Bench::new();
    let first = bench.ask(vec![get(0, 7)]).only().1.calls.clone();
    let mut replies = answers(&first, &Timestamp::new());
    replies.replicas = Some(Replicas { version: 1, members: vec![PeerId(2)] });
    bench.reply(1, replies);
    let mut asked = BTreeMap::new();
    let mut did = bench.ask(vec![Ask { patience: Duration::from_secs(5), ..get(1, 7) }]);
    for _ in 0..20 {
        let sent: Vec<_> = did.sent().into_iter().map(|(to, calls)| (to, calls.calls.clone())).collect();
        for (to, calls) in sent {
            *asked.entry(to).or_insert(0) += 1;
            did = bench.refuse(to, &calls, Refusal::Fenced);
        }
        if did.sent().is_empty() {
            did = bench.wait(millis(150));
        }
    }
    assert!(asked.keys().eq(&[1, 2, 3]) && asked[&2] > asked[&1], "{asked:?}");
}

#[test]
fn who_waits_for_a_replica_that_does_not_answer_hears_which_one() {
    let missing = Refusal::Missing(PeerId(3));
    let immediate = |ask: Ask<Registers>| Ask { order: Order::Immediate, ..ask };
    for (ask, end) in [(get(1, 7), Failure::Refused(missing)), (set(1, 7), Failure::Silent(PeerId(3)))] {
        let mut bench = Bench::new();
        let calls = bench.ask(vec![immediate(ask)]).only().1.calls.clone();
        bench.refuse(1, &calls, missing);
        assert_eq!(bench.wait(millis(100)).to(), 1, "it may be back");
        assert_eq!(bench.wait(millis(900)).answered(), [(1, Err(end))], "the second try was not answered in time");
    }
    // While it rests, nobody can be at it.
    let mut bench = Bench::new();
    let mut did = bench.ask(vec![immediate(set(1, 7))]);
    while did.answered().is_empty() {
        let sent: Vec<_> = did.sent().iter().map(|(to, sent)| (*to, sent.calls.clone())).collect();
        sent.into_iter().for_each(|(to, calls)| drop(bench.refuse(to, &calls, missing)));
        did = bench.wait(millis(1));
    }
    assert_eq!(did.answered(), [(1, Err(Failure::Refused(missing)))]);
}
