//! Answers compared with those of a plain model that holds all events.

mod charts;
mod searches;
mod spans;

use std::collections::BTreeMap;

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
            write_segment(&folder.join(file_name(number as u32)), &batch, false).unwrap();
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
