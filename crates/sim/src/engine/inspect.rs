//! What a run keeps of one peer besides its state.

use rumormill_core::{Instant, PeerId, Wire};

use super::Engine;
use crate::event::{EventOf, Form, Hold, Input};
use crate::inspection::{Clock, DiskEntry, DiskView, Inspection, Listed, PeerStatus, Pending, What};
use crate::peers::disk::Held;
use crate::peers::{AWAY, CRASHED, GATED, UP};
use crate::recording::{Recording, name_of, text_of};
use crate::shard::Shard;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Engine<P, F> {
    /// What is kept of a peer, at most `limit` of each kind.
    pub(super) fn look_at(&self, peerid: u32, limit: usize) -> Option<Inspection> {
        let book = self.cell(peerid)?.book;
        let (shard, index) = self.place_of(peerid);
        let shard = &self.shards[shard];
        let life = u32::from(book.life);
        let mut coming: Vec<(u64, &EventOf<P, F>)> =
            shard.calendar.entries().into_iter().filter(|(_, event)| event.to == peerid).collect();
        coming.sort_by_key(|(time, event)| (*time, event.from));
        let is_timer = |event: &EventOf<P, F>| matches!(event.input, Input::Timer(_)) && event.from == life;
        let timers = coming.iter().filter(|(_, event)| is_timer(event) && book.is(UP));
        let inbox = coming.iter().filter(|(_, event)| matches!(event.input, Input::Message(_)));
        let gate = shard.gates.get(&(index as u64));
        let waiting = gate.into_iter().flat_map(|gate| gate.waiting());
        Some(Inspection {
            status: status(book, gate.map(|gate| gate.paused)),
            activations: book.activations,
            recorded: shard.tape.count(peerid),
            clock: self.clock(shard, index),
            timers: Listed::of(timers.map(|(time, event)| pending(shard, Some(*time), event)), limit),
            inbox: Listed::of(inbox.map(|(time, event)| pending(shard, Some(*time), event)), limit),
            waiting: Listed::of(waiting.map(|event| pending(shard, None, event)), limit),
            disk: disk(shard, index, limit),
        })
    }

    fn clock(&self, shard: &Shard<P, F>, index: usize) -> Clock {
        let now = self.course.now();
        shard.clocks.get(&(index as u64)).map_or(Clock { offset_ns: 0, drift_ppm: 0 }, |clock| Clock {
            offset_ns: (i128::from(clock.shows(now)) - i128::from(now)).clamp(i64::MIN.into(), i64::MAX.into()) as i64,
            drift_ppm: clock.drift_ppm,
        })
    }
}

fn status(book: crate::peers::Book, gate: Option<bool>) -> PeerStatus {
    match gate {
        Some(paused) if book.is(UP) && book.is(GATED) => {
            if paused {
                PeerStatus::Paused
            } else {
                PeerStatus::Slow
            }
        }
        _ if book.is(UP) => PeerStatus::Up,
        _ if book.is(AWAY) => PeerStatus::Away,
        _ if book.is(CRASHED) => PeerStatus::Down,
        _ => PeerStatus::Absent,
    }
}

/// Something that comes, or waits, in words.
fn pending<P: Simulate, F: Form<P>>(shard: &Shard<P, F>, time: Option<u64>, event: &EventOf<P, F>) -> Pending {
    let at = time.map(Instant::from_nanos);
    match &event.input {
        Input::Message(message) => {
            let message = message.value();
            Pending {
                at,
                what: What::Message,
                from: Some(PeerId(u64::from(event.from))),
                name: message.kind().into(),
                text: text_of(message),
                bytes: message.measure().bytes,
            }
        }
        Input::Timer(timer) => {
            let text = text_of(timer.value());
            Pending { at, what: What::Timer, from: None, name: name_of(&text), text, bytes: 0 }
        }
        Input::Fault(place) => {
            let text = shard.timeline.get(*place as usize).map(|moment| moment.fault.to_string());
            let text = text.unwrap_or_default();
            Pending { at, what: What::Request, from: None, name: "request".into(), text, bytes: 0 }
        }
        _ => Pending { at, what: What::Timer, from: None, name: String::new(), text: String::new(), bytes: 0 },
    }
}

fn disk<P: Simulate, F: Form<P>>(shard: &Shard<P, F>, index: usize, limit: usize) -> DiskView {
    let Some(disk) = shard.disks.get(&(index as u64)) else { return DiskView::default() };
    let (durable, outbox) = disk.store();
    let under_way = outbox.filter_map(|held| match held {
        Held::Writes { durable_at, writes } => Some(writes.iter().map(move |(key, value)| DiskEntry {
            key: key.clone(),
            value: value.clone(),
            durable_at: Some(Instant::from_nanos(*durable_at)),
        })),
        Held::Effect(_) => None,
    });
    let entry = |(key, value): (&Vec<u8>, &Vec<u8>)| DiskEntry {
        key: key.clone(),
        value: Some(value.clone()),
        durable_at: None,
    };
    DiskView {
        bytes: durable.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum(),
        // What is being written is news, and stands first.
        entries: Listed::of(under_way.flatten().chain(durable.iter().map(entry)), limit),
    }
}
