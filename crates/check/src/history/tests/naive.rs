//! The definitions of Bouajjani, Enea, Guerraoui and Hamza (POPL 2017, tables 2 and 3) word for word, with matrices,
//! for small histories in which every value is written once and everything is answered.

use crate::history::{History, Kind, Operation};

type Matrix = Vec<Vec<bool>>;

pub(super) struct Naive {
    operations: Vec<Operation>,
    /// Session order.
    po: Matrix,
    /// The causal order.
    co: Matrix,
    /// Of each read: what wrote its value.
    from: Vec<Option<usize>>,
}

impl Naive {
    pub fn new(history: &History) -> Self {
        let mut operations = history.operations.clone();
        operations.sort_by_key(|operation| operation.id);
        let count = operations.len();
        let po = matrix(count, |a, b| {
            operations[a].id.session == operations[b].id.session && operations[a].id < operations[b].id
        });
        let writer = |read: &Operation| {
            let Kind::Read { key, value, .. } = &read.kind else { return None };
            let wrote = |other: &Operation| {
                other.kind == Kind::Write { key: key.clone(), value: value.clone() } && value.is_some()
            };
            operations.iter().position(wrote)
        };
        let from: Vec<Option<usize>> = operations.iter().map(writer).collect();
        let co = closed(matrix(count, |a, b| po[a][b] || from[b] == Some(a)));
        Self { operations, po, co, from }
    }

    pub fn consistency(&self) -> bool {
        let all = || 0..self.operations.len();
        let acyclic = all().all(|one| !self.co[one][one]);
        let thin_air = all().any(|read| self.reads(read, true) && self.from[read].is_none());
        let initial = all().any(|read| self.reads(read, false) && self.writes(read).any(|write| self.co[write][read]));
        let overwritten = all().any(|read| {
            self.from[read]
                .is_some_and(|old| self.writes(read).any(|write| self.co[old][write] && self.co[write][read]))
        });
        acyclic && !thin_air && !initial && !overwritten
    }

    pub fn convergence(&self) -> bool {
        let conflict = |one: usize, two: usize| {
            one != two
                && (0..self.operations.len()).any(|read| {
                    self.from[read] == Some(two) && self.co[one][read] && self.writes(read).any(|write| write == one)
                })
        };
        let both = closed(matrix(self.operations.len(), |a, b| self.co[a][b] || conflict(a, b)));
        self.consistency() && (0..self.operations.len()).all(|one| !both[one][one])
    }

    pub fn memory(&self) -> bool {
        self.consistency() && (0..self.operations.len()).all(|last| self.happened_before(last))
    }

    /// Is the happened-before of one operation without its bad patterns?
    fn happened_before(&self, last: usize) -> bool {
        let count = self.operations.len();
        let known = |one: usize| one == last || self.co[one][last];
        let upto = |read: usize| read == last || self.po[read][last];
        let mut before = matrix(count, |a, b| self.co[a][b] && known(a) && known(b));
        loop {
            let next = closed(matrix(count, |one, two| {
                before[one][two]
                    || one != two
                        && (0..count).any(|read| {
                            upto(read)
                                && self.from[read] == Some(two)
                                && before[one][read]
                                && self.writes(read).any(|write| write == one)
                        })
            }));
            if next == before {
                break;
            }
            before = next;
        }
        let initial = (0..count)
            .any(|read| upto(read) && self.reads(read, false) && self.writes(read).any(|write| before[write][read]));
        !initial && (0..count).all(|one| !before[one][one])
    }

    /// Is it a read, of a value or of none?
    fn reads(&self, operation: usize, some: bool) -> bool {
        matches!(&self.operations[operation].kind, Kind::Read { value, .. } if value.is_some() == some)
    }

    /// The writes of this operation's key.
    fn writes(&self, of: usize) -> impl Iterator<Item = usize> {
        let same = move |&other: &usize| {
            let other = &self.operations[other];
            other.is_update() && other.key() == self.operations[of].key()
        };
        (0..self.operations.len()).filter(same)
    }
}

fn matrix(count: usize, holds: impl Fn(usize, usize) -> bool) -> Matrix {
    (0..count).map(|a| (0..count).map(|b| holds(a, b)).collect()).collect()
}

/// Warshall's algorithm.
fn closed(mut matrix: Matrix) -> Matrix {
    for middle in 0..matrix.len() {
        for a in 0..matrix.len() {
            for b in 0..matrix.len() {
                matrix[a][b] |= matrix[a][middle] && matrix[middle][b];
            }
        }
    }
    matrix
}
