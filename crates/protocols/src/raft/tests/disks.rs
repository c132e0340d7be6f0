//! What is on disk, and what happens when it is compacted, transferred or broken.

use super::*;

#[test]
fn after_a_reboot_what_follows_the_mark_is_reported_again() {
    let mut group = Group::led(3);
    group.propose(1, [7, 8, 9]);
    group.beat(1);
    group.ask(2, Request::Compact { upto: 4 });
    group.ask(2, Request::Compact { upto: 99 });
    assert_eq!(group.raft(2).compacted().index, 5, "only what is committed");
    group.boot(3);
    group.ask(3, Request::Compact { upto: 4 });
    assert_eq!((group.raft(3).compacted().index, group.raft(3).last_index()), (0, 5), "not known as committed yet");
    group.heard.clear();
    group.beat(1);
    assert_eq!(group.committed(3), [(3, 7), (4, 8), (5, 9)]);
    group.boot(2);
    group.heard.clear();
    group.propose(1, [10]);
    assert_eq!(group.committed(2), [(6, 10)]);
}

#[test]
fn who_is_behind_the_compacted_log_goes_on_from_a_snapshot() {
    let mut group = Group::led(3);
    group.cut.insert(3);
    group.propose(1, 0..10);
    group.ask(1, Request::Compact { upto: 10 });
    group.cut.clear();
    group.beat(1);
    group.beat(1);
    let needs = Indication::NeedsSnapshot { member: member(3, 0) };
    assert_eq!(group.reports(1).iter().filter(|report| **report == needs).count(), 1, "told once for a while");
    let mark = group.raft(1).mark_at(12).unwrap();
    assert_eq!(group.raft(1).mark_at(9), None, "compacted");
    group.ask(3, Request::Installed(mark.clone()));
    group.ask(3, Request::Installed(Mark { index: 4, ..mark.clone() }));
    assert_eq!((group.raft(3).commit(), group.raft(3).compacted()), (12, &mark));
    assert_eq!(group.reports(3), [Indication::Members { index: 12, members: mark.members }]);
    group.boot(3);
    group.propose(1, [50]);
    group.beat(1);
    assert_eq!((group.committed(3), group.raft(3).role()), (vec![(13, 50)], Role::Follower));
}

#[test]
fn a_snapshot_replaces_what_differs_and_keeps_what_agrees() {
    let founded = || {
        let mut group = Group::founded(3);
        let entries = [1, 1, 1].map(|term| Entry { term, payload: Payload::Command(5) }).to_vec();
        let body = Body::Append { round: 1, prev_index: 1, prev_term: 0, commit: 0, entries };
        group.say(2, 1, Message { incarnation: 0, term: 1, body });
        group
    };
    let members = (1..=3).map(|peer| member(peer, 0)).collect::<Vec<_>>();
    let mut group = founded();
    group.ask(1, Request::Installed(Mark { index: 3, term: 1, members: members.clone() }));
    assert_eq!((group.raft(1).commit(), group.raft(1).last_index()), (3, 4));
    let mut group = founded();
    group.ask(1, Request::Installed(Mark { index: 3, term: 2, members: members.clone() }));
    assert_eq!((group.raft(1).commit(), group.raft(1).last_index()), (3, 3));
    group.boot(1);
    assert_eq!((group.raft(1).commit(), group.raft(1).last_index(), group.raft(1).members()), (3, 3, &members[..]));
}

#[test]
fn a_crash_between_writes_leaves_a_log_without_a_gap() {
    let mut group = Group::led(3);
    group.cut = BTreeSet::from([2, 3]);
    group.propose(1, 0..5);
    group.cut = BTreeSet::from([1]);
    group.elect(2);
    group.propose(2, [50]);
    group.cut.clear();
    let before = group.peer(1).host.disk.borrow().clone();
    let term = group.raft(2).term();
    group.timer(2, Timer::Beat(term));
    let mut writes = Vec::new();
    while let Some((from, to, message)) = group.mail.pop_front() {
        if to != 1 {
            group.say(from, to, message);
            continue;
        }
        let effects = group.peer(1).message(PeerId(from), message);
        writes.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Persist { key, value } => Some((key.clone(), value.clone())),
            _ => None,
        }));
        group.take(1, effects);
    }
    assert!(writes.len() > 5, "{writes:?}");
    for kept in 0..=writes.len() {
        let mut disk = before.clone();
        for (key, value) in &writes[..kept] {
            match value {
                Some(value) => drop(disk.insert((PeerId(1), key.clone()), value.clone())),
                None => drop(disk.remove(&(PeerId(1), key.clone()))),
            }
        }
        *group.peer(1).host.disk.borrow_mut() = disk;
        group.boot(1);
        assert_eq!((group.raft(1).incarnation(), group.raft(1).role()), (0, Role::Follower), "{kept} writes");
        assert!((2..=7).contains(&group.raft(1).last_index()), "{kept} writes");
    }
    assert_eq!(group.raft(1).entry(4), group.raft(2).entry(4));
}

#[test]
fn a_disk_that_cannot_be_read_is_as_good_as_lost() {
    for key in ["id", "vote", "mark", "entry/\0\0\0\0\0\0\0\u{2}", "entry/\0\0\0\0\0\0\0\u{9}", "entry/"] {
        let mut group = Group::led(3);
        group.propose(1, [7]);
        group.beat(1);
        group.ask(2, Request::Compact { upto: 1 });
        group.peer(2).host.disk.borrow_mut().insert((PeerId(2), key.as_bytes().to_vec()), vec![0xff; 3]);
        group.boot(2);
        let raft = group.raft(2);
        assert!(raft.incarnation() != 0 && raft.last_index() == 0 && raft.role() == Role::Learner, "{key:?}");
        assert_eq!(group.peer(2).host.disk.borrow().len(), 1, "{key:?}: only who it is now");
    }
}
