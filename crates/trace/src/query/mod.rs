//! Questions about a recorded run: what led to an event and what followed from it, which messages went
//! between which peers in a span of time, where something is.
//!
//! Each is answered by going through the segments, reading only the columns and pages that it takes. What
//! is kept meanwhile is in proportion to the answer and to the number of peers, never to the number of
//! events. Segments that cannot be read are passed over: see [`Run::damage`](crate::Run::damage).

mod arrange;
mod backwards;
mod chart;
mod cone;
mod density;
mod find;
mod link;
mod messages;
mod pattern;
mod peers;
mod search;
mod spacetime;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use rumormill_core::Instant;
use rumormill_core::trace::EventId;

pub use chart::{Charts, SeenChart, SeenState, SeenTransition};
pub use cone::{Cone, Frontier, PATH_MAX};
pub use density::Density;
pub use find::FIND_MAX;
pub(crate) use find::Shelf;
pub use link::{LINK_TIMES_MAX, LinkTimes, Took};
pub use messages::Message;
pub use pattern::{Follow, PATTERN_BYTES_MAX, Part, Pattern, PatternError};
pub use search::{Found, RESULTS_MAX, SCANNED_MAX, SearchQuery};
pub use spacetime::{COLUMNS_MAX, EVENTS_SHOWN_MAX, Picture, ROWS_MAX, Spacetime, SpacetimeQuery};

use crate::Run;
use crate::batch::EventRef;
use crate::segment::Need;

/// Goes through the events from a moment on, in the order of their times, until `visit` breaks.
fn each(run: &Run, need: Need, since: Instant, mut visit: impl FnMut(&EventRef<'_>) -> ControlFlow<()>) {
    let mut events = run.walk(need, since);
    while let Some(place) = events.earliest() {
        let Ok(place) = place else { continue };
        if events.pick(place).is_some_and(|event| visit(&event).is_break()) {
            return;
        }
    }
}

/// The count in an event's id: which of its peer's events it is.
const fn count(id: EventId) -> u64 {
    id.0 & ((1 << EventId::COUNT_BITS) - 1)
}
