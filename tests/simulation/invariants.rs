//! Nothing bad happens at any time.

use std::collections::BTreeSet;

use rumormill_core::plan::{Fault, Plan};
use rumormill_protocols::Flood;
use rumormill_sim::{Simulation, Verdict};

use crate::case::{Case, at, held, holds_for_all_seeds};
use crate::chaos;

/// The first thing that is wrong now, given what was held at the last look.
fn wrong(case: &Case, run: &Simulation<Flood>, restarted: &BTreeSet<u32>, before: &mut [u64]) -> Option<String> {
    let items = case.items();
    for peerid in 1..=case.peers {
        let holds = held(run, peerid);
        let known = items.iter().filter(|&&item| holds.contains(item)).count() as u64;
        if holds.len() != known {
            return Some(format!("peer {peerid} holds {} messages, of which {known} were created", holds.len()));
        }
        let last = std::mem::replace(&mut before[peerid as usize - 1], holds.len());
        if holds.len() < last && !restarted.contains(&peerid) {
            return Some(format!("peer {peerid} held {last} messages and now {}", holds.len()));
        }
        // An author pushes a message only once it is on its disk, so no crash makes it forget one that is known.
        let forgotten = items.iter().find(|item| {
            let author = item.author.0 as u32;
            holds.contains(**item) && !restarted.contains(&author) && !held(run, author).contains(**item)
        });
        if let Some(item) = forgotten {
            return Some(format!("peer {peerid} holds {item:?}, which its author does not"));
        }
    }
    None
}

/// The peers that a plan crashes at any time: for a moment after their restart they hold nothing.
fn crashed(plan: &Plan, seed: u64, peers: u32) -> BTreeSet<u32> {
    let of = |fault: &Fault| match fault {
        Fault::Crash { peers: who } => who.resolve(seed, peers),
        _ => Vec::new(),
    };
    plan.faults.iter().flat_map(|timed| of(&timed.fault)).collect()
}

#[test]
fn peers_hold_only_what_was_created_and_forget_nothing() {
    holds_for_all_seeds("RUMORMILL_SEEDS=SEED cargo test --release --test simulation only_what", |seed| {
        let case = Case { plan: chaos::plan(seed), ..Case::new(seed, 10, 3) };
        let restarted = crashed(&case.plan, seed, case.peers);
        let mut run = case.simulation();
        let mut before = vec![0; case.peers as usize];
        for look in 1.. {
            let ended = run.run_until(at(250 * look));
            if let Some(wrong) = wrong(&case, &run, &restarted, &mut before) {
                return Verdict::Fails(format!("at {} ms: {wrong}", 250 * look));
            }
            if ended.is_some() {
                break;
            }
        }
        // At the end also those that crashed hold everything that they wrote.
        match wrong(&case, &run, &BTreeSet::new(), &mut vec![0; case.peers as usize]) {
            Some(wrong) => Verdict::Fails(format!("at the end: {wrong}")),
            None => Verdict::Holds,
        }
    });
}

#[test]
fn every_message_is_somewhere_before_it_is_there() {
    holds_for_all_seeds("RUMORMILL_SEEDS=SEED cargo test --release --test simulation somewhere", |seed| {
        let report = Case { plan: chaos::plan(seed), ..Case::new(seed, 10, 3) }.run();
        let messages = report.messages;
        if messages.delivered + messages.dropped > messages.sent + messages.duplicated {
            return Verdict::Fails(format!("more came than left: {messages:?}"));
        }
        Verdict::Holds
    });
}
