//! What servers are asked for.

use std::process::{Command, Stdio};

/// Many calls of one kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Load {
    /// As redis-benchmark names it.
    pub call: &'static str,
    /// Connections that call at the same time.
    pub clients: u32,
    /// Calls that each sends without waiting for answers.
    pub pipeline: u32,
}

/// What was measured.
pub struct Figures {
    /// Calls in a second.
    pub per_second: f64,
    /// The time that 99 of 100 calls took at most, in ms.
    pub p99: f64,
}

impl Load {
    /// All of them, in the order of rows.
    pub fn all() -> impl Iterator<Item = Self> {
        let ways = [(1, 1), (50, 1), (50, 16)];
        let of = move |call| ways.map(|(clients, pipeline)| Self { call, clients, pipeline });
        ["set", "get", "incr", "hset"].into_iter().flat_map(of)
    }

    /// What a filter is compared with: `set 50 16`.
    pub fn name(self) -> String {
        format!("{} {} {}", self.call, self.clients, self.pipeline)
    }

    /// How many calls: some hundred milliseconds of them.
    pub fn calls(self, scale: u64) -> u64 {
        let calls = match (self.clients, self.pipeline) {
            (1, _) => 500,
            (_, 1) => 10_000,
            _ => 40_000,
        };
        calls * scale
    }
}

/// Can this program be started?
pub fn can_run(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
