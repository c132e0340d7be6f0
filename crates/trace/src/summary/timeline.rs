//! What happened when, in a bounded number of steps, however long the run is.

use rumormill_core::Instant;
use rumormill_core::trace::Kind;
use serde::Serialize;

/// Steps that are kept: twice the least that a chart shows.
const STEPS_MAX: usize = 240;

/// What happened when: the run cut into steps of equal length.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Activity {
    /// Length of a step, in seconds.
    pub step_s: f64,
    /// Messages that left, by step.
    pub sent: Vec<u64>,
    /// Messages that arrived, by step.
    pub delivered: Vec<u64>,
    /// Messages that were lost, by step.
    pub dropped: Vec<u64>,
    /// Peers that are done at the end of each step.
    pub done: Vec<u64>,
}

/// Counts by step. When the run outgrows the steps, they become twice as long.
pub(super) struct Timeline {
    step_ns: u64,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Default)]
struct Step {
    sent: u64,
    delivered: u64,
    dropped: u64,
    /// Peers that became done, less those that ceased to be.
    done: i64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { step_ns: 1_000_000, steps: Vec::new() }
    }
}

impl Timeline {
    pub(super) fn add(&mut self, time: Instant, kind: Kind) {
        let step = self.step(time);
        match kind {
            Kind::Sent => step.sent += 1,
            Kind::Delivered => step.delivered += 1,
            Kind::Dropped => step.dropped += 1,
            _ => {}
        }
    }

    pub(super) fn add_done(&mut self, time: Instant, change: i64) {
        self.step(time).done += change;
    }

    fn step(&mut self, time: Instant) -> &mut Step {
        while time.as_nanos() / self.step_ns >= STEPS_MAX as u64 {
            self.step_ns = self.step_ns.saturating_mul(2);
            let halves = self.steps.chunks(2);
            self.steps = halves.map(|pair| pair.iter().fold(Step::default(), |sum, step| sum.plus(*step))).collect();
        }
        let index = (time.as_nanos() / self.step_ns) as usize;
        if self.steps.len() <= index {
            self.steps.resize(index + 1, Step::default());
        }
        &mut self.steps[index]
    }

    pub(super) fn activity(&self) -> Activity {
        let column = |count: fn(&Step) -> u64| self.steps.iter().map(count).collect();
        let mut done = 0;
        Activity {
            step_s: self.step_ns as f64 / 1e9,
            sent: column(|step| step.sent),
            delivered: column(|step| step.delivered),
            dropped: column(|step| step.dropped),
            done: self
                .steps
                .iter()
                .map(|step| {
                    done += step.done;
                    done.max(0) as u64
                })
                .collect(),
        }
    }
}

impl Step {
    fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            delivered: self.delivered + other.delivered,
            dropped: self.dropped + other.dropped,
            done: self.done + other.done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_however_long_the_run(times in prop::collection::vec(0..=u64::MAX, 0..300)) {
            let mut timeline = Timeline::default();
            for &time in &times {
                timeline.add(Instant::from_nanos(time), Kind::Sent);
                timeline.add_done(Instant::from_nanos(time), 1);
            }
            let activity = timeline.activity();
            prop_assert!(activity.sent.len() <= STEPS_MAX);
            prop_assert_eq!(activity.sent.iter().sum::<u64>(), times.len() as u64);
            prop_assert_eq!(activity.done.last().copied().unwrap_or(0), times.len() as u64);
            for (index, sent) in activity.sent.iter().enumerate() {
                let step = |&&time: &&u64| (time / timeline.step_ns) as usize == index;
                prop_assert_eq!(times.iter().filter(step).count() as u64, *sent);
            }
        }
    }
}
