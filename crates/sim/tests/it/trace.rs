//! What is recorded.

use std::collections::BTreeMap;

use rumormill_core::PeerId;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_sim::{Settings, Simulation};

use crate::determinism::rough;
use crate::gossip::{Gossip, config};

fn recorded() -> (Vec<Event>, rumormill_sim::Report) {
    let settings = Settings { community: "gossip", ..rough(7, 40) };
    let mut simulation = Simulation::<Gossip, _>::recorded(config(&settings), settings, Vec::new()).unwrap();
    let report = simulation.run();
    (simulation.into_sink(), report)
}

#[test]
fn events_come_in_order_with_ids_of_their_own() {
    let (events, _) = recorded();
    assert!(events.windows(2).all(|pair| (pair[0].time, pair[0].id) < (pair[1].time, pair[1].id)));
    let mut counts: BTreeMap<PeerId, u64> = BTreeMap::new();
    for event in &events {
        let count = counts.entry(event.peer).or_default();
        *count += 1;
        assert_eq!(event.id, EventId::new(event.peer.0 as u32, *count));
    }
}

#[test]
fn causes_come_first_and_fit() {
    let (events, _) = recorded();
    let by_id: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
    for event in &events {
        let cause = event.cause.map(|id| by_id[&id]);
        if let Some(cause) = cause {
            assert!(cause.time <= event.time && cause.id != event.id);
        }
        match (event.kind, cause) {
            (Kind::Delivered, Some(sent)) => {
                assert_eq!((sent.kind, sent.other, event.other), (Kind::Sent, Some(event.peer), Some(sent.peer)));
                assert_eq!((&sent.name, sent.bytes, &sent.community), (&event.name, event.bytes, &event.community));
            }
            (Kind::Dropped, Some(sent)) => {
                assert_eq!(sent.kind, Kind::Sent);
                assert!(!event.text.is_empty() && event.bytes == sent.bytes);
                // Lost at its sender or at its receiver: whoever is not the cause's peer is the other.
                assert!(event.peer == sent.peer || event.other == Some(sent.peer));
            }
            (Kind::Started | Kind::Restarted | Kind::Crashed | Kind::Fault, None) => {}
            (_, Some(cause)) => {
                let handled = [Kind::Started, Kind::Restarted, Kind::Delivered, Kind::Timer];
                assert!(cause.peer == event.peer && handled.contains(&cause.kind), "{event:?} by {cause:?}");
            }
            (kind, None) => panic!("{kind:?} without a cause: {event:?}"),
        }
    }
}

#[test]
fn everything_is_recorded_once() {
    let (events, report) = recorded();
    let count = |kind| events.iter().filter(|event| event.kind == kind).count() as u64;
    assert_eq!(count(Kind::Sent), report.messages.sent);
    assert_eq!(count(Kind::Delivered), report.messages.delivered);
    assert_eq!(count(Kind::Dropped), report.messages.dropped);
    assert_eq!(
        events.iter().filter(|event| event.kind == Kind::Sent).map(|event| event.bytes).sum::<u64>(),
        report.messages.bytes
    );
    assert_eq!(count(Kind::Started), 40);
    assert_eq!(count(Kind::Restarted), count(Kind::Crashed));
    assert_eq!(count(Kind::Fault), 12);
    assert!(count(Kind::Done) >= 40 && count(Kind::Note) == count(Kind::Done));
    for kind in [Kind::Timer, Kind::Indicated, Kind::Progress, Kind::Joined] {
        assert!(count(kind) > 0, "{kind:?}");
    }
}

#[test]
fn events_say_what_a_person_wants_to_know() {
    let (events, _) = recorded();
    let first = |kind| events.iter().find(|event| event.kind == kind).unwrap();
    let sent = first(Kind::Sent);
    assert!(sent.name == "ask" && sent.text.starts_with("Ask(") && sent.community == "gossip" && sent.bytes == 2);
    let timer = first(Kind::Timer);
    assert_eq!((timer.name.as_ref(), timer.text.as_str()), ("Again", "Again { round: 0 }"));
    let progress = first(Kind::Progress);
    assert_eq!((progress.name.as_ref(), progress.value, progress.goal), ("heard", 0, 40));
    let fault = first(Kind::Fault);
    assert_eq!((fault.peer, fault.name.as_ref()), (PeerId(0), "partition"));
    assert_eq!(fault.text, "partition: peers from 0 to 50 % | the rest");
    assert_eq!(first(Kind::Note).text, "that is all");
    assert_eq!(first(Kind::Indicated).text, "\"nothing to say\"");
    let joined: Vec<&str> = events
        .iter()
        .filter(|event| event.kind == Kind::Joined)
        .take(2)
        .map(|event| event.community.as_ref())
        .collect();
    assert_eq!(joined, ["gossip", "gossips"]);
}
