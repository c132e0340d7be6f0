//! What each replica executed, against what it had to have executed before.

use std::collections::BTreeSet;

use super::causal::{self, relation::Relation};
use super::index::{Index, Node, Source};
use super::{History, OperationId, Replica, Step, Verdict};

/// What a replica must have executed before an update of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// What the session changed before.
    OwnUpdates,
    /// The writes that the session had read.
    WhatWasRead,
    /// All updates before it in the causal order.
    Everything,
}

/// Causal delivery: no replica executes an update before those on which it depends.
///
/// It is stricter than what sessions can see ([`causal::consistency`]), and it judges every update, not only
/// writes of keys.
#[must_use]
pub fn causal_delivery(history: &History) -> Verdict {
    let index = match Index::new(history) {
        Ok(index) => index,
        Err(malformed) => return malformed.into(),
    };
    let executed = |step: &Step| matches!(step, Step::Executed(_));
    let judged = history.replicas.iter().flat_map(|replica| &replica.steps).filter(|step| executed(step)).count();
    if judged == 0 && history.operations.iter().any(super::Operation::is_update) {
        let why = "of no replica it is known what it executed; record the calls that replicas execute".into();
        return Verdict::Undecided { why };
    }
    judge(history, &index, Needs::Everything).err().unwrap_or(Verdict::Holds { judged })
}

/// Looks for an update that some replica executed too early.
pub(super) fn judge(history: &History, index: &Index<'_>, needs: Needs) -> Result<(), Verdict> {
    let order = match needs {
        Needs::Everything => Some(causal::order(index)?),
        _ => None,
    };
    let judge = Judge { index, needs, order };
    history.replicas.iter().try_for_each(|replica| judge.replica(replica))
}

struct Judge<'i, 'a> {
    index: &'i Index<'a>,
    needs: Needs,
    order: Option<Relation<'i, 'a>>,
}

/// What a replica's state has in it.
#[derive(Default)]
struct State {
    executed: BTreeSet<OperationId>,
    /// How many operations of each chain were found to be there as far as they are needed.
    complete: Vec<u32>,
}

impl Judge<'_, '_> {
    fn replica(&self, replica: &Replica) -> Result<(), Verdict> {
        let empty = || State { executed: BTreeSet::new(), complete: vec![0; self.index.chains.len()] };
        let mut state = empty();
        for step in &replica.steps {
            match step {
                Step::Executed(call) => {
                    self.execute(replica, *call, &mut state)?;
                    state.executed.insert(*call);
                }
                Step::Received(calls) => {
                    state = State { executed: calls.iter().copied().collect(), ..empty() };
                }
            }
        }
        Ok(())
    }

    fn execute(&self, replica: &Replica, call: OperationId, state: &mut State) -> Result<(), Verdict> {
        if let Some(order) = &self.order {
            let mut past = order.before_call(call).into_iter().flatten().enumerate();
            let missing = past.try_for_each(|(chain, count)| self.complete(chain, count, state));
            return missing.map_err(|missing| self.tell(replica, call, missing));
        }
        let before = match self.index.node(call) {
            Some(node) => self.index.before[node as usize],
            None => self.index.unseen.get(&call).copied().flatten(),
        };
        let Some(before) = before else { return Ok(()) };
        let (chain, place) = self.index.place[before as usize];
        self.complete(chain as usize, place + 1, state).map_err(|missing| self.tell(replica, call, missing))
    }

    /// Is all there that the first operations of a chain need? If not, what is missing.
    fn complete(&self, chain: usize, count: u32, state: &mut State) -> Result<(), Node> {
        while state.complete[chain] < count {
            let node = self.index.chains[chain][state.complete[chain] as usize];
            if let Some(needed) = self.needed(node)
                && !state.executed.contains(&self.index.operations[needed as usize].id)
            {
                return Err(needed);
            }
            state.complete[chain] += 1;
        }
        Ok(())
    }

    fn needed(&self, node: Node) -> Option<Node> {
        match (self.needs, self.index.source[node as usize]) {
            (Needs::WhatWasRead, Source::Write(write)) => Some(write),
            (Needs::WhatWasRead, _) => None,
            _ => self.index.operations[node as usize].is_update().then_some(node),
        }
    }

    fn tell(&self, replica: &Replica, call: OperationId, missing: Node) -> Verdict {
        let (name, missing) = (replica.replica, self.index.operations[missing as usize]);
        let (pattern, why) = match self.needs {
            Needs::OwnUpdates => ("MonotonicWrites", "that came earlier in the same session"),
            Needs::WhatWasRead => ("WritesFollowReads", "which that session had read before"),
            Needs::Everything => ("CausalDelivery", "on which it depends"),
        };
        let node = self.index.node(call).map(|node| self.index.operations[node as usize]);
        let what = node.map_or_else(|| format!("call {call}"), |operation| format!("\"{operation}\" ({call})"));
        let text =
            format!("replica {name} executed {what} before it had executed \"{missing}\" ({}), {why}", missing.id);
        let operations: Vec<_> = [missing].into_iter().chain(node).collect();
        Verdict::violated(pattern, text, &operations)
    }
}
