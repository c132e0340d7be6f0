//! Makes a failing case smaller.

use rumormill_core::plan::{Conditions, Latency, Plan};

/// What shrinking arrived at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk<C> {
    /// The smallest case found that still fails.
    pub case: C,
    /// How many times it became smaller.
    pub steps: u32,
    /// How many cases were tried.
    pub tries: u32,
    /// Is there no smaller candidate that fails? False when the tries ran out first.
    pub minimal: bool,
}

/// Makes a failing case smaller: takes the first of its `candidates` that still `fails`, and goes on from
/// there, until none does or `tries_max` cases were tried (after delta debugging; Zeller and Hildebrandt,
/// TSE 2002). List the boldest candidates first: they save the most tries.
pub fn shrink<C>(
    case: C,
    mut candidates: impl FnMut(&C) -> Vec<C>,
    mut fails: impl FnMut(&C) -> bool,
    tries_max: u32,
) -> Shrunk<C> {
    let mut shrunk = Shrunk { case, steps: 0, tries: 0, minimal: false };
    'smaller: loop {
        for candidate in candidates(&shrunk.case) {
            if shrunk.tries == tries_max {
                return shrunk;
            }
            shrunk.tries += 1;
            if fails(&candidate) {
                shrunk.case = candidate;
                shrunk.steps += 1;
                continue 'smaller;
            }
        }
        shrunk.minimal = true;
        return shrunk;
    }
}

/// Plans with less going wrong, the boldest first: no faults, half of the faults, one fault less, no
/// churn, a perfect link, a constant latency.
#[must_use]
pub fn lighter_plans(plan: &Plan) -> Vec<Plan> {
    let mut lighter = Vec::new();
    let count = plan.faults.len();
    let mut part = count;
    while part > 0 {
        for start in (0..count).step_by(part) {
            let kept = plan.faults.iter().enumerate().filter(|(index, _)| !(start..start + part).contains(index));
            lighter.push(Plan { faults: kept.map(|(_, timed)| timed.clone()).collect(), ..plan.clone() });
        }
        part /= 2;
    }
    if plan.churn.is_some() {
        lighter.push(Plan { churn: None, ..plan.clone() });
    }
    let given = plan.network.conditions;
    let perfect = Conditions::default();
    let milder = [
        perfect,
        Conditions { loss: 0.0, ..given },
        Conditions { duplication: 0.0, ..given },
        Conditions { reordering: 0.0, reordering_by: perfect.reordering_by, ..given },
        Conditions { delay: perfect.delay, ..given },
        Conditions { bandwidth: None, ..given },
    ];
    for conditions in milder.into_iter().filter(|&milder| milder != given) {
        let mut plan = plan.clone();
        plan.network.conditions = conditions;
        lighter.push(plan);
    }
    let constant = Latency::Constant(std::time::Duration::from_millis(10));
    if plan.network.latency != constant {
        let mut plan = plan.clone();
        plan.network.latency = constant;
        lighter.push(plan);
    }
    lighter
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rumormill_core::plan::{Fault, Timed};

    use super::*;

    fn halves_and_one_less(&case: &u32) -> Vec<u32> {
        if case == 0 { Vec::new() } else { vec![case / 2, case - 1] }
    }

    #[test]
    fn the_smallest_failing_case_is_found() {
        let shrunk = shrink(1_000, halves_and_one_less, |&case| case >= 13, 100);
        assert_eq!((shrunk.case, shrunk.minimal), (13, true));
        assert!(shrunk.tries < 20, "{} tries", shrunk.tries);
    }

    #[test]
    fn tries_are_bounded() {
        let shrunk = shrink(1_000_u32, |&case| vec![case - 1], |_| true, 10);
        assert_eq!(shrunk, Shrunk { case: 990, steps: 10, tries: 10, minimal: false });
    }

    #[test]
    fn a_plan_loses_all_that_does_not_matter() {
        let at = |millis| Timed { at: Duration::from_millis(millis), fault: Fault::Heal };
        let mut plan = Plan { faults: (0..9).map(at).collect(), ..Plan::default() };
        plan.network.conditions = Conditions { loss: 0.5, duplication: 0.5, ..Conditions::default() };
        let fails = |plan: &Plan| plan.faults.contains(&at(7)) && plan.network.conditions.loss > 0.0;
        let shrunk = shrink(plan, lighter_plans, fails, 200);
        assert!(shrunk.minimal);
        assert_eq!(shrunk.case.faults, [at(7)]);
        assert_eq!(shrunk.case.network.conditions, Conditions { loss: 0.5, ..Conditions::default() });
        assert_eq!(shrunk.case.network.latency, Latency::Constant(Duration::from_millis(10)));
    }
}
