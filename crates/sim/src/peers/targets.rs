//! The targets that peers report, and who meets them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::TargetReport;
use crate::digest::hash_bytes;

/// The targets of a shard's peers. There are few.
#[derive(Clone)]
pub(crate) struct Targets {
    peers: usize,
    all: Vec<Target>,
}

#[derive(Clone)]
struct Target {
    name: Cow<'static, str>,
    hash: u64,
    standings: Vec<Standing>,
    met: u32,
    reported: u32,
}

/// Where a peer stands with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// Never reported.
    Unknown,
    /// Reported in an earlier life only.
    Past,
    /// Reported and not met.
    Unmet,
    /// Met.
    Met,
}

impl Targets {
    pub(crate) fn new(peers: u32) -> Self {
        Self { peers: peers as usize, all: Vec::new() }
    }

    /// The number of the target of this name, which becomes known by it.
    #[inline]
    pub(crate) fn number(&mut self, name: &'static str) -> u16 {
        match self.all.iter().position(|target| target.name == name) {
            Some(number) => number as u16,
            None => self.add(Cow::Borrowed(name)),
        }
    }

    fn add(&mut self, name: Cow<'static, str>) -> u16 {
        assert!(self.all.len() < usize::from(u16::MAX), "a protocol with 65,535 targets");
        let hash = hash_bytes(name.as_bytes());
        self.all.push(Target { name, hash, standings: vec![Standing::Unknown; self.peers], met: 0, reported: 0 });
        self.all.len() as u16 - 1
    }

    pub(crate) fn name(&self, number: u16) -> Cow<'static, str> {
        self.all[usize::from(number)].name.clone()
    }

    /// A hash of the name, for the digest: numbers differ between shards.
    pub(crate) fn hash(&self, number: u16) -> u64 {
        self.all[usize::from(number)].hash
    }

    /// Notes where a peer stands; returns where it stood.
    #[inline]
    pub(crate) fn report(&mut self, number: u16, index: usize, met: bool) -> Standing {
        let target = &mut self.all[usize::from(number)];
        let now = if met { Standing::Met } else { Standing::Unmet };
        let before = std::mem::replace(&mut target.standings[index], now);
        target.reported += u32::from(before == Standing::Unknown);
        target.met += u32::from(met);
        target.met -= u32::from(before == Standing::Met);
        before
    }

    /// A peer crashed: what it reported no longer holds.
    pub(crate) fn forget(&mut self, index: usize) {
        for target in &mut self.all {
            let standing = &mut target.standings[index];
            target.met -= u32::from(*standing == Standing::Met);
            if *standing != Standing::Unknown {
                *standing = Standing::Past;
            }
        }
    }

    /// Adds what this shard knows to `total`.
    pub(crate) fn sum_into(&self, total: &mut BTreeMap<String, TargetReport>) {
        for target in &self.all {
            let sum = total.entry(target.name.clone().into_owned()).or_default();
            sum.met += target.met;
            sum.peers += target.reported;
        }
    }

    /// Name and standings of each target, for a snapshot.
    pub(crate) fn store(&self) -> impl Iterator<Item = (&str, &[Standing])> {
        self.all.iter().map(|target| (target.name.as_ref(), target.standings.as_slice()))
    }

    /// The number of a target whose name was stored.
    pub(crate) fn number_of_stored(&mut self, name: &str) -> u16 {
        match self.all.iter().position(|target| target.name == name) {
            Some(number) => number as u16,
            None => self.add(Cow::Owned(name.to_string())),
        }
    }

    /// Puts back where a peer stood.
    pub(crate) fn put_back(&mut self, number: u16, index: usize, standing: Standing) {
        let target = &mut self.all[usize::from(number)];
        target.standings[index] = standing;
        target.reported += u32::from(standing != Standing::Unknown);
        target.met += u32::from(standing == Standing::Met);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_counted_by_peer() {
        let mut targets = Targets::new(3);
        let heard = targets.number("heard");
        assert_eq!((heard, targets.number("seen"), targets.number("heard")), (0, 1, 0));
        assert_eq!(targets.report(heard, 0, false), Standing::Unknown);
        assert_eq!(targets.report(heard, 0, true), Standing::Unmet);
        assert_eq!(targets.report(heard, 0, true), Standing::Met);
        assert_eq!(targets.report(heard, 2, true), Standing::Unknown);
        targets.forget(0);
        let mut total = BTreeMap::new();
        targets.sum_into(&mut total);
        assert_eq!(total["heard"], TargetReport { met: 1, peers: 2 });
        assert_eq!(total["seen"], TargetReport::default());
        assert_eq!(targets.report(heard, 0, false), Standing::Past);
    }
}
