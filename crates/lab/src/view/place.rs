//! Where in a run's time a page is.

use serde::Serialize;

use super::View;
use super::log::LogLine;

/// Where in a run's time a page is, as frames tell it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// Seconds of the run.
    pub t: f64,
    /// How many events lie before it.
    pub n: u64,
    /// How many events are recorded so far.
    pub of: u64,
    /// The last event before it.
    pub event: Option<LogLine>,
    /// Seconds of the run in a second of a person's; 0 when it stands still.
    pub speed: f64,
    /// Does the page follow the run? Otherwise it looks at its past.
    pub live: bool,
}

impl View {
    /// Where a page is that follows the run.
    pub(super) fn present(&self) -> Place {
        let n = self.log.seen();
        let event = self.log.last().map(LogLine::from);
        Place { t: self.clock.as_secs_f64(), n, of: n, event, speed: 0.0, live: true }
    }
}
