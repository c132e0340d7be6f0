//! What else must survive a crash: who this member is, and its vote.

use rumormill_core::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Raft;
use super::log::Log;
use super::message::{Command, Member};

/// Where the identity is.
const ID: &[u8] = b"id";

/// Where term and vote are.
const VOTE: &[u8] = b"vote";

/// Who this member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Id {
    pub incarnation: u32,
    /// Was it a member, and then removed? Then it no longer asks to be one.
    pub removed: bool,
}

/// The vote of a term.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Vote {
    /// The highest term heard of.
    pub term: u64,
    /// For whom this member voted in it.
    pub candidate: Option<Member>,
}

/// Everything on a disk.
pub(super) struct Stored<C> {
    pub id: Id,
    pub vote: Vote,
    pub log: Log<C>,
}

/// What is on the disk is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl<C: Command> Stored<C> {
    /// What the disk holds; none when it is empty.
    pub fn load(cx: &mut Context<'_, Raft<C>>) -> Result<Option<Self>, Unreadable> {
        let Some(id) = cx.stored(ID) else { return Ok(None) };
        let vote = cx.stored(VOTE).map_or(Ok(Vote::default()), |bytes| decode(&bytes))?;
        Ok(Some(Self { id: decode(&id)?, vote, log: Log::load(cx)? }))
    }

    /// Empties the disk.
    pub fn wipe(cx: &mut Context<'_, Raft<C>>) {
        Log::wipe(cx);
        cx.forget(VOTE);
        cx.forget(ID);
    }
}

impl Id {
    pub fn save<C: Command>(self, cx: &mut Context<'_, Raft<C>>) {
        cx.persist(ID, &encode(&self));
    }
}

impl Vote {
    pub fn save<C: Command>(self, cx: &mut Context<'_, Raft<C>>) {
        cx.persist(VOTE, &encode(&self));
    }
}

pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    match postcard::to_stdvec(value) {
        Ok(bytes) => bytes,
        // As in `Wire::encode`: only a type of unknown length fails, which the first test with it finds.
        Err(error) => unreachable!("a value of unknown length: {error}"),
    }
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    postcard::from_bytes(bytes).map_err(|_| Unreadable)
}
