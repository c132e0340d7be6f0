//! Sets from which members are removed: against every explanation that there may be, for small histories.

use proptest::prelude::*;
use rumormill_core::Rng;

use crate::history::linear::linearizability;
use crate::history::{History, Kind, Operation, OperationId, Order, Promise, Value, Verdict, Version, causal};

const MEMBERS: [&str; 2] = ["a", "b"];

/// An update, its version, and what it knows of others, by their places, itself counted.
struct Update(Kind, Version, u16);

/// The histories of small stores in which each session sees what it likes, and sometimes what cannot be.
fn small(seed: u64) -> History {
    let mut rng = Rng::new(seed);
    let (mut build, mut updates) = (History::build(), Vec::new());
    let (tells, is_wrong) = (rng.below(3), rng.below(2) == 0);
    // What each session knows, and how much it has done; and all reads.
    let (mut knows, mut did, mut reads) = ([0_u16; 3], [0_u64; 3], 0);
    for _ in 0..3 + rng.below(5) {
        let me = rng.below(3) as usize;
        for Update(.., past) in &updates {
            if rng.below(4) == 0 {
                knows[me] |= past;
            }
        }
        if updates.len() < 5 && rng.below(2) == 0 {
            let (key, member) = ("s".to_string(), Value::from(MEMBERS[rng.below(2) as usize]));
            let kind = if rng.below(2) == 0 { Kind::Insert { key, member } } else { Kind::Remove { key, member } };
            let clock = known(&updates, knows[me]).map(|update| update.1.0).max().unwrap_or(0) + 1;
            let mut session = build.session(me as u64);
            session.does(kind.clone());
            if tells == 0 || tells == 1 && rng.below(2) == 0 {
                session.version(clock);
            }
            knows[me] |= 1 << updates.len();
            updates.push(Update(kind, Version(clock, me as u64, did[me]), knows[me]));
        } else if reads < 3 {
            reads += 1;
            let mut found: Vec<&str> = MEMBERS.into_iter().filter(|name| has(&updates, knows[me], name)).collect();
            if is_wrong && rng.below(3) == 0 && found.pop().is_none() {
                found.push(MEMBERS[rng.below(2) as usize]);
            }
            build.session(me as u64).members("s", &found);
        } else {
            continue;
        }
        did[me] += 1;
    }
    build.history()
}

fn known(updates: &[Update], known: u16) -> impl Iterator<Item = &Update> {
    (0..).zip(updates).filter(move |(place, _)| known & (1 << place) != 0).map(|(_, update)| update)
}

/// Has a set this member, where these updates are known?
fn has(updates: &[Update], knows: u16, name: &str) -> bool {
    let about = known(updates, knows).filter(|update| member_of(&update.0) == name);
    about.max_by_key(|update| update.1).is_some_and(|update| matches!(update.0, Kind::Insert { .. }))
}

fn member_of(kind: &Kind) -> &str {
    match kind {
        Kind::Insert { member, .. } | Kind::Remove { member, .. } => &member.0,
        other => panic!("{other:?}"),
    }
}

/// Is there any explanation: for each read, which updates it shows, and an order of all updates which agrees with
/// their versions and with what each of them knew?
fn is_explained(history: &History) -> bool {
    let mut operations = history.operations.clone();
    operations.sort_by_key(|operation| operation.id);
    let places = |is_update: bool| {
        (0..operations.len()).filter(|&place| operations[place].is_update() == is_update).collect::<Vec<_>>()
    };
    let (updates, reads) = (places(true), places(false));
    (0_u32..1 << (updates.len() * reads.len())).any(|choice| {
        let shows = |read: usize, update: usize| {
            let (read, update) = (reads.iter().position(|&at| at == read), updates.iter().position(|&at| at == update));
            read.zip(update).is_some_and(|(read, update)| choice & (1 << (read * updates.len() + update)) != 0)
        };
        let mut past: Vec<u16> = vec![0; operations.len()];
        for (at, operation) in operations.iter().enumerate() {
            for (before, other) in operations.iter().enumerate() {
                let same = other.id.session == operation.id.session && before < at;
                past[at] |= u16::from(same || shows(at, before)) << before;
            }
        }
        for middle in 0..operations.len() {
            for at in 0..operations.len() {
                if past[at] & (1 << middle) != 0 {
                    past[at] |= past[middle];
                }
            }
        }
        let is_order = (0..operations.len()).all(|at| past[at] & (1 << at) == 0);
        is_order
            && orders(&operations, &updates, &past).any(|order| {
                reads.iter().all(|&read| {
                    MEMBERS.iter().all(|member| {
                        let last = order.iter().rev().find(|&&update| {
                            past[read] & (1 << update) != 0 && member_of(&operations[update].kind) == *member
                        });
                        let is_there = last.is_some_and(|&last| matches!(operations[last].kind, Kind::Insert { .. }));
                        let Kind::Members { members, .. } = &operations[read].kind else { panic!("a read") };
                        members.iter().any(|found| found.0 == *member) == is_there
                    })
                })
            })
    })
}

/// The orders of updates that agree with their versions and their pasts.
fn orders<'a>(operations: &'a [Operation], updates: &[usize], past: &'a [u16]) -> impl Iterator<Item = Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in updates {
        all = all
            .iter()
            .flat_map(|order: &Vec<usize>| {
                let rest = updates.iter().filter(|update| !order.contains(update));
                rest.map(|&update| order.iter().copied().chain([update]).collect::<Vec<_>>()).collect::<Vec<_>>()
            })
            .filter(|order: &Vec<usize>| {
                let last = order[order.len() - 1];
                order[..order.len() - 1].iter().all(|&before| {
                    let (one, two) = (operations[before].version, operations[last].version);
                    one.zip(two).is_none_or(|(one, two)| one < two) && past[before] & (1 << last) == 0
                })
            })
            .collect();
    }
    all.into_iter()
}

/// What is promised besides, to each session.
const PROMISES: [Promise; 4] =
    [Promise::CausalConsistency, Promise::CausalConvergence, Promise::ReadYourWrites, Promise::MonotonicReads];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// No checker objects to what can be explained.
    #[test]
    fn what_can_be_explained_is_no_violation(seed in any::<u64>()) {
        let history = small(seed);
        if is_explained(&history) {
            for promise in PROMISES {
                let verdict = promise.judge(&history);
                prop_assert!(!verdict.is_violated(), "{promise}: {verdict}: {history:?}");
            }
        }
    }
}

/// Nearly all of what cannot be explained is found: all but what takes to try out what reads may show.
#[test]
fn what_cannot_be_explained_is_found() {
    let (mut wrong, mut found) = (0, 0);
    for seed in 0..3_000 {
        let history = small(seed);
        if !is_explained(&history) {
            wrong += 1;
            found += usize::from(causal::convergence(&history).is_violated());
        }
    }
    assert!(wrong > 300, "{wrong}");
    assert!(found * 100 >= wrong * 95, "{found} of {wrong}");
}

#[test]
fn a_removal_that_is_lost_is_found_and_told() {
    let mut build = History::build();
    build.session(1).insert("s", "a").remove("s", "a").members("s", &["a"]);
    for promise in [Promise::ReadYourWrites, Promise::CausalConsistency] {
        let verdict = promise.judge(&build.history());
        assert!(verdict.is_violated(), "{promise}: {verdict}");
        assert!(verdict.to_string().contains("taken a out of s") || verdict.to_string().contains("took a out of s"));
    }
    // Somebody may have put it there again, unless that is known to be older.
    let mut build = History::build();
    build.session(1).insert("s", "a").version(1).remove("s", "a").version(5).members("s", &["a"]);
    build.session(2).insert("s", "a").version(7);
    assert!(Promise::CausalConvergence.judge(&build.history()).holds());
    let mut build = History::build();
    build.session(1).insert("s", "a").version(1).remove("s", "a").version(5).members("s", &["a"]);
    build.session(2).insert("s", "a").version(4);
    assert!(Promise::ReadYourWrites.judge(&build.history()).is_violated());
}

#[test]
fn a_removal_that_takes_a_later_addition_along_is_found() {
    let mut build = History::build();
    build.session(1).insert("s", "a").version(1).remove("s", "a").version(2).insert("s", "a").version(3);
    build.session(2).remove("s", "a").version(2);
    build.session(1).members("s", &[]);
    for promise in [Promise::ReadYourWrites, Promise::CausalConsistency] {
        assert!(promise.judge(&build.history()).is_violated(), "{promise}");
    }
    build.quiet().session(3).members("s", &[]);
    assert!(Promise::ExactlyOnce.judge(&build.history()).is_violated());
}

/// Whoever finds a member gone knows of its removal, and of what was before that.
#[test]
fn who_misses_a_member_has_seen_its_removal() {
    let mut build = History::build();
    build.session(1).insert("s", "a");
    build.session(2).members("s", &["a"]).write("x", 1).remove("s", "a");
    build.session(1).members("s", &[]).absent("x");
    let Verdict::Violated(witness) = causal::consistency(&build.history()) else { panic!("nothing found") };
    assert_eq!(witness.pattern, "WriteCOInitRead");
    assert!(witness.operations.contains(&OperationId { session: 2, number: 1 }), "{witness}");
    // The other way around, too.
    let mut build = History::build();
    build.session(2).write("x", 1).insert("s", "a");
    build.session(1).members("s", &["a"]).absent("x");
    assert!(causal::consistency(&build.history()).is_violated());
}

#[test]
fn at_the_end_a_set_is_what_its_updates_make() {
    let history = |members: &[&str]| {
        let mut build = History::build();
        build.session(1).insert("s", "a").version(3).insert("s", "b").version(4);
        build.session(2).remove("s", "a").version(5).remove("s", "b").version(2);
        build.session(2).insert("s", "c").version(6).lost();
        build.quiet().session(3).members("s", members);
        Promise::ExactlyOnce.judge(&build.history())
    };
    assert!(history(&["b"]).holds() && history(&["b", "c"]).holds(), "nobody knows about c");
    assert!(history(&["a", "b"]).is_violated(), "a was taken out");
    assert!(history(&[]).is_violated(), "b was put there later");
    assert!(history(&["b", "d"]).is_violated(), "nobody put d there");
}

#[test]
fn one_copy_of_a_set_forgets_what_is_removed() {
    let history = |members: &[&str]| {
        let mut build = History::build();
        build.session(1).insert("s", "a").order(Order::Immediate).remove("s", "a").order(Order::Immediate);
        build.session(2).members("s", members).order(Order::Immediate);
        linearizability(&build.history())
    };
    assert!(history(&[]).holds() && history(&["a"]).is_violated());
}
