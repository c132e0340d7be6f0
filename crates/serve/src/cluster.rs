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

/// The most replicas, and the most front ends.
pub const MAX_PLACES: usize = 64;

/// Updates after which a replica tells the news without waiting for its time: enough to fill messages, and few
/// enough that logs stay short under load.
const GOSSIP_AFTER: usize = 2_048;

/// How long replicas wait for the primary, at least, before they elect another one.
const COUNCIL_TIMEOUT: Duration = Duration::from_secs(1);

/// Who the replicas and front ends of a store are, and how they work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// Numbers 1 to n, in order.
    pub replicas: Vec<Place>,
    /// The numbers after.
    pub front_ends: Vec<Place>,
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
    /// A replica that has been out of touch for so long takes no updates, in milliseconds; without, it always
    /// does.
    pub lease_ms: Option<u64>,
    /// How long a front end waits for a replica before it asks another one, in milliseconds.
    pub retry_ms: u64,
    /// The share of calls that a replica refuses as overloaded, 0 to 1.
    pub overload: f64,
}

impl Default for Settings {
    fn default() -> Self {
        let (ack, lease_ms) = (Ack::Fsync, None);
        Self { ack, gossip_ms: 100, delta_ms: 30_000, lease_ms, retry_ms: 250, overload: 0.0 }
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
        if self.replicas.len() > MAX_PLACES || self.front_ends.len() > MAX_PLACES {
            return Err(format!("more than {MAX_PLACES} replicas or front ends"));
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
        if self.settings.gossip_ms == 0 || self.settings.retry_ms == 0 || self.settings.delta_ms == 0 {
            return Err("gossip_ms, retry_ms and delta_ms must be at least 1".into());
        }
        Ok(())
    }

    /// All of them, in the order of their numbers.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.replicas.iter().chain(&self.front_ends)
    }

    /// The replica with this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn replica(&self, number: u32) -> Result<&Place, ClusterError> {
        find(&self.replicas, "replica", number)
    }

    /// The front end with this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn front_end(&self, number: u32) -> Result<&Place, ClusterError> {
        find(&self.front_ends, "front end", number)
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
            council: council(COUNCIL_TIMEOUT),
            lease: settings.lease_ms.map(Duration::from_millis),
            retry_after: Duration::from_millis(settings.retry_ms),
            overload: settings.overload,
            spares: 0,
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

fn find<'a>(places: &'a [Place], role: &'static str, number: u32) -> Result<&'a Place, ClusterError> {
    let numbers = || places.iter().map(|place| place.number).collect();
    let found = places.iter().find(|place| place.number == number);
    found.ok_or_else(|| ClusterError::NoSuch { role, number, numbers: numbers() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(ack: Ack) -> Result<Cluster, String> {
        let place = |number: u32| Place {
            number,
            key: PeerKey([number as u8; 32]),
            address: ([127, 0, 0, 1], 7_000).into(),
            folder: number.to_string().into(),
            http: None,
            redis: None,
        };
        let (replicas, front_ends) = (vec![place(1), place(2), place(3)], vec![place(4)]);
        let cluster =
            Cluster { replicas, front_ends, settings: Settings { ack, ..Settings::default() }, founded: false };
        Cluster::parse(&serde_json::to_string(&cluster).unwrap())
    }

    #[test]
    fn no_more_replicas_acknowledge_than_there_are() {
        assert_eq!(cluster(Ack::Replicas(2)).unwrap().settings.ack, Ack::Replicas(2));
        let why = cluster(Ack::Replicas(3)).unwrap_err();
        assert_eq!(why, "ack: 3 more replicas than one; there are 3 in all");
    }
}
