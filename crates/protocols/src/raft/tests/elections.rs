//! Votes, leaders and their successors.

use super::*;

fn ask(term: u64, beforehand: bool, handed_over: bool) -> Message<u64> {
    let body = Body::Ask { beforehand, handed_over, last_index: 9, last_term: 9 };
    Message { incarnation: 0, term, body }
}

/// Whom a peer answers, and whether it grants what was asked.
fn answers(group: &mut Group) -> Vec<(u64, bool)> {
    let mail = std::mem::take(&mut group.mail);
    let votes = mail.into_iter().filter_map(|(_, to, message)| match message.body {
        Body::Vote { granted, .. } => Some((to, granted)),
        _ => None,
    });
    votes.collect()
}

#[test]
fn a_majority_elects_one_leader_and_all_hear_of_it() {
    let mut group = Group::led(5);
    let leader = Some(member(1, 0));
    for peer in 1..=5 {
        assert_eq!((group.raft(peer).leader(), group.raft(peer).term()), (leader, 1), "peer {peer}");
        assert!(group.heard.contains(&(peer, Indication::LeaderIs { member: leader, term: 1 })), "peer {peer}");
    }
    group.cut = BTreeSet::from([1, 2, 3]);
    group.elect(4);
    assert_eq!((group.raft(4).role(), group.raft(4).term()), (Role::Candidate, 1), "two of five");
    group.cut = BTreeSet::from([1]);
    group.elect(4);
    assert_eq!((group.raft(4).role(), group.raft(4).term()), (Role::Leader, 2));
    group.cut.clear();
    group.beat(4);
    assert_eq!((group.raft(1).role(), group.raft(1).leader()), (Role::Follower, Some(member(4, 0))));
}

#[test]
fn who_was_cut_off_does_not_depose_the_leader() {
    let mut group = Group::led(3);
    group.cut.insert(3);
    for _ in 0..5 {
        group.elect(3);
        group.beat(1);
    }
    assert_eq!((group.raft(3).role(), group.raft(3).term()), (Role::Candidate, 1), "it only asks beforehand");
    group.cut.clear();
    group.timer(3, Timer::Patience);
    group.deliver();
    group.beat(1);
    assert_eq!((group.raft(1).role(), group.raft(3).role(), group.raft(1).term()), (Role::Leader, Role::Follower, 1));
}

#[test]
fn nobody_votes_while_there_is_a_leader_unless_it_hands_over() {
    let mut group = Group::led(3);
    group.say(3, 2, ask(7, false, false));
    assert_eq!((answers(&mut group), group.raft(2).term()), (vec![(3, false)], 1), "not even the term is heard");
    group.say(3, 1, ask(7, false, false));
    assert_eq!((answers(&mut group), group.raft(1).role()), (vec![(3, false)], Role::Leader));
    group.say(3, 2, ask(7, false, true));
    assert_eq!((answers(&mut group), group.raft(2).term()), (vec![(3, true)], 7));
    group.wait(TIMEOUT * 2);
    group.say(1, 2, ask(8, true, false));
    assert_eq!((answers(&mut group), group.raft(2).voted_for()), (vec![(1, true)], None), "beforehand is no vote");
}

#[test]
fn a_voter_votes_once_in_a_term_even_when_it_crashes_in_between() {
    for flaw in [None, Some(Flaw::ForgetsVotes)] {
        let mut group = Group::founded(3);
        group.peer(1).config.flaw = flaw;
        group.wait(TIMEOUT);
        group.say(2, 1, ask(7, false, false));
        assert_eq!(answers(&mut group), [(2, true)]);
        group.boot(1);
        group.wait(TIMEOUT);
        group.say(3, 1, ask(7, false, false));
        assert_eq!(answers(&mut group), [(3, flaw.is_some())], "only with the flaw a second time: {flaw:?}");
        group.say(2, 1, ask(7, false, false));
        assert_eq!(answers(&mut group), [(2, flaw.is_none())]);
    }
}

#[test]
fn whose_log_is_behind_is_not_elected() {
    let mut group = Group::led(3);
    group.cut.insert(3);
    group.propose(1, [5]);
    group.cut = BTreeSet::from([1]);
    group.elect(3);
    assert_eq!((group.raft(3).role(), group.raft(3).term()), (Role::Candidate, 1));
    group.elect(2);
    assert_eq!((group.raft(2).role(), group.raft(2).term()), (Role::Leader, 2));
}

#[test]
fn a_leader_that_hears_no_majority_steps_down() {
    let mut group = Group::led(3);
    assert_eq!(group.raft(1).majority_heard_at(), Some(group.peer(1).now));
    group.cut = BTreeSet::from([2, 3]);
    group.ask(1, Request::Confirm { id: 4 });
    group.wait(TIMEOUT);
    group.beat(1);
    assert_eq!(group.raft(1).role(), Role::Leader);
    group.wait(TIMEOUT * 2);
    group.beat(1);
    assert_eq!((group.raft(1).role(), group.raft(1).majority_heard_at()), (Role::Follower, None));
    let reports = group.reports(1);
    assert!(reports.contains(&Indication::Unconfirmed { id: 4, leader: None }), "{reports:?}");
}

#[test]
fn leadership_is_handed_over_to_one_who_has_the_whole_log() {
    let mut group = Group::led(3);
    group.cut.insert(2);
    group.propose(1, [5]);
    group.ask(1, Request::HandOver { to: PeerId(2) });
    group.deliver();
    assert_eq!(group.raft(1).role(), Role::Leader, "it lacks an entry");
    group.cut.clear();
    group.beat(1);
    group.deliver();
    assert_eq!((group.raft(2).role(), group.raft(2).term(), group.raft(1).role()), (Role::Leader, 2, Role::Follower));
    group.say(3, 1, Message { incarnation: 0, term: 2, body: Body::TakeOver });
    assert_eq!(group.raft(1).role(), Role::Follower, "only the leader may ask for that");
}

#[test]
fn the_last_term_has_no_next() {
    let mut group = Group::founded(3);
    group.wait(TIMEOUT);
    group.say(2, 1, ask(u64::MAX, false, false));
    group.elect(1);
    assert_eq!(group.raft(1).term(), u64::MAX);
}
