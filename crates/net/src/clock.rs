//! The run's clock, the same in all processes of a machine, and a peer's own: which faults may skew, or
//! which shows the time of day.

use std::cell::Cell;
use std::time::Duration;

use rumormill_core::Instant;
use rumormill_core::time::nanos;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on the machine's monotonic clock: all its processes read the same.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Nanoseconds since the Unix epoch on the machine's clock, which somebody may set back.
pub(crate) fn epoch_ns() -> u64 {
    let now = clock_gettime(ClockId::Realtime);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + now.tv_nsec as u64
}

/// The run's own clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunClock {
    start_ns: u64,
}

impl RunClock {
    /// The clock of a run that began when [`monotonic_ns`] was `start_ns`.
    pub fn new(start_ns: u64) -> Self {
        Self { start_ns }
    }

    /// The time since the run began.
    pub fn now(self) -> Instant {
        Instant::from_nanos(monotonic_ns().saturating_sub(self.start_ns))
    }

    /// The same moment for tokio's timers.
    pub fn deadline(self, moment: Instant) -> tokio::time::Instant {
        tokio::time::Instant::now() + moment.since(self.now())
    }
}

/// What a protocol reads as its time. Timers run on the [`RunClock`] whatever it shows.
#[derive(Debug)]
pub(crate) enum Face {
    /// The run's time, as far as faults let it.
    Run(Skew),
    /// Nanoseconds since the Unix epoch. When the machine's clock is set back it stands still, so that it
    /// never goes backwards while the process lives.
    Epoch {
        /// The latest time that it showed.
        shown: Cell<u64>,
    },
}

impl Face {
    /// The time of day.
    pub fn epoch() -> Self {
        Self::Epoch { shown: Cell::new(0) }
    }

    /// What the protocol is shown at `moment` of the run, which is now.
    pub fn show(&self, moment: Instant) -> Instant {
        match self {
            Self::Run(skew) => skew.local(moment),
            Self::Epoch { shown } => {
                shown.set(epoch_ns().max(shown.get()));
                Instant::from_nanos(shown.get())
            }
        }
    }

    /// How long `span` on the peer's clock takes on the run's.
    pub fn real(&self, span: Duration) -> Duration {
        match self {
            Self::Run(skew) => skew.real(span),
            Self::Epoch { .. } => span,
        }
    }
}

/// How a peer's clock differs from the run's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skew {
    since: Instant,
    offset_ns: i64,
    drift_ppm: i32,
}

impl Skew {
    /// From `since` on the clock shows `offset_ns` more and runs `drift_ppm` parts per million faster, in
    /// place of an earlier skew.
    pub fn new(since: Instant, offset_ns: i64, drift_ppm: i32) -> Self {
        Self { since, offset_ns, drift_ppm: drift_ppm.max(-999_999) }
    }

    /// What the peer's clock shows at `moment` of the run.
    pub fn local(self, moment: Instant) -> Instant {
        let elapsed = i128::from(moment.as_nanos().saturating_sub(self.since.as_nanos()));
        let drifted = elapsed * i128::from(self.drift_ppm) / 1_000_000;
        let local = i128::from(moment.as_nanos()) + i128::from(self.offset_ns) + drifted;
        Instant::from_nanos(u64::try_from(local.max(0)).unwrap_or(u64::MAX))
    }

    /// How long `span` on the peer's clock takes on the run's.
    pub fn real(self, span: Duration) -> Duration {
        let scaled = u128::from(nanos(span)) * 1_000_000 / (1_000_000 + i128::from(self.drift_ppm)) as u128;
        Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_jumps_and_drifts() {
        let at = |seconds: u64| Instant::from_nanos(seconds * 1_000_000_000);
        let skew = Skew::new(at(10), -2_000_000_000, 100_000);
        assert_eq!(skew.local(at(10)), at(8));
        assert_eq!(skew.local(at(20)), at(19), "ten seconds at ten percent more");
        assert_eq!(skew.real(Duration::from_secs(11)), Duration::from_secs(10));
        assert_eq!(Skew::default().local(at(3)), at(3));
        assert_eq!(Skew::new(at(0), -5_000_000_000, 0).local(at(1)), Instant::ZERO);
    }

    #[test]
    fn the_time_of_day_never_goes_backwards() {
        let now = epoch_ns();
        let shown = Face::epoch().show(Instant::ZERO).as_nanos();
        assert!(shown >= now && shown < now + 60_000_000_000);
        let ahead = now + 3_600_000_000_000;
        assert_eq!(
            Face::Epoch { shown: Cell::new(ahead) }.show(Instant::ZERO).as_nanos(),
            ahead,
            "it was set back by an hour"
        );
    }
}
