//! How far all peers are, life by life.

use std::collections::BTreeMap;

use super::{Messages, NetReport, TargetReport};
use crate::control::{Counts, PeerStatus};

/// What all peers have reported.
#[derive(Debug)]
pub(super) struct Tally {
    /// Peer 1 first.
    peers: Vec<Reported>,
}

#[derive(Clone, Debug, Default)]
struct Reported {
    /// Of the present or last life.
    status: PeerStatus,
    /// Of the lives before.
    past: Counts,
}

impl Tally {
    pub fn new(peers: u32) -> Self {
        Self { peers: vec![Reported::default(); peers as usize] }
    }

    fn of(&mut self, peerid: u32) -> Option<&mut Reported> {
        self.peers.get_mut((peerid as usize).checked_sub(1)?)
    }

    /// A new life begins: nothing is done or met in it.
    pub fn begin(&mut self, peerid: u32, incarnation: u32) {
        if let Some(reported) = self.of(peerid) {
            add(&mut reported.past, &reported.status.counts);
            reported.status = PeerStatus { peerid, incarnation, ..PeerStatus::default() };
        }
    }

    /// Takes what a peer reports of its present life; what comes late of an earlier one is of no interest.
    pub fn update(&mut self, status: PeerStatus) {
        if let Some(reported) = self.of(status.peerid)
            && reported.status.incarnation == status.incarnation
        {
            reported.status = status;
        }
    }

    /// Has the peer said, in its present life, that it is done, and met all its targets?
    pub fn complete(&self, peerid: u32) -> bool {
        self.peers
            .get(peerid as usize - 1)
            .is_some_and(|Reported { status, .. }| status.done && status.targets.iter().all(met))
    }

    /// Writes the sums into a report.
    pub fn fill(&self, report: &mut NetReport) {
        let mut counts = Counts::default();
        let mut targets: BTreeMap<String, TargetReport> = BTreeMap::new();
        report.done = 0;
        for Reported { status, past } in &self.peers {
            add(&mut counts, past);
            add(&mut counts, &status.counts);
            report.done += u32::from(status.done);
            for target in &status.targets {
                let sum = targets.entry(target.0.clone()).or_default();
                sum.peers += 1;
                sum.met += u32::from(met(target));
            }
        }
        report.targets = targets;
        report.events = counts.activations;
        report.bad_frames = counts.bad_frames;
        let Counts { sent, delivered, dropped, bytes, .. } = counts;
        report.messages = Messages { sent, delivered, dropped, bytes };
    }
}

fn met((_, current, goal): &(String, u64, u64)) -> bool {
    current >= goal
}

fn add(sum: &mut Counts, more: &Counts) {
    sum.activations += more.activations;
    sum.sent += more.sent;
    sum.delivered += more.delivered;
    sum.dropped += more.dropped;
    sum.bytes += more.bytes;
    sum.bad_frames += more.bad_frames;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(incarnation: u32, done: bool, current: u64, sent: u64) -> PeerStatus {
        let counts = Counts { sent, ..Counts::default() };
        PeerStatus { peerid: 1, incarnation, done, targets: vec![("messages".into(), current, 5)], counts }
    }

    #[test]
    fn a_new_life_has_met_nothing_and_what_was_sent_stays_sent() {
        let mut tally = Tally::new(2);
        tally.update(status(0, true, 5, 10));
        assert!(tally.complete(1) && !tally.complete(2));
        tally.begin(1, 1);
        assert!(!tally.complete(1));
        tally.update(status(0, true, 5, 11));
        assert!(!tally.complete(1), "a report of the life before");
        tally.update(status(1, true, 4, 3));
        assert!(!tally.complete(1), "done, but with a target not met");
        tally.update(status(1, true, 5, 4));
        assert!(tally.complete(1));
        let mut report = super::super::Board::default().report.into_inner().unwrap();
        tally.fill(&mut report);
        assert_eq!(report.messages.sent, 14);
        assert_eq!(report.targets["messages"], TargetReport { met: 1, peers: 1 });
    }
}
