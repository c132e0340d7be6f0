//! What must hold of failure detection (Chandra and Toueg, JACM 1996): completeness and accuracy.

use std::collections::BTreeSet;

use rumormill_core::PeerId;
use rumormill_core::property::{Monitor, Peer, Property, World};
use rumormill_core::trace::{Event, Kind};

use super::Swim;
use crate::membership::Stage;

/// What must hold. Whether `nobody_fails_falsely` does depends on the faults of an experiment: a partition breaks it.
pub(super) fn properties() -> Vec<Property<Swim>> {
    vec![
        Property::eventually("crashes_are_noticed", "nobody counts a peer that is down or left as a member", missed),
        Property::eventually("members_are_known", "every member knows every other one", unknown),
        Property::eventually(
            "nobody_speaks_for_others",
            "nobody knows a higher incarnation of a member than it has",
            foreign,
        ),
        Property::always_each("lists_agree", "who is probed, who is suspected and who is a member agree", agree),
        Property::on_trace(
            "nobody_fails_falsely",
            "nobody who was never down is held to have failed",
            NobodyFailsFalsely::default,
        ),
    ]
}

type Of<'a> = Peer<'a, Swim>;

/// In experiments, ids are numbers.
fn id(peer: &Of<'_>) -> PeerId {
    PeerId(peer.seat.peerid.into())
}

fn is_member(peer: &Of<'_>) -> bool {
    peer.is_up && peer.state.membership.stage() == Stage::Inside
}

/// The first two peers, the one a member, of which this holds.
fn find<'a>(world: &World<'a, Swim>, wrong: impl Fn(&Of<'a>, &Of<'a>) -> bool) -> Option<(u32, u32)> {
    let peers: Vec<Of<'a>> = world.all().collect();
    peers.iter().filter(|peer| is_member(peer)).find_map(|one| {
        let other = peers.iter().find(|other| other.seat.peerid != one.seat.peerid && wrong(one, other))?;
        Some((one.seat.peerid, other.seat.peerid))
    })
}

fn verdict(found: Option<(u32, u32)>, what: &str) -> Result<(), String> {
    found.map_or(Ok(()), |(one, other)| Err(format!("peer {one} {what} peer {other}")))
}

fn missed(world: &World<'_, Swim>) -> Result<(), String> {
    let wrong = |one: &Of<'_>, other: &Of<'_>| {
        let is_gone = !other.is_up || other.state.membership.stage() == Stage::Left;
        is_gone && one.state.membership.is_alive(id(other))
    };
    verdict(find(world, wrong), "still counts")
}

fn unknown(world: &World<'_, Swim>) -> Result<(), String> {
    let wrong = |one: &Of<'_>, other: &Of<'_>| is_member(other) && !one.state.membership.is_alive(id(other));
    verdict(find(world, wrong), "does not know")
}

fn foreign(world: &World<'_, Swim>) -> Result<(), String> {
    let wrong = |one: &Of<'_>, other: &Of<'_>| {
        let known = one.state.membership.standing(id(other));
        known.is_some_and(|known| is_member(other) && known.incarnation > other.state.membership.incarnation())
    };
    verdict(find(world, wrong), "has made up an incarnation of")
}

fn agree(peer: &Of<'_>) -> Result<(), String> {
    let membership = &peer.state.membership;
    if membership.standing(id(peer)).is_some() {
        return Err("it lists itself".into());
    }
    if membership.order.all().len() != membership.count() {
        return Err(format!("it has {} members, and probes {}", membership.count(), membership.order.all().len()));
    }
    match membership.suspects().find(|&suspect| !membership.is_alive(suspect)) {
        Some(suspect) => Err(format!("it suspects {suspect}, which is no member")),
        None => Ok(()),
    }
}

/// Reads reports of failures. Remembers who was ever down.
#[derive(Debug, Default)]
struct NobodyFailsFalsely {
    down: BTreeSet<u64>,
}

impl Monitor for NobodyFailsFalsely {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        match event.kind {
            Kind::Crashed | Kind::Stopped => _ = self.down.insert(event.peer.0),
            Kind::Indicated if event.name == "Failed" => {
                let id = event.text.split("peer: #").nth(1).unwrap_or_default();
                let id = id.split(' ').next().unwrap_or_default();
                // The ids of real peers are hashes: only those of simulations can be told apart here.
                if id.parse::<u32>().is_ok_and(|peer| !self.down.contains(&u64::from(peer))) {
                    return Err(format!("peer {} holds that peer {id} failed, which is up", event.peer.0));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
