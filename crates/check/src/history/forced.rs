//! One order everywhere: what is forced happens at every replica in the same order, and that is a causal one.

use std::collections::BTreeMap;

use super::index::Index;
use super::{History, Operation, OperationId, Order, Replica, Step, Verdict, causal};

/// Forced updates have one order: what any two replicas executed of them are beginnings of the same sequence, and
/// no update in it comes before one on which it depends.
///
/// Judged from what replicas executed. Immediate updates are in the sequence, too: they are ordered against
/// everything.
#[must_use]
pub fn one_order(history: &History) -> Verdict {
    let index = match Index::new(history) {
        Ok(index) => index,
        Err(malformed) => return malformed.into(),
    };
    let calls: BTreeMap<OperationId, &Operation> = history
        .operations
        .iter()
        .filter(|operation| operation.is_update() && operation.order != Order::Causal)
        .map(|operation| (operation.id, operation))
        .collect();
    let mut sequence = Sequence { calls, order: Vec::new(), place: BTreeMap::new(), names: Vec::new() };
    let judged = match sequence.read_all(&history.replicas) {
        Ok(judged) => judged,
        Err(verdict) => return verdict,
    };
    if judged == 0 && sequence.calls.values().any(|call| call.is_answered()) {
        let why = "no replica is known to have executed a forced update; record the calls that replicas execute";
        return Verdict::Undecided { why: why.into() };
    }
    sequence.is_causal(&index).err().unwrap_or(Verdict::Holds { judged })
}

/// The sequence as far as it is known.
struct Sequence<'a> {
    /// What is forced.
    calls: BTreeMap<OperationId, &'a Operation>,
    order: Vec<OperationId>,
    place: BTreeMap<OperationId, usize>,
    /// The replica from which each place is known.
    names: Vec<u64>,
}

impl<'a> Sequence<'a> {
    /// Reads what replicas executed. Of those that got another's state, the sequence must be known that far.
    fn read_all(&mut self, replicas: &[Replica]) -> Result<usize, Verdict> {
        let mut judged = 0;
        let mut open: Vec<&Replica> = replicas.iter().collect();
        while !open.is_empty() {
            let mut later = Vec::new();
            for &replica in &open {
                match self.read(replica)? {
                    Some(count) => judged += count,
                    None => later.push(replica),
                }
            }
            if later.len() == open.len() {
                let why = format!(
                    "replica {} got a state from others with forced updates in an order that no replica tells; \
                     keep what replicas executed that are gone",
                    later[0].replica
                );
                return Err(Verdict::Undecided { why });
            }
            open = later;
        }
        Ok(judged)
    }

    /// Reads what one replica executed; none when it got a state that reaches further than what is known.
    fn read(&mut self, replica: &Replica) -> Result<Option<usize>, Verdict> {
        let (mut at, mut judged) = (0, 0);
        for step in &replica.steps {
            match step {
                Step::Executed(call) if self.calls.contains_key(call) => {
                    self.execute(replica, at, *call)?;
                    at += 1;
                    judged += 1;
                }
                Step::Executed(_) => {}
                Step::Received(calls) => {
                    let forced: Vec<OperationId> =
                        calls.iter().filter(|call| self.calls.contains_key(call)).copied().collect();
                    if forced.iter().any(|call| !self.place.contains_key(call)) {
                        return Ok(None);
                    }
                    at = self.receive(replica, &forced)?;
                }
            }
        }
        Ok(Some(judged))
    }

    fn execute(&mut self, replica: &Replica, at: usize, call: OperationId) -> Result<(), Verdict> {
        match self.order.get(at) {
            Some(&known) if known == call => Ok(()),
            Some(&known) => {
                let text = format!(
                    "after {at} forced updates that they have in common, replica {} executed {}, but replica {} \
                     executed {}",
                    replica.replica,
                    self.tell(call),
                    self.names[at],
                    self.tell(known)
                );
                Err(self.violated("ForcedOrder", text, &[known, call]))
            }
            None if self.place.contains_key(&call) => {
                let text =
                    format!("replica {} executed {} twice in the forced order", replica.replica, self.tell(call));
                Err(self.violated("ForcedOrder", text, &[call]))
            }
            None => {
                self.place.insert(call, at);
                self.order.push(call);
                self.names.push(replica.replica);
                Ok(())
            }
        }
    }

    /// What came with a state must be a beginning of the sequence; how long it is.
    fn receive(&self, replica: &Replica, calls: &[OperationId]) -> Result<usize, Verdict> {
        let Some(&last) = calls.iter().max_by_key(|call| self.place[call]) else { return Ok(0) };
        let missing = self.order[..self.place[&last]].iter().find(|call| !calls.contains(call));
        let Some(&missing) = missing else { return Ok(calls.len()) };
        let text = format!(
            "replica {} got a state with {} but without {}, which comes before it in the forced order",
            replica.replica,
            self.tell(last),
            self.tell(missing)
        );
        Err(self.violated("ForcedOrder", text, &[missing, last]))
    }

    /// Does the sequence agree with the causal order?
    fn is_causal(&self, index: &Index<'a>) -> Result<(), Verdict> {
        let order = causal::order(index)?;
        // Of each chain: what is forced in it, in its order, and how much of that the sequence had so far.
        let mut forced: Vec<Vec<u32>> = vec![Vec::new(); index.chains.len()];
        for &call in self.calls.keys() {
            if let Some(node) = index.node(call) {
                forced[index.place[node as usize].0 as usize].push(node);
            }
        }
        for (at, &call) in self.order.iter().enumerate() {
            for (chain, count) in order.before_call(call).into_iter().flatten().enumerate() {
                let Some(last) = index.last_before(&forced[chain], count) else { continue };
                let last = index.operations[last as usize].id;
                if self.place.get(&last).is_none_or(|&place| place > at) {
                    let text = format!(
                        "the forced order has {} before {}, on which it depends",
                        self.tell(call),
                        self.tell(last)
                    );
                    return Err(self.violated("ForcedAgainstCausal", text, &[last, call]));
                }
            }
        }
        Ok(())
    }

    fn tell(&self, call: OperationId) -> String {
        self.calls.get(&call).map_or_else(|| call.to_string(), |operation| format!("\"{operation}\" ({call})"))
    }

    fn violated(&self, pattern: &'static str, text: String, calls: &[OperationId]) -> Verdict {
        let operations: Vec<&Operation> = calls.iter().filter_map(|call| self.calls.get(call).copied()).collect();
        Verdict::violated(pattern, text, &operations)
    }
}
