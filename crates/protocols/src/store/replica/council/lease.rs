//! Leases: a member that has lost touch with the primary takes no calls, so that it may be evicted though nobody
//! knows whether it is dead.
//!
//! A member tells the primary the time on its own clock, and the primary says it back. From that time on, and not
//! from when the answer came, the lease counts: so it is over when the primary has not heard of the member for as
//! long, however slow the network is. Clocks need not agree, only run about as fast: a quarter is left for that.

use rumormill_core::{Context, Instant, PeerId};

use super::super::Replica;
use crate::store::{Application, Message, Store};

impl<A: Application> Replica<A> {
    /// Has this member lost touch with the primary for so long that it may have been evicted?
    pub(in crate::store::replica) fn has_lost_touch(&self, cx: &Context<'_, Store<A>>) -> bool {
        let Some(lease) = cx.config.lease else { return false };
        let since = match self.council.chair {
            Some(_) => self.council.raft.majority_heard_at(),
            None => self.council.leased_at,
        };
        since.is_none_or(|since| cx.now.since(since) >= lease)
    }

    /// Asks the primary for a lease, now and then.
    pub(super) fn ask_for_lease(&self, cx: &mut Context<'_, Store<A>>) {
        let primary = self.council.primary().filter(|&primary| primary != cx.me);
        if let (Some(primary), Some(_)) = (primary, cx.config.lease) {
            cx.send(primary, Message::Alive { at: cx.now, is_answer: false });
        }
    }

    /// A member asks for a lease, or the primary gives one.
    pub(in crate::store) fn on_alive(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        from: PeerId,
        at: Instant,
        is_answer: bool,
    ) {
        if is_answer {
            if self.council.primary() == Some(from) && at <= cx.now {
                self.council.leased_at = self.council.leased_at.max(Some(at));
            }
            return;
        }
        // Only while nobody else can have been elected: a later primary must know of all leases, or wait for their end.
        let heard_at = self.council.raft.majority_heard_at().filter(|_| self.council.chair.is_some());
        let leads = heard_at.is_some_and(|heard_at| cx.now.since(heard_at) < cx.config.council.timeout);
        if leads && self.council.cursor.replicas.members.contains(&from) {
            self.council.heard.insert(from, cx.now);
            cx.send(from, Message::Alive { at, is_answer: true });
        }
    }

    /// May this member, which does not answer, still have a lease?
    pub(super) fn may_have_lease(&self, cx: &Context<'_, Store<A>>, peer: PeerId) -> bool {
        let Some(lease) = cx.config.lease else { return false };
        let is_recent = |at: Instant| cx.now.since(at) < lease + lease / 4;
        let is_new = self.council.chair.as_ref().is_none_or(|chair| is_recent(chair.since));
        is_new || self.council.heard.get(&peer).is_some_and(|&at| is_recent(at))
    }
}
