//! Who called, which of its calls it was, and when: what makes an update one update, however often it arrives.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A client's session: 128 random bits, so that no two front ends, or lives of one, share any.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub u128);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{:08x}", (self.0 >> 96) as u32)
    }
}

/// The name of a call: the same on every try, so that it is executed once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId {
    /// Whose call it is.
    pub session: SessionId,
    /// The how manieth of the session's updates, or of its queries, from 1.
    pub number: u64,
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}#{}", self.session, self.number)
    }
}

/// Places an update in the one order by which concurrent overwrites are resolved: the greater stamp wins.
///
/// A hybrid logical clock (Kulkarni et al., OPODIS 2014) and, where two are equal, the call's name. An update
/// that may have seen another one has the greater stamp.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Nanoseconds on the caller's clock, or one more than the greatest that it had heard of.
    pub time: u64,
    /// Tells apart what happened in the same nanosecond.
    pub call: CallId,
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s {:?}", self.time as f64 / 1e9, self.call)
    }
}

/// How an update is ordered (Ladin et al. 1992, section 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Order {
    /// After all that its caller had seen.
    #[default]
    Causal,
    /// Causal, and in one order with all other forced ones.
    Forced,
    /// In one order with everything: linearizable.
    Immediate,
}

/// When an update is answered; a query shows no update before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ack {
    /// One replica holds it in memory, and writes it to its disk within a second.
    Memory,
    /// One replica has it on its disk.
    #[default]
    Fsync,
    /// So many replicas besides that one have it on their disks: as many may be lost for ever.
    Replicas(u32),
}
