//! Who comes and goes, and who counts.

use super::*;

/// A peer loses its disk and boots; its new incarnation.
fn lose_disk(group: &mut Group, peer: u64) -> Member {
    group.peer(peer).host = Default::default();
    group.boot(peer);
    member(peer, group.raft(peer).incarnation())
}

#[test]
fn who_lost_its_disk_counts_only_when_it_was_let_in() {
    let mut group = Group::led(3);
    group.propose(1, [7]);
    let new = lose_disk(&mut group, 3);
    assert!(new.incarnation != 0 && group.raft(3).role() == Role::Learner);
    group.cut.insert(2);
    group.propose(1, [8]);
    group.beat(1);
    assert_eq!(group.committed(1), [(3, 7)], "the new incarnation's answers do not count");
    group.wait(TIMEOUT * 2);
    group.timer(3, Timer::Patience);
    group.deliver();
    assert_eq!(group.reports(1).last(), Some(&Indication::Knocks { member: new }));
    group.ask(1, Request::Change(Change::Add(new)));
    group.deliver();
    assert_eq!(group.raft(1).commit(), 3, "two of the three old ones are needed, and one is cut off");
    group.cut.clear();
    group.beat(1);
    group.beat(1);
    let members = vec![member(1, 0), member(2, 0), new];
    assert_eq!((group.raft(1).members(), group.raft(3).role()), (members.as_slice(), Role::Follower));
    let steps: Vec<Vec<Member>> = group
        .reports(1)
        .into_iter()
        .filter_map(|report| match report {
            Indication::Members { members, .. } => Some(members),
            _ => None,
        })
        .collect();
    assert_eq!(steps, [vec![member(1, 0), member(2, 0)], members], "one change at a time");
    group.cut.insert(2);
    group.propose(1, [9]);
    assert_eq!(group.reports(1), [Indication::Committed { index: 7, command: 9 }], "now it counts");
}

#[test]
fn the_vote_of_a_new_incarnation_does_not_count() {
    let mut group = Group::led(3);
    lose_disk(&mut group, 3);
    group.cut.insert(1);
    group.elect(2);
    assert_eq!((group.raft(2).role(), group.raft(2).term()), (Role::Candidate, 1));
    group.wait(TIMEOUT * 2);
    group.beat(1);
    group.cut.clear();
    group.elect(2);
    assert_eq!(group.raft(2).role(), Role::Leader, "by the vote of the old leader, who heard nobody");
}

#[test]
fn an_incarnation_stays_with_its_disk() {
    let mut group = Group::led(3);
    let new = lose_disk(&mut group, 3);
    group.boot(3);
    assert_eq!(group.raft(3).incarnation(), new.incarnation);
    assert_ne!(lose_disk(&mut group, 3), new);
}

#[test]
fn a_removed_member_hears_of_it_and_knocks_no_more() {
    let mut group = Group::led(3);
    group.ask(1, Request::Change(Change::Remove(member(3, 0))));
    group.deliver();
    group.beat(1);
    assert_eq!((group.raft(3).role(), group.raft(1).members().len()), (Role::Learner, 2));
    group.boot(3);
    group.elect(3);
    assert_eq!(group.raft(3).role(), Role::Learner);
    assert!(!group.reports(1).iter().any(|report| matches!(report, Indication::Knocks { .. })));
    group.ask(1, Request::Change(Change::Add(member(3, 0))));
    group.deliver();
    group.beat(1);
    assert_eq!((group.raft(3).role(), group.raft(1).members().len()), (Role::Follower, 3), "it kept its disk");
}

#[test]
fn a_leader_may_remove_itself() {
    let mut group = Group::led(3);
    group.ask(1, Request::Change(Change::Remove(member(1, 0))));
    group.deliver();
    assert_eq!((group.raft(1).role(), group.raft(1).commit()), (Role::Learner, 3));
    group.elect(2);
    group.propose(2, [7]);
    assert_eq!((group.raft(2).members().len(), group.committed(3).last()), (2, Some(&(5, 7))));
}

#[test]
fn changes_that_cannot_be_are_refused() {
    let mut group = Group::led(1);
    let mut refused = |change, by| {
        group.ask(by, Request::Change(change));
        match group.reports(by).pop() {
            Some(Indication::Unchanged { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(Change::Remove(member(1, 0)), 1), Refusal::Members);
    assert_eq!(refused(Change::Remove(member(9, 0)), 1), Refusal::NothingToDo);
    assert_eq!(refused(Change::Add(member(1, 0)), 1), Refusal::NothingToDo);
    group.ask(1, Request::Change(Change::Add(member(9, 4))));
    group.ask(1, Request::Change(Change::Add(member(8, 4))));
    let change = Change::Add(member(8, 4));
    assert_eq!(group.reports(1), [Indication::Unchanged { why: Refusal::ChangeUnderWay, change }]);
    group.wait(TIMEOUT * 11);
    group.beat(1);
    let change = Change::Add(member(9, 4));
    assert_eq!(group.reports(1), [Indication::Unchanged { why: Refusal::NoAnswer, change }]);
    let mut group = Group::led(3);
    group.ask(2, Request::Change(Change::Remove(member(3, 0))));
    let change = Change::Remove(member(3, 0));
    assert_eq!(group.reports(2).pop(), Some(Indication::Unchanged { why: Refusal::NotLeader, change }));
}

#[test]
fn a_group_is_founded_once_and_only_by_its_founders() {
    let mut group = Group::founded(3);
    let before = group.raft(1).clone();
    group.ask(1, Request::Found { members: vec![PeerId(1), PeerId(2)] });
    assert_eq!(group.raft(1).members(), before.members());
    let mut group = Group::new(3);
    group.ask(3, Request::Found { members: vec![PeerId(1), PeerId(2)] });
    assert_eq!((group.raft(3).role(), group.raft(3).last_index()), (Role::Learner, 0));
}
