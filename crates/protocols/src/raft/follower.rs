//! What a leader knows of one follower's log, and how much may be under way to it (the windows of etcd's
//! implementation).

use std::collections::VecDeque;
use std::time::Duration;

use rumormill_core::Instant;
use serde::Serialize;

/// What a leader knows of one follower.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Follower {
    /// Up to here its log is the leader's for certain.
    pub matched: u64,
    /// The next entry to send.
    pub next: u64,
    /// How entries are sent.
    mode: Mode,
    /// The last entries of the messages under way.
    under_way: VecDeque<u64>,
    /// The highest of the leader's rounds that it has answered.
    pub round: u64,
    /// When it last answered, on the leader's clock.
    pub heard_at: Instant,
    /// Up to here it was told that entries are committed.
    pub told_commit: u64,
    /// In which round it was told that.
    pub told_round: u64,
    /// When the layer above was last told that it needs a snapshot.
    snapshot_at: Option<Instant>,
}

/// How entries are sent to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Mode {
    /// One message at a time, to find out where the logs part.
    Probe {
        /// Was it sent, and not answered?
        waits: bool,
    },
    /// A window of messages, each sent before the earlier ones are answered.
    Stream,
}

impl Follower {
    /// A follower of whom nothing is known, when the leader's last entry is `last`.
    pub fn new(last: u64, now: Instant) -> Self {
        Self {
            matched: 0,
            next: last + 1,
            mode: Mode::Probe { waits: false },
            under_way: VecDeque::new(),
            round: 0,
            heard_at: now,
            told_commit: 0,
            told_round: 0,
            snapshot_at: None,
        }
    }

    /// May entries be sent now?
    pub fn is_open(&self, window: usize) -> bool {
        match self.mode {
            Mode::Probe { waits } => !waits,
            Mode::Stream => self.under_way.len() < window.max(1),
        }
    }

    /// Has it answered everything that was sent?
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.mode == Mode::Stream
    }

    /// Entries up to `last` were sent.
    pub fn sent(&mut self, last: u64) {
        match &mut self.mode {
            Mode::Probe { waits } => *waits = true,
            Mode::Stream => {
                self.under_way.push_back(last);
                self.next = last + 1;
            }
        }
    }

    /// It answered a message of this round.
    pub fn heard(&mut self, round: u64, now: Instant) {
        self.round = self.round.max(round);
        self.heard_at = now;
    }

    /// Its log is the leader's up to `index`.
    pub fn appended(&mut self, index: u64) {
        self.matched = self.matched.max(index);
        while self.under_way.front().is_some_and(|&last| last <= index) {
            self.under_way.pop_front();
        }
        // An answer to something older leaves open what it is asked now.
        if index + 1 >= self.next {
            self.next = index + 1;
            self.mode = Mode::Stream;
        }
    }

    /// Its log has another entry or none at `prev_index`, and can be the same at most up to `common`. Is that
    /// news?
    pub fn missing(&mut self, prev_index: u64, common: u64) -> bool {
        let is_old = match self.mode {
            Mode::Probe { .. } => prev_index + 1 != self.next,
            Mode::Stream => prev_index >= self.next,
        };
        if is_old || prev_index <= self.matched {
            return false;
        }
        self.next = common.max(self.matched) + 1;
        self.under_way.clear();
        self.mode = Mode::Probe { waits: false };
        true
    }

    /// What comes next is compacted. Shall the layer above be told, now or once more?
    pub fn needs_snapshot(&mut self, now: Instant, again_after: Duration) -> bool {
        let is_told = self.snapshot_at.is_some_and(|told| now.since(told) < again_after);
        if !is_told {
            self.snapshot_at = Some(now);
        }
        !is_told
    }
}
