//! What must hold of a ring.

use std::collections::BTreeMap;

use rumormill_core::property::{Property, World};

use super::{Node, Phase, Ring};

/// What must hold of a ring.
pub(super) fn properties() -> Vec<Property<Ring>> {
    vec![
        Property::eventually("ring_is_ideal", "in the end, every member knows exactly those that follow it", ideal),
        Property::eventually(
            "owners_are_right",
            "in a ring that nobody joined or left, every lookup found the first member after the key",
            right,
        ),
    ]
}

/// The members that are up, in the order of the circle.
fn members<'a>(world: &'a World<'_, Ring>) -> BTreeMap<Node, &'a Ring> {
    let up = world.peers().map(|peer| peer.state);
    up.filter(|ring| ring.phase() == Phase::Member).map(|ring| (ring.node(), ring)).collect()
}

fn ideal(world: &World<'_, Ring>) -> Result<(), String> {
    let members = members(world);
    let order: Vec<Node> = members.keys().copied().collect();
    for (place, (node, ring)) in members.iter().enumerate() {
        let after = (1..order.len()).map(|further| order[(place + further) % order.len()]);
        let right: Vec<Node> = after.take(world.config.successors).collect();
        if ring.surroundings().successors() != right {
            return Err(format!("{node:?} has {:?} after it, and not {right:?}", ring.surroundings().successors()));
        }
        let before = (order.len() > 1).then(|| order[(place + order.len() - 1) % order.len()]);
        if ring.surroundings().predecessor() != before {
            return Err(format!("{node:?} has {:?} before it, and not {before:?}", ring.surroundings().predecessor()));
        }
    }
    Ok(())
}

fn right(world: &World<'_, Ring>) -> Result<(), String> {
    let members = members(world);
    let is_still = world.config.founders == world.count() && members.len() == world.count() as usize;
    if !is_still {
        return Ok(());
    }
    for ring in members.values() {
        for (key, owner) in ring.found() {
            let first = members.keys().find(|node| node.id() >= *key).or(members.keys().next());
            if first != Some(owner) {
                return Err(format!("{:?} found {owner:?} for {key:?}, and not {first:?}", ring.node()));
            }
        }
    }
    Ok(())
}
