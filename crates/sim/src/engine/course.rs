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
    /// The first bucket that is not over.
    bucket: u64,
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
            bucket: 0,
            ended: None,
            ended_at: None,
            deserted: false,
        }
    }

    /// Does it go in the windows that these settings ask for?
    pub(crate) fn is_of(&self, settings: &Settings) -> bool {
        let fresh = Self::new(settings, Model::new(&settings.plan.network.latency).least());
        let time_fits = self.bucket <= u64::MAX >> (BUCKET_BITS + 1);
        time_fits && (self.width, self.time_limit, self.stop) == (fresh.width, fresh.time_limit, fresh.stop)
    }

    /// The time up to which everything has happened, and nothing after it.
    pub(crate) fn now(&self) -> u64 {
        self.bucket << BUCKET_BITS
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
        if shards.iter().any(|shard| shard.failed) {
            return self.end(Outcome::Failed, self.now());
        }
        let expected: u32 = shards.iter().map(|shard| shard.expected).sum();
        let done: u32 = shards.iter().map(|shard| shard.done).sum();
        if self.stop == StopRule::TargetsMet && done == expected {
            self.deserted = expected == 0;
            let outcome = if self.deserted { Outcome::Failed } else { Outcome::Completed };
            let done_at = shards.iter().map(|shard| shard.done_at).max().unwrap_or(0);
            return self.end(outcome, if self.deserted { self.now() } else { done_at });
        }
        let next = shards.iter().filter_map(|shard| shard.next_bucket).min();
        match next.filter(|next| next << BUCKET_BITS <= self.time_limit) {
            Some(next) => self.window(next / self.width * self.width, until),
            None if until >= self.time_limit => self.time_is_up(),
            None => self.pause(until),
        }
    }

    /// The window that begins with this bucket, or a pause when it reaches too far.
    fn window(&mut self, start: u64, until: u64) -> Step {
        let end = start + self.width;
        let is_last = end << BUCKET_BITS > self.time_limit;
        if until < if is_last { self.time_limit } else { end << BUCKET_BITS } {
            return self.pause(until);
        }
        self.bucket = end;
        Step::Window { end, time_max: if is_last { self.time_limit } else { u64::MAX } }
    }

    /// Nothing happens in any window that ends by `until`.
    fn pause(&mut self, until: u64) -> Step {
        let over = (until.min(self.time_limit) >> BUCKET_BITS) / self.width * self.width;
        self.bucket = self.bucket.max(over);
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
