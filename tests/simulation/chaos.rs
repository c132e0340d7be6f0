//! Plans in which much goes wrong, drawn by a seed; after [`CALM`], all is mended.

use std::time::Duration;

use rumormill_core::Rng;
use rumormill_core::plan::{Conditions, DiskFate, Fault, Latency, Peers, Plan, Timed};

/// From then on nothing goes wrong, and what was wrong is mended.
pub const CALM: Duration = Duration::from_secs(8);

/// A plan of up to a dozen faults in a bad network. Disks keep what was durable.
pub fn plan(seed: u64) -> Plan {
    let mut rng = Rng::new(seed);
    let mut plan = Plan::default();
    plan.network.latency = latency(&mut rng);
    plan.network.conditions = conditions(&mut rng);
    plan.disk.latency = Duration::from_micros(rng.below(20_000));
    plan.disk.keeps_unsynced = rng.unit();
    for _ in 0..rng.below(12) {
        let at = rng.between(Duration::ZERO, CALM);
        let fault = fault(&mut rng);
        plan.faults.push(Timed { at, fault });
    }
    let mended = [
        Fault::Heal,
        Fault::Conditions(Conditions { loss: 0.1, ..Conditions::default() }),
        Fault::Resume { peers: Peers::All },
        Fault::Slow { peers: Peers::All, by: Duration::ZERO },
        Fault::Restart { peers: Peers::All, disk: DiskFate::Kept },
    ];
    plan.faults.extend(mended.map(|fault| Timed { at: CALM, fault }));
    plan
}

fn latency(rng: &mut Rng) -> Latency {
    let millis = |rng: &mut Rng, below| Duration::from_millis(1 + rng.below(below));
    match rng.below(3) {
        0 => Latency::Constant(millis(rng, 100)),
        1 => {
            let min = millis(rng, 20);
            Latency::Uniform { min, max: min + millis(rng, 200) }
        }
        _ => Latency::LogNormal { min: millis(rng, 5), median: millis(rng, 50), sigma: rng.unit() },
    }
}

fn conditions(rng: &mut Rng) -> Conditions {
    Conditions {
        loss: rng.unit() * 0.5,
        duplication: rng.unit() * 0.2,
        reordering: rng.unit() * 0.3,
        reordering_by: Duration::from_millis(rng.below(300)),
        delay: Duration::from_millis(rng.below(50)),
        bandwidth: Some(10_000_000).filter(|_| rng.chance(0.3)),
    }
}

fn peers(rng: &mut Rng) -> Peers {
    match rng.below(3) {
        0 => Peers::Random { count: 1 + rng.below(4) as u32, draw: rng.below(9) as u32 },
        1 => {
            let from = rng.unit();
            Peers::Share { from, to: (from + rng.unit() * 0.5).min(1.0) }
        }
        _ => Peers::Numbers(vec![1 + rng.below(10) as u32]),
    }
}

fn fault(rng: &mut Rng) -> Fault {
    match rng.below(11) {
        0 | 1 => Fault::Partition { groups: vec![peers(rng), peers(rng)] },
        2 => Fault::Cut { from: peers(rng), to: peers(rng), both: rng.chance(0.5) },
        3 => Fault::Heal,
        4 => Fault::Link { from: peers(rng), to: peers(rng), conditions: Some(conditions(rng)) },
        5 | 6 => Fault::Crash { peers: peers(rng) },
        7 => Fault::Restart { peers: peers(rng), disk: DiskFate::Kept },
        8 => Fault::Pause { peers: peers(rng) },
        9 => Fault::Slow { peers: peers(rng), by: Duration::from_millis(rng.below(20)) },
        _ => Fault::Clock {
            peers: peers(rng),
            offset_ns: rng.below(2_000_000_000) as i64 - 1_000_000_000,
            drift_ppm: rng.below(2_000) as i32 - 1_000,
        },
    }
}
