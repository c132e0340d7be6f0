//! What the council agrees on: forced and immediate calls, and who is a member.

use super::*;
use crate::store::{Decree, Errand, Minutes, Round};

fn ordered(order: Order, call: Call<Ledger>) -> Message<Ledger> {
    calls(&Timestamp::new(), vec![Call { order, ..call }])
}

/// Sends a call and carries what comes of it; what is answered.
fn ask(replicas: &mut [Replica], place: usize, message: Message<Ledger>) -> Vec<(Reply<Ledger>, Timestamp)> {
    let effects = replicas[place].message(FRONT, message);
    answers(&talk(replicas, place, effects))
}

fn told(effects: &Effects) -> Result<(), Refusal> {
    let told = effects.iter().find_map(|effect| match effect {
        Effect::Send { to: FRONT, message: Message::Told { result, .. } } => Some(*result),
        _ => None,
    });
    told.expect("an errand is answered")
}

fn sent(effects: &Effects, kind: &str) -> usize {
    use rumormill_core::Wire as _;
    effects.iter().filter(|effect| matches!(effect, Effect::Send { message, .. } if message.kind() == kind)).count()
}

#[test]
fn the_primary_orders_and_others_name_it() {
    let mut replicas = three(Ack::Fsync);
    let lost = ask(&mut replicas, 1, ordered(Order::Forced, update(id(1, 1), 100)));
    assert_eq!(lost[0].0.result, Err(Refusal::NotPrimary(None)), "nobody leads yet");
    preside(&mut replicas, 0);
    let elsewhere = ask(&mut replicas, 1, ordered(Order::Forced, update(id(1, 1), 100)));
    assert_eq!(elsewhere[0].0.result, Err(Refusal::NotPrimary(Some(PeerId(1)))));
    for session in 1..=3 {
        let answered = ask(&mut replicas, 0, ordered(Order::Forced, update(id(session, 1), 100)));
        let [(reply, label)] = &answered[..] else { panic!("{answered:?}") };
        assert!(matches!(reply.result, Ok(Some(_))));
        assert_eq!(label.get(Slot::FORCED), session);
    }
    let copy = ask(&mut replicas, 2, ordered(Order::Forced, update(id(2, 1), 100)));
    assert!(copy[0].0.result.is_ok(), "a copy of what is executed is answered by anybody");
    for replica in &replicas {
        assert_eq!(inner(replica).value().len(), 3, "all hear of it without gossip");
    }
}

#[test]
fn an_immediate_call_comes_after_everything_that_was_answered_anywhere() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    write(&mut replicas[1], 1);
    replicas[2].message(FRONT, calls(&Timestamp::new(), vec![update(id(7, 1), 100)]));
    assert_eq!(inner(&replicas[0]).value().len(), 0, "no gossip has brought them");
    let read = ask(&mut replicas, 0, ordered(Order::Immediate, query(id(8, 1))));
    assert!(matches!(&read[0].0.result, Ok(Some(Answer::Entries(entries))) if entries.len() == 2), "{read:?}");
    let wrote = ask(&mut replicas, 0, ordered(Order::Immediate, update(id(9, 1), 100)));
    assert!(matches!(wrote[0].0.result, Ok(Some(_))));
    for replica in &replicas {
        assert_eq!(inner(replica).value().len(), 3);
        assert!(!inner(replica).is_stopped());
    }
}

#[test]
fn who_has_stopped_keeps_calls_until_the_round_is_over_also_after_a_crash() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    let effects = replicas[0].message(FRONT, ordered(Order::Immediate, update(id(1, 1), 100)));
    assert_eq!(sent(&effects, "stop"), 2);
    let stop = effects.iter().find_map(|effect| match effect {
        Effect::Send { to: PeerId(2), message: message @ Message::Stop(_) } => Some(message.clone()),
        _ => None,
    });
    let stopped = replicas[1].message(PeerId(1), stop.unwrap());
    assert_eq!(sent(&stopped, "stopped"), 1);
    reboot(&mut replicas[1]);
    assert!(inner(&replicas[1]).is_stopped());
    let asked = replicas[1].message(FRONT, calls(&Timestamp::new(), vec![query(id(2, 1))]));
    assert!(answers(&asked).is_empty());
    let mut all = talk(&mut replicas, 0, effects);
    all.extend(round(&mut replicas));
    pass(&mut replicas, Duration::from_secs(1));
    all.extend(round(&mut replicas));
    assert!(replicas.iter().all(|replica| !inner(replica).is_stopped()));
    let query = answers(&all).into_iter().find(|(reply, _)| !reply.update);
    assert!(matches!(query.unwrap().0.result, Ok(Some(Answer::Entries(entries))) if entries.len() == 1));
}

/// The round after may fail, and be over before what this one found has come.
#[test]
fn who_stops_again_still_executes_what_the_round_before_found() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    let round = |number| Round { term: 1, number };
    let (held, updates, ended) = (named(&[(3, 1)]), Vec::new(), Vec::new());
    let minutes = Minutes { round: round(1), held, time: 0, updates, ended, dismissed: None };
    let hear = |replica: &mut Replica, index, decree| {
        replica.activate(|state, cx| {
            let Store::Replica(replica) = state else { panic!("a front end") };
            replica.carry_out(cx, index, decree);
            replica.finish(cx);
        });
    };
    hear(&mut replicas[1], 100, Decree::Round(Box::new(minutes)));
    replicas[1].message(PeerId(1), Message::Stop(round(2)));
    hear(&mut replicas[1], 101, Decree::Over(round(2)));
    assert!(inner(&replicas[1]).is_stopped(), "it lacks an update of replica 3");
    let lacked = record(line(3), 1, Timestamp::new(), id(1, 1));
    replicas[1].message(PeerId(3), super::traps::gossip(3, &Timestamp::new(), vec![lacked]));
    assert!(!inner(&replicas[1]).is_stopped());
}

#[test]
fn an_update_timed_before_an_immediate_one_is_timed_anew() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    ask(&mut replicas, 0, ordered(Order::Immediate, update(id(1, 1), 105)));
    let late = ask(&mut replicas, 2, calls(&Timestamp::new(), vec![update(id(2, 1), 101)]));
    let Err(Refusal::Past(fence)) = late[0].0.result else { panic!("{late:?}") };
    assert!(fence >= 105 * SECOND);
    let again = ask(&mut replicas, 2, calls(&Timestamp::new(), vec![update(id(2, 1), 106)]));
    assert_eq!(again[0].1.get(Slot::FORCED), 1, "everybody executes the immediate one before it");
}

#[test]
fn nobody_stops_for_a_round_that_cannot_be_held() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    pass(&mut replicas, Duration::from_secs(3));
    let effects = replicas[0].message(FRONT, ordered(Order::Immediate, update(id(1, 1), 103)));
    assert_eq!(answers(&effects)[0].0.result, Err(Refusal::Missing(PeerId(2))), "none was heard of for seconds");
    assert_eq!(sent(&effects, "stop"), 0);
    assert!(!inner(&replicas[0]).is_stopped());
}

#[test]
fn who_is_dead_is_evicted_and_who_comes_back_is_told() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    write(&mut replicas[2], 5);
    (0..3).for_each(|_| drop(round(&mut replicas)));
    // Replica 3 hears nothing any more; the others do.
    let [first, second, third] = &mut replicas;
    let between = |first: &mut Replica, second: &mut Replica, effects: Effects| {
        let mut open = VecDeque::from([(1, effects)]);
        while let Some((from, effects)) = open.pop_front() {
            for effect in effects {
                match effect {
                    Effect::Send { to: PeerId(1), message } => {
                        open.push_back((1, first.message(PeerId(from), message)))
                    }
                    Effect::Send { to: PeerId(2), message } => {
                        open.push_back((2, second.message(PeerId(from), message)))
                    }
                    _ => {}
                }
            }
        }
    };
    for _ in 0..8 {
        for replica in [&mut *first, &mut *second, &mut *third] {
            replica.now = replica.now + Duration::from_millis(400);
        }
        let beat = first.timer(crate::store::Timer::Replica(super::super::Timer::Council(raft::Timer::Beat(1))));
        between(first, second, beat);
    }
    let errand = Errand::Evict(PeerId(3));
    let effects = first.message(FRONT, Message::Manage { ticket: 1, errand });
    assert_eq!(told(&effects), Ok(()));
    between(first, second, effects);
    for replica in [&*first, &*second] {
        assert_eq!(inner(replica).status().members, [PeerId(1), PeerId(2)]);
        assert_eq!(inner(replica).value().len(), 1, "what others held of it stays");
    }
    let hello = third.timer(crate::store::Timer::Replica(super::super::Timer::Gossip));
    let Some(gossip) = hello.into_iter().find_map(|effect| match effect {
        Effect::Send { to: PeerId(1), message: message @ Message::Gossip(_) } => Some(message),
        _ => None,
    }) else {
        panic!("it thinks that it is a member")
    };
    let answer = first.message(PeerId(3), gossip);
    let Some(Effect::Send { message, .. }) = answer
        .into_iter()
        .find(|effect| matches!(effect, Effect::Send { to: PeerId(3), message: Message::Dismissed { .. } }))
    else {
        panic!("it is told that it is none")
    };
    third.message(PeerId(1), message);
    assert!(!inner(third).is_member() && inner(third).value().len() == 0);
    assert_eq!(answers(&write(third, 6))[0].0.result, Err(Refusal::Fenced));
}

fn write(replica: &mut Replica, number: u64) -> Effects {
    replica.message(FRONT, calls(&Timestamp::new(), vec![update(id(50, number), 100)]))
}

/// The council has no room for what a round found: its calls are refused, and nobody stays stopped.
#[test]
fn a_round_that_the_council_refuses_is_over() {
    for (room, batch) in [(0, 1 << 20), (10, 6)] {
        let mut replicas = three(Ack::Fsync);
        preside(&mut replicas, 0);
        let council = replicas[0].config.council.clone();
        replicas[0].config.council.uncommitted_max = room;
        replicas[0].config.council.batch_bytes = batch;
        let both = calls(&Timestamp::new(), [update(id(1, 1), 103), query(id(2, 1))].map(immediate).to_vec());
        let refused = ask(&mut replicas, 0, both);
        assert_eq!(refused.len(), 2);
        assert!(refused.iter().all(|(reply, _)| reply.result == Err(Refusal::Overloaded)), "{refused:?}");
        replicas[0].config.council = council;
        round(&mut replicas);
        assert!(replicas.iter().all(|replica| !inner(replica).is_stopped()));
        let again = ask(&mut replicas, 0, ordered(Order::Immediate, update(id(1, 1), 103)));
        assert!(matches!(again[0].0.result, Ok(Some(_))), "{again:?}");
    }
}

/// Whoever waits for a forced update that the council does not take is told.
#[test]
fn a_forced_update_that_the_council_refuses_is_refused() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    replicas[0].config.council.uncommitted_max = 0;
    let refused = ask(&mut replicas, 0, ordered(Order::Forced, update(id(1, 1), 103)));
    assert_eq!(refused[0].0.result, Err(Refusal::Overloaded));
    replicas[0].config.council.uncommitted_max = 10;
    let taken = ask(&mut replicas, 0, ordered(Order::Forced, update(id(1, 1), 103)));
    assert!(matches!(taken[0].0.result, Ok(Some(_))));
}

/// Without its first decree, a primary would hold no round.
#[test]
fn a_primary_whose_first_decree_was_refused_holds_rounds_later() {
    let mut replicas = three(Ack::Fsync);
    replicas[0].config.council.uncommitted_max = 0;
    preside(&mut replicas, 0);
    replicas[0].config.council.uncommitted_max = 10;
    round(&mut replicas);
    let answered = ask(&mut replicas, 0, ordered(Order::Immediate, update(id(1, 1), 103)));
    assert!(matches!(answered[0].0.result, Ok(Some(_))), "{answered:?}");
}

fn immediate(call: Call<Ledger>) -> Call<Ledger> {
    Call { order: Order::Immediate, ..call }
}

#[test]
fn whom_the_council_had_no_room_to_admit_is_admitted_later() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    assert_eq!(manage(&mut replicas, Errand::Remove(PeerId(3))), Ok(()));
    assert!(!inner(&replicas[2]).is_member());
    knock(&mut replicas, 2);
    assert_eq!(manage(&mut replicas, Errand::Add(PeerId(3))), Ok(()));
    replicas[0].config.council.uncommitted_max = 0;
    (0..3).for_each(|_| drop(round(&mut replicas)));
    assert_eq!(inner(&replicas[0]).status().members, [PeerId(1), PeerId(2)]);
    replicas[0].config.council.uncommitted_max = 10;
    (0..3).for_each(|_| drop(round(&mut replicas)));
    assert_eq!(inner(&replicas[0]).status().members, [PeerId(1), PeerId(2), PeerId(3)]);
}

/// Asks the first replica for a change of members, and carries what comes of it.
fn manage(replicas: &mut [Replica], errand: Errand) -> Result<(), Refusal> {
    let effects = replicas[0].message(FRONT, Message::Manage { ticket: 1, errand });
    told(&talk(replicas, 0, effects))
}

#[test]
fn who_is_let_go_twice_goes_once() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    let errand = Message::Manage { ticket: 1, errand: Errand::Remove(PeerId(3)) };
    let stops = replicas[0].message(FRONT, errand.clone());
    let again = replicas[0].message(FRONT, errand);
    assert_eq!((told(&stops), told(&again)), (Ok(()), Ok(())));
    talk(&mut replicas, 0, stops);
    (0..3).for_each(|_| drop(round(&mut replicas)));
    for replica in &replicas[..2] {
        assert_eq!(inner(replica).status().members, [PeerId(1), PeerId(2)]);
        assert_eq!(inner(replica).seal().cursor.round, Round { term: 1, number: 1 }, "there was one round");
    }
    // Also when two rounds let it go.
    let round = Round { term: 1, number: 2 };
    let (held, updates, ended) = (Timestamp::new(), Vec::new(), Vec::new());
    let minutes = Minutes { round, held, time: 0, updates, ended, dismissed: Some(PeerId(3)) };
    replicas[1].activate(|state, cx| {
        let Store::Replica(replica) = state else { panic!("a front end") };
        replica.carry_out(cx, 100, Decree::Round(Box::new(minutes)));
        replica.finish(cx);
    });
    assert_eq!(inner(&replicas[1]).status().version, 1);
}

/// A front end that is not told would have to take the call for one that may yet be done.
#[test]
fn who_presides_no_more_refuses_what_it_has_not_proposed() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 0);
    let both = [update(id(1, 1), 103), query(id(2, 1))].map(immediate).to_vec();
    replicas[0].message(FRONT, calls(&Timestamp::new(), both));
    pass(&mut replicas, Duration::from_secs(3));
    let beat = raft::Timer::Beat(1);
    let effects = replicas[0].timer(crate::store::Timer::Replica(super::super::Timer::Council(beat)));
    let refused = answers(&effects);
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|(reply, _)| reply.result == Err(Refusal::NotPrimary(None))), "{refused:?}");
}

#[test]
fn a_status_tells_who_has_lost_touch() {
    let mut replicas = three(Ack::Fsync);
    replicas.iter_mut().for_each(|replica| replica.config.lease = Some(Duration::from_secs(5)));
    preside(&mut replicas, 0);
    round(&mut replicas);
    round(&mut replicas);
    let mut status = |span| {
        replicas[1].now = replicas[1].now + span;
        let effects = replicas[1].message(FRONT, Message::Manage { ticket: 1, errand: Errand::Status });
        let told = effects.into_iter().find_map(|effect| match effect {
            Effect::Send { message: Message::Told { status, .. }, .. } => Some(status),
            _ => None,
        });
        told.map(|status| (status.fenced, status.out_of_touch))
    };
    assert_eq!(status(Duration::from_secs(4)), Some((false, false)));
    assert_eq!(status(Duration::from_secs(1)), Some((false, true)));
}
