//! All events of a run that can be read, with sentences about those that cannot.

use crate::Run;
use crate::batch::EventRef;
use crate::events::Events;

/// A walk over a run's events that passes over what is damaged and says so.
pub(crate) struct Walk {
    events: Events,
    pub(crate) count: u64,
    pub(crate) notes: Vec<String>,
}

impl Walk {
    pub(crate) fn new(run: &Run) -> Self {
        let damage = run.damage().iter();
        let notes = damage.map(|damage| format!("{}: {}; its events are left out", damage.file, damage.why));
        Self { events: run.events(), count: 0, notes: notes.collect() }
    }

    pub(crate) fn next(&mut self) -> Option<EventRef<'_>> {
        loop {
            match self.events.earliest()? {
                Ok(place) => {
                    self.count += 1;
                    return self.events.pick(place);
                }
                Err(error) => self.notes.push(format!("{error}; the rest of its events are left out")),
            }
        }
    }
}
