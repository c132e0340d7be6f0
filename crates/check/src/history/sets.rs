//! Sets, from which members are removed, too: what of a member's updates explains that it was found, or not found.
//!
//! A member is in a set when the newest of its updates that have happened there put it there. Of two, that one is
//! newer which has the greater [`Version`], or else (for they are not always known) the one that comes
//! after the other in the causal order. Of two that are concurrent as far as is known, either may be the newer one.

use std::collections::BTreeMap;

use super::index::Node;
use super::{Kind, Operation, OperationId, Value, Version};

/// An update of a member, and its number among those that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update<'a> {
    pub operation: &'a Operation,
    pub node: Option<Node>,
}

/// The updates of one member of one set, answered or not.
#[derive(Clone, Debug, Default)]
pub(super) struct Updates<'a> {
    inserts: Vec<Update<'a>>,
    removals: Vec<Update<'a>>,
}

/// The updates of all members of all sets, by key, and what reads found.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets<'a> {
    keys: BTreeMap<&'a str, Vec<(&'a Value, Updates<'a>)>>,
    reads: BTreeMap<OperationId, Found<'a>>,
}

/// What a read found.
#[derive(Clone, Debug, Default)]
struct Found<'a> {
    /// The places of members that somebody put there or took out, ascending.
    members: Vec<u32>,
    /// Others.
    strange: Vec<&'a Value>,
}

/// Why a member was found in a set, or was not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason<'a> {
    /// By what is known to have happened before.
    Known,
    /// By this update alone: it has happened before, too.
    Only(Update<'a>),
    /// By one of several.
    Several,
    /// By nothing: this update, which is known to have happened before, says the contrary. None: nobody put it there.
    None(Option<Update<'a>>),
}

/// What is known of updates when a set is read.
pub(super) trait Knowledge {
    /// Has it happened before the read?
    fn is_known(&self, update: Update<'_>) -> bool;

    /// May it have happened before the read?
    fn is_possible(&self, update: Update<'_>) -> bool;

    /// Is the first certainly before the second, in the causal order?
    fn is_before(&self, first: Update<'_>, second: Update<'_>) -> bool;
}

impl<'a> Sets<'a> {
    pub fn new(operations: &[&'a Operation]) -> Self {
        let mut keys: BTreeMap<&str, BTreeMap<&Value, Updates<'_>>> = BTreeMap::new();
        for &operation in operations {
            let (Kind::Insert { key, member } | Kind::Remove { key, member }) = &operation.kind else { continue };
            let updates = keys.entry(key).or_default().entry(member).or_default();
            let list = match operation.kind {
                Kind::Remove { .. } => &mut updates.removals,
                _ => &mut updates.inserts,
            };
            list.push(Update { operation, node: None });
        }
        let keys = keys.into_iter().map(|(key, members)| (key, members.into_iter().collect())).collect();
        let mut sets = Self { keys, reads: BTreeMap::new() };
        sets.reads = operations.iter().filter_map(|operation| Some((operation.id, sets.found(operation)?))).collect();
        sets
    }

    /// Gives updates their numbers.
    pub fn number(&mut self, node: impl Fn(OperationId) -> Option<Node>) {
        for (_, updates) in self.keys.values_mut().flatten() {
            for update in updates.inserts.iter_mut().chain(&mut updates.removals) {
                update.node = node(update.operation.id);
            }
        }
    }

    fn found(&self, read: &'a Operation) -> Option<Found<'a>> {
        let Kind::Members { key, members } = &read.kind else { return None };
        let mut found = Found::default();
        for member in members {
            match self.place(key, member) {
                Some(place) => found.members.push(place as u32),
                None => found.strange.push(member),
            }
        }
        found.members.sort_unstable();
        Some(found)
    }

    fn place(&self, key: &str, member: &Value) -> Option<usize> {
        self.keys.get(key)?.binary_search_by_key(&member, |(name, _)| *name).ok()
    }

    /// Each member that a read of a set says something about, whether it found it, and why that is so.
    pub fn reasons<'s>(
        &'s self,
        read: &Operation,
        knowledge: &'s impl Knowledge,
    ) -> impl Iterator<Item = (&'a Value, bool, Reason<'a>)> {
        let found = self.reads.get(&read.id);
        let mut there = found.map_or(&[][..], |found| &found.members).iter().copied().peekable();
        let known = found.and_then(|_| self.keys.get(read.key())).into_iter().flatten();
        let members = (0..).zip(known).map(move |(place, (member, updates))| {
            let mut is_there = false;
            while there.next_if_eq(&place).is_some() {
                is_there = true;
            }
            (*member, is_there, updates.reason(is_there, knowledge))
        });
        let strange = found.map_or(&[][..], |found| &found.strange).iter();
        members.chain(strange.map(|&member| (member, true, Reason::None(None))))
    }

    /// The updates that put this there: a read that finds it shows that one of them happened.
    pub fn inserts(&self, key: &str, member: &Value) -> &[Update<'a>] {
        self.place(key, member).map_or(&[], |place| &self.keys[key][place].1.inserts)
    }
}

impl<'a> Updates<'a> {
    fn reason(&self, is_there: bool, knowledge: &impl Knowledge) -> Reason<'a> {
        let (like, unlike) = if is_there { (&self.inserts, &self.removals) } else { (&self.removals, &self.inserts) };
        let against = Against::new(unlike, knowledge);
        if !is_there && against.is_empty() {
            // Nobody had put it there yet.
            return Reason::Known;
        }
        let known = like.iter().filter(|update| knowledge.is_known(**update));
        if known.into_iter().any(|update| !against.is_newer(*update, knowledge)) {
            return Reason::Known;
        }
        let mut left = like.iter().copied().filter(|update| !against.is_newer(*update, knowledge));
        let mut left = left.by_ref().filter(|update| knowledge.is_possible(*update));
        match (left.next(), left.next()) {
            (Some(only), None) => Reason::Only(only),
            (Some(_), Some(_)) => Reason::Several,
            (None, _) => Reason::None(against.newest()),
        }
    }
}

/// What is known to have happened, and says the contrary of what was found.
struct Against<'a> {
    /// The newest of those with a version.
    newest: Option<(Version, Update<'a>)>,
    all: Vec<Update<'a>>,
    /// Have all of them a version?
    are_told: bool,
}

impl<'a> Against<'a> {
    fn new(updates: &[Update<'a>], knowledge: &impl Knowledge) -> Self {
        let all: Vec<Update<'_>> = updates.iter().copied().filter(|update| knowledge.is_known(*update)).collect();
        let told = all.iter().filter_map(|update| Some((update.operation.version?, *update)));
        let newest = told.max_by_key(|(version, _)| *version);
        let are_told = all.iter().all(|update| update.operation.version.is_some());
        Self { newest, all, are_told }
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Is one of them certainly newer than this?
    fn is_newer(&self, update: Update<'_>, knowledge: &impl Knowledge) -> bool {
        let version = update.operation.version;
        if version.is_some() && self.newest.as_ref().is_some_and(|(newest, _)| Some(*newest) > version) {
            return true;
        }
        // Where a version is missing, the causal order tells.
        let is_untold = |other: &&Update<'_>| version.is_none() || other.operation.version.is_none();
        let ask = version.is_none() || !self.are_told;
        ask && self.all.iter().filter(is_untold).any(|other| knowledge.is_before(update, *other))
    }

    /// One to tell of.
    fn newest(&self) -> Option<Update<'a>> {
        self.newest.map(|(_, update)| update).or(self.all.last().copied())
    }
}
