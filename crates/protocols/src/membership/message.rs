//! What members send each other.

use rumormill_core::{PeerId, Wire};
use serde::{Deserialize, Serialize};

use super::{Standing, Status};

/// Rumors that ride on a message, at most ([`Config::piggyback`](super::Config::piggyback) says how many do).
pub const PIGGYBACK_MAX: usize = 64;

/// Members in one message of a full state, at most; a larger state takes several.
pub const PAGE_MAX: usize = 512;

/// What is said of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rumor {
    /// The member.
    pub peer: PeerId,
    /// What it is.
    pub standing: Standing,
    /// Who suspects it, when it is suspected; the sender, when it does not say.
    pub by: Option<PeerId>,
}

impl Rumor {
    /// That a member is so.
    #[must_use]
    pub const fn new(peer: PeerId, standing: Standing) -> Self {
        Self { peer, standing, by: None }
    }

    /// That `by` suspects this incarnation of a member.
    #[must_use]
    pub const fn suspect(peer: PeerId, incarnation: u32, by: PeerId) -> Self {
        Self { peer, standing: Standing { incarnation, status: Status::Suspect }, by: Some(by) }
    }
}

/// What members send each other: something about who is up, and news on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The sender's incarnation, when it is a member or wants to be one: so each message also says that it is alive.
    pub incarnation: Option<u32>,
    /// What it is sent for.
    pub body: Body,
    /// News; in a [`Body::State`], what the sender knows of members.
    pub rumors: Vec<Rumor>,
}

/// What a message is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Is the receiver up?
    Ping {
        /// The answer says it again.
        number: u32,
    },
    /// `of` is up: the sender, or whom it was asked to ping.
    Ack {
        /// The number of what this answers.
        number: u32,
        /// Who is up.
        of: PeerId,
    },
    /// The receiver shall ping `target`: the sender had no answer.
    PingReq {
        /// The answer says it again.
        number: u32,
        /// Whom to ping.
        target: PeerId,
    },
    /// The sender is up, but has no answer from whom it was asked to ping.
    Nack {
        /// The number of the [`Body::PingReq`].
        number: u32,
    },
    /// The sender joins, or looks for members that it lost: who is there?
    Join,
    /// What the sender knows of all members, or a part of that.
    State {
        /// Does it want to know the same of the receiver? Only said in the last part.
        wants: bool,
    },
    /// The sender is up, and will say so again after a period.
    Heartbeat {
        /// Shall the receiver go on expecting them? Not when others expect them from now on.
        again: bool,
    },
    /// Only news.
    Gossip,
}

impl Message {
    /// Can a correct member have sent it?
    pub(super) fn is_sound(&self) -> Result<(), &'static str> {
        let most = if matches!(self.body, Body::State { .. }) { PAGE_MAX } else { PIGGYBACK_MAX };
        if self.rumors.len() > most {
            return Err("more rumors than a message may carry");
        }
        if self.rumors.iter().any(|rumor| rumor.by == Some(rumor.peer)) {
            return Err("somebody who suspects itself");
        }
        Ok(())
    }
}

impl Wire for Message {
    /// A page of rumors with three numbers and a status of at most 10, 5, 11 and 1 bytes.
    const MAX_BYTES: usize = 16 * 1024;

    fn kind(&self) -> &'static str {
        match self.body {
            Body::Ping { .. } => "ping",
            Body::Ack { .. } => "ack",
            Body::PingReq { .. } => "ping-req",
            Body::Nack { .. } => "nack",
            Body::Join => "join",
            Body::State { .. } => "state",
            Body::Heartbeat { .. } => "heartbeat",
            Body::Gossip => "gossip",
        }
    }

    fn mentions(&self, visit: &mut dyn FnMut(PeerId)) {
        match self.body {
            Body::Ack { of: peer, .. } | Body::PingReq { target: peer, .. } => visit(peer),
            _ => {}
        }
        for rumor in &self.rumors {
            visit(rumor.peer);
            rumor.by.into_iter().for_each(&mut *visit);
        }
    }

    fn may_be_lost(&self) -> bool {
        // A lost page would be missed until the next exchange.
        !matches!(self.body, Body::Join | Body::State { .. })
    }
}
