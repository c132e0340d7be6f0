//! How long messages take: a sending and its first arrival make a pair.

use std::fmt;

use hdrhistogram::Histogram as Recorded;
use rumormill_core::Instant;
use rumormill_core::trace::EventId;

use super::Histogram;
use crate::hash::FastMap;

/// Messages under way that are followed. When there are more, the older half of them is given up: of a run
/// with real processes, they may never be told of again. As many as a table of 2²⁰ places holds, 18 MB.
const UNDER_WAY_MAX: usize = 900_000;

/// Arrivals that were told before their sending, which happens between processes, at most.
const EARLY_MAX: usize = 1 << 16;

/// The longest time that is told apart, in nanoseconds: an hour. What takes longer counts as an hour.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Bars of a histogram, at most.
const BARS: usize = 40;

/// Times that differ by more than this factor are shown on bars of equal ratio instead of equal width.
const WIDE: f64 = 50.0;

/// Messages under way.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay {
    sent: FastMap<EventId, Instant>,
    /// Arrived, though nobody has told yet that they left.
    early: FastMap<EventId, Instant>,
    /// Messages that were given up.
    pub(super) given_up: u64,
}

impl UnderWay {
    /// A message leaves; gives the time of its arrival if that is known already.
    pub(super) fn leave(&mut self, sent: EventId, at: Instant) -> Option<Instant> {
        if let Some(arrived) = self.early.remove(&sent) {
            return Some(arrived);
        }
        if self.sent.len() == UNDER_WAY_MAX {
            self.give_up();
        }
        self.sent.insert(sent, at);
        None
    }

    /// A message arrives or is lost; gives the time when it left. Of a message that arrives twice, the
    /// first arrival counts.
    pub(super) fn arrive(&mut self, sent: EventId, at: Instant) -> Option<Instant> {
        let left = self.sent.remove(&sent);
        if left.is_none() {
            if self.early.len() == EARLY_MAX {
                // Most of them were second arrivals, to which no sending comes.
                self.early.clear();
            }
            self.early.entry(sent).or_insert(at);
        }
        left
    }

    /// No more messages come.
    pub(super) fn close(&mut self) {
        (self.sent, self.early) = (FastMap::default(), FastMap::default());
    }

    fn give_up(&mut self) {
        let mut times: Vec<Instant> = self.sent.values().copied().collect();
        let middle = times.len() / 2;
        let (.., &mut median, _) = times.select_nth_unstable(middle);
        let before = self.sent.len();
        self.sent.retain(|_, &mut sent| sent > median);
        self.given_up += (before - self.sent.len()) as u64;
    }
}

/// How long messages of one kind took.
#[derive(Clone)]
pub(super) struct Latencies {
    recorded: Recorded<u64>,
    least: u64,
    most: u64,
    sum: u128,
}

impl Default for Latencies {
    fn default() -> Self {
        // It grows with the longest time: at most 256 KiB for an hour.
        let recorded = Recorded::new(3).expect("three digits are a precision that there is");
        Self { recorded, least: u64::MAX, most: 0, sum: 0 }
    }
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} latencies", self.recorded.len())
    }
}

impl Latencies {
    pub(super) fn add(&mut self, nanos: u64) {
        (self.least, self.most) = (self.least.min(nanos), self.most.max(nanos));
        self.sum += u128::from(nanos);
        // It has grown before, or grows now; only beyond an hour it could not.
        let _ = self.recorded.record(nanos.min(LONGEST_NS));
    }

    /// Adds those of another kind of messages.
    pub(super) fn merge(&mut self, others: &Self) {
        (self.least, self.most) = (self.least.min(others.least), self.most.max(others.most));
        self.sum += others.sum;
        // It grows as far as the others have.
        let _ = self.recorded.add(&others.recorded);
    }

    /// As bars in seconds; `None` when nothing arrived.
    pub(super) fn histogram(&self, name: &str) -> Option<Histogram> {
        let n = self.recorded.len();
        (n > 0).then(|| {
            // The buckets of the record are wider than the extremes that were seen.
            let at = |quantile| seconds(self.recorded.value_at_quantile(quantile).clamp(self.least, self.most));
            Histogram {
                id: format!("latency:{name}"),
                name: if name.is_empty() { "all messages".into() } else { name.into() },
                unit: "s",
                buckets: self.bars(),
                p50: at(0.5),
                p90: at(0.9),
                p99: at(0.99),
                min: seconds(self.least),
                max: seconds(self.most),
                mean: self.sum as f64 / n as f64 / 1e9,
                n,
            }
        })
    }

    fn bars(&self) -> Vec<(f64, f64, u64)> {
        let (least, most) = (self.least.max(1) as f64, self.most.max(self.least.max(1) + 1) as f64);
        let even = most / least <= WIDE;
        // Few times on many bars would be a fence.
        let is_one = most / least < 1.001;
        let bars =
            if is_one { 1 } else { ((self.recorded.len() as f64).sqrt() * 2.0).ceil().min(BARS as f64) as usize };
        let edge = |bar: usize| {
            let share = bar as f64 / bars as f64;
            if even { least + (most - least) * share } else { least * (most / least).powf(share) }
        };
        let mut counts = vec![0; bars];
        for recorded in self.recorded.iter_recorded() {
            let nanos = recorded.value_iterated_to().clamp(self.least, self.most) as f64;
            let share =
                if even { (nanos - least) / (most - least) } else { (nanos / least).ln() / (most / least).ln() };
            counts[((share * bars as f64).max(0.0) as usize).min(bars - 1)] += recorded.count_since_last_iteration();
        }
        (0..bars).map(|bar| (edge(bar) / 1e9, edge(bar + 1) / 1e9, counts[bar])).collect()
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_first_arrival_counts_and_an_early_one_waits() {
        let mut messages = UnderWay::default();
        let [one, other] = [EventId::new(1, 1), EventId::new(1, 2)];
        let at = Instant::from_nanos;
        assert_eq!(messages.leave(one, at(5)), None);
        assert_eq!((messages.arrive(one, at(9)), messages.arrive(one, at(10))), (Some(at(5)), None));
        assert_eq!(messages.arrive(other, at(7)), None);
        assert_eq!(messages.leave(other, at(6)), Some(at(7)));
    }

    #[test]
    fn messages_that_never_arrive_make_room_in_the_end() {
        let mut messages = UnderWay::default();
        for count in 0..=UNDER_WAY_MAX as u64 {
            messages.leave(EventId::new(1, count), Instant::from_nanos(count));
        }
        assert!((messages.sent.len(), messages.given_up) == (UNDER_WAY_MAX / 2, UNDER_WAY_MAX as u64 / 2 + 1));
        assert!(messages.arrive(EventId::new(1, UNDER_WAY_MAX as u64), Instant::MAX).is_some(), "the newest stay");
    }

    proptest! {
        #[test]
        fn figures_are_those_of_the_sorted_times(times in prop::collection::vec(0..=2_000_000_000_000_u64, 1..300)) {
            let mut latencies = Latencies::default();
            times.iter().for_each(|&nanos| latencies.add(nanos));
            let mut times = times;
            times.sort_unstable();
            let histogram = latencies.histogram("x").unwrap();
            prop_assert_eq!(histogram.n as usize, times.len());
            prop_assert_eq!(histogram.buckets.iter().map(|bucket| bucket.2).sum::<u64>(), histogram.n);
            prop_assert_eq!((histogram.min, histogram.max), (seconds(times[0]), seconds(times[times.len() - 1])));
            for (quantile, told) in [(0.5, histogram.p50), (0.9, histogram.p90), (0.99, histogram.p99)] {
                let place = (quantile * times.len() as f64).ceil() as usize - 1;
                let true_one = seconds(times[place]);
                prop_assert!((told - true_one).abs() <= true_one * 0.002 + 1e-9, "{}: {} for {}", quantile, told, true_one);
            }
        }
    }
}
