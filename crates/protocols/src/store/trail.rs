//! What a replica executed, for checkers: kept only where clients are made up.

use serde::{Deserialize, Serialize};

use super::CallId;

/// What keys of it begin with.
pub(super) const PREFIX: &[u8] = b"trail/";

/// A change of a replica's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Executed {
    /// It executed this update.
    Call(CallId),
    /// Its state was replaced by another's, in which these updates had been executed.
    State(Vec<CallId>),
}

/// How a replica's state came about: on disk as far as the state is. As long as the load is, which is bounded.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trail {
    is_kept: bool,
    steps: Vec<Executed>,
    /// How many of them are on disk, in how many pieces.
    written: usize,
    pieces: u32,
}

impl Trail {
    /// The trail whose pieces these are; the state that was on disk with them came about like that.
    pub(super) fn read<'a>(is_kept: bool, pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut trail = Self { is_kept, ..Self::default() };
        for bytes in pieces {
            trail.steps.extend(postcard::from_bytes::<Vec<Executed>>(bytes).unwrap_or_default());
            trail.pieces += 1;
        }
        trail.written = trail.steps.len();
        trail
    }

    /// What was executed.
    #[must_use]
    pub fn steps(&self) -> &[Executed] {
        &self.steps
    }

    /// An update was executed.
    pub(super) fn execute(&mut self, call: CallId) {
        if self.is_kept {
            self.steps.push(Executed::Call(call));
        }
    }

    /// The state was replaced by one in which these had been executed.
    pub(super) fn replace(&mut self, calls: Vec<CallId>) {
        if self.is_kept {
            self.steps.push(Executed::State(calls));
        }
    }

    /// The updates that the state has in it.
    pub(super) fn calls(&self) -> Vec<CallId> {
        let last = self.steps.iter().rposition(|step| matches!(step, Executed::State(_))).unwrap_or(0);
        let of = |step: &Executed| match step {
            Executed::Call(call) => vec![*call],
            Executed::State(calls) => calls.clone(),
        };
        self.steps[last.min(self.steps.len())..].iter().flat_map(of).collect()
    }

    /// All of it, as a key and its value: for a disk that is empty.
    pub(super) fn whole(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        (self.written, self.pieces) = (0, 0);
        self.unwritten()
    }

    /// What is new, as a key and its value: to be written together with the state itself.
    pub(super) fn unwritten(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let new = self.steps.get(self.written..).filter(|new| !new.is_empty())?;
        // Numbers and lists of known length are always encoded.
        let bytes = postcard::to_stdvec(new).unwrap_or_default();
        let key = [PREFIX, &self.pieces.to_be_bytes()].concat();
        self.pieces += 1;
        self.written = self.steps.len();
        Some((key, bytes))
    }
}
