//! Entries: how they spread, are committed, differ and are mended.

use super::*;

fn append(term: u64, prev: (u64, u64), commit: u64, terms: &[u64]) -> Message<u64> {
    let entries = terms.iter().map(|&term| Entry { term, payload: Payload::Command(term * 100) }).collect();
    let body = Body::Append { round: 1, prev_index: prev.0, prev_term: prev.1, commit, entries };
    Message { incarnation: 0, term, body }
}

fn answer(group: &mut Group) -> Option<Body<u64>> {
    group.mail.drain(..).next_back().map(|(_, _, message)| message.body)
}

#[test]
fn commands_are_committed_in_order_at_all() {
    let mut group = Group::led(3);
    group.propose(1, [7, 8, 9]);
    group.beat(1);
    for peer in 1..=3 {
        // The founding is entry 1, the leader's first is entry 2.
        assert_eq!(group.committed(peer), [(3, 7), (4, 8), (5, 9)], "peer {peer}");
    }
    group.ask(2, Request::Propose(10));
    let refused = Indication::NotLeader { leader: Some(PeerId(1)), command: 10 };
    assert_eq!(group.reports(2).last(), Some(&refused));
}

#[test]
fn nothing_is_committed_without_a_majority() {
    let mut group = Group::led(3);
    group.cut = BTreeSet::from([2, 3]);
    group.propose(1, [7]);
    group.beat(1);
    assert_eq!((group.committed(1), group.raft(1).last_index(), group.raft(1).commit()), (vec![], 3, 2));
    group.cut.clear();
    group.beat(1);
    assert_eq!(group.committed(1), [(3, 7)]);
}

#[test]
fn a_follower_takes_the_leaders_entries_in_place_of_its_own() {
    let mut group = Group::led(3);
    group.cut = BTreeSet::from([2, 3]);
    group.propose(1, 0..20);
    group.cut = BTreeSet::from([1]);
    group.elect(2);
    group.propose(2, [50, 51]);
    group.cut.clear();
    group.beat(2);
    group.beat(2);
    assert_eq!(group.committed(1), [(4, 50), (5, 51)]);
    assert_eq!((group.raft(1).last_index(), group.raft(1).term_at(3)), (5, Some(2)));
    // And on disk: nothing of the old entries comes back.
    group.boot(1);
    assert_eq!((group.raft(1).last_index(), group.raft(1).entry(4)), (5, group.raft(2).entry(4)));
}

#[test]
fn where_logs_part_is_found_with_a_question_for_each_term() {
    let mut group = Group::founded(3);
    group.say(2, 1, append(1, (1, 0), 0, &[1, 1, 1, 1]));
    group.say(3, 1, append(3, (5, 1), 0, &[2, 2, 3]));
    group.mail.clear();
    group.say(2, 1, append(4, (20, 4), 0, &[]));
    assert!(matches!(answer(&mut group), Some(Body::Missing { prev_index: 20, hint_index: 8, hint_term: 3, .. })));
    group.say(2, 1, append(4, (8, 2), 0, &[]));
    assert!(matches!(answer(&mut group), Some(Body::Missing { hint_index: 7, hint_term: 2, .. })));
    group.say(2, 1, append(4, (7, 1), 0, &[]));
    assert!(matches!(answer(&mut group), Some(Body::Missing { hint_index: 5, hint_term: 1, .. })));
    group.say(2, 1, append(4, (5, 1), 6, &[4]));
    assert!(matches!(answer(&mut group), Some(Body::Appended { index: 6, .. })));
    assert_eq!((group.raft(1).last_index(), group.raft(1).commit()), (6, 6));
}

#[test]
fn messages_twice_late_and_out_of_order_change_nothing() {
    let mut group = Group::led(3);
    (0..40).for_each(|command| group.ask(1, Request::Propose(command)));
    let mut rng = rumormill_core::Rng::new(7);
    for _ in 0..400 {
        let mut mail: Vec<_> = group.mail.drain(..).collect();
        rng.shuffle(&mut mail);
        for (from, to, message) in mail {
            if rng.chance(0.2) {
                group.mail.push_back((from, to, message.clone()));
            }
            group.say(from, to, message);
        }
    }
    group.mail.clear();
    group.beat(1);
    group.beat(1);
    let expected: Vec<(u64, u64)> = (0..40).map(|command| (command + 3, command)).collect();
    (1..=3).for_each(|peer| assert_eq!(group.committed(peer), expected, "peer {peer}"));
}

#[test]
fn what_no_correct_peer_sends_is_reported_and_changes_nothing() {
    let faults = [
        (append(1, (1, 0), 0, &[1]), "a second leader in one term"),
        (append(5, (3, 1), 0, &[4, 2]), "entries whose terms go down, or are later than the leader's"),
        (append(5, (3, 1), 0, &[6]), "entries whose terms go down, or are later than the leader's"),
        (append(5, (u64::MAX, 1), 0, &[5]), "entries beyond the last place there is"),
        (append(5, (1, 0), 0, &[5]), "another entry in place of a committed one"),
    ];
    for (message, why) in faults {
        let mut group = Group::led(3);
        group.propose(1, [7]);
        group.beat(1);
        group.say(3, 2, message);
        assert_eq!(group.reports(2).last(), Some(&Indication::Misbehaved { peer: PeerId(3), why }));
        assert_eq!((group.raft(2).commit(), group.raft(2).last_index()), (3, 3));
    }
    let mut group = Group::led(3);
    let claim = Body::Appended { round: 0, index: 99 };
    group.say(2, 1, Message { incarnation: 0, term: 1, body: claim });
    assert!(matches!(group.reports(1).last(), Some(Indication::Misbehaved { peer: PeerId(2), .. })));
}

#[test]
fn a_leader_takes_no_more_than_it_has_room_for() {
    let mut group = Group::led(3);
    group.peer(1).config.uncommitted_max = 4;
    group.cut = BTreeSet::from([2, 3]);
    group.propose(1, 0..5);
    assert_eq!(group.reports(1).last(), Some(&Indication::Refused { why: Refusal::Busy, command: 4 }));
    group.cut.clear();
    group.beat(1);
    group.peer(1).config.batch_bytes = 2;
    group.propose(1, [1_000_000]);
    assert_eq!(group.reports(1).last(), Some(&Indication::Refused { why: Refusal::TooLong, command: 1_000_000 }));
}

#[test]
fn a_reader_waits_for_a_majority_that_answers_after_it_asked() {
    let mut group = Group::led(3);
    group.propose(1, [7]);
    group.ask(1, Request::Confirm { id: 1 });
    let round: Vec<_> = group.mail.drain(..).collect();
    group.ask(1, Request::Confirm { id: 2 });
    assert!(
        group.mail.is_empty() && group.reports(1).iter().all(|report| !matches!(report, Indication::Confirmed { .. }))
    );
    group.mail.extend(round);
    group.deliver();
    let confirmed = [1, 2].map(|id| Indication::Confirmed { id, index: 3 });
    assert_eq!(group.reports(1), confirmed, "the second after a round of its own");
    group.ask(2, Request::Confirm { id: 3 });
    assert_eq!(group.reports(2), [Indication::Unconfirmed { id: 3, leader: Some(PeerId(1)) }]);
}
