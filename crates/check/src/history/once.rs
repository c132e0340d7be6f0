//! Exactly once: no update happens twice, and none that was answered is lost.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::Instant;

use super::sets::{Knowledge, Reason, Sets, Update};
use super::{History, Kind, Operation, OperationId, Replica, Step, Verdict};

/// No update happens more than once, however often it was retried.
///
/// No replica executes a call twice, or one that nobody asked for. A counter never stands higher than when all
/// that was asked for before the answer had happened once, nor lower; and once all is quiet
/// ([`History::quiet`]), it stands at the sum of what was answered, give or take what was not. A set has only
/// members that somebody put there, and when all is quiet it has all of those which nobody took out later, and none
/// that somebody did. (Twice into a set, or out of it, is as good as once, unless something came between.)
#[must_use]
pub fn exactly_once(history: &History) -> Verdict {
    let operations = match history.sorted() {
        Ok(operations) => operations,
        Err(malformed) => return malformed.into(),
    };
    let calls = operations.iter().filter(|operation| operation.is_update());
    let calls: BTreeMap<OperationId, &Operation> = calls.map(|&operation| (operation.id, operation)).collect();
    let replicas = history.replicas.iter().try_fold(0, |sum, replica| Ok(sum + executed_once(replica, &calls)?));
    let found = replicas.and_then(|judged| Ok(judged + sums(&operations, history.quiet)?));
    match found {
        Ok(judged) => Verdict::Holds { judged },
        Err(violated) => violated,
    }
}

/// Nothing that was answered is lost: at the end, every replica that is up has executed every update that was
/// answered before all was quiet ([`History::quiet`]), or it has it from others.
#[must_use]
pub fn nothing_lost(history: &History) -> Verdict {
    let Some(quiet) = history.quiet else {
        let why = "it is not known from when on all was quiet; record it";
        return Verdict::Undecided { why: why.into() };
    };
    let answered = |operation: &&Operation| operation.returned.is_some_and(|returned| returned <= quiet);
    let updates: Vec<&Operation> =
        history.operations.iter().filter(|operation| operation.is_update()).filter(answered).collect();
    let up: Vec<&Replica> = history.replicas.iter().filter(|replica| replica.digest.is_some()).collect();
    if up.is_empty() && !updates.is_empty() {
        let why = "of no replica that is up it is known what it executed; record the calls that replicas execute";
        return Verdict::Undecided { why: why.into() };
    }
    for replica in &up {
        let has = replica.has();
        if let Some(lost) = updates.iter().find(|update| !has.contains(&update.id)) {
            let text = format!("\"{lost}\" was answered, but replica {} never executed it", replica.replica);
            return Verdict::violated("Lost", text, &[lost]);
        }
    }
    Verdict::Holds { judged: updates.len() * up.len() }
}

impl Replica {
    /// The calls that its state has in it at the end.
    pub(super) fn has(&self) -> BTreeSet<OperationId> {
        let mut has = BTreeSet::new();
        for step in &self.steps {
            match step {
                Step::Executed(call) => _ = has.insert(*call),
                Step::Received(calls) => has = calls.iter().copied().collect(),
            }
        }
        has
    }
}

/// Did the replica execute each call once at most? How many it executed.
fn executed_once(replica: &Replica, calls: &BTreeMap<OperationId, &Operation>) -> Result<usize, Verdict> {
    let (mut has, mut judged) = (BTreeSet::new(), 0);
    for step in &replica.steps {
        let call = match step {
            Step::Executed(call) => *call,
            Step::Received(received) => {
                has = received.iter().copied().collect();
                continue;
            }
        };
        judged += 1;
        let Some(operation) = calls.get(&call) else {
            let text = format!("replica {} executed the call {call}, an update that nobody asked for", replica.replica);
            return Err(Verdict::violated("NobodyAsked", text, &[]));
        };
        if !has.insert(call) {
            let text = format!("replica {} executed \"{operation}\" ({call}) twice", replica.replica);
            return Err(Verdict::violated("Twice", text, &[operation]));
        }
    }
    Ok(judged)
}

/// Do counters and sets stand where they can? How many reads were judged.
fn sums(operations: &[&Operation], quiet: Option<Instant>) -> Result<usize, Verdict> {
    let mut updates: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations.iter().filter(|operation| operation.is_update()) {
        updates.entry(operation.key()).or_default().push(operation);
    }
    let sets = Sets::new(operations);
    let mut judged = 0;
    for read in operations {
        let Some(returned) = read.returned else { continue };
        let is_final = quiet.is_some_and(|quiet| read.invoked >= quiet);
        let updates = updates.get(read.key()).map_or(&[][..], Vec::as_slice);
        let asked = updates.iter().filter(|update| update.invoked <= returned);
        // Of those that must have happened: answered before all was quiet.
        let must = |update: &Operation| is_final && update.returned.is_some_and(|answered| Some(answered) <= quiet);
        match &read.kind {
            Kind::Total { total, .. } => counter(read, *total, asked.map(|update| (*update, must(update))))?,
            Kind::Members { .. } => set(read, &sets, &Asked { upto: returned, quiet: quiet.filter(|_| is_final) })?,
            _ => continue,
        }
        judged += 1;
    }
    Ok(judged)
}

/// Can the counter stand there? Updates come with whether they must have happened.
fn counter<'a>(
    read: &'a Operation,
    total: i64,
    asked: impl Iterator<Item = (&'a Operation, bool)>,
) -> Result<(), Verdict> {
    let (mut least, mut most, mut open) = (0_i128, 0_i128, Vec::new());
    for (update, must) in asked {
        let Kind::Add { by, .. } = update.kind else { continue };
        let by = i128::from(by);
        least += if must { by } else { by.min(0) };
        most += if must { by } else { by.max(0) };
        if !must && !update.is_answered() {
            open.push(update);
        }
    }
    if (least..=most).contains(&i128::from(total)) {
        return Ok(());
    }
    let between = if least == most { format!("exactly {least}") } else { format!("between {least} and {most}") };
    let unknown = match open.len() {
        0 => String::new(),
        count => format!(" ({count} with an unknown outcome)"),
    };
    let text = format!("{read}, but all that was asked for{unknown} makes {between}");
    Err(Verdict::violated("WrongTotal", text, &[read]))
}

/// What was asked for when a set was read.
struct Asked {
    /// When the read was answered.
    upto: Instant,
    /// What was answered before must have happened.
    quiet: Option<Instant>,
}

impl Knowledge for Asked {
    fn is_known(&self, update: Update<'_>) -> bool {
        update.operation.returned.is_some_and(|answered| Some(answered) <= self.quiet)
    }

    fn is_possible(&self, update: Update<'_>) -> bool {
        update.operation.invoked <= self.upto
    }

    /// Of the causal order, what can be told of two updates by themselves.
    fn is_before(&self, first: Update<'_>, second: Update<'_>) -> bool {
        let (first, second) = (first.operation, second.operation);
        first.is_answered() && first.id.session == second.id.session && first.id < second.id
    }
}

/// Can the set have these members?
fn set(read: &Operation, sets: &Sets<'_>, asked: &Asked) -> Result<(), Verdict> {
    for (member, is_there, reason) in sets.reasons(read, asked) {
        let Reason::None(update) = reason else { continue };
        let with = if is_there { format!(", {member} among them,") } else { format!(" without {member}") };
        return Err(match update {
            Some(Update { operation: update, .. }) => {
                let text = format!("{read}{with} when all was quiet, though {update} and was answered");
                Verdict::violated("Lost", text, &[update, read])
            }
            None => {
                let text = format!("{read}{with} but nobody had put that there");
                Verdict::violated("ThinAirRead", text, &[read])
            }
        });
    }
    Ok(())
}
