//! What is on disk, and what a replica without one does.

use super::*;
use crate::store::Request;

fn write(replica: &mut Replica, number: u64) -> Effects {
    replica.message(FRONT, calls(&Timestamp::new(), vec![update(id(1, number), 100)]))
}

fn tick(replica: &mut Replica, span: Duration) -> Effects {
    replica.now = replica.now + span;
    replica.timer(crate::store::Timer::Replica(super::super::Timer::Gossip))
}

/// Whatever was written of a checkpoint when the power failed: the disk is that of some moment, with all that was
/// answered before.
#[test]
fn a_crash_may_come_between_any_two_writes() {
    let mut replica = replica(1, Ack::Fsync);
    (1..=5).for_each(|number| drop(write(&mut replica, number)));
    let before = replica.host.disk.borrow().clone();
    let effects = tick(&mut replica, Duration::from_secs(6));
    let writes: Vec<_> = effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Persist { key, value } => Some((key, value)),
            _ => None,
        })
        .collect();
    assert!(writes.len() > 4, "a checkpoint: {writes:?}");
    for kept in 0..=writes.len() {
        let mut disk = before.clone();
        for (key, value) in &writes[..kept] {
            match value {
                Some(value) => drop(disk.insert((PeerId(1), key.clone()), value.clone())),
                None => drop(disk.remove(&(PeerId(1), key.clone()))),
            }
        }
        *replica.host.disk.borrow_mut() = disk;
        for boot in 1..=2 {
            reboot(&mut replica);
            let state = inner(&replica);
            assert_eq!((state.value().len(), state.value().twice), (5, 0), "{kept} writes, boot {boot}");
            assert_eq!(state.replica_timestamp(), &named(&[(1, 5)]));
            assert_eq!(state.log_len(), 5, "the others lack them");
        }
        let copy = answers(&write(&mut replica, 3));
        assert!(copy[0].0.result.is_ok());
        assert_eq!(inner(&replica).value().len(), 5, "a copy is known after a reboot");
    }
}

#[test]
fn batches_leave_the_disk_when_all_hold_them() {
    let mut replicas = three(Ack::Fsync);
    (1..=9).for_each(|number| drop(write(&mut replicas[0], number)));
    (0..3).for_each(|_| drop(round(&mut replicas)));
    pass(&mut replicas, Duration::from_secs(6));
    round(&mut replicas);
    for replica in &mut replicas {
        let keys: Vec<_> = replica.host.disk.borrow().keys().map(|(_, key)| key.clone()).collect();
        assert!(!keys.iter().any(|key| key.starts_with(b"log/")), "{keys:?}");
        reboot(replica);
        assert_eq!((inner(replica).value().len(), inner(replica).log_len()), (9, 0));
        assert_eq!(inner(replica).replica_timestamp(), &named(&[(1, 9)]));
    }
}

#[test]
fn what_is_only_in_memory_may_be_lost_so_a_reboot_begins_another_line() {
    let mut replica = replica(1, Ack::Memory);
    write(&mut replica, 1);
    replica.timer(crate::store::Timer::Replica(super::super::Timer::Flush));
    write(&mut replica, 2);
    reboot(&mut replica);
    assert_eq!(inner(&replica).replica_timestamp(), &named(&[(1, 1)]));
    let label = label_of(&write(&mut replica, 3));
    assert_eq!(label.get(line(1)), 0, "the number 2 of the old line may be in use: {label:?}");
    assert_eq!(inner(&replica).value().len(), 2);
}

#[test]
fn who_lost_the_disk_takes_calls_only_with_the_state_of_another() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 1);
    (1..=9).for_each(|number| drop(write(&mut replicas[0], number)));
    (0..3).for_each(|_| drop(round(&mut replicas)));
    assert_eq!(inner(&replicas[1]).log_len(), 0, "gossip cannot bring them back");
    replicas[0].host.disk.borrow_mut().clear();
    let effects = reboot(&mut replicas[0]);
    assert!(inner(&replicas[0]).is_recovering());
    assert_eq!(answers(&write(&mut replicas[0], 10))[0].0.result, Err(Refusal::Fenced));
    talk(&mut replicas, 0, effects);
    round(&mut replicas);
    assert!(inner(&replicas[0]).is_recovering(), "the council does not know of its new life");
    knock(&mut replicas, 0);
    assert!(!inner(&replicas[0]).is_recovering());
    assert_eq!(inner(&replicas[0]).value().len(), 9);
    let copy = answers(&write(&mut replicas[0], 9));
    assert!(copy[0].0.result.is_ok());
    assert_eq!(inner(&replicas[0]).value().len(), 9, "it knows which calls are executed");
    let label = label_of(&replicas[0].message(FRONT, calls(&Timestamp::new(), vec![update(id(1, 10), 109)])));
    assert!(label.parts().any(|(slot, number)| slot.incarnation != 0 && number == 1), "a line of its own: {label:?}");
    round(&mut replicas);
    assert_eq!(replicas.each_ref().map(|replica| inner(replica).value().len()), [10, 10, 10]);
    reboot(&mut replicas[0]);
    assert_eq!(inner(&replicas[0]).value().len(), 10, "it is on the new disk");
}

#[test]
fn a_snapshot_comes_in_pieces_and_is_of_one_moment() {
    let mut replicas = three(Ack::Fsync);
    for key in 0..200_u8 {
        let write = Write { key, value: 1, seen: vec![(0, stamp()); 4000] };
        let call = Call { op: Op::Update(write), ..update(id(u64::from(key) + 1, 1), 100) };
        replicas[0].message(FRONT, calls(&Timestamp::new(), vec![call]));
    }
    replicas[2].host.disk.borrow_mut().clear();
    let mut open = reboot(&mut replicas[2]);
    let (mut pieces, mut extra) = (0, 0);
    // Only replica 1 is asked, each question twice, and it goes on taking updates meanwhile.
    while let Some(place) =
        open.iter().position(|e| matches!(e, Effect::Send { message: Message::WantPiece { .. }, .. }))
    {
        let Effect::Send { message, .. } = open.remove(place) else { panic!("a question") };
        pieces += 1;
        extra += 1;
        replicas[0].message(FRONT, calls(&Timestamp::new(), vec![update(id(900, extra), 100)]));
        let mut answers = replicas[0].message(PeerId(3), message.clone());
        answers.extend(replicas[0].message(PeerId(3), message));
        open.clear();
        for answer in answers {
            if let Effect::Send { to: PeerId(3), message } = answer {
                let sender = asked(&replicas[2]);
                open.extend(replicas[2].message(sender, message));
            }
        }
    }
    assert!(pieces > 3, "{pieces} pieces");
    let taken = inner(&replicas[2]).value();
    assert_eq!((taken.len(), taken.twice), (201, 0), "what was there when the first piece was asked for");
    round(&mut replicas);
    assert_eq!(inner(&replicas[2]).value().len() as u64, 200 + extra);
}

/// Whom a replica asks for its snapshot.
fn asked(replica: &Replica) -> PeerId {
    inner(replica).recovery.as_ref().and_then(|recovery| recovery.source()).unwrap_or(PeerId(1))
}

fn stamp() -> Stamp {
    Stamp { time: 1, call: id(1, 1) }
}

#[test]
fn a_disk_with_something_else_on_it_counts_as_lost() {
    for key in [&b"meta"[..], b"life", b"journal", b"log/abc", b"part/x", b"call/y", b"floor"] {
        let mut replica = replica(2, Ack::Fsync);
        write(&mut replica, 1);
        tick(&mut replica, Duration::from_secs(6));
        replica.host.disk.borrow_mut().insert((PeerId(2), key.to_vec()), vec![0xff; 9]);
        reboot(&mut replica);
        assert!(inner(&replica).is_recovering(), "{key:?}");
        replica.request(Request::Gossip);
    }
}

/// Before it is decided that it is a member, a round may be decided of which it does not know.
#[test]
fn who_lost_the_disk_takes_calls_only_when_its_new_life_is_decided() {
    let mut replicas = three(Ack::Fsync);
    preside(&mut replicas, 1);
    replicas[0].host.disk.borrow_mut().clear();
    let effects = reboot(&mut replicas[0]);
    talk(&mut replicas, 0, effects);
    pass(&mut replicas, Duration::from_secs(3));
    let knock = replicas[0].timer(crate::store::Timer::Replica(super::super::Timer::Council(raft::Timer::Patience)));
    let known = inner(&replicas[1]).council.raft.last_index();
    // It hears what is in the council's log, and not that it is decided.
    let (mut open, mut late) = (VecDeque::from([(0, knock)]), Vec::new());
    while let Some((from, effects)) = open.pop_front() {
        for effect in effects {
            let Effect::Send { to: PeerId(to @ 1..=3), message } = effect else { continue };
            let decided = |body: &raft::Body<_>| match body {
                raft::Body::Append { commit, .. } => *commit,
                _ => 0,
            };
            if to == 1 && matches!(&message, Message::Council(message) if decided(&message.body) > known + 1) {
                late.push(message);
                continue;
            }
            let sender = replicas[from].me;
            open.push_back((to as usize - 1, replicas[to as usize - 1].message(sender, message)));
        }
    }
    round(&mut replicas);
    assert_eq!(inner(&replicas[0]).council.raft.role(), raft::Role::Follower);
    assert!(inner(&replicas[0]).is_recovering());
    for message in late {
        let effects = replicas[0].message(PeerId(2), message);
        talk(&mut replicas, 0, effects);
    }
    assert!(!inner(&replicas[0]).is_recovering());
}
