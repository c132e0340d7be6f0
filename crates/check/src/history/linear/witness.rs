//! Why there is no order, told to a person.

use std::collections::BTreeSet;

use super::super::{Verdict, Witness};
use super::{Found, Model, Timed, search};

/// Operations before the one that does not fit that are told of.
const TOLD_MAX: usize = 4;

/// Finds the first answer that cannot be explained by what was known when it was given. Everything else then
/// fits into an order, and the end of that is told.
pub(super) fn tell<M: Model>(model: &M, operations: &[Timed<&M::Operation>]) -> Verdict {
    let mut answers: Vec<usize> = (0..operations.len()).filter(|&place| operations[place].returned.is_some()).collect();
    answers.sort_by_key(|&place| (operations[place].returned, place));
    // A history without an order has none either when more is known.
    let (mut fits, mut fails) = (0, answers.len());
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        match try_first(model, operations, &answers[..middle]).1 {
            Found::NoOrder => fails = middle,
            _ => fits = middle,
        }
    }
    let culprit = answers[fails - 1];
    let (known, found) = try_first(model, operations, &answers[..fails - 1]);
    let order = match found {
        Found::Order(order) => order,
        _ => Vec::new(),
    };
    let last: Vec<usize> = order.iter().map(|&place| known[place]).filter(|&place| place != culprit).collect();
    let last = &last[last.len().saturating_sub(TOLD_MAX)..];
    let say = |place: usize| {
        let timed = &operations[place];
        let from = timed.invoked.as_secs_f64();
        let to = timed.returned.map_or_else(|| "never".into(), |at| format!("{:.3} s", at.as_secs_f64()));
        let deed = model.deed(timed.operation);
        format!("session {} {deed} (asked {from:.3} s, answered {to})", timed.id.session)
    };
    let others = match last.len() {
        0 => "nothing had been done before".into(),
        _ => {
            let told: Vec<String> = last.iter().map(|&place| say(place)).collect();
            format!("all else fits into an order that ends with: {}", told.join("; "))
        }
    };
    let text = format!("{}, but no order of what had been asked by then explains it; {others}", say(culprit));
    let operations = last.iter().chain([&culprit]).map(|&place| operations[place].id).collect();
    Verdict::Violated(Witness { pattern: "NotLinearizable", text, operations })
}

/// Searches an order of what was asked before the last of these answers, of which only these are known. Gives
/// the places of what was asked.
fn try_first<M: Model>(model: &M, operations: &[Timed<&M::Operation>], answers: &[usize]) -> (Vec<usize>, Found) {
    let now = answers.last().and_then(|&place| operations[place].returned);
    let asked: Vec<usize> = (0..operations.len()).filter(|&place| Some(operations[place].invoked) <= now).collect();
    let known: BTreeSet<usize> = answers.iter().copied().collect();
    let part: Vec<Timed<&M::Operation>> = asked
        .iter()
        .map(|&place| {
            let timed = &operations[place];
            Timed { returned: timed.returned.filter(|_| known.contains(&place)), ..*timed }
        })
        .collect();
    let found = search(model, &part);
    (asked, found)
}
