//! What must hold of Raft: the five properties of the paper's figure 3, and that everything written arrives.

use std::collections::BTreeMap;

use rumormill_core::property::{Monitor, Peer, Property, World};
use rumormill_core::trace::{Event, Kind};

use super::Journal;
use crate::raft::Role;

/// Terms and places of the log that a reader of the trace remembers; beyond, it forgets the oldest.
const REMEMBERED_MAX: usize = 100_000;

/// What must hold of Raft.
pub(super) fn properties() -> Vec<Property<Journal>> {
    vec![
        Property::never("two_leaders_in_a_term", "two peers lead the same term", two_leaders),
        Property::never("logs_differ_before_a_match", "two logs agree at a place and differ before it", unmatched),
        Property::never("leader_lacks_committed", "a leader lacks what was committed before its term", incomplete),
        Property::never("journals_differ", "two peers have applied different lines up to one place", differing),
        Property::on_trace(
            "one_leader_ever",
            "of all leaders that there ever were, no two were elected in one term",
            || OncePer { name: "Elected", key: "term: ", by_peer: true, seen: BTreeMap::new() },
        ),
        Property::on_trace(
            "committed_for_good",
            "of all lines that ever were committed anywhere, no two were at one place of the log",
            || OncePer { name: "Committed", key: "index: ", by_peer: false, seen: BTreeMap::new() },
        ),
        Property::<Journal>::eventually_each("everyone_has_all", "every peer that is up has every line", |peer| {
            let (lines, total) = (peer.state.kept.lines, peer.config.total);
            if lines == total { Ok(()) } else { Err(format!("it has {lines} of {total} lines")) }
        }),
    ]
}

type Of<'a> = Peer<'a, Journal>;

/// Election safety.
fn two_leaders(world: &World<'_, Journal>) -> Option<String> {
    let mut leaders = BTreeMap::new();
    world.peers().filter(|peer| peer.state.raft.role() == Role::Leader).find_map(|peer| {
        let (peerid, term) = (peer.seat.peerid, peer.state.raft.term());
        let other = leaders.insert(term, peerid)?;
        Some(format!("peers {other} and {peerid} both lead term {term}"))
    })
}

/// Log matching.
fn unmatched(world: &World<'_, Journal>) -> Option<String> {
    pairs(world).find_map(|(one, other)| {
        let (one_log, other_log) = (&one.state.raft, &other.state.raft);
        let first = one_log.compacted().index.max(other_log.compacted().index) + 1;
        let last = one_log.last_index().min(other_log.last_index());
        let is_match = |index: &u64| one_log.term_at(*index) == other_log.term_at(*index);
        let matched = (first..=last).rev().find(is_match)?;
        let wrong = (first..=matched).find(|&index| one_log.entry(index) != other_log.entry(index))?;
        let (one, other) = (one.seat.peerid, other.seat.peerid);
        Some(format!("peers {one} and {other} agree at {matched}, and have different entries at {wrong}"))
    })
}

/// Leader completeness.
fn incomplete(world: &World<'_, Journal>) -> Option<String> {
    let leaders = world.peers().filter(|peer| peer.state.raft.role() == Role::Leader);
    leaders.flat_map(|leader| world.all().map(move |other| (leader, other))).find_map(|(leader, other)| {
        let (log, theirs) = (&leader.state.raft, &other.state.raft);
        let commit = theirs.commit();
        // Whether a leader of an old term has what a later one committed, does not matter.
        if theirs.term_at(commit)? > log.term() || commit <= log.compacted().index {
            return None;
        }
        let lacking = (theirs.compacted().index.max(log.compacted().index) + 1..=commit)
            .find(|&index| log.term_at(index) != theirs.term_at(index))?;
        let (leader, other, term) = (leader.seat.peerid, other.seat.peerid, log.term());
        Some(format!("peer {leader} leads term {term} without entry {lacking}, which peer {other} knows as committed"))
    })
}

/// State machine safety, at present.
fn differing(world: &World<'_, Journal>) -> Option<String> {
    pairs(world).find_map(|(one, other)| {
        let index = one.state.kept.index.min(other.state.kept.index);
        let (mine, theirs) = (one.state.hash_at(index)?, other.state.hash_at(index)?);
        let (one, other) = (one.seat.peerid, other.seat.peerid);
        (mine != theirs).then(|| format!("peers {one} and {other} have different journals at {index}"))
    })
}

/// Each two peers that are up.
fn pairs<'a>(world: &World<'a, Journal>) -> impl Iterator<Item = (Of<'a>, Of<'a>)> {
    let peers: Vec<Of<'a>> = world.peers().collect();
    (0..peers.len()).flat_map(move |one| {
        let (first, rest) = (peers[one], peers[one + 1..].to_vec());
        rest.into_iter().map(move |other| (first, other))
    })
}

/// Of the reports of this name, no two with the same number after `key` differ: in who reports them, or in what
/// they say.
struct OncePer {
    name: &'static str,
    key: &'static str,
    by_peer: bool,
    seen: BTreeMap<u64, String>,
}

impl Monitor for OncePer {
    fn event(&mut self, event: &Event) -> Result<(), String> {
        if event.kind != Kind::Indicated || event.name != self.name {
            return Ok(());
        }
        let digits = event.text.split(self.key).nth(1).unwrap_or_default();
        let digits = digits.split(|char: char| !char.is_ascii_digit()).next().unwrap_or_default();
        let Ok(number) = digits.parse() else { return Ok(()) };
        let now = if self.by_peer { format!("peer {}", event.peer.0) } else { event.text.clone() };
        if self.seen.len() == REMEMBERED_MAX {
            self.seen.pop_first();
        }
        match self.seen.insert(number, now.clone()) {
            Some(before) if before != now => Err(format!("{}{number}: first {before}, then {now}", self.key)),
            _ => Ok(()),
        }
    }
}
