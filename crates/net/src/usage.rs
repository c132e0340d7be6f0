//! What a process takes of the machine, as far as the system tells.

use std::time::Duration;

/// Linux tells programs of processor time in hundredths of a second, whatever its own clock is
/// (`man 5 proc`, `USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// What a process takes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time that it has used since it started, its own and the system's for it.
    pub cpu: Duration,
    /// Memory that it holds now, in bytes.
    pub memory_bytes: u64,
}

/// What the process of this id takes. `None` when it is gone, and on systems without `/proc`.
#[must_use]
pub fn usage(pid: u32) -> Option<Usage> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
    Some(Usage { cpu: cpu(&read("stat")?)?, memory_bytes: memory(&read("status")?)? })
}

/// From `/proc/PID/stat`: the 14th and 15th of its fields, of which the second may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = fields.next()?.ok()?.checked_add(fields.next()?.ok()?)?;
    Some(Duration::from_millis(ticks.checked_mul(1000 / TICKS_PER_SECOND)?))
}

/// From `/proc/PID/status`. A process that has ended but was not waited for holds none.
fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_program_is_called_its_times_are_found() {
        let stat = "4711 (a) b (c) R 1 4711 4711 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 8 0 12345 1000 200 18446744073709551615";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!((cpu("4711 (x"), cpu("")), (None, None));
        assert_eq!(memory("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(memory("Name:\tx\nState:\tZ (zombie)\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_takes_memory_and_more_and_more_time() {
        let before = usage(std::process::id()).unwrap();
        assert!(before.memory_bytes > 100_000);
        while usage(std::process::id()).unwrap().cpu == before.cpu {
            std::hint::black_box((0..100_000).sum::<u64>());
        }
        assert_eq!(usage(0), None);
    }
}
