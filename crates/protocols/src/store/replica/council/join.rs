//! Who comes and who goes.
//!
//! A new member first joins the council, so that it hears of every decree, and then the store: by a decree, after
//! which nobody removes what it lacks. Who goes leaves the store first, in a round, and then the council. A member
//! that lost its disk joins the council as somebody else.

use rumormill_core::{Context, PeerId, Protocol as _};
use serde::Serialize;

use super::super::Replica;
use super::{MAX_KNOCKING, round::Chair};
use crate::raft::{self, Change, Member};
use crate::store::{Application, Decree, Errand, Refusal, Store};

/// A peer that is being taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Joining {
    peer: PeerId,
    /// Is it a member of the council?
    is_heard: bool,
    /// Has the council been asked to admit it to the store?
    pub(super) is_proposed: bool,
}

impl<A: Application> Replica<A> {
    /// Changes who is a member, when this replica is the primary.
    pub(in crate::store::replica) fn change_members(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        errand: Errand,
    ) -> Result<(), Refusal> {
        if self.is_fenced() {
            return Err(Refusal::Fenced);
        }
        let primary = self.council.primary();
        if self.council.chair.is_none() {
            return Err(Refusal::NotPrimary(primary));
        }
        let members = &self.council.cursor.replicas.members;
        match errand {
            Errand::Add(peer) if members.contains(&peer) => Ok(()),
            Errand::Add(peer) => self.admit(cx, peer),
            Errand::Remove(peer) | Errand::Evict(peer) if !members.contains(&peer) => Ok(()),
            Errand::Remove(_) | Errand::Evict(_) if members.len() == 1 => Err(Refusal::LastMember),
            // Somebody else does it, who stays.
            Errand::Remove(peer) | Errand::Evict(peer) if peer == cx.me => {
                let next = self.hand_over(cx);
                Err(Refusal::NotPrimary(next))
            }
            Errand::Remove(peer) => self.let_go(peer, false),
            // Who answers would go on answering calls.
            Errand::Evict(peer) if self.council.hears(peer, cx) => self.let_go(peer, false),
            Errand::Evict(peer) if self.may_have_lease(cx, peer) => Err(Refusal::Overloaded),
            Errand::Evict(peer) => self.let_go(peer, true),
            Errand::Status | Errand::Switch(_) | Errand::Gossip => Ok(()),
        }
    }

    /// Hands the council over to another member. Returns to whom.
    pub(in crate::store::replica) fn hand_over(&mut self, cx: &mut Context<'_, Store<A>>) -> Option<PeerId> {
        let others = self.members.others();
        let to = others.into_iter().find(|&peer| self.council.hears(peer, cx))?;
        self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::HandOver { to }));
        Some(to)
    }

    /// Takes a peer in: it must have knocked.
    fn admit(&mut self, cx: &mut Context<'_, Store<A>>, peer: PeerId) -> Result<(), Refusal> {
        let member = self.council.raft.members().iter().copied().find(|member| member.peer == peer);
        let knocks = self.council.knocking.get(&peer).copied();
        let Some(chair) = self.council.chair.as_deref_mut() else { return Err(Refusal::NotPrimary(None)) };
        match &chair.joining {
            Some(joining) if joining.peer == peer => return Ok(()),
            Some(_) => return Err(Refusal::Overloaded),
            None => {}
        }
        // It may have come in under an earlier primary, and been lost since: then it knocks.
        let Some(newcomer) = knocks.or(member) else { return Err(Refusal::Missing(peer)) };
        let is_heard = member == Some(newcomer);
        chair.joining = Some(Joining { peer, is_heard, is_proposed: false });
        if !is_heard {
            let change = raft::Request::Change(Change::Add(newcomer));
            self.counsel(cx, |raft, cx| raft.on_request(cx, change));
        }
        Ok(())
    }

    /// The council's members have changed.
    pub(super) fn hear_members(&mut self, cx: &mut Context<'_, Store<A>>, members: &[Member]) {
        self.council.counts |= members.contains(&self.as_member(cx));
        // Whoever comes back as somebody else may take calls again, now that the council knows.
        self.lift_fence(cx);
        self.council.knocking.retain(|_, knocking| !members.contains(knocking));
        let joining = self.council.chair.as_deref_mut().and_then(|chair| chair.joining.as_mut());
        if let Some(joining) = joining {
            joining.is_heard = members.iter().any(|member| member.peer == joining.peer);
        }
    }

    /// A peer would like to be a member of the council. One of the store, which lost its disk, is let in.
    pub(super) fn hear_knock(&mut self, member: Member) -> Option<raft::Request<Decree<A>>> {
        if self.council.cursor.replicas.members.contains(&member.peer) {
            // It does not know any more that it has stopped.
            self.distrust(member.peer);
            return Some(raft::Request::Change(Change::Add(member)));
        }
        if self.council.knocking.len() < MAX_KNOCKING || self.council.knocking.contains_key(&member.peer) {
            self.council.knocking.insert(member.peer, member);
        }
        None
    }

    /// A change of the council's members will not happen.
    pub(super) fn hear_unchanged(&mut self, change: Change) {
        let Some(chair) = self.council.chair.as_deref_mut() else { return };
        chair.joining.take_if(|joining| Change::Add(change.member()) == change && joining.peer == change.member().peer);
    }

    /// A peer is a member now.
    pub(super) fn admitted(&mut self, peer: PeerId) {
        if let Some(chair) = self.council.chair.as_deref_mut() {
            chair.joining.take_if(|joining| joining.peer == peer);
        }
    }

    /// The council had no room for the decree that takes this peer in.
    pub(super) fn admission_is_refused(&mut self, peer: PeerId) {
        let joining = self.council.chair.as_deref_mut().and_then(|chair| chair.joining.as_mut());
        if let Some(joining) = joining.filter(|joining| joining.peer == peer) {
            joining.is_proposed = false;
        }
    }

    /// May this peer have a snapshot, though it is no member?
    pub(in crate::store::replica) fn may_come(&self, peer: PeerId) -> bool {
        self.council.chair.as_ref().and_then(|chair| chair.joining).is_some_and(|joining| joining.peer == peer)
    }

    /// Takes the next step of a peer that is being taken in; puts out of the council who is not of the store.
    pub(super) fn reconcile(&mut self, cx: &mut Context<'_, Store<A>>) {
        let Some(chair) = self.council.chair.as_deref_mut() else { return };
        let is_sitting = Chair::is_sitting(chair);
        let joining = chair.joining.as_mut();
        if let Some(joining) = joining.filter(|joining| joining.is_heard && !joining.is_proposed && !is_sitting) {
            joining.is_proposed = true;
            let decree = Decree::Admit(joining.peer);
            self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Propose(decree)));
            return;
        }
        let coming = chair.joining.map(|joining| joining.peer);
        let members = &self.council.cursor.replicas.members;
        let stays = |member: &&Member| members.contains(&member.peer) || coming == Some(member.peer);
        let gone = self.council.raft.members().iter().find(|member| !stays(member)).copied();
        if let Some(gone) = gone.filter(|gone| gone.peer != cx.me) {
            let change = raft::Request::Change(Change::Remove(gone));
            self.counsel(cx, |raft, cx| raft.on_request(cx, change));
        }
        // Whoever has no state orders nothing.
        if self.is_fenced() {
            self.hand_over(cx);
        }
    }
}
