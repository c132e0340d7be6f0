//! Something good happens in the end, whatever went wrong before.

use std::sync::atomic::AtomicBool;

use rumormill_sim::{Verdict, explore, lighter_plans, shrink};
use serde_json::json;

use crate::case::{Case, completed, holds_for_all_seeds};
use crate::chaos;

/// 30 % loss, a partition healed after 6 s, three crashes and restarts from disk.
#[test]
fn flood_completes_under_loss_partition_and_crashes() {
    holds_for_all_seeds("rumormill run flood-faults --seed SEED", |seed| {
        completed(&Case::of("flood-faults", seed, json!({})).run())
    });
}

#[test]
fn flood_completes_whatever_went_wrong_once_it_is_mended() {
    holds_for_all_seeds("RUMORMILL_SEEDS=SEED cargo test --release --test simulation whatever", |seed| {
        let case = Case { plan: chaos::plan(seed), ..Case::new(seed, 10, 3) };
        completed(&case.run())
    });
}

/// What explore and shrink are for: without anti-entropy, what is lost stays lost.
#[test]
fn a_planted_bug_is_found_and_made_small() {
    let values = json!({"anti_entropy": false});
    let fails = |case: &Case| completed(&case.run()) != Verdict::Holds;
    let judge = |seed| completed(&Case::of("flood-faults", seed, values.clone()).run());
    let found = explore(1..=20, 2, judge, |_| {}, &AtomicBool::new(false));
    let (seed, _) = found.failing.expect("without anti-entropy, a partition is not survived");

    let case = Case::of("flood-faults", seed, values.clone());
    let faults = case.plan.faults.len();
    let lighter =
        |case: &Case| lighter_plans(&case.plan).into_iter().map(|plan| Case { plan, ..case.clone() }).collect();
    let shrunk = shrink(case, lighter, fails, 100);
    assert!(fails(&shrunk.case), "the small case fails as well");
    assert!(shrunk.case.plan.faults.len() < faults, "nothing was left out: {:#?}", shrunk.case.plan);
    assert!(shrunk.minimal, "{} tries were not enough", shrunk.tries);
}
