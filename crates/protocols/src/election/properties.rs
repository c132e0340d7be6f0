//! What must hold in every election.

use std::collections::BTreeMap;

use rumormill_core::property::{Property, World};

use super::{Election, Role};

/// The safety and the liveness of Raft's election (section 5.2 of the paper, its figure 3).
pub(super) fn properties() -> Vec<Property<Election>> {
    vec![
        Property::never("two_leaders_in_a_term", "two peers lead the same term", |world: &World<'_, Election>| {
            let mut leaders = BTreeMap::new();
            world.peers().filter(|peer| peer.state.role == Role::Leader).find_map(|peer| {
                let (peerid, term) = (peer.seat.peerid, peer.state.vote.term);
                let other = leaders.insert(term, peerid)?;
                Some(format!("peers {other} and {peerid} both lead term {term}"))
            })
        }),
        Property::eventually(
            "agreement",
            "every peer that is up follows the same leader",
            |world: &World<'_, Election>| {
                let mut leaders = world.peers().map(|peer| peer.state.leader.ok_or(peer.seat.peerid));
                let first = leaders.next();
                match first.into_iter().chain(leaders).find(|leader| Some(*leader) != first || leader.is_err()) {
                    None => Ok(()),
                    Some(Err(peerid)) => Err(format!("peer {peerid} knows no leader")),
                    Some(Ok(other)) => Err(format!("some follow {other:?}, others do not")),
                }
            },
        ),
    ]
}
