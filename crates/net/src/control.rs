//! What a peer process and its supervisor tell each other, over one loopback TCP connection: postcard
//! documents, each after its length as a big-endian u32.

use std::io;

use rumormill_core::plan::Fault;
use rumormill_core::trace::Event;
use rumormill_core::{Duration, Instant};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most bytes of one document.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 4 << 20;

/// The most bytes of the first document, before the process has proved who it is.
pub(crate) const MAX_HELLO_BYTES: usize = 256;

/// From a process to its supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Up {
    /// The first document.
    Hello { token: [u8; 32], unit: u32, generation: u32 },
    /// All peers of the process have met the tracker and can boot.
    Ready,
    /// Part of the trace; `dropped` events before these were lost because the supervisor did not keep up.
    Trace { events: Vec<Event>, dropped: u64 },
    /// How far these peers are. Sent when it changed, at most every [`REPORT_EVERY`].
    Status(Vec<PeerStatus>),
    /// A peer cannot go on.
    Failed { peerid: u32, error: String },
}

/// From the supervisor to a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Down {
    /// The run began when the machine's monotonic clock was `start_ns`; this happened to it so far.
    Go { start_ns: u64, past: Vec<Happened> },
    /// A fault that the process carries out: of the network, a slow peer or a skewed clock.
    Fault(Happened),
    /// Only for processes of several peers; a lone one gets a signal instead.
    Crash { peerid: u32 },
    /// Boots a crashed peer of a shared process again.
    Boot { peerid: u32, incarnation: u32 },
    /// Freezes a peer of a shared process.
    Pause { peerid: u32, paused: bool },
    /// A person's request to a peer's protocol.
    Request { peerid: u32, text: String },
    /// Stop in good order and exit.
    Stop,
}

/// A fault and when it happened on the run's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Happened {
    pub at: Instant,
    pub fault: Fault,
}

/// How far one life of a peer is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PeerStatus {
    pub peerid: u32,
    pub incarnation: u32,
    pub done: bool,
    /// (name, current, goal) of each target.
    pub targets: Vec<(String, u64, u64)>,
    pub counts: Counts,
}

/// What a life of a peer has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub activations: u64,
    pub sent: u64,
    pub delivered: u64,
    pub dropped: u64,
    pub bytes: u64,
    pub bad_frames: u64,
}

/// How often a process reports, at most.
pub(crate) const REPORT_EVERY: Duration = Duration::from_millis(20);

/// Writes one document.
pub(crate) async fn write<T: Serialize>(to: &mut (impl AsyncWrite + Unpin), document: &T) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(document, bytes).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > MAX_DOCUMENT_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("document of {length} bytes")));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_be_bytes());
    to.write_all(&bytes).await
}

/// Reads one document of at most `limit` bytes; `None` at the end of the connection.
pub(crate) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("document of {length} bytes")));
    }
    // Grows with what really arrives: announcing much costs the announcer as much.
    let mut bytes = Vec::with_capacity(length.min(64 << 10));
    from.take(length as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < length {
        return Ok(None);
    }
    postcard::from_bytes(&bytes).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn documents_come_back_and_long_ones_are_refused() {
        let mut wire = Vec::new();
        write(&mut wire, &Up::Failed { peerid: 3, error: "disk full".into() }).await.unwrap();
        let read_back = read::<Up>(&mut wire.as_slice(), MAX_DOCUMENT_BYTES).await.unwrap();
        assert!(matches!(read_back, Some(Up::Failed { peerid: 3, .. })));
        assert!(read::<Up>(&mut wire.as_slice(), 3).await.is_err());
        assert!(read::<Up>(&mut &wire[..6], MAX_DOCUMENT_BYTES).await.unwrap().is_none());
    }
}
