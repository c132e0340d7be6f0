//! The tracker: where peers meet. Each registers its signed record and is told those of all others, now
//! and as they come.
//!
//! ```text
//! batch   count u16, count times (length u16, signed peer record); at most 256 records
//! peer    one batch with its own record
//! tracker batches for as long as the connection lasts; the first may be empty
//! ```
//! All numbers are big-endian. At most [`MAX_REGISTERED`] peers are registered; more are refused.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use quinn::{Endpoint, RecvStream, SendStream};
use rumormill_core::PeerId;
use tokio::sync::watch;

use crate::link::transport;
use crate::members::Trust;
use crate::record::MAX_RECORD_BYTES;
use crate::tls::{Handshakes, remote_key};
use crate::{Identity, PeerRecord, RecordError};

/// Peers that can be registered, at most.
pub const MAX_REGISTERED: usize = 65_536;

/// Records in one batch, at most.
const MAX_BATCH: usize = 256;

/// How long a peer may take to register.
const REGISTRATION: std::time::Duration = std::time::Duration::from_secs(5);

/// A running tracker; dropping it closes it.
#[derive(Debug)]
pub struct Tracker {
    endpoint: Endpoint,
    task: tokio::task::JoinHandle<()>,
}

/// Why there is no tracker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackerError {
    /// The socket cannot be opened.
    #[error("the tracker cannot open a UDP socket on {listen}: {source}")]
    Bind {
        /// Where.
        listen: IpAddr,
        /// Why.
        source: io::Error,
    },
    /// Encryption cannot be set up.
    #[error("the tracker cannot set up encryption: {0}")]
    Tls(#[from] rustls::Error),
}

/// What goes wrong between peer and tracker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TalkError {
    #[error("the tracker's stream ended: {0}")]
    Read(#[from] quinn::ReadExactError),
    #[error("{0} records in one batch")]
    Batch(u16),
    #[error("cannot dial: {0}")]
    Dial(#[from] quinn::ConnectError),
    #[error("connection lost: {0}")]
    Lost(#[from] quinn::ConnectionError),
    #[error("cannot write: {0}")]
    Write(#[from] quinn::WriteError),
    #[error("it did not register in time")]
    Silent,
    #[error("it registered something else than one record of its own")]
    NotItsRecord,
    #[error("more than {MAX_REGISTERED} peers")]
    TooMany,
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Records by when they were registered, the latest of each peer only.
#[derive(Debug, Default)]
struct Registry {
    records: BTreeMap<u64, PeerRecord>,
    places: BTreeMap<PeerId, u64>,
    last: u64,
}

impl Registry {
    /// Registers a record if it is newer than the peer's last; false when there are too many peers.
    fn register(&mut self, record: PeerRecord) -> bool {
        let id = record.id();
        match self.places.get(&id) {
            Some(place) if self.records.get(place).is_some_and(|known| known.sequence() >= record.sequence()) => {
                return true;
            }
            Some(place) => drop(self.records.remove(place)),
            None if self.places.len() >= MAX_REGISTERED => return false,
            None => {}
        }
        self.last += 1;
        self.places.insert(id, self.last);
        self.records.insert(self.last, record);
        true
    }

    /// Up to a batch of the records registered after `place`, and the place of the last of them.
    fn after(&self, place: u64) -> (Vec<PeerRecord>, u64) {
        let mut last = place;
        let batch = self.records.range(place + 1..).take(MAX_BATCH);
        let records = batch.map(|(&place, record)| {
            last = place;
            record.clone()
        });
        (records.collect(), last)
    }
}

impl Tracker {
    /// Starts a tracker that talks to those whom it trusts. Must run within a tokio runtime.
    ///
    /// # Errors
    /// When no socket can be opened or encryption cannot be set up.
    pub fn start(identity: &Identity, trust: &Trust, listen: IpAddr) -> Result<Self, TrackerError> {
        let transport = transport(&Handshakes::new(identity, trust)?);
        let bind = |source| TrackerError::Bind { listen, source };
        let socket = std::net::UdpSocket::bind((listen, 0)).map_err(bind)?;
        let (endpoint, _) = crate::link::open_endpoint(socket, identity, Some(transport.server)).map_err(bind)?;
        let task = tokio::spawn(serve(endpoint.clone()));
        Ok(Self { endpoint, task })
    }

    /// Where it can be reached.
    ///
    /// # Errors
    /// When the socket does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.endpoint.local_addr()
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.endpoint.close(0_u32.into(), b"closing");
        self.task.abort();
    }
}

async fn serve(endpoint: Endpoint) {
    let registry = Arc::new(Mutex::new(Registry::default()));
    let (grew, _) = watch::channel(0_u64);
    while let Some(incoming) = endpoint.accept().await {
        if endpoint.open_connections() > MAX_REGISTERED {
            incoming.refuse();
            continue;
        }
        let (registry, grew) = (Arc::clone(&registry), grew.clone());
        tokio::spawn(async move {
            if let Err(error) = attend(incoming, &registry, &grew).await {
                tracing::debug!(%error, "a peer left the tracker");
            }
        });
    }
}

/// Registers one peer and tells it all records until it leaves.
async fn attend(
    incoming: quinn::Incoming,
    registry: &Mutex<Registry>,
    grew: &watch::Sender<u64>,
) -> Result<(), TalkError> {
    let registration = async {
        let connection = incoming.await?;
        let (sender, mut receiver) = connection.accept_bi().await?;
        let records = read_records(&mut receiver, PeerRecord::decode).await?;
        Ok::<_, TalkError>((connection, sender, records))
    };
    let (connection, mut sender, records) =
        tokio::time::timeout(REGISTRATION, registration).await.map_err(|_| TalkError::Silent)??;
    let [record] = <[PeerRecord; 1]>::try_from(records).map_err(|_| TalkError::NotItsRecord)?;
    if remote_key(&connection) != Some(record.key()) {
        return Err(TalkError::NotItsRecord);
    }
    let mut growth = grew.subscribe();
    if !lock(registry).register(record) {
        return Err(TalkError::TooMany);
    }
    grew.send_modify(|count| *count += 1);
    let mut told = 0;
    loop {
        growth.mark_unchanged();
        let (batch, last) = lock(registry).after(told);
        if batch.is_empty() && told > 0 {
            tokio::select! {
                // The sender lives as long as the tracker: there is always a next change.
                _ = growth.changed() => {}
                error = connection.closed() => return Err(error.into()),
            }
            continue;
        }
        write_records(&mut sender, &batch).await?;
        told = last;
    }
}

fn lock(registry: &Mutex<Registry>) -> std::sync::MutexGuard<'_, Registry> {
    registry.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes one batch.
pub(crate) async fn write_records(to: &mut SendStream, records: &[PeerRecord]) -> Result<(), quinn::WriteError> {
    debug_assert!(records.len() <= MAX_BATCH);
    let mut bytes = (records.len() as u16).to_be_bytes().to_vec();
    for record in records {
        let at = bytes.len();
        bytes.extend([0, 0]);
        record.encode(&mut bytes);
        let length = (bytes.len() - at - 2) as u16;
        bytes[at..at + 2].copy_from_slice(&length.to_be_bytes());
    }
    to.write_all(&bytes).await
}

/// Reads one batch of records that `check` decodes and finds valid.
pub(crate) async fn read_records(
    from: &mut RecvStream,
    check: impl Fn(&[u8]) -> Result<PeerRecord, RecordError>,
) -> Result<Vec<PeerRecord>, TalkError> {
    let mut count = [0; 2];
    from.read_exact(&mut count).await?;
    let count = u16::from_be_bytes(count);
    if usize::from(count) > MAX_BATCH {
        return Err(TalkError::Batch(count));
    }
    let mut records = Vec::with_capacity(count.into());
    let mut bytes = [0; MAX_RECORD_BYTES];
    for _ in 0..count {
        let mut length = [0; 2];
        from.read_exact(&mut length).await?;
        let length = usize::from(u16::from_be_bytes(length));
        let record = bytes.get_mut(..length).ok_or(RecordError::TooLong { bytes: length })?;
        from.read_exact(record).await?;
        records.push(check(record)?);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seed: u8, sequence: u64) -> PeerRecord {
        PeerRecord::new(&Identity::from_seed(&[seed; 32]), sequence, &["127.0.0.1:9".parse().unwrap()])
    }

    #[test]
    fn who_follows_the_registry_hears_the_latest_of_everybody() {
        let mut registry = Registry::default();
        assert!(registry.register(record(1, 1)) && registry.register(record(2, 1)));
        let (first, place) = registry.after(0);
        assert_eq!(first, [record(1, 1), record(2, 1)]);
        assert!(registry.register(record(1, 2)) && registry.register(record(2, 1)));
        let (then, place) = registry.after(place);
        assert_eq!(then, [record(1, 2)], "only what is new");
        assert_eq!(registry.after(place), (vec![], place));
        assert_eq!(registry.after(0).0, [record(2, 1), record(1, 2)], "one record of each");
    }
}
