//! Cones, spans of time, and events by their ids.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::super::*;
use super::{made_up, recorded, steps};

/// All that led to an event, by going from cause to cause and from each event to the one before it at its peer.
fn past_of(events: &[Event], id: EventId) -> BTreeSet<EventId> {
    let known: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
    let (mut past, mut open) = (BTreeSet::new(), vec![id]);
    while let Some(id) = open.pop() {
        let Some(event) = known.get(&id) else { continue };
        if past.insert(id) {
            open.extend(event.cause);
            open.extend((count(id) > 0).then(|| EventId(id.0 - 1)));
        }
    }
    past
}

/// How long each message of a direction took, by looking for the sending of each arrival.
fn times_of(events: &[Event], from: u64, to: u64) -> Vec<u64> {
    let arrivals = events
        .iter()
        .filter(|event| event.kind == Kind::Delivered && event.peer.0 == to && event.other == Some(PeerId(from)));
    let took = arrivals.map(|arrival| {
        let sent = events.iter().find(|event| Some(event.id) == arrival.cause).unwrap();
        arrival.time.since(sent.time).as_nanos() as u64
    });
    let mut times: Vec<u64> = took.collect();
    times.sort_unstable();
    times
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_link_knows_how_long_its_messages_took(
        steps in steps(), latency in 0_u64..9, segments in 1_usize..4, until in 0_u64..2_000,
    ) {
        let (_runs, run, mut events) = recorded(&made_up(&steps, latency), segments);
        let until = Instant::from_nanos(until);
        events.retain(|event| event.time <= until);
        for (from, to) in [(1, 2), (3, 3), (6, 5)] {
            let [there, back] = run.link_times(from, to, until);
            for (told, from, to) in [(&there, from, to), (&back, to, from)] {
                // To oneself, both ways are one.
                if from == to && std::ptr::eq(told, &back) {
                    continue;
                }
                let (from, to) = (u64::from(from), u64::from(to));
                let count = |kind, peer, other| {
                    let is_it = |event: &&Event| (event.kind, event.peer.0, event.other) == (kind, peer, Some(PeerId(other)));
                    events.iter().filter(is_it).count() as u64
                };
                prop_assert_eq!(told.sent, count(Kind::Sent, from, to));
                prop_assert_eq!(told.delivered, count(Kind::Delivered, to, from));
                prop_assert_eq!(told.lost, count(Kind::Dropped, to, from));
                let times = times_of(&events, from, to);
                let took = told.took.as_ref().map(|took| {
                    (took.measured, [took.least, took.median, took.most].map(|span| span.as_nanos() as u64))
                });
                let expected = times.last().map(|&most| (times.len() as u64, [times[0], times[(times.len() - 1) / 2], most]));
                prop_assert_eq!(took, expected);
            }
        }
    }

    #[test]
    fn a_cone_is_what_happened_before_and_after(
        steps in steps(), segments in 1_usize..4, chosen: prop::sample::Index,
    ) {
        let events = made_up(&steps, 0);
        prop_assume!(!events.is_empty());
        let (_runs, run, events) = recorded(&events, segments);
        let id = events[chosen.index(events.len())].id;
        let cone = run.cone(id).unwrap();

        let past = past_of(&events, id);
        let edge: BTreeMap<u32, u64> = cone.past.peers.iter().copied().collect();
        let is_past = |event: &Event| edge.get(&event.id.peerid()).is_some_and(|&last| count(event.id) <= last);
        for event in &events {
            prop_assert_eq!(is_past(event), past.contains(&event.id), "{:?} before {:?}", event.id, id);
        }
        prop_assert_eq!(cone.past.events, past.len() as u64 - 1);

        let edge: BTreeMap<u32, u64> = cone.future.peers.iter().copied().collect();
        let mut after = 0;
        for event in &events {
            let is_future = edge.get(&event.id.peerid()).is_some_and(|&first| count(event.id) >= first);
            prop_assert_eq!(is_future, past_of(&events, event.id).contains(&id), "{:?} after {:?}", event.id, id);
            after += u64::from(is_future);
        }
        prop_assert_eq!(cone.future.events, after - 1);

        prop_assert_eq!(cone.path.last().unwrap().id, id);
        prop_assert_eq!(cone.path[0].cause, None);
        for pair in cone.path.windows(2) {
            prop_assert_eq!(pair[1].cause, Some(pair[0].id));
        }
    }

    #[test]
    fn a_span_shows_its_events_and_messages(
        steps in steps(), segments in 1_usize..4, span in (0_u64..900, 0_u64..900), explicit: bool, limit in 1_usize..200,
    ) {
        let (from, to) = (span.0.min(span.1), span.0.max(span.1));
        let (_runs, run, events) = recorded(&made_up(&steps, 1), segments);
        let query = SpacetimeQuery {
            from: Some(Instant::from_nanos(from)),
            to: Some(Instant::from_nanos(to)),
            peers: if explicit { vec![5, 2, 3] } else { vec![] },
            columns: 7,
            limit,
            ..SpacetimeQuery::default()
        };
        let answer = run.spacetime(&query);
        let inside: Vec<&Event> =
            events.iter().filter(|event| (from..=to).contains(&event.time.as_nanos())).collect();
        let active: BTreeSet<u32> = inside.iter().map(|event| event.id.peerid()).collect();
        let shown: BTreeSet<u32> = answer.peers.iter().copied().collect();
        if explicit {
            prop_assert_eq!(&answer.peers, &[5, 2, 3]);
        } else {
            prop_assert_eq!(&shown, &active, "quiet peers are folded");
        }
        prop_assert_eq!(answer.hidden_peers as usize, active.difference(&shown).count());
        prop_assert_eq!(answer.quiet_peers as usize, run.file().peers as usize - active.len());
        let inside: Vec<&Event> = inside.into_iter().filter(|event| shown.contains(&event.id.peerid())).collect();
        prop_assert_eq!(answer.total, inside.len() as u64);

        let known: BTreeMap<EventId, &Event> = events.iter().map(|event| (event.id, event)).collect();
        let number = |peer: PeerId| peer.0 as u32;
        let mut expected: Vec<(EventId, Option<EventId>, bool)> = Vec::new();
        let is_shown = |event: &Event| shown.contains(&number(event.peer)) && shown.contains(&number(event.other.unwrap()));
        for event in events.iter().filter(|event| event.kind == Kind::Sent && is_shown(event)) {
            let ends = events.iter().filter(|end| end.cause == Some(event.id) && matches!(end.kind, Kind::Delivered | Kind::Dropped));
            let ends: Vec<&Event> = ends.collect();
            let left = event.time.as_nanos();
            if ends.is_empty() && (from..=to).contains(&left) {
                expected.push((event.id, None, false));
            }
            // Of copies that arrive after the span, nobody is told.
            let is_told = |(at, end): &(usize, &&Event)| *at == 0 || end.time.as_nanos() <= to;
            let ends = ends.iter().enumerate().filter(is_told).map(|(_, end)| end);
            for end in ends.filter(|end| left <= to && end.time.as_nanos() >= from) {
                expected.push((event.id, Some(end.id), end.kind == Kind::Dropped));
            }
        }
        expected.sort();
        match answer.picture {
            Picture::Detail { events, messages } => {
                prop_assert!(answer.total <= limit as u64);
                prop_assert_eq!(events.iter().collect::<Vec<_>>(), inside);
                let mut found: Vec<_> = messages.iter().map(|line| (line.sent, line.end, line.is_lost)).collect();
                found.sort();
                prop_assert_eq!(found, expected);
                for line in &messages {
                    prop_assert_eq!(known[&line.sent].time, line.sent_at);
                    prop_assert_eq!(line.end.map(|end| known[&end].time), line.ended_at);
                    prop_assert_eq!(&known[&line.sent].name, &line.kind);
                }
            }
            Picture::Density(density) => {
                prop_assert!(answer.total > limit as u64);
                let sums: Vec<u64> = density.rows.iter().map(|row| row.iter().map(|&count| u64::from(count)).sum()).collect();
                for (peer, sum) in answer.peers.iter().zip(sums) {
                    prop_assert_eq!(inside.iter().filter(|event| event.id.peerid() == *peer).count() as u64, sum);
                }
                let left = events.iter().filter(|event| event.kind == Kind::Sent && is_shown(event));
                let left = left.filter(|event| (from..=to).contains(&event.time.as_nanos())).count();
                prop_assert_eq!(density.messages_of, left as u64);
                prop_assert!(density.messages.len() <= limit, "a sample");
                for line in &density.messages {
                    prop_assert!(expected.contains(&(line.sent, line.end, line.is_lost)), "{:?}", line);
                }
            }
        }
    }

    #[test]
    fn events_are_found_by_their_ids(steps in steps(), segments in 1_usize..4, wanted: Vec<prop::sample::Index>) {
        let (_runs, run, events) = recorded(&made_up(&steps, 1), segments);
        prop_assume!(!events.is_empty());
        let mut wanted: Vec<&Event> = wanted.iter().map(|index| &events[index.index(events.len())]).collect();
        let mut seen = BTreeSet::new();
        wanted.retain(|event| seen.insert(event.id));
        let mut ids: Vec<EventId> = wanted.iter().map(|event| event.id).collect();
        ids.insert(ids.len() / 2, EventId::new(99, 1));
        let found = run.find(&ids);
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), wanted);
    }
}
