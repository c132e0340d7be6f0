//! Faults in words, for the trace.

use rumormill_core::plan::{Conditions, DiskFate, Fault, Peers};

/// The name of a fault, as experiments write it.
pub(crate) fn name(fault: &Fault) -> &'static str {
    match fault {
        Fault::Partition { .. } => "partition",
        Fault::Cut { .. } => "cut",
        Fault::Heal => "heal",
        Fault::Link { .. } => "link",
        Fault::Conditions(_) => "conditions",
        Fault::Crash { .. } => "crash",
        Fault::Restart { .. } => "restart",
        Fault::Pause { .. } => "pause",
        Fault::Resume { .. } => "resume",
        Fault::Slow { .. } => "slow",
        Fault::Clock { .. } => "clock",
        Fault::Join { .. } => "join",
        _ => "fault",
    }
}

/// What a fault does, in a line.
pub(crate) fn text(fault: &Fault) -> String {
    match fault {
        Fault::Partition { groups } => {
            let groups: Vec<String> = groups.iter().map(selection).collect();
            format!("the network splits: {} | the rest", groups.join(" | "))
        }
        Fault::Cut { from, to, both } => {
            let arrow = if *both { "<->" } else { "->" };
            format!("nothing passes {} {arrow} {}", selection(from), selection(to))
        }
        Fault::Heal => "all links are whole again".into(),
        Fault::Link { from, to, conditions: given } => {
            let given = given.as_ref().map_or("as everywhere".into(), conditions);
            format!("{} -> {}: {given}", selection(from), selection(to))
        }
        Fault::Conditions(given) => format!("everywhere: {}", conditions(given)),
        Fault::Crash { peers } => format!("{} crash", selection(peers)),
        Fault::Restart { peers, disk: DiskFate::Kept } => format!("{} restart from disk", selection(peers)),
        Fault::Restart { peers, disk: DiskFate::Lost } => format!("{} restart with an empty disk", selection(peers)),
        Fault::Pause { peers } => format!("{} freeze", selection(peers)),
        Fault::Resume { peers } => format!("{} go on", selection(peers)),
        Fault::Slow { peers, by } if by.is_zero() => format!("{} are fast again", selection(peers)),
        Fault::Slow { peers, by } => format!("{} take {by:?} per message or timer", selection(peers)),
        Fault::Clock { peers, offset_ns, drift_ppm } => {
            format!(
                "clocks of {} are off by {:.3} s and drift by {drift_ppm} ppm",
                selection(peers),
                *offset_ns as f64 / 1e9
            )
        }
        Fault::Join { peers } => format!("{} join", selection(peers)),
        other => format!("{other:?}"),
    }
}

fn selection(peers: &Peers) -> String {
    const SHOWN: usize = 8;
    match peers {
        Peers::All => "all peers".into(),
        Peers::Numbers(numbers) => {
            let shown: Vec<String> = numbers.iter().take(SHOWN).map(u32::to_string).collect();
            let more =
                if numbers.len() > SHOWN { format!(", and {} more", numbers.len() - SHOWN) } else { String::new() };
            format!("peers {}{more}", shown.join(", "))
        }
        Peers::Share { from, to } => format!("peers from {:.0} % to {:.0} %", from * 100.0, to * 100.0),
        Peers::Random { count, .. } => format!("{count} random peers"),
        other => format!("{other:?}"),
    }
}

fn conditions(given: &Conditions) -> String {
    let mut parts = Vec::new();
    let mut percent = |name: &str, share: f64| {
        if share > 0.0 {
            parts.push(format!("{} % {name}", share * 100.0));
        }
    };
    percent("loss", given.loss);
    percent("duplication", given.duplication);
    percent("reordering", given.reordering);
    if !given.delay.is_zero() {
        parts.push(format!("{:?} more latency", given.delay));
    }
    if let Some(bandwidth) = given.bandwidth {
        parts.push(format!("{bandwidth} bit/s"));
    }
    if parts.is_empty() { "nothing but latency".into() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn faults_read_as_sentences() {
        let groups = vec![Peers::Share { from: 0.0, to: 0.5 }];
        assert_eq!(text(&Fault::Partition { groups }), "the network splits: peers from 0 % to 50 % | the rest");
        let cut = Fault::Cut { from: Peers::Numbers(vec![1, 2]), to: Peers::All, both: false };
        assert_eq!((name(&cut), text(&cut).as_str()), ("cut", "nothing passes peers 1, 2 -> all peers"));
        let given = Conditions { loss: 0.3, delay: Duration::from_millis(5), ..Conditions::default() };
        assert_eq!(text(&Fault::Conditions(given)), "everywhere: 30 % loss, 5ms more latency");
        let many = Fault::Crash { peers: Peers::Numbers((1..20).collect()) };
        assert_eq!(text(&many), "peers 1, 2, 3, 4, 5, 6, 7, 8, and 11 more crash");
    }
}
