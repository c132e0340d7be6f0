//! Answers compared with those of a plain model that holds all events.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};
use tempfile::TempDir;

use super::*;
use crate::batch::Batch;
use crate::segment::{file_name, write_segment};
use crate::{Recorder, RunFile};

/// Writes the events as a run of several segments that overlap; the events as they come back.
fn recorded(events: &[Event], segments: usize) -> (TempDir, Run, Vec<Event>) {
    let runs = tempfile::tempdir().unwrap();
    let peers = events.iter().map(|event| event.id.peerid()).max().unwrap_or(0);
    let header = RunFile { experiment: "model".into(), peers, ..RunFile::default() };
    let recorder = Recorder::create(runs.path(), header).unwrap();
    let folder = recorder.folder().to_path_buf();
    let file = recorder.file().clone();
    recorder.finish(file).unwrap();
    for number in 0..segments {
        let mut batch = Batch::default();
        let length = events.len().div_ceil(segments).max(1);
        // Peers report in batches: what happened at one peer arrives in order, but later or earlier than elsewhere.
        let own = events.iter().enumerate().filter(|(place, event)| {
            let late = event.id.peerid() as usize % 3 * (length / 3);
            ((place + late) / length).min(segments - 1) == number
        });
        own.for_each(|(_, event)| batch.push(event));
        batch.sort();
        if !batch.is_empty() {
            write_segment(&folder.join(file_name(number as u32)), &batch).unwrap();
        }
    }
    let run = Run::at(&folder).unwrap();
    let events: Vec<Event> = run.events().map(Result::unwrap).collect();
    (runs, run, events)
}

/// What may happen next in a made-up run.
#[derive(Clone, Debug)]
enum Step {
    Send(u32, u32),
    Arrive(usize, bool),
    Other(u32, usize),
    Wait(u64),
}

prop_compose! {
    fn any_step()(peer in 1_u32..7, other in 1_u32..7, number: prop::sample::Index, what in 0..10_u8) -> Step {
        match what {
            0..4 => Step::Send(peer, other),
            4..7 => Step::Arrive(number.index(1000), what == 6),
            7 => Step::Other(peer, number.index(6)),
            _ => Step::Wait(number.index(50) as u64),
        }
    }
}

/// A made-up run: messages that arrive, are lost, arrive twice or never, and other events; many at one moment.
fn made_up(steps: &[Step], latency: u64) -> Vec<Event> {
    let (mut time, mut counts, mut events) = (0, BTreeMap::<u32, u64>::new(), Vec::<Event>::new());
    let mut last: BTreeMap<u32, EventId> = BTreeMap::new();
    let mut sent: Vec<Event> = Vec::new();
    for step in steps {
        let before = last.clone();
        if matches!(step, Step::Arrive(..)) {
            time += latency;
        }
        let mut happen = |peer: u32, kind: Kind, fill: &mut dyn FnMut(&mut Event)| {
            let count = counts.entry(peer).or_default();
            let mut event =
                Event::new(EventId::new(peer, *count), Instant::from_nanos(time), PeerId(peer.into()), kind);
            *count += 1;
            fill(&mut event);
            last.insert(peer, event.id);
            events.push(event.clone());
            event
        };
        match *step {
            Step::Wait(nanos) => time += nanos,
            Step::Send(from, to) => {
                let cause = before.get(&from).copied();
                let event = happen(from, Kind::Sent, &mut |event| {
                    (event.other, event.cause, event.bytes) = (Some(PeerId(to.into())), cause, u64::from(to));
                    event.name = if from % 2 == 0 { "push".into() } else { "digest".into() };
                    event.text = format!("text {}", from % 3);
                });
                sent.push(event);
            }
            Step::Arrive(number, is_lost) if !sent.is_empty() => {
                let message = sent[number % sent.len()].clone();
                let to = message.other.unwrap().0 as u32;
                let kind = if is_lost { Kind::Dropped } else { Kind::Delivered };
                happen(to, kind, &mut |event| {
                    (event.other, event.cause) = (Some(message.peer), Some(message.id));
                    event.name = message.name.clone();
                });
            }
            Step::Arrive(..) => {}
            Step::Other(peer, kind) => {
                let kind = [Kind::Timer, Kind::Crashed, Kind::Restarted, Kind::Note, Kind::Entered, Kind::Exited][kind];
                happen(peer, kind, &mut |event| event.name = "tick".into());
            }
        }
    }
    events
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any_step(), 1..120)
}

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

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
