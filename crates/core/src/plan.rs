//! What the world does to a run: the network between the peers, and the faults. Data only; the
//! simulator applies it between effects and queue, a real node in its link layer.

pub mod words;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Network, disk, faults and churn of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The network when nothing is wrong.
    pub network: Network,
    /// How long a disk write takes to be durable.
    pub disk: Disk,
    /// What goes wrong, and when; in any order.
    pub faults: Vec<Timed>,
    /// Peers that come and go all the time.
    pub churn: Option<Churn>,
}

/// The network between all peers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// How long a message travels.
    pub latency: Latency,
    /// What else happens to messages on every link.
    pub conditions: Conditions,
}

/// How long a message travels, one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Latency {
    /// Always this long.
    Constant(Duration),
    /// Anything between two spans, each equally likely.
    Uniform {
        /// The least.
        min: Duration,
        /// The most.
        max: Duration,
    },
    /// `min` plus a lognormal span: most are near the median, a few take long.
    LogNormal {
        /// What every message takes at least.
        min: Duration,
        /// The median of what comes on top.
        median: Duration,
        /// Standard deviation of the logarithm, for example 0.5.
        sigma: f64,
    },
    /// Measured round-trip times between sites; half of one is the latency. Peer number p sits at site
    /// `(p - 1) % sites`.
    Matrix(Arc<Matrix>),
    /// Regions with a latency between each two; peer number p is in region `(p - 1) % regions`.
    Regions(Arc<Regions>),
}

impl Default for Latency {
    /// 5 to 50 ms: peers on one continent.
    fn default() -> Self {
        Self::Uniform { min: Duration::from_millis(5), max: Duration::from_millis(50) }
    }
}

/// Measured round-trip times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    /// Number of sites.
    pub sites: u32,
    /// Round-trip times in microseconds, row after row, `sites * sites` of them; the diagonal is what two
    /// peers at one site see.
    pub round_trip_us: Vec<u32>,
}

/// Regions of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regions {
    /// Their names.
    pub names: Vec<String>,
    /// One-way latency between each two, row after row; the diagonal is within one.
    pub latency: Vec<Duration>,
    /// Each message takes up to this fraction longer, for example 0.1.
    pub jitter: f64,
}

/// What happens to messages on a link, besides latency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Probability that a message is lost, 0 to 1.
    pub loss: f64,
    /// Probability that a message arrives twice, 0 to 1.
    pub duplication: f64,
    /// Probability that a message is held back by up to `reordering_by`, so that later ones overtake it.
    pub reordering: f64,
    /// How long a held-back message waits at most.
    pub reordering_by: Duration,
    /// Added to every message's latency.
    pub delay: Duration,
    /// Bits per second that a link carries, or no limit. Messages queue before it.
    pub bandwidth: Option<u64>,
}

/// How long a disk takes and what a crash does to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// From a write to its being durable.
    pub latency: Duration,
    /// Probability that a crash in that time also keeps a prefix of the writes that were not yet durable
    /// (as a disk with a cache may), 0 to 1. What was durable always stays.
    pub keeps_unsynced: f64,
}

impl Default for Disk {
    /// 1 ms, and a crash loses what was not durable half of the time.
    fn default() -> Self {
        Self { latency: Duration::from_millis(1), keeps_unsynced: 0.5 }
    }
}

/// A fault and when it happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// After the start of the run.
    pub at: Duration,
    /// What happens.
    pub fault: Fault,
}

/// What can go wrong, and be mended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// Messages between different groups are lost; peers in no group form one more. Replaces an earlier
    /// partition.
    Partition {
        /// The groups; a peer in several belongs to the first.
        groups: Vec<Peers>,
    },
    /// Messages from the first peers to the second are lost, the other way they pass. Adds to what is cut.
    Cut {
        /// Senders.
        from: Peers,
        /// Receivers.
        to: Peers,
        /// Also the other way.
        both: bool,
    },
    /// Ends every partition, cut and link condition.
    Heal,
    /// From now on these conditions hold on links from the first to the second peers, in place of the
    /// network's own; `None` ends it.
    Link {
        /// Senders.
        from: Peers,
        /// Receivers.
        to: Peers,
        /// What holds.
        conditions: Option<Conditions>,
    },
    /// The network's conditions on all links without conditions of their own, from now on.
    Conditions(Conditions),
    /// The peers stop at once, without a word.
    Crash {
        /// Which.
        peers: Peers,
    },
    /// Crashed peers boot again. Peers that are up are left alone.
    Restart {
        /// Which.
        peers: Peers,
        /// With what their disk held, or with an empty one.
        disk: DiskFate,
    },
    /// The peers freeze: messages and timers wait.
    Pause {
        /// Which.
        peers: Peers,
    },
    /// Paused peers go on with what waited.
    Resume {
        /// Which.
        peers: Peers,
    },
    /// Every message and timer reaches these peers' handlers later, as if each took `by` to work off; zero
    /// ends it.
    Slow {
        /// Which.
        peers: Peers,
        /// Time per message or timer.
        by: Duration,
    },
    /// The peers' clocks jump and drift.
    Clock {
        /// Which.
        peers: Peers,
        /// Nanoseconds that the clock shows more (less when negative) from now on.
        offset_ns: i64,
        /// Parts per million by which it runs faster (slower when negative).
        drift_ppm: i32,
    },
    /// The peers boot only now; without this they boot at the start.
    Join {
        /// Which.
        peers: Peers,
    },
    /// No fault, but like one it comes from outside: somebody asks something of the peers' protocol
    /// ([`Launch::request`](crate::Launch::request)). Peers that are down are not asked.
    Request {
        /// Which.
        peers: Peers,
        /// What, as a person types it.
        text: String,
    },
    /// From now on these parameters have these values, for all peers; the others keep theirs. What peers
    /// have already made of the old values stays.
    Set {
        /// The parameters that change.
        parameters: crate::Parameters,
    },
}

/// What a restarted peer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskFate {
    /// What was durable when it crashed.
    Kept,
    /// Nothing.
    Lost,
}

/// Some of a run's peers, whatever their number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Peers {
    /// All of them.
    All,
    /// These numbers, 1 to N; others are ignored.
    Numbers(Vec<u32>),
    /// Peers in order, from one fraction of them to another: halves are 0 to 0.5 and 0.5 to 1.
    Share {
        /// 0 to 1.
        from: f64,
        /// 0 to 1.
        to: f64,
    },
    /// This many, drawn by the run's seed and `draw` (so that two faults can name the same ones).
    Random {
        /// How many; all when there are not so many.
        count: u32,
        /// Which draw.
        draw: u32,
    },
}

/// Peers that come and go, each by a schedule of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Churn {
    /// Sessions and absences of exponential length (memoryless).
    Exponential {
        /// Mean length of a session.
        mean_up: Duration,
        /// Mean length of an absence.
        mean_down: Duration,
        /// Which peers come and go.
        peers: Peers,
        /// What a returning peer finds.
        disk: DiskFate,
        /// No more crashes after this time; absent ones still return.
        until: Duration,
    },
    /// Exactly these absences: (peer number, from, to).
    Schedule {
        /// The absences.
        absences: Vec<(u32, Duration, Duration)>,
        /// What a returning peer finds.
        disk: DiskFate,
    },
}

impl Peers {
    /// The numbers of these peers among `peers`, ascending, each once.
    #[must_use]
    pub fn resolve(&self, seed: u64, peers: u32) -> Vec<u32> {
        let mut numbers: Vec<u32> = match self {
            Self::All => (1..=peers).collect(),
            Self::Numbers(numbers) => numbers.iter().copied().filter(|number| (1..=peers).contains(number)).collect(),
            Self::Share { from, to } => {
                let place = |share: f64| (share.clamp(0.0, 1.0) * f64::from(peers)).round() as u32;
                (place(*from) + 1..=place(*to)).collect()
            }
            Self::Random { count, draw } => {
                let all: Vec<u32> = (1..=peers).collect();
                let stream = crate::rng::mix(seed ^ 0x7065_6572_7300) ^ u64::from(*draw);
                draw_some(crate::Rng::new(stream), all, *count as usize)
            }
        };
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// Draws `count` of the items. A sample of many would look through all that it has picked for each new one.
fn draw_some(mut rng: crate::Rng, mut all: Vec<u32>, count: usize) -> Vec<u32> {
    const FEW: usize = 64;
    if count <= FEW {
        return rng.sample(&all, count).into_vec();
    }
    rng.shuffle(&mut all);
    all.truncate(count);
    all
}

impl Plan {
    /// The faults in the order in which they happen; those of one moment as they stand in the plan.
    #[must_use]
    pub fn schedule(&self) -> Vec<&Timed> {
        let mut timeline: Vec<&Timed> = self.faults.iter().collect();
        timeline.sort_by_key(|timed| timed.at);
        timeline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_split_the_peers_without_overlap() {
        for peers in 1..50 {
            let low = Peers::Share { from: 0.0, to: 0.5 }.resolve(1, peers);
            let high = Peers::Share { from: 0.5, to: 1.0 }.resolve(1, peers);
            assert!(low.iter().chain(&high).copied().eq(1..=peers), "{peers}: {low:?} {high:?}");
        }
    }

    #[test]
    fn a_random_draw_names_the_same_peers_each_time() {
        let draw = |seed, draw| Peers::Random { count: 3, draw }.resolve(seed, 100);
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
        assert_eq!(Peers::Random { count: 9, draw: 0 }.resolve(1, 4), [1, 2, 3, 4]);
        assert_eq!(Peers::Random { count: 300_000, draw: 0 }.resolve(1, 1_000_000).len(), 300_000);
    }
}
