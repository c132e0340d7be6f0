//! A history with numbers in place of names: what the checkers of causal order compute with.

use std::collections::{BTreeMap, BTreeSet};

use super::sets::Sets;
use super::{History, Kind, Malformed, Operation, OperationId, Value};

/// An operation's number.
pub(super) type Node = u32;

/// Where a read has what it returned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It is no read of a key.
    None,
    /// Nobody: the key was absent from the beginning.
    Initial,
    /// This write.
    Write(Node),
    /// Nobody wrote that.
    Nobody,
    /// One of several: see [`Index::unclear`].
    Unclear,
}

/// The operations of a history in chains: each session is one, in which every operation comes after the one
/// before it.
///
/// What was never answered stands at the side, as a chain of its own that begins after its session's last
/// operation before it: it came after that, but what its session did next need not come after it.
#[derive(Clone, Debug)]
pub(super) struct Index<'a> {
    /// The operations, by (session, number).
    pub operations: Vec<&'a Operation>,
    /// Of each operation: its chain, and its place there.
    pub place: Vec<(u32, u32)>,
    /// The operations of each chain.
    pub chains: Vec<Vec<Node>>,
    /// Of each operation: the one that its session did before.
    pub before: Vec<Option<Node>>,
    /// Of each operation: the one of another session that its session was told of before.
    pub after: Vec<Option<Node>>,
    /// Of each read: what it has its value from.
    pub source: Vec<Source>,
    /// Of each operation: its key.
    pub key: Vec<u32>,
    /// Of each key: its writes, by chain, in each by place.
    pub writes: Vec<Vec<(u32, Vec<Node>)>>,
    /// The reads that may have their value from several: [`Source::Initial`] or writes.
    pub unclear: BTreeMap<Node, Vec<Source>>,
    /// The updates that were never answered and that no read shows to have happened, and after which
    /// operation of its session each was asked. They are not among the operations.
    pub unseen: BTreeMap<OperationId, Option<Node>>,
    /// Who put what into which set, and who took it out; also what is unseen.
    pub sets: Sets<'a>,
}

/// Who wrote each value of each key.
type Writers<'a> = BTreeMap<(&'a str, Option<&'a Value>), Vec<&'a Operation>>;

impl<'a> Index<'a> {
    pub fn new(history: &'a History) -> Result<Self, Malformed> {
        let sorted = history.sorted()?;
        let mut writers = Writers::new();
        for operation in &sorted {
            if let Kind::Write { key, value } = &operation.kind {
                writers.entry((key, value.as_ref())).or_default().push(operation);
            }
        }
        let sets = Sets::new(&sorted);
        let mut seen = seen(&sorted, &writers)?;
        seen.extend(put(&sorted, &sets));
        let mut index = Self { sets, ..Self::empty() };
        let mut last: Option<Node> = None;
        for operation in sorted {
            last = last.filter(|&last| index.operations[last as usize].id.session == operation.id.session);
            if operation.is_answered() {
                last = Some(index.push(operation, last, last));
            } else if seen.contains(&operation.id) {
                index.push(operation, None, last);
            } else if operation.is_update() {
                index.unseen.insert(operation.id, last);
            }
        }
        let mut sets = std::mem::take(&mut index.sets);
        sets.number(|id| index.node(id));
        index.sets = sets;
        index.after = index.find_after()?;
        index.name_keys();
        index.find_sources(&writers);
        Ok(index)
    }

    /// The number of operations.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// All operations.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        0..self.operations.len() as Node
    }

    /// The operation's number, if it is among those that count.
    pub fn node(&self, id: OperationId) -> Option<Node> {
        self.operations.binary_search_by_key(&id, |operation| operation.id).ok().map(|place| place as Node)
    }

    /// The last of a chain's writes of a key that is among its first `count` operations.
    pub fn last_before(&self, writes: &[Node], count: u32) -> Option<Node> {
        let known = writes.partition_point(|&write| self.place[write as usize].1 < count);
        known.checked_sub(1).map(|place| writes[place])
    }

    fn empty() -> Self {
        Self {
            operations: Vec::new(),
            place: Vec::new(),
            chains: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            source: Vec::new(),
            key: Vec::new(),
            writes: Vec::new(),
            unclear: BTreeMap::new(),
            unseen: BTreeMap::new(),
            sets: Sets::default(),
        }
    }

    /// Adds an operation behind another one of its chain, or else to a new one.
    fn push(&mut self, operation: &'a Operation, behind: Option<Node>, before: Option<Node>) -> Node {
        let node = self.operations.len() as Node;
        let chain = behind.map_or_else(
            || {
                self.chains.push(Vec::new());
                self.chains.len() - 1
            },
            |behind| self.place[behind as usize].0 as usize,
        );
        self.place.push((chain as u32, self.chains[chain].len() as u32));
        self.chains[chain].push(node);
        self.operations.push(operation);
        self.before.push(before);
        node
    }

    fn find_after(&self) -> Result<Vec<Option<Node>>, Malformed> {
        let find = |operation: &&Operation| {
            let Some(after) = operation.after else { return Ok(None) };
            let node = self.node(after).filter(|&node| self.operations[node as usize].is_answered());
            node.map(Some).ok_or(Malformed::After(operation.id, after))
        };
        self.operations.iter().map(find).collect()
    }

    fn name_keys(&mut self) {
        let names: BTreeSet<&str> = self.operations.iter().map(|operation| operation.key()).collect();
        let numbers: BTreeMap<&str, u32> = names.iter().zip(0..).map(|(&name, number)| (name, number)).collect();
        self.key = self.operations.iter().map(|operation| numbers[operation.key()]).collect();
        let mut writes: Vec<BTreeMap<u32, Vec<Node>>> = vec![BTreeMap::new(); numbers.len()];
        for node in self.nodes() {
            let at = node as usize;
            if matches!(self.operations[at].kind, Kind::Write { .. }) {
                writes[self.key[at] as usize].entry(self.place[at].0).or_default().push(node);
            }
        }
        self.writes = writes.into_iter().map(|chains| chains.into_iter().collect()).collect();
    }

    fn find_sources(&mut self, writers: &Writers<'_>) {
        let tells = |operation: &&Operation| matches!(operation.kind, Kind::Read { from: Some(_), .. });
        let tells = self.operations.iter().any(tells);
        for node in self.nodes() {
            let mut candidates = Vec::new();
            let Kind::Read { key, value, from } = &self.operations[node as usize].kind else {
                self.source.push(Source::None);
                continue;
            };
            if value.is_none() && from.is_none() {
                candidates.push(Source::Initial);
            }
            for writer in writers.get(&(key.as_str(), value.as_ref())).into_iter().flatten() {
                let initial = value.is_none() && from.is_none() && tells;
                if from.is_none_or(|from| from == writer.id) && !initial {
                    candidates.extend(self.node(writer.id).map(Source::Write));
                }
            }
            self.source.push(match candidates[..] {
                [] => Source::Nobody,
                [source] => source,
                _ => {
                    self.unclear.insert(node, candidates);
                    Source::Unclear
                }
            });
        }
    }
}

/// The updates that put into sets what somebody found there, and that nobody else had put there: they happened,
/// answered or not.
fn put(operations: &[&Operation], sets: &Sets<'_>) -> BTreeSet<OperationId> {
    let mut seen = BTreeSet::new();
    for read in operations.iter().filter(|operation| operation.is_answered()) {
        let Kind::Members { key, members } = &read.kind else { continue };
        seen.extend(members.iter().filter_map(|member| match sets.inserts(key, member) {
            [only] => Some(only.operation.id),
            _ => None,
        }));
    }
    seen
}

/// The writes whose value a read returned: they happened, answered or not.
fn seen(operations: &[&Operation], writers: &Writers<'_>) -> Result<BTreeSet<OperationId>, Malformed> {
    let known: BTreeSet<OperationId> = operations.iter().map(|operation| operation.id).collect();
    let mut seen = BTreeSet::new();
    for read in operations.iter().filter(|operation| operation.is_answered()) {
        let Kind::Read { key, value, from } = &read.kind else { continue };
        let candidates = writers.get(&(key.as_str(), value.as_ref())).map_or(&[][..], Vec::as_slice);
        match from {
            Some(from) if candidates.iter().any(|writer| writer.id == *from) => _ = seen.insert(*from),
            Some(from) if known.contains(from) => return Err(Malformed::Source(read.id, *from)),
            Some(_) => {}
            None => seen.extend(candidates.iter().map(|writer| writer.id)),
        }
    }
    Ok(seen)
}
