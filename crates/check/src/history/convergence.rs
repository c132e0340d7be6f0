//! Convergence: when all is quiet, all replicas are the same.

use std::collections::BTreeMap;

use super::{History, Kind, Operation, OperationId, Replica, Step, Verdict};

/// Once all is quiet, all replicas that are up have the same state, and all sessions read the same.
///
/// Judged from the digests of the replicas' states, and from the reads that began when all was quiet
/// ([`History::quiet`]), up to the first update after that.
#[must_use]
pub fn convergence(history: &History) -> Verdict {
    let operations = match history.sorted() {
        Ok(operations) => operations,
        Err(malformed) => return malformed.into(),
    };
    let up: Vec<&Replica> = history.replicas.iter().filter(|replica| replica.digest.is_some()).collect();
    if let Some(pair) = up.windows(2).find(|pair| pair[0].digest != pair[1].digest) {
        return differ(history, pair[0], pair[1]);
    }
    let reads = last_reads(history, &operations);
    let mut first: BTreeMap<&str, &Operation> = BTreeMap::new();
    for &read in &reads {
        let other = *first.entry(read.key()).or_insert(read);
        if answer(&other.kind) != answer(&read.kind) {
            let text = format!("when all was quiet, {other}, but {read}");
            return Verdict::violated("Divergence", text, &[other, read]);
        }
    }
    if up.len() < 2 && reads.is_empty() {
        let why = "neither are the states of two replicas known at the end, nor was anything read when all was quiet; \
                   record digests, or read every key at the end";
        return Verdict::Undecided { why: why.into() };
    }
    Verdict::Holds { judged: up.len() + reads.len() }
}

/// The reads that began when all was quiet and ended before anything was changed again.
fn last_reads<'a>(history: &History, operations: &[&'a Operation]) -> Vec<&'a Operation> {
    let Some(quiet) = history.quiet else { return Vec::new() };
    let late = |operation: &&&Operation| operation.returned.map_or(operation.invoked >= quiet, |at| at > quiet);
    let updates = operations.iter().filter(|operation| operation.is_update()).filter(late);
    let changed = updates.map(|update| update.invoked.max(quiet)).min();
    let reads = operations.iter().filter(|operation| !operation.is_update() && operation.invoked >= quiet);
    let before = |read: &&&Operation| match (read.returned, changed) {
        (Some(returned), Some(changed)) => returned < changed,
        (returned, None) => returned.is_some(),
        (None, _) => false,
    };
    reads.filter(before).copied().collect()
}

/// What a read said, without what the store told besides.
fn answer(kind: &Kind) -> Kind {
    match kind {
        Kind::Read { key, value, .. } => Kind::Read { key: key.clone(), value: value.clone(), from: None },
        Kind::Members { key, members } => {
            let mut members = members.clone();
            members.sort();
            members.dedup();
            Kind::Members { key: key.clone(), members }
        }
        kind => kind.clone(),
    }
}

fn differ(history: &History, one: &Replica, two: &Replica) -> Verdict {
    let names = (one.replica, two.replica);
    let (ours, theirs) = (one.has(), two.has());
    let tell = |call: OperationId| history.operations.iter().find(|operation| operation.id == call);
    let mut shown = Vec::new();
    let why = if let Some(&call) = ours.symmetric_difference(&theirs).next() {
        let (has, lacks) = if ours.contains(&call) { names } else { (names.1, names.0) };
        shown.extend(tell(call));
        format!("replica {has} executed {}, replica {lacks} did not", named(call, tell(call)))
    } else if let Some((first, second)) = first_swap(one, two) {
        shown.extend(tell(first).into_iter().chain(tell(second)));
        let (first, second) = (named(first, tell(first)), named(second, tell(second)));
        format!("replica {} executed {first} where replica {} executed {second}", names.0, names.1)
    } else {
        "as far as is known, they executed the same calls in the same order".into()
    };
    let text = format!("replicas {} and {} ended in different states: {why}", names.0, names.1);
    Verdict::violated("Divergence", text, &shown)
}

/// The first calls that two replicas executed in different orders.
fn first_swap(one: &Replica, two: &Replica) -> Option<(OperationId, OperationId)> {
    let executed = |replica: &Replica| -> Vec<OperationId> {
        let call = |step: &Step| match step {
            Step::Executed(call) => Some(*call),
            Step::Received(_) => None,
        };
        replica.steps.iter().filter_map(call).collect()
    };
    executed(one).into_iter().zip(executed(two)).find(|(one, two)| one != two)
}

fn named(call: OperationId, operation: Option<&Operation>) -> String {
    operation.map_or_else(|| format!("the call {call}"), |operation| format!("\"{operation}\" ({call})"))
}
