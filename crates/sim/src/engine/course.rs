//! Where a run is in time, and what comes next: a decision that every thread makes alike.

use rumormill_core::{Outcome, time::nanos};
use serde::{Deserialize, Serialize};

use super::Standing;
use crate::calendar::BUCKET_BITS;
use crate::network::Model;
use crate::settings::{Settings, StopRule};

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Course {
    /// Buckets of a window.
    width: u64,
    time_limit: u64,
    stop: StopRule,
    /// Everything up to this time has happened.
    time: u64,
    /// The window under way, when a stop fell into it: it reaches to before this bucket. Whether the run is
    /// over is asked between windows only, or the answer would depend on where somebody stopped it.
    window: Option<u64>,
    /// How it ended.
    pub(crate) ended: Option<Outcome>,
    /// The time of its end.
    pub(crate) ended_at: Option<u64>,
    /// Is no peer left?
    deserted: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go through the buckets before `end`, up to this time.
    Window { end: u64, time_max: u64 },
    /// The same, and then wait: the rest of the window is later than asked for.
    Part { end: u64, time_max: u64 },
    /// Wait: whatever comes next is later than asked for.
    Pause,
    /// The run is over.
    End,
}

impl Course {
    pub(crate) fn new(settings: &Settings, latency_least: u64) -> Self {
        Self {
            width: (latency_least >> BUCKET_BITS).max(1),
            time_limit: nanos(settings.time_limit),
            stop: settings.stop,
            time: 0,
            window: None,
            ended: None,
            ended_at: None,
            deserted: false,
        }
    }

    /// Does it go in the windows that these settings ask for?
    pub(crate) fn is_of(&self, settings: &Settings) -> bool {
        let fresh = Self::new(settings, Model::new(&settings.plan.network.latency).least());
        let time_fits = self.time <= u64::MAX >> 1;
        let bucket = self.time >> BUCKET_BITS;
        let holds_now = |end: u64| end.is_multiple_of(self.width) && end > bucket && end - self.width <= bucket;
        (self.width, self.time_limit, self.stop) == (fresh.width, fresh.time_limit, fresh.stop)
            && time_fits
            && self.window.is_none_or(holds_now)
    }

    /// The time up to which everything has happened, and nothing after it.
    pub(crate) fn now(&self) -> u64 {
        self.time
    }

    /// Why it failed, if it did so by itself.
    pub(crate) fn failure(&self) -> Option<String> {
        self.deserted.then(|| "no peer is left: all are down for good".into())
    }

    /// Decides what comes next, without passing `until`, from what all shards say.
    pub(crate) fn step(&mut self, shards: &[Standing], until: u64) -> Step {
        if self.ended.is_some() {
            return Step::End;
        }
        if let Some(end) = self.window {
            return self.window(end, until);
        }
        // The window before ended with this time.
        let over = self.time + 1;
        if let Some(at) = shards.iter().find_map(|shard| shard.violated) {
            return self.end(Outcome::Violated, at);
        }
        if shards.iter().any(|shard| shard.failed) {
            return self.end(Outcome::Failed, over);
        }
        let expected: u32 = shards.iter().map(|shard| shard.expected).sum();
        let done: u32 = shards.iter().map(|shard| shard.done).sum();
        if self.stop == StopRule::TargetsMet && done == expected {
            self.deserted = expected == 0;
            let outcome = if self.deserted { Outcome::Failed } else { Outcome::Completed };
            let done_at = shards.iter().map(|shard| shard.done_at).max().unwrap_or(0);
            return self.end(outcome, if self.deserted { over } else { done_at });
        }
        let next = shards.iter().filter_map(|shard| shard.next_bucket).min();
        match next.filter(|next| next << BUCKET_BITS <= self.time_limit) {
            Some(next) if next << BUCKET_BITS <= until => self.window((next / self.width + 1) * self.width, until),
            None if until >= self.time_limit => self.time_is_up(),
            _ => self.pause(until),
        }
    }

    /// The window that ends before this bucket, or the part of it that was asked for.
    fn window(&mut self, end: u64, until: u64) -> Step {
        let over = end << BUCKET_BITS;
        if until < over.min(self.time_limit) {
            self.window = Some(end);
            self.time = self.time.max(until);
            return Step::Part { end, time_max: until };
        }
        self.window = None;
        self.time = over - 1;
        Step::Window { end, time_max: if over > self.time_limit { self.time_limit } else { u64::MAX } }
    }

    /// It was stopped early, at this time of the window that ends before a bucket.
    pub(crate) fn stopped(&mut self, end: u64, time: u64) {
        (self.window, self.time) = (Some(end), time);
    }

    /// Nothing happens up to this time.
    fn pause(&mut self, until: u64) -> Step {
        self.time = self.time.max(until.min(self.time_limit));
        Step::Pause
    }

    fn time_is_up(&mut self) -> Step {
        let outcome = if self.stop == StopRule::TimeLimit { Outcome::Completed } else { Outcome::TimeLimit };
        self.end(outcome, self.time_limit)
    }

    fn end(&mut self, outcome: Outcome, at: u64) -> Step {
        self.ended = Some(outcome);
        self.ended_at = Some(at);
        Step::End
    }
}
