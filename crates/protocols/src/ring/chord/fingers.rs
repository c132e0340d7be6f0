//! Fingers: nodes at twice the distance each, so that a lookup halves the way with every step.

use serde::Serialize;

use crate::ring::{BITS, Id, Node};

/// The fingers of a node: for each power of two that is beyond its first successor, who owns the place so far away.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fingers(Vec<(u16, Node)>);

impl Fingers {
    /// Begins with all of them, for who is `me` in an ideal ring of these nodes, in the order of the circle.
    pub(in crate::ring) fn begin(&mut self, me: Node, circle: &[Node]) {
        let Some(first) = circle.iter().find(|node| **node > me).or(circle.first()).filter(|node| **node != me) else {
            return;
        };
        for power in first_power(me.id(), first.id()).unwrap_or(BITS)..BITS {
            let start = me.id().plus_power(power);
            let owner = circle.get(circle.partition_point(|node| node.id() < start)).or(circle.first());
            if let Some(&owner) = owner.filter(|owner| **owner != me) {
                self.set(power, owner);
            }
        }
    }

    /// All of them, the nearest first. One node may be several.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        self.0.iter().map(|&(_, node)| node)
    }

    /// Who owns the place 2^`power` away, if that is known.
    #[must_use]
    pub fn get(&self, power: u32) -> Option<Node> {
        let place = self.0.binary_search_by_key(&power, |&(power, _)| power.into()).ok()?;
        Some(self.0[place].1)
    }

    /// Somebody owns the place 2^`power` away.
    pub fn set(&mut self, power: u32, node: Node) {
        match self.0.binary_search_by_key(&power, |&(power, _)| power.into()) {
            Ok(place) => self.0[place].1 = node,
            Err(place) => self.0.insert(place, (power as u16, node)),
        }
    }

    /// A node does not answer any more.
    pub fn forget(&mut self, dead: Node) {
        self.0.retain(|&(_, node)| node != dead);
    }

    /// Fingers below this power are no longer of use: they are no farther than the first successor.
    pub fn begin_at(&mut self, power: u32) {
        self.0.retain(|&(known, _)| u32::from(known) >= power);
    }
}

/// The least power of two that is beyond the first successor; none when no power is.
#[must_use]
pub fn first_power(me: Id, successor: Id) -> Option<u32> {
    let next = me.distance(successor).power().map_or(0, |power| power + 1);
    (next < BITS).then_some(next)
}

#[cfg(test)]
mod tests {
    use rumormill_core::PeerId;

    use super::*;

    #[test]
    fn fingers_are_by_power() {
        let [one, two] = [1, 2].map(|number| Node::new(PeerId(number), 0));
        let mut fingers = Fingers::default();
        fingers.set(200, one);
        fingers.set(255, one);
        fingers.set(230, two);
        fingers.set(255, two);
        assert_eq!(fingers.nodes().collect::<Vec<_>>(), [one, two, two]);
        assert_eq!((fingers.get(200), fingers.get(201)), (Some(one), None));
        fingers.begin_at(201);
        assert_eq!(fingers.get(200), None);
        fingers.forget(two);
        assert_eq!(fingers.nodes().count(), 0);
    }

    #[test]
    fn the_first_power_is_beyond_the_successor() {
        let me = Node::new(PeerId(1), 0).id();
        let far = me.plus_power(77);
        assert_eq!(first_power(me, far), Some(78));
        assert!(far.is_between(me, me.plus_power(78)));
        assert_eq!(first_power(me, me.plus_power(255)), None);
    }
}
