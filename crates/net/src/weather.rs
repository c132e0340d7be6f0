//! The network that the link layer makes of the loopback interface: latency, loss, duplication,
//! reordering, partitions and cuts. Judged once for each message, where it leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::plan::{Conditions, Fault, Latency, Network, Peers};
use rumormill_core::{Instant, Rng};

/// Why a message is lost between peers that are apart.
const CUT: &str = "the network is cut here";

/// Why a message is lost by chance.
const LOST: &str = "lost on the way";

/// The network's state in one process.
#[derive(Debug)]
pub(crate) struct Weather {
    seed: u64,
    peers: u32,
    network: Network,
    /// The group of each peer.
    partition: Option<Vec<u32>>,
    cuts: Vec<(Set, Set)>,
    /// The last that covers a link holds; nothing is the network's own conditions.
    links: Vec<(Set, Set, Option<Conditions>)>,
    rng: Rng,
    /// When each link with a bandwidth has sent what it took.
    busy_until: BTreeMap<(u32, u32), Instant>,
}

/// What becomes of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Fate {
    /// It is lost; why.
    Lost(&'static str),
    /// It travels.
    Travels(Journey),
}

/// How a message travels.
#[derive(Debug, PartialEq)]
pub(crate) struct Journey {
    /// How long it is on its way.
    pub delay: Duration,
    /// May later messages of the same link overtake it?
    pub overtaken: bool,
    /// How long its duplicate is on its way.
    pub duplicate: Option<Duration>,
}

/// A set of peers, by number.
type Set = Vec<bool>;

impl Weather {
    /// The network of a run of so many peers when nothing is wrong. `salt` makes the draws of each process
    /// its own.
    pub fn new(network: Network, seed: u64, peers: u32, salt: u64) -> Self {
        Self {
            seed,
            peers,
            network,
            partition: None,
            cuts: Vec::new(),
            links: Vec::new(),
            rng: Rng::new(seed ^ salt),
            busy_until: BTreeMap::new(),
        }
    }

    /// Carries out a fault of the network; others are none of the weather's business.
    pub fn apply(&mut self, fault: &Fault) {
        match fault {
            Fault::Partition { groups } => {
                let rest = groups.len() as u32;
                let mut group_of = vec![rest; self.peers as usize + 1];
                // Backwards, so that a peer in several groups ends in the first.
                for (group, peers) in (0..rest).zip(groups).rev() {
                    for peer in peers.resolve(self.seed, self.peers) {
                        group_of[peer as usize] = group;
                    }
                }
                self.partition = Some(group_of);
            }
            Fault::Cut { from, to, both } => {
                let (from, to) = (self.set(from), self.set(to));
                if *both {
                    self.cuts.push((to.clone(), from.clone()));
                }
                self.cuts.push((from, to));
            }
            Fault::Heal => {
                self.partition = None;
                self.cuts.clear();
                self.links.clear();
            }
            Fault::Link { from, to, conditions } => {
                let (from, to) = (self.set(from), self.set(to));
                self.links.retain(|(known_from, known_to, _)| (known_from, known_to) != (&from, &to));
                self.links.push((from, to, *conditions));
            }
            Fault::Conditions(conditions) => self.network.conditions = *conditions,
            _ => {}
        }
    }

    fn set(&self, peers: &Peers) -> Set {
        let mut set = vec![false; self.peers as usize + 1];
        peers.resolve(self.seed, self.peers).into_iter().for_each(|peer| set[peer as usize] = true);
        set
    }

    /// What becomes of a message of this length that peer number `from` sends to number `to` now.
    pub fn judge(&mut self, from: u32, to: u32, bytes: usize, now: Instant) -> Fate {
        let on_link = |(senders, receivers): (&Set, &Set)| senders[from as usize] && receivers[to as usize];
        if self.partition.as_ref().is_some_and(|group_of| group_of[from as usize] != group_of[to as usize]) {
            return Fate::Lost(CUT);
        }
        if self.cuts.iter().any(|(senders, receivers)| on_link((senders, receivers))) {
            return Fate::Lost(CUT);
        }
        let special = self.links.iter().rev().find(|(senders, receivers, _)| on_link((senders, receivers)));
        let conditions = special.and_then(|(_, _, conditions)| *conditions).unwrap_or(self.network.conditions);
        if self.chance(conditions.loss) {
            return Fate::Lost(LOST);
        }
        let queued = self.queueing(from, to, bytes, conditions.bandwidth, now);
        let mut delay = self.latency(from, to) + conditions.delay + queued;
        let overtaken = self.chance(conditions.reordering);
        if overtaken {
            delay += self.rng.between(Duration::ZERO, conditions.reordering_by);
        }
        let duplicate = self.chance(conditions.duplication).then(|| self.latency(from, to) + conditions.delay + queued);
        Fate::Travels(Journey { delay, overtaken, duplicate })
    }

    fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.unit() < probability
    }

    /// How long a message waits for those before it on the link and for its own bits.
    fn queueing(&mut self, from: u32, to: u32, bytes: usize, bandwidth: Option<u64>, now: Instant) -> Duration {
        let Some(bits_per_second) = bandwidth else {
            return Duration::ZERO;
        };
        let own_ns = bytes as u128 * 8 * 1_000_000_000 / u128::from(bits_per_second.max(1));
        let own = Duration::from_nanos(u64::try_from(own_ns).unwrap_or(u64::MAX));
        let busy_until = self.busy_until.entry((from, to)).or_default();
        *busy_until = now.max(*busy_until) + own;
        busy_until.since(now)
    }

    fn latency(&mut self, from: u32, to: u32) -> Duration {
        match &self.network.latency {
            Latency::Constant(span) => *span,
            Latency::Uniform { min, max } => self.rng.between(*min, *max),
            Latency::LogNormal { min, median, sigma } => {
                // Box and Muller, Annals of Mathematical Statistics 1958.
                let (radius, angle) = (1.0 - self.rng.unit(), self.rng.unit());
                let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
                let seconds = median.as_secs_f64() * (sigma * normal).exp();
                *min + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600))
            }
            Latency::Matrix(matrix) => {
                let place = cell(from, to, matrix.sites);
                let round_trip = matrix.round_trip_us.get(place).copied().unwrap_or_default();
                Duration::from_nanos(u64::from(round_trip) * 500)
            }
            Latency::Regions(regions) => {
                let place = cell(from, to, regions.names.len() as u32);
                let span = regions.latency.get(place).copied().unwrap_or_default();
                let jitter = (self.rng.unit() * regions.jitter).max(0.0);
                span + Duration::try_from_secs_f64(span.as_secs_f64() * jitter).unwrap_or_default()
            }
            // A latency model that this build does not know: none is better than a wrong one.
            _ => Duration::ZERO,
        }
    }
}

/// The place of (site of `from`, site of `to`) in a matrix of `sites` rows.
fn cell(from: u32, to: u32, sites: u32) -> usize {
    let site = |peer: u32| (peer.saturating_sub(1) % sites.max(1)) as usize;
    site(from) * sites as usize + site(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::plan::{Matrix, Regions};
    use std::sync::Arc;

    fn calm(latency: Latency, conditions: Conditions) -> Weather {
        Weather::new(Network { latency, conditions }, 7, 10, 1)
    }

    fn still() -> Weather {
        calm(Latency::Constant(Duration::ZERO), Conditions::default())
    }

    fn judge(weather: &mut Weather, from: u32, to: u32) -> Fate {
        weather.judge(from, to, 100, Instant::ZERO)
    }

    fn arrives(weather: &mut Weather, from: u32, to: u32) -> bool {
        matches!(judge(weather, from, to), Fate::Travels(_))
    }

    #[test]
    fn a_partition_parts_the_groups_and_the_rest_until_it_heals() {
        let mut weather = still();
        let groups = vec![Peers::Numbers(vec![1, 2]), Peers::Numbers(vec![2, 3])];
        weather.apply(&Fault::Partition { groups });
        assert!(arrives(&mut weather, 1, 2) && arrives(&mut weather, 4, 9));
        assert_eq!(judge(&mut weather, 2, 3), Fate::Lost(CUT), "2 belongs to the first group");
        assert_eq!(judge(&mut weather, 1, 4), Fate::Lost(CUT));
        weather.apply(&Fault::Heal);
        assert!(arrives(&mut weather, 2, 3) && arrives(&mut weather, 1, 4));
    }

    #[test]
    fn a_cut_is_one_way_unless_both() {
        let mut weather = still();
        let cut = |both| Fault::Cut { from: Peers::Numbers(vec![1]), to: Peers::Numbers(vec![2]), both };
        weather.apply(&cut(false));
        assert_eq!(judge(&mut weather, 1, 2), Fate::Lost(CUT));
        assert!(arrives(&mut weather, 2, 1));
        weather.apply(&cut(true));
        assert_eq!(judge(&mut weather, 2, 1), Fate::Lost(CUT));
    }

    #[test]
    fn conditions_of_a_link_replace_the_networks() {
        let lossy = Conditions { loss: 1.0, ..Conditions::default() };
        let mut weather = calm(Latency::Constant(Duration::ZERO), lossy);
        let (from, to) = (Peers::Numbers(vec![1]), Peers::All);
        let clear = Some(Conditions::default());
        weather.apply(&Fault::Link { from: from.clone(), to: to.clone(), conditions: clear });
        assert!(arrives(&mut weather, 1, 2));
        assert_eq!(judge(&mut weather, 2, 1), Fate::Lost(LOST));
        weather.apply(&Fault::Link { from, to, conditions: None });
        assert_eq!(judge(&mut weather, 1, 2), Fate::Lost(LOST));
        weather.apply(&Fault::Conditions(Conditions::default()));
        assert!(arrives(&mut weather, 1, 2));
    }

    #[test]
    fn one_link_of_many_gets_the_networks_conditions_back() {
        let lossy = Some(Conditions { loss: 1.0, ..Conditions::default() });
        let mut weather = still();
        weather.apply(&Fault::Link { from: Peers::All, to: Peers::All, conditions: lossy });
        let (from, to) = (Peers::Numbers(vec![1]), Peers::Numbers(vec![2]));
        weather.apply(&Fault::Link { from, to, conditions: None });
        assert!(arrives(&mut weather, 1, 2));
        assert_eq!(judge(&mut weather, 2, 1), Fate::Lost(LOST));
    }

    #[test]
    fn loss_and_duplication_come_as_often_as_asked_for() {
        let conditions = Conditions { loss: 0.3, duplication: 0.2, ..Conditions::default() };
        let mut weather = calm(Latency::Constant(Duration::ZERO), conditions);
        let (mut lost, mut doubled) = (0, 0);
        for _ in 0..20_000 {
            match judge(&mut weather, 1, 2) {
                Fate::Lost(_) => lost += 1,
                Fate::Travels(journey) => doubled += u32::from(journey.duplicate.is_some()),
            }
        }
        assert!((5_700..6_300).contains(&lost), "{lost} of 20000");
        assert!((2_600..3_000).contains(&doubled), "{doubled} of 14000");
    }

    #[test]
    fn a_narrow_link_makes_messages_wait_for_each_other() {
        let conditions = Conditions { bandwidth: Some(8_000), ..Conditions::default() };
        let mut weather = calm(Latency::Constant(Duration::ZERO), conditions);
        for expected_ms in [100, 200, 300] {
            let Fate::Travels(journey) = judge(&mut weather, 1, 2) else { panic!("lost") };
            assert_eq!(journey.delay, Duration::from_millis(expected_ms));
        }
        let Fate::Travels(journey) = judge(&mut weather, 2, 1) else { panic!("lost") };
        assert_eq!(journey.delay, Duration::from_millis(100), "the other way is another link");
    }

    #[test]
    fn latencies_follow_their_model() {
        let matrix = Matrix { sites: 2, round_trip_us: vec![2, 20, 40, 4] };
        let mut weather = calm(Latency::Matrix(Arc::new(matrix)), Conditions::default());
        assert_eq!(weather.latency(1, 2), Duration::from_micros(10));
        assert_eq!(weather.latency(2, 3), Duration::from_micros(20));
        assert_eq!(weather.latency(1, 3), Duration::from_micros(1));
        let milliseconds = [1, 80, 80, 1].map(Duration::from_millis).to_vec();
        let regions = Regions { names: vec!["a".into(), "b".into()], latency: milliseconds, jitter: 0.1 };
        let mut weather = calm(Latency::Regions(Arc::new(regions)), Conditions::default());
        assert!((80..=88).contains(&weather.latency(1, 2).as_millis()));
        let median = Duration::from_millis(50);
        let model = Latency::LogNormal { min: Duration::from_millis(5), median, sigma: 0.5 };
        let mut weather = calm(model, Conditions::default());
        let mut drawn: Vec<Duration> = (0..2_001).map(|_| weather.latency(1, 2)).collect();
        drawn.sort();
        assert!((51..=59).contains(&drawn[1_000].as_millis()), "{:?}", drawn[1_000]);
    }
}
