//! Reads a recording into a view: one thread decodes, one counts. Follows a run that is still being
//! recorded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};
use rumormill_trace::{Events, Place, Run, State};

use super::Past;
use super::checkpoints::Checkpoint;

/// So many events are put into a view before pages may look at it again.
const BATCH_EVENTS: usize = 1_000;

/// Batches that are decoded ahead, at most.
const BATCHES_AHEAD: usize = 4;

/// How often a run that goes on is looked at again.
const FOLLOW: Duration = Duration::from_millis(300);

/// An event to be written over.
pub(super) fn blank() -> Event {
    Event::new(EventId(0), Instant::ZERO, PeerId(0), Kind::Note)
}

/// Some events, and where reading stands behind them. Goes round between the two threads.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    /// How many of them are good; the others are memory to be used again.
    count: usize,
    place: Place,
    damage: Vec<String>,
}

impl Past {
    /// Reads until all is read of a run that has ended, or nobody looks any more.
    pub(super) fn read(&self) {
        let mut run = self.run();
        let mut damage: Vec<String> =
            run.damage().iter().map(|damage| format!("{}: {}", damage.file, damage.why)).collect();
        let mut place = Place::default();
        while !self.is_closed() {
            place = self.read_from(&run, &place, &mut damage);
            if run.file().state != State::Running || self.is_closed() {
                break;
            }
            self.view.lock().set_loading(None);
            std::thread::park_timeout(FOLLOW);
            let Ok(first) = run.refresh() else { break };
            self.set_run(run.clone());
            if let Some(late) = first.filter(|&first| first < self.view.lock().clock()) {
                place = self.go_back(late);
            }
        }
        let mut view = self.view.lock();
        view.set_loading(None);
        if !damage.is_empty() {
            let told = format!("a part of the recording cannot be read: {}", damage.join("; "));
            view.set_run(|run| _ = run.error.get_or_insert(told));
        }
    }

    /// Reads what is there behind this place; returns the place behind it.
    pub(super) fn read_from(&self, run: &Run, place: &Place, damage: &mut Vec<String>) -> Place {
        let total = run.len().max(1) as f64;
        let mut last = place.clone();
        std::thread::scope(|scope| {
            let (decoded, batches) = sync_channel(BATCHES_AHEAD);
            let (spent, used) = channel();
            let (events, closed) = (run.events_from(place), &self.is_closed);
            scope.spawn(move || decode(events, &decoded, &used, closed));
            for mut batch in batches {
                self.take(&mut batch.events[..batch.count], &batch.place, total);
                damage.append(&mut batch.damage);
                last.clone_from(&batch.place);
                // Nobody takes it when all is decoded.
                let _ = spent.send(batch);
            }
        });
        last
    }

    fn take(&self, events: &mut [Event], place: &Place, total: f64) {
        let checkpoint = {
            let mut view = self.view.lock();
            events.iter_mut().for_each(|event| view.take_over(event));
            view.set_loading(Some((place.count() as f64 / total).min(1.0)));
            self.lock().checkpoints.is_due(place.count()).then(|| Checkpoint::new(place.clone(), &mut view))
        };
        if let Some(checkpoint) = checkpoint {
            self.lock().checkpoints.add(checkpoint);
        }
    }

    /// Events turned up that happened at this time, earlier than others that were read: reading goes on at
    /// the last checkpoint before.
    pub(super) fn go_back(&self, late: Instant) -> Place {
        let mut shared = self.lock();
        shared.checkpoints.forget_behind(late);
        let checkpoint = shared.checkpoints.before_count(u64::MAX);
        drop(shared);
        let (mut view, place) = match checkpoint {
            Some(checkpoint) => (checkpoint.view.snapshot(), checkpoint.place.clone()),
            None => (self.beginning(), Place::default()),
        };
        let mut head = self.view.lock();
        view.take_pages(&mut head);
        *head = view;
        place
    }
}

/// Reads events in batches, until there are no more or nobody wants them.
fn decode(mut events: Events, to: &SyncSender<Batch>, used: &Receiver<Batch>, is_closed: &AtomicBool) {
    while !is_closed.load(Ordering::Relaxed) {
        let mut batch = used.try_recv().unwrap_or_default();
        batch.count = 0;
        while batch.count < BATCH_EVENTS {
            if batch.events.len() == batch.count {
                batch.events.push(blank());
            }
            match events.next_into(&mut batch.events[batch.count]) {
                Some(Ok(())) => batch.count += 1,
                Some(Err(error)) => batch.damage.push(error.to_string()),
                None => break,
            }
        }
        let is_last = batch.count < BATCH_EVENTS;
        batch.place = events.place();
        if to.send(batch).is_err() || is_last {
            break;
        }
    }
}
