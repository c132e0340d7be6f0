//! What happened in a run, as checkers of histories want to know it.

use std::collections::{BTreeMap, BTreeSet};

use rumormill_check::history::{self, History, Kind, Label, Operation, OperationId, Step, Version};
use rumormill_core::Instant;
use rumormill_core::property::World;

use super::lines::EndedLines;
use super::{CallId, Entry, Executed, Exercise, Op, Order, Replica, Slot, Store, Timestamp};

/// Sessions of the reads that look at every replica at the end begin here: no client has such a number.
const SURVEY: u64 = 1 << 60;

/// What the clients of a run saw, what its replicas executed, and what each of these holds now.
pub(super) fn history<A: Exercise>(world: &World<'_, Store<A>>) -> History {
    let fronts = world.all().filter_map(|peer| match peer.state {
        Store::FrontEnd(front) => Some(front.journal()),
        Store::Replica(_) => None,
    });
    let ended = world.all().filter_map(|peer| match peer.state {
        Store::Replica(replica) => Some(replica.ended()),
        Store::FrontEnd(_) => None,
    });
    let mut writer = Writer::new(fronts.flatten().collect(), ended.flat_map(EndedLines::iter).collect());
    writer.write_operations();
    let quiet = writer.last.max(world.time) + std::time::Duration::from_nanos(1);
    writer.history.quiet = Some(quiet);
    for peer in world.all() {
        if let Store::Replica(replica) = peer.state {
            let number = u64::from(peer.seat.peerid);
            let is_member = peer.is_up && replica.is_member();
            writer.write_replica(number, replica, is_member);
            let load = world.config.load.as_ref().filter(|_| is_member);
            let keys = load.map_or(0..0, |load| 0..load.immediate_keys().end);
            writer.survey(number, replica, A::survey(keys), quiet);
        }
    }
    writer.leave_out_overwritten();
    writer.history
}

/// A call of a made-up client that failed, if there is one: who, which, and why. Whoever types at a front end may
/// ask for what cannot be had, and sees that it failed.
pub(super) fn failure<A: Exercise>(world: &World<'_, Store<A>>) -> Option<String> {
    world.all().find_map(|peer| {
        let Store::FrontEnd(front) = peer.state else { return None };
        front.journal().iter().filter(|entry| entry.is_of_client()).find_map(|entry| {
            let failure = entry.end.as_ref()?.result.as_ref().err()?;
            let (operation, peerid) = (entry.operation, peer.seat.peerid);
            Some(format!("call {operation} at front end {peerid}, {:?}: {failure}", entry.op))
        })
    })
}

/// Writes a history down.
struct Writer<'a, A: Exercise> {
    /// What front ends remember, in the order of sessions.
    entries: Vec<&'a Entry<A>>,
    /// Lines that have ended, which labels name together.
    ended: EndedLines,
    /// The place of each line of updates in labels.
    slots: BTreeMap<Slot, usize>,
    /// The operation of each call.
    calls: BTreeMap<CallId, OperationId>,
    /// The latest time that was written down.
    last: Instant,
    history: History,
}

impl<'a, A: Exercise> Writer<'a, A> {
    fn new(mut entries: Vec<&'a Entry<A>>, ended: EndedLines) -> Self {
        entries.sort_by_key(|entry| entry.operation);
        let ends = entries.iter().filter_map(|entry| entry.end.as_ref());
        let named = ends.flat_map(|end| end.label.parts().map(|(slot, _)| slot));
        let slots: BTreeSet<Slot> = named.chain(ended.iter().map(|ended| ended.slot)).collect();
        let slots = slots.into_iter().zip(0..).collect();
        Self { entries, ended, slots, calls: BTreeMap::new(), last: Instant::ZERO, history: History::default() }
    }

    fn write_operations(&mut self) {
        let (mut session, mut number) = (0, 0);
        for entry in std::mem::take(&mut self.entries) {
            if std::mem::replace(&mut session, entry.operation.session) != session {
                number = 0;
            }
            let end = entry.end.as_ref();
            self.last = self.last.max(end.map_or(entry.invoked, |end| end.returned));
            let answer = end.and_then(|end| end.result.as_ref().ok());
            // Nobody saw what an unanswered query returned.
            if answer.is_none() && matches!(entry.op, Op::Query(_)) {
                continue;
            }
            let kinds = A::recorded(&entry.op, answer.and_then(Option::as_ref));
            let count = if entry.order == Order::Immediate { 1 } else { kinds.len() };
            for kind in kinds.into_iter().take(count) {
                number += 1;
                let operation = self.operation(entry, OperationId { session, number }, kind);
                self.history.operations.push(operation);
            }
        }
    }

    /// One operation of a call. Those of one call follow each other when it returns.
    fn operation(&mut self, entry: &Entry<A>, id: OperationId, kind: Kind) -> Operation {
        let mut operation = Operation::new(id.session, id.number, kind, entry.invoked);
        if operation.is_update() {
            self.calls.entry(entry.call).or_insert(id);
        }
        operation.order = match entry.order {
            Order::Causal => history::Order::Causal,
            Order::Forced => history::Order::Forced,
            Order::Immediate => history::Order::Immediate,
        };
        if let Some(before) = self.history.operations.last().filter(|before| before.id.session == id.session) {
            operation.invoked = before.returned.map_or(entry.invoked, |returned| returned.max(entry.invoked));
        }
        if let Some(end) = entry.end.as_ref().filter(|end| end.result.is_ok()) {
            operation.returned = Some(end.returned);
            operation.label = Some(self.label(&end.label));
            // The primary gives what it orders a stamp of its own.
            let is_stamped = operation.is_update() && entry.order == Order::Causal;
            let session = (entry.call.session.0 >> 64) as u64;
            operation.version = is_stamped.then_some(Version(end.time, session, entry.call.number));
        }
        operation
    }

    fn label(&self, timestamp: &Timestamp) -> Label {
        let mut counts = vec![0; self.slots.len()];
        let mut timestamp = timestamp.clone();
        self.ended.spell_out(&mut timestamp, self.ended.after(0));
        for (slot, count) in timestamp.parts() {
            if let Some(&place) = self.slots.get(&slot) {
                counts[place] = count;
            }
        }
        Label(counts)
    }

    /// What a replica executed.
    fn write_replica(&mut self, number: u64, replica: &Replica<A>, is_member: bool) {
        let id = |call: &CallId| {
            // A call that nobody made has no operation: a checker will say so.
            let nobody = OperationId { session: (call.session.0 >> 64) as u64 | 1 << 63, number: call.number };
            self.calls.get(call).copied().unwrap_or(nobody)
        };
        let steps = replica.executed().iter().map(|step| match step {
            Executed::Call(call) => Step::Executed(id(call)),
            Executed::State(calls) => Step::Received(calls.iter().map(id).collect()),
        });
        let digest = is_member.then(|| format!("{:016x}", replica.value().digest()));
        let replica = history::Replica { replica: number, steps: steps.collect(), digest };
        self.history.replicas.push(replica);
    }

    /// Leaves out what was seen of counters and sets that somebody overwrote or deleted: checkers of what these
    /// hold only know of additions and removals. No made-up client does that, but whoever types may.
    fn leave_out_overwritten(&mut self) {
        let writes = self.history.operations.iter().filter(|operation| matches!(operation.kind, Kind::Write { .. }));
        let overwritten: BTreeSet<String> = writes.map(|operation| operation.key().to_owned()).collect();
        self.history.operations.retain(|operation| match &operation.kind {
            Kind::Total { key, .. } | Kind::Members { key, .. } => !overwritten.contains(key),
            _ => true,
        });
    }

    /// What a replica holds at the end, as the reads of a session.
    fn survey(&mut self, number: u64, replica: &Replica<A>, queries: Vec<A::Query>, quiet: Instant) {
        let mut next = 0;
        for query in queries {
            let answer = replica.value().query(&query);
            for kind in A::recorded(&Op::Query(query), Some(&answer)) {
                next += 1;
                let mut read = Operation::new(SURVEY | number, next, kind, quiet);
                read.returned = Some(quiet);
                self.history.operations.push(read);
            }
        }
    }
}
