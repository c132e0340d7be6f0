//! What a peer knows while it leads.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::Instant;
use serde::Serialize;

use super::follower::Follower;
use super::message::Member;

/// Rounds that are remembered with their time; older ones, which nobody may still answer, are given up.
const ROUNDS_MAX: usize = 256;

/// What a peer knows while it leads.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Lead {
    /// When it was elected.
    pub since: Instant,
    /// When the last round began that a majority has answered.
    pub heard_at: Option<Instant>,
    /// The entry with which it began: once that is committed, so is everything of earlier terms.
    pub first: u64,
    /// All who get its entries: the other members, who is being removed, and who is to be added.
    pub followers: BTreeMap<Member, Follower>,
    /// Who is to be added and must catch up first.
    pub candidate: Option<Candidate>,
    /// Was another one asked to take over? Then it may be voted for at any time.
    pub handed_over: bool,
    /// To whom leadership is handed when it has the whole log.
    pub hand_to: Option<Member>,
    /// Waits for a majority's word that this peer still leads: the number of a request, and the round.
    pub confirms: VecDeque<(u64, u64)>,
    /// The last round that was begun.
    round: u64,
    /// Rounds that no majority has answered yet, and the last one that it has: number and time.
    rounds: VecDeque<(u64, Instant)>,
}

/// Who is to become a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Candidate {
    pub member: Member,
    /// When that was asked for.
    pub since: Instant,
}

impl Lead {
    pub fn new(first: u64, now: Instant) -> Self {
        Self {
            since: now,
            heard_at: None,
            first,
            followers: BTreeMap::new(),
            candidate: None,
            handed_over: false,
            hand_to: None,
            confirms: VecDeque::new(),
            round: 0,
            rounds: VecDeque::new(),
        }
    }

    /// The present round.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// Begins a round: what is sent from now on belongs to it.
    pub fn begin_round(&mut self, now: Instant) {
        self.round += 1;
        if self.rounds.len() == ROUNDS_MAX {
            self.rounds.pop_front();
        }
        self.rounds.push_back((self.round, now));
    }

    /// The last round that a majority of these members has answered. The leader, `me`, answers at once.
    pub fn majority_round(&self, me: Member, members: &[Member]) -> u64 {
        let answered = members.iter().map(|member| match self.followers.get(member) {
            _ if *member == me => self.round,
            Some(follower) => follower.round,
            None => 0,
        });
        majority(answered.collect())
    }

    /// A majority has answered this round. Those before it need no longer be remembered.
    pub fn answered(&mut self, round: u64) {
        while self.rounds.get(1).is_some_and(|&(next, _)| next <= round) {
            self.rounds.pop_front();
        }
        if let Some(at) = self.rounds.front().filter(|(first, _)| *first <= round).map(|(_, at)| *at) {
            self.heard_at = Some(at);
        }
    }
}

/// The highest number that more than half of these reach; 0 for none.
pub(super) fn majority(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable_by(|left, right| right.cmp(left));
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rumormill_core::PeerId;

    use super::*;

    #[test]
    fn more_than_half_reach_the_majority() {
        assert_eq!([majority(vec![]), majority(vec![7]), majority(vec![7, 3])], [0, 7, 3]);
        assert_eq!([majority(vec![1, 9, 5]), majority(vec![9, 9, 1, 1]), majority(vec![9, 1, 9, 1, 9])], [5, 1, 9]);
    }

    #[test]
    fn a_round_counts_from_its_beginning_and_only_with_a_majority() {
        let member = |peer| Member { peer: PeerId(peer), incarnation: 0 };
        let at = |millis: u64| Instant::from_nanos(millis * 1_000_000);
        let members = [1, 2, 3].map(member);
        let mut lead = Lead::new(1, at(0));
        for peer in [2, 3] {
            lead.followers.insert(member(peer), Follower::new(0, at(0)));
        }
        let heard = |lead: &mut Lead, peer, answers| {
            lead.followers.get_mut(&member(peer)).unwrap().heard(answers, at(0));
            let round = lead.majority_round(member(1), &members);
            lead.answered(round);
            (round, lead.heard_at)
        };
        assert_eq!(heard(&mut lead, 3, 0), (0, None));
        (1..=3).for_each(|round| lead.begin_round(at(round * 10)));
        assert_eq!(heard(&mut lead, 3, 2), (2, Some(at(20))));
        assert_eq!(heard(&mut lead, 3, 1), (2, Some(at(20))), "a late answer takes nothing back");
        assert_eq!(lead.majority_round(member(9), &members), 0, "who is no member does not count itself");
        (4..2_000).for_each(|round| lead.begin_round(at(round * 10)));
        assert!(lead.rounds.len() <= ROUNDS_MAX);
        assert_eq!(heard(&mut lead, 2, 1_998), (1_998, Some(at(19_980))));
    }
}
