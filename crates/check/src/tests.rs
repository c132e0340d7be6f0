//! What the general properties let pass, and what they do not.

use rumormill_core::property::Monitor;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use crate::{DeliveredWasSent, DoneMeansTargetsMet, NobodyActsWhileDown};

/// The `count`th event of a peer.
fn event(peer: u32, count: u64, kind: Kind) -> Event {
    Event::new(EventId::new(peer, count), Instant::from_nanos(count), PeerId(peer.into()), kind)
}

fn sent(peer: u32, count: u64, to: u64) -> Event {
    Event { other: Some(PeerId(to)), name: "push".into(), ..event(peer, count, Kind::Sent) }
}

fn delivered(peer: u32, count: u64, from: u32, cause: u64) -> Event {
    let cause = Some(EventId::new(from, cause));
    Event { other: Some(PeerId(from.into())), name: "push".into(), cause, ..event(peer, count, Kind::Delivered) }
}

/// Reads events and then the end; the place of the one that was wrong, the number of events for the end.
fn judge(mut monitor: impl Monitor, events: &[Event]) -> Result<(), (usize, String)> {
    for (place, event) in events.iter().enumerate() {
        monitor.event(event).map_err(|why| (place, why))?;
    }
    monitor.end().map_err(|why| (events.len(), why))
}

#[test]
fn what_was_sent_may_arrive_often_and_early() {
    let often = [sent(1, 1, 2), delivered(2, 1, 1, 1), delivered(2, 2, 1, 1)];
    assert_eq!(judge(DeliveredWasSent::default(), &often), Ok(()));
    let known_late = [delivered(2, 1, 1, 1), sent(1, 1, 2)];
    assert_eq!(judge(DeliveredWasSent::default(), &known_late), Ok(()));
    // It was killed before its trace could tell.
    let killed = [delivered(2, 1, 1, 1), event(1, 99, Kind::Crashed), delivered(3, 1, 1, 2)];
    assert_eq!(judge(DeliveredWasSent::default(), &killed), Ok(()));
}

#[test]
fn what_was_not_sent_may_not_arrive() {
    let wrong = |events: &[Event]| judge(DeliveredWasSent::default(), events).unwrap_err();
    let never = wrong(&[delivered(2, 1, 1, 1)]);
    assert_eq!(never.0, 1, "found at the end");
    assert!(never.1.contains("no trace tells of its sending"), "{}", never.1);
    let to_another = wrong(&[sent(1, 1, 3), delivered(2, 1, 1, 1)]);
    assert_eq!(to_another.0, 1);
    let says = "a push that is said to come from peer 1 arrived at peer 2; \
                but it was a push from peer 1 to peer 3 that was sent";
    assert_eq!(to_another.1, says);
    let no_sending = wrong(&[event(1, 1, Kind::Timer), event(1, 2, Kind::Timer), delivered(2, 1, 1, 1)]);
    assert_eq!(no_sending.0, 2);
    let forged = Event { other: Some(PeerId(3)), ..delivered(2, 1, 1, 1) };
    assert_eq!(wrong(&[sent(1, 1, 2), forged]).0, 1);
    let renamed = Event { name: "pull".into(), ..delivered(2, 1, 1, 1) };
    assert_eq!(wrong(&[sent(1, 1, 2), renamed]).0, 1);
}

#[test]
fn the_dead_are_silent() {
    let crash = |count| event(1, count, Kind::Crashed);
    let rests = [event(1, 1, Kind::Started), crash(9), event(1, 10, Kind::Dropped), event(1, 20, Kind::Restarted)];
    assert_eq!(judge(NobodyActsWhileDown::default(), &rests), Ok(()));
    let acts_again = [&rests[..], &[sent(1, 21, 2)]].concat();
    assert_eq!(judge(NobodyActsWhileDown::default(), &acts_again), Ok(()));
    assert_eq!(judge(NobodyActsWhileDown::default(), &[crash(9), sent(1, 5, 2)]), Ok(()), "it was done before");
    let walks = judge(NobodyActsWhileDown::default(), &[crash(9), sent(1, 10, 2)]).unwrap_err();
    assert_eq!(walks, (1, "peer 1 is down, but its trace says: sent push".into()));
}

#[test]
fn who_is_done_meets_its_targets_at_the_end() {
    let progress = |count, value| Event { name: "all".into(), value, goal: 3, ..event(1, count, Kind::Progress) };
    let done = |count| event(1, count, Kind::Done);
    assert_eq!(judge(DoneMeansTargetsMet::default(), &[progress(1, 1), done(2), progress(3, 3)]), Ok(()));
    assert_eq!(judge(DoneMeansTargetsMet::default(), &[progress(1, 1)]), Ok(()), "it never said so");
    let crashed = [progress(1, 1), done(2), event(1, 3, Kind::Crashed)];
    assert_eq!(judge(DoneMeansTargetsMet::default(), &crashed), Ok(()));
    let wrong = judge(DoneMeansTargetsMet::default(), &[progress(1, 3), done(2), progress(3, 2)]).unwrap_err();
    assert_eq!(wrong, (3, "peer 1 said that it is done, but all stands at 2 of 3".into()));
}
