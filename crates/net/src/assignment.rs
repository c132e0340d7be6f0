//! What a peer process is told when it starts: one document on its standard input.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use rumormill_core::plan::Network;
use rumormill_core::{Parameters, Topology};
use serde::{Deserialize, Serialize};

use crate::PeerKey;

/// The most bytes of an encoded assignment.
pub const MAX_ASSIGNMENT_BYTES: usize = 64 << 20;

/// What a peer process is told when it starts. The binary looks at `protocol` and calls
/// [`crate::peer_main`] with the type of that name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Assignment {
    /// The name of the protocol to run.
    pub protocol: String,
    /// The run's parameters.
    pub parameters: Parameters,
    /// The run's seed.
    pub seed: u64,
    /// Who knows whom.
    pub topology: Topology,
    /// The network that the link layer makes of the loopback interface.
    pub network: Network,
    /// The keys of all peers of the run; the first is peer number 1.
    pub members: Vec<PeerKey>,
    /// The peers of this process.
    pub seats: Vec<AssignedSeat>,
    /// Where sockets are opened; loopback unless the run spans machines.
    pub listen: IpAddr,
    /// Where the peers meet.
    pub tracker: TrackerAddress,
    /// Where the process reports to.
    pub control: ControlAddress,
    /// Does anybody read the trace?
    pub recording: bool,
    /// The process that started this one; this one ends when that one is no longer its parent.
    pub parent: u32,
}

/// One peer of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedSeat {
    /// Its number in the experiment, counted from 1.
    pub peerid: u32,
    /// How many times it has booted before.
    pub incarnation: u32,
    /// Its folder: the key, and the disk.
    pub folder: PathBuf,
}

/// Where the peers meet, and the key that the tracker must prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackerAddress {
    /// UDP address.
    pub address: SocketAddr,
    /// Its public key.
    pub key: PeerKey,
}

/// Where a process reports to, and how it proves that it is the one that was started.
#[derive(Clone, Serialize, Deserialize)]
pub struct ControlAddress {
    /// TCP address.
    pub address: SocketAddr,
    /// A secret of this run.
    pub token: [u8; 32],
    /// Which process of the run this is.
    pub unit: u32,
    /// How many times it has been started before.
    pub generation: u32,
}

impl std::fmt::Debug for ControlAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlAddress")
            .field("address", &self.address)
            .field("unit", &self.unit)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

/// Why there is no assignment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentError {
    /// Standard input could not be read.
    #[error("cannot read the assignment: {0}")]
    Read(#[from] std::io::Error),
    /// Nothing or something else came.
    #[error("no assignment on standard input; peer processes are started by a lab, not by hand")]
    Malformed,
    /// Longer than [`MAX_ASSIGNMENT_BYTES`].
    #[error("assignment of more than {MAX_ASSIGNMENT_BYTES} bytes")]
    TooLong,
}

impl Assignment {
    /// Reads an assignment to the end of `input`, normally standard input.
    ///
    /// # Errors
    /// When it cannot be read, is too long or no assignment.
    pub fn read(input: impl Read) -> Result<Self, AssignmentError> {
        let mut bytes = Vec::new();
        input.take(MAX_ASSIGNMENT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MAX_ASSIGNMENT_BYTES {
            return Err(AssignmentError::TooLong);
        }
        postcard::from_bytes(&bytes).map_err(|_| AssignmentError::Malformed)
    }

    /// The bytes that [`Assignment::read`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match postcard::to_stdvec(self) {
            Ok(bytes) => bytes,
            Err(error) => unreachable!("every length in an assignment is known: {error}"),
        }
    }
}
