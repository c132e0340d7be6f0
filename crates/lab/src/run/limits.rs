//! What a machine can bear: said before a run, not found out in it.

use super::{Mode, Resolved};
use crate::experiment::{Problem, Problems};

/// The most peers of a run with real processes: each has sockets, keys and a disk of its own.
pub const REAL_PEERS_MAX: u32 = 1_000;

/// The most processes of one run.
pub const PROCESSES_MAX: u32 = 200;

/// Up to this many peers each gets a process of its own, unless asked otherwise.
const OWN_PROCESS_UP_TO: u32 = 50;

/// Processes when peers share them, unless asked otherwise.
const SHARED_PROCESSES: u32 = 20;

/// Bytes of bookkeeping that the simulator keeps for a peer, and bytes of one neighbor with a message on its
/// way there.
const PEER_BYTES: u64 = 128;
const NEIGHBOR_BYTES: u64 = 40;

/// The part of the machine's memory that a simulation leaves to others.
const RESERVE_PART: u64 = 16;

/// Finds what the machine cannot bear.
pub(super) fn check(resolved: &Resolved, state_bytes: usize) -> Result<(), Problems> {
    let peers = resolved.setup.peers;
    let problem = match resolved.order.mode {
        Mode::Sim => check_memory(resolved, state_bytes),
        Mode::Processes if peers > REAL_PEERS_MAX => {
            let message = format!("{peers} real peers are more than {REAL_PEERS_MAX}");
            Some(Problem::field("peers", message).next("run it as sim for more"))
        }
        Mode::Processes => {
            let processes = peers.div_ceil(peers_per_process(resolved));
            let message = format!("{processes} processes are more than {PROCESSES_MAX}");
            let next = format!("put {} peers or more in each process", peers.div_ceil(PROCESSES_MAX));
            (processes > PROCESSES_MAX).then(|| Problem::field("peers-per-process", message).next(next))
        }
    };
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

/// Peers in one process.
pub(super) fn peers_per_process(resolved: &Resolved) -> u32 {
    let peers = resolved.setup.peers;
    match resolved.order.peers_per_process {
        0 if peers <= OWN_PROCESS_UP_TO => 1,
        0 => peers.div_ceil(SHARED_PROCESSES),
        asked => asked.min(peers),
    }
}

fn check_memory(resolved: &Resolved, state_bytes: usize) -> Option<Problem> {
    let peers = resolved.setup.peers;
    let mut neighbors = Vec::new();
    if resolved.setup.topology != rumormill_core::Topology::Full {
        resolved.setup.topology.neighbors(resolved.order.seed, peers, 1, &mut neighbors);
    }
    let each = state_bytes as u64 + PEER_BYTES + neighbors.len() as u64 * NEIGHBOR_BYTES;
    let (needed, free) = (u64::from(peers) * each, memory_available()?);
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    (needed > free).then(|| {
        let (needed, free) = (gigabytes(needed), gigabytes(free));
        Problem::field("peers", format!("{peers} peers need at least {needed} of memory, and {free} are free"))
            .next("use fewer peers")
    })
}

/// Says why a simulation must not go on: a machine without memory ends programs without a word.
pub(super) fn out_of_memory() -> Option<String> {
    let (free, all) = (memory_available()?, proc_kib("/proc/meminfo", "MemTotal:")?);
    (free < all / RESERVE_PART).then(|| {
        let free = free as f64 / 1e9;
        format!(
            "stopped before the machine runs out of memory ({free:.1} GB are left); use fewer peers or fewer messages"
        )
    })
}

/// Bytes of memory that this machine or container can still give, where the system tells.
fn memory_available() -> Option<u64> {
    let machine = proc_kib("/proc/meminfo", "MemAvailable:")?;
    let cgroup =
        |file: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse::<u64>().ok();
    let container = cgroup("memory.max").zip(cgroup("memory.current")).map(|(max, used)| max.saturating_sub(used));
    Some(container.map_or(machine, |container| container.min(machine)))
}

/// The most memory that this process ever used, in bytes, where the system tells.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    proc_kib("/proc/self/status", "VmHWM:")
}

fn proc_kib(file: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}
