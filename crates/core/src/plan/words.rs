//! A plan in words: what the trace, the form and the command line say of it, alike in every mode.

use std::fmt;
use std::time::Duration;

use super::{Conditions, DiskFate, Fault, Latency, Peers};

/// Numbers of peers named one by one, at most.
const SHOWN: usize = 8;

/// A span as a person would write it, in the unit that leaves few digits: `250 ms`, `1.5 s`.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match seconds {
        0.0 => "0 s".into(),
        small if small < 1e-3 => format!("{} µs", trimmed(small * 1e6)),
        small if small < 1.0 => format!("{} ms", trimmed(small * 1e3)),
        some if some < 120.0 => format!("{} s", trimmed(some)),
        some if some < 7200.0 => format!("{} min", trimmed(some / 60.0)),
        many => format!("{} h", trimmed(many / 3600.0)),
    }
}

/// A number with at most three decimals and no trailing zeros.
#[must_use]
pub fn trimmed(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

impl Fault {
    /// The name of this kind of fault, as experiments write it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Partition { .. } => "partition",
            Self::Cut { .. } => "cut",
            Self::Heal => "heal",
            Self::Link { .. } => "link",
            Self::Conditions(_) => "conditions",
            Self::Crash { .. } => "crash",
            Self::Restart { .. } => "restart",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Slow { .. } => "slow",
            Self::Clock { .. } => "clock",
            Self::Join { .. } => "join",
            Self::Request { .. } => "request",
            Self::Set { .. } => "set",
        }
    }
}

/// What a fault does, in a line: `3 random peers crash`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition { groups } => {
                let groups: Vec<String> = groups.iter().map(Peers::to_string).collect();
                write!(f, "partition: {} | the rest", groups.join(" | "))
            }
            Self::Cut { from, to, both: true } => write!(f, "cut between {from} and {to}"),
            Self::Cut { from, to, both: false } => write!(f, "cut from {from} to {to}"),
            Self::Heal => f.write_str("all links are whole again"),
            Self::Link { from, to, conditions: Some(holds) } => write!(f, "from {from} to {to}: {holds}"),
            Self::Link { from, to, conditions: None } => write!(f, "from {from} to {to}: as everywhere"),
            Self::Conditions(holds) => write!(f, "network: {holds}"),
            Self::Crash { peers } => peers.act(f, ["crash", "crashes"], ""),
            Self::Restart { peers, disk: DiskFate::Kept } => peers.act(f, ["restart", "restarts"], " from disk"),
            Self::Restart { peers, disk: DiskFate::Lost } => {
                peers.act(f, ["restart", "restarts"], " with an empty disk")
            }
            Self::Pause { peers } => peers.act(f, ["pause", "pauses"], ""),
            Self::Resume { peers } => peers.act(f, ["resume", "resumes"], ""),
            Self::Slow { peers, by } if by.is_zero() => peers.act(f, ["are", "is"], " fast again"),
            Self::Slow { peers, by } => {
                peers.act(f, ["take", "takes"], &format!(" {} for each message or timer", span(*by)))
            }
            Self::Clock { peers, offset_ns, drift_ppm } => {
                let sign = if *offset_ns < 0 { '-' } else { '+' };
                let jump = span(Duration::from_nanos(offset_ns.unsigned_abs()));
                write!(f, "clocks of {peers}: {sign}{jump}, {drift_ppm} ppm")
            }
            Self::Join { peers } => peers.act(f, ["join", "joins"], ""),
            Self::Request { peers, text } => peers.act(f, ["are", "is"], &format!(" asked: {text}")),
            Self::Set { parameters } => {
                let changes: Vec<String> =
                    parameters.0.iter().map(|(name, value)| format!("{name} is now {value}")).collect();
                f.write_str(&changes.join(", "))
            }
        }
    }
}

impl Peers {
    /// What they do, with the verb's form for several or for one.
    fn act(&self, f: &mut fmt::Formatter<'_>, [several, one]: [&str; 2], rest: &str) -> fmt::Result {
        let is_one = matches!(self, Self::Random { count: 1, .. })
            || matches!(self, Self::Numbers(numbers) if numbers.len() == 1);
        write!(f, "{self} {}{rest}", if is_one { one } else { several })
    }
}

/// Some peers: `peers 1, 2, 3`.
impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all peers"),
            Self::Numbers(numbers) => {
                let shown: Vec<String> = numbers.iter().take(SHOWN).map(u32::to_string).collect();
                f.write_str(if numbers.len() == 1 { "peer " } else { "peers " })?;
                f.write_str(&shown.join(", "))?;
                match numbers.len().checked_sub(SHOWN) {
                    Some(more @ 1..) => write!(f, " and {more} more"),
                    _ => Ok(()),
                }
            }
            Self::Share { from, to } => {
                write!(f, "peers from {} to {} %", trimmed(from * 100.0), trimmed(to * 100.0))
            }
            Self::Random { count: 1, .. } => f.write_str("1 random peer"),
            Self::Random { count, .. } => write!(f, "{count} random peers"),
        }
    }
}

/// What happens on a link besides latency: `30 % loss, 5 ms slower`; `good` when nothing does.
impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| trimmed(share * 100.0);
        let mut words = Vec::new();
        if self.loss > 0.0 {
            words.push(format!("{} % loss", percent(self.loss)));
        }
        if self.duplication > 0.0 {
            words.push(format!("{} % duplicated", percent(self.duplication)));
        }
        if self.reordering > 0.0 {
            words.push(format!("{} % held back up to {}", percent(self.reordering), span(self.reordering_by)));
        }
        if !self.delay.is_zero() {
            words.push(format!("{} slower", span(self.delay)));
        }
        match self.bandwidth {
            Some(bits @ 1_000_000..) => words.push(format!("{} Mbit/s", trimmed(bits as f64 / 1e6))),
            Some(bits) => words.push(format!("{} kbit/s", trimmed(bits as f64 / 1e3))),
            None => {}
        }
        f.write_str(if words.is_empty() { "good" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

/// How long a message travels: `5 ms to 50 ms`.
impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(always) => f.write_str(&span(*always)),
            Self::Uniform { min, max } => write!(f, "{} to {}", span(*min), span(*max)),
            Self::LogNormal { min, median, .. } => write!(f, "{} + lognormal around {}", span(*min), span(*median)),
            Self::Matrix(matrix) => write!(f, "measured between {} sites", matrix.sites),
            Self::Regions(regions) => write!(f, "{} regions: {}", regions.names.len(), regions.names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_sentences() {
        let groups = vec![Peers::Share { from: 0.0, to: 0.5 }];
        assert_eq!(Fault::Partition { groups }.to_string(), "partition: peers from 0 to 50 % | the rest");
        let cut = Fault::Cut { from: Peers::Numbers(vec![1, 2]), to: Peers::All, both: false };
        assert_eq!((cut.name(), cut.to_string().as_str()), ("cut", "cut from peers 1, 2 to all peers"));
        let given = Conditions { loss: 0.3, delay: Duration::from_millis(5), ..Conditions::default() };
        assert_eq!(Fault::Conditions(given).to_string(), "network: 30 % loss, 5 ms slower");
        let many = Fault::Crash { peers: Peers::Numbers((1..20).collect()) };
        assert_eq!(many.to_string(), "peers 1, 2, 3, 4, 5, 6, 7, 8 and 11 more crash");
        assert_eq!(Fault::Conditions(Conditions::default()).to_string(), "network: good");
        let one = Fault::Crash { peers: Peers::Numbers(vec![3]) };
        assert_eq!(one.to_string(), "peer 3 crashes");
        let drawn = Fault::Restart { peers: Peers::Random { count: 1, draw: 0 }, disk: DiskFate::Kept };
        assert_eq!(drawn.to_string(), "1 random peer restarts from disk");
    }

    #[test]
    fn spans_are_said_briefly() {
        let said = [0, 50, 5_000, 1_500_000, 300_000_000].map(|us| span(Duration::from_micros(us)));
        assert_eq!(said, ["0 s", "50 µs", "5 ms", "1.5 s", "5 min"]);
    }
}
