//! The cluster file: who the replicas and front ends of a store are, and how they work. All of them read it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rumormill_core::Instant;
use rumormill_net::{Member, PeerKey};
use rumormill_protocols::store::{Ack, Config, council};
use serde::{Deserialize, Serialize};

/// The name of the cluster file in a store's folder.
pub const CLUSTER_FILE: &str = "cluster.json";

/// The most bytes of a cluster file.
const MAX_BYTES: u64 = 1 << 20;

/// The most replicas, the most front ends, and the most spares.
pub const MAX_PLACES: usize = 64;

/// Updates after which a replica tells the news without waiting for its time: enough to fill messages, and few
/// enough that logs stay short under load.
const GOSSIP_AFTER: usize = 2_048;

/// Who the replicas and front ends of a store are, and how they work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Numbers 1 to n, in order.
    pub replicas: Vec<Place>,
    /// The numbers after.
    pub front_ends: Vec<Place>,
    /// Replicas that are no members until they are added: the numbers after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spares: Vec<Place>,
    /// How all of them work.
    pub settings: Settings,
    /// All of them have run before: a replica with an empty disk has lost it.
    #[serde(default)]
    pub founded: bool,
}

/// One replica or front end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its number in the store, from 1; replicas come first.
    pub number: u32,
    /// The key that it proves to the others.
    pub key: PeerKey,
    /// Where the others reach it.
    pub address: SocketAddr,
    /// Its folder, relative to that of the cluster file.
    pub folder: PathBuf,
    /// Where a front end speaks HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<SocketAddr>,
    /// Where a front end speaks the Redis protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<SocketAddr>,
}

/// How replicas and front ends work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// When an update is answered: `memory`, `fsync`, or by so many more replicas.
    pub ack: Ack,
    /// How often replicas tell each other the news, in milliseconds.
    pub gossip_ms: u64,
    /// Copies of a call that are older are refused, in milliseconds.
    pub delta_ms: u64,
    /// How long replicas wait for the primary, at least, before they elect another one, in milliseconds.
    pub council_ms: u64,
    /// A replica that has been out of touch with the primary for so long takes no calls, in milliseconds; without,
    /// it always does.
    pub lease_ms: Option<u64>,
    /// How long a front end waits for a replica before it asks another one, in milliseconds.
    pub retry_ms: u64,
    /// The share of calls that a replica refuses as overloaded, 0 to 1.
    pub overload: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let (ack, lease_ms) = (Ack::Fsync, None);
        Self { ack, gossip_ms: 100, delta_ms: 30_000, council_ms: 1_000, lease_ms, retry_ms: 250, overload: 0.0 }
    }
}

impl Settings {
    /// The shortest lease that replicas which are in touch always have, in milliseconds.
    #[must_use]
    pub fn lease_least_ms(&self) -> u64 {
        self.council_ms.max(self.gossip_ms).saturating_mul(2)
    }
}

/// Why a cluster file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// It says nothing that can be understood.
    #[error("{}: {why}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no replica or front end of this number.
    #[error("the cluster has no {role} {number}; it has {}", numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))]
    NoSuch {
        /// What was asked for.
        role: &'static str,
        /// Its number.
        number: u32,
        /// Those there are.
        numbers: Vec<u32>,
    },
}

impl Cluster {
    /// Reads the cluster file.
    ///
    /// # Errors
    /// When it cannot be read, or contradicts itself.
    pub fn read(path: &Path) -> Result<Self, ClusterError> {
        let failed = |source| ClusterError::File { path: path.to_path_buf(), source };
        let length = fs::metadata(path).map_err(failed)?.len();
        if length > MAX_BYTES {
            return Err(failed(io::Error::other(format!("{length} bytes, more than {MAX_BYTES}"))));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let wrong = |why: String| ClusterError::Content { path: path.to_path_buf(), why };
        Self::parse(&text).map_err(wrong)
    }

    /// Reads what a cluster file says, or what is wrong with that.
    fn parse(text: &str) -> Result<Self, String> {
        let cluster: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        cluster.check()?;
        Ok(cluster)
    }

    /// Writes the cluster file: whole, or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ClusterError> {
        let failed = |source| ClusterError::File { path: path.to_path_buf(), source };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)
    }

    /// What is wrong with it, if anything.
    fn check(&self) -> Result<(), String> {
        if self.replicas.is_empty() {
            return Err("a store needs at least one replica".into());
        }
        if [&self.replicas, &self.front_ends, &self.spares].iter().any(|places| places.len() > MAX_PLACES) {
            return Err(format!("more than {MAX_PLACES} replicas, front ends or spares"));
        }
        for (place, number) in self.places().zip(1..) {
            if place.number != number {
                return Err(format!("number {} stands where {number} should; number replicas from 1", place.number));
            }
        }
        if self.places().map(|place| place.key).collect::<BTreeSet<_>>().len() < self.places().count() {
            return Err("two of them have the same key".into());
        }
        if !(0.0..=1.0).contains(&self.settings.overload) {
            return Err(format!("overload: {} is not between 0 and 1", self.settings.overload));
        }
        if let Ack::Replicas(more) = self.settings.ack
            && more as usize >= self.replicas.len()
        {
            return Err(format!("ack: {more} more replicas than one; there are {} in all", self.replicas.len()));
        }
        let Settings { gossip_ms, retry_ms, delta_ms, council_ms, lease_ms, .. } = self.settings;
        if [gossip_ms, retry_ms, delta_ms, council_ms].contains(&0) {
            return Err("gossip_ms, retry_ms, delta_ms and council_ms must be at least 1".into());
        }
        // A lease is asked for with each round of gossip, and given by a primary that hears of the others.
        let least = self.settings.lease_least_ms();
        if lease_ms.is_some_and(|lease| lease < least) {
            return Err(format!(
                "lease_ms: must be at least {least}, or replicas that are in touch would take no calls"
            ));
        }
        Ok(())
    }

    /// All of them, in the order of their numbers.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.replicas.iter().chain(&self.front_ends).chain(&self.spares)
    }

    /// All that hold the state, or may: replicas and spares.
    pub fn holders(&self) -> impl Iterator<Item = &Place> {
        self.replicas.iter().chain(&self.spares)
    }

    /// The replica or spare with this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn replica(&self, number: u32) -> Result<&Place, ClusterError> {
        find(self.holders(), "replica", number)
    }

    /// The front end with this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn front_end(&self, number: u32) -> Result<&Place, ClusterError> {
        find(self.front_ends.iter(), "front end", number)
    }

    /// All of them as a node knows its members.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let member = |place: &Place| Member { number: place.number, key: place.key, addresses: vec![place.address] };
        self.places().map(member).collect()
    }

    /// What the protocol needs to know. `founding`: this node has never run before, and neither has the store.
    #[must_use]
    pub fn config(&self, founding: bool) -> Config {
        let settings = &self.settings;
        Config {
            replicas: self.replicas.len() as u32,
            front_ends: self.front_ends.len() as u32,
            founding: if founding { Instant::MAX } else { Instant::ZERO },
            gossip_every: Duration::from_millis(settings.gossip_ms),
            delta: Duration::from_millis(settings.delta_ms),
            ack: settings.ack,
            council: council(Duration::from_millis(settings.council_ms)),
            lease: settings.lease_ms.map(Duration::from_millis),
            retry_after: Duration::from_millis(settings.retry_ms),
            overload: settings.overload,
            spares: self.spares.len() as u32,
            gossip_after: GOSSIP_AFTER,
            load: None,
            flaw: None,
        }
    }
}

/// For fuzzing: reads bytes as a cluster file.
///
/// # Panics
/// When what was read does not come back from what is written of it.
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    let cluster = std::str::from_utf8(bytes).ok().and_then(|text| Cluster::parse(text).ok());
    if let Some(cluster) = cluster {
        let text = serde_json::to_string_pretty(&cluster).unwrap_or_default();
        let again = Cluster::parse(&text).map(|again| {
            // Of a share, the last digit may be lost.
            let overload = cluster.settings.overload;
            assert!((again.settings.overload - overload).abs() < 1e-12);
            Cluster { settings: Settings { overload, ..again.settings }, ..again }
        });
        assert_eq!(again.as_ref(), Ok(&cluster));
        let _ = (cluster.config(true), cluster.members());
    }
}

fn find<'a>(
    places: impl Iterator<Item = &'a Place>,
    role: &'static str,
    number: u32,
) -> Result<&'a Place, ClusterError> {
    let places: Vec<&Place> = places.collect();
    let found = places.iter().find(|place| place.number == number).copied();
    let numbers = || places.iter().map(|place| place.number).collect();
    found.ok_or_else(|| ClusterError::NoSuch { role, number, numbers: numbers() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u32) -> Place {
        Place {
            number,
            key: PeerKey([number as u8; 32]),
            address: ([127, 0, 0, 1], 7_000).into(),
            folder: number.to_string().into(),
            http: None,
            redis: None,
        }
    }

    fn cluster(settings: Settings, spares: Vec<Place>) -> Result<Cluster, String> {
        let (replicas, front_ends) = (vec![place(1), place(2), place(3)], vec![place(4)]);
        let cluster = Cluster { replicas, front_ends, spares, settings, founded: false };
        Cluster::parse(&serde_json::to_string(&cluster).unwrap())
    }

    #[test]
    fn no_more_replicas_acknowledge_than_there_are() {
        let cluster = |ack| cluster(Settings { ack, ..Settings::default() }, Vec::new());
        assert_eq!(cluster(Ack::Replicas(2)).unwrap().settings.ack, Ack::Replicas(2));
        let why = cluster(Ack::Replicas(3)).unwrap_err();
        assert_eq!(why, "ack: 3 more replicas than one; there are 3 in all");
    }

    #[test]
    fn spares_have_the_last_numbers_and_are_found_as_replicas() {
        let cluster = |spares| cluster(Settings::default(), spares);
        let with = cluster(vec![place(5), place(6)]).unwrap();
        assert_eq!((with.config(true).spares, with.members().len()), (2, 6));
        assert_eq!(with.replica(6).unwrap().number, 6);
        let why = with.replica(4).unwrap_err();
        assert_eq!(why.to_string(), "the cluster has no replica 4; it has 1, 2, 3, 5, 6");
        assert_eq!(cluster(vec![place(6)]).unwrap_err(), "number 6 stands where 5 should; number replicas from 1");
    }

    #[test]
    fn a_file_from_before_there_were_spares_is_read() {
        let new = cluster(Settings::default(), Vec::new()).unwrap();
        let mut old = serde_json::to_value(&new).unwrap();
        assert_eq!(old.get("spares"), None);
        old["settings"].as_object_mut().unwrap().remove("council_ms").unwrap();
        assert_eq!(Cluster::parse(&old.to_string()), Ok(new));
    }

    #[test]
    fn a_lease_that_nobody_could_keep_is_refused() {
        let cluster = |lease_ms| cluster(Settings { lease_ms, ..Settings::default() }, Vec::new());
        assert_eq!(cluster(Some(2_000)).unwrap().config(false).lease, Some(Duration::from_secs(2)));
        let why = cluster(Some(1_999)).unwrap_err();
        assert_eq!(why, "lease_ms: must be at least 2000, or replicas that are in touch would take no calls");
    }
}
