//! Peers that come and go.

use std::time::Duration;

use rumormill_core::plan::{Churn, DiskFate, Peers};
use rumormill_core::trace::{Event, Kind};
use rumormill_core::{Instant, Outcome};
use rumormill_sim::{Settings, Simulation, StopRule};

use crate::beacon::{self, Beacon};
use crate::determinism;

#[test]
fn a_schedule_is_kept_exactly() {
    let millis = Duration::from_millis;
    let absences = vec![(1, millis(205), millis(455)), (1, millis(300), millis(600)), (2, millis(900), millis(950))];
    let mut settings = beacon::settings();
    settings.plan.churn = Some(Churn::Schedule { absences, disk: DiskFate::Kept });
    let simulation = beacon::run(settings);
    let booted = |peer| simulation.state(peer).unwrap().booted.unwrap();
    assert_eq!(booted(1), Instant::from_nanos(455_000_000));
    assert_eq!(booted(2), Instant::from_nanos(950_000_000));
    assert_eq!(simulation.state(3).unwrap().beats_from(1), [1, 2, 1, 2, 3, 4, 5]);
}

/// Lengths of the sessions and absences of 200 peers in seconds.
fn spans(mean_up: u64, mean_down: u64) -> (Vec<f64>, Vec<f64>) {
    let mut settings = Settings { stop: StopRule::TimeLimit, ..Settings::new(5, 200) };
    settings.time_limit = Duration::from_secs(200);
    settings.plan.churn = Some(Churn::Exponential {
        mean_up: Duration::from_secs(mean_up),
        mean_down: Duration::from_secs(mean_down),
        peers: Peers::Share { from: 0.0, to: 0.5 },
        disk: DiskFate::Kept,
        until: Duration::from_secs(190),
    });
    let mut simulation = Simulation::<Beacon, _>::recorded((), settings, Vec::new()).unwrap();
    simulation.run();
    let is_life = |event: &Event| matches!(event.kind, Kind::Started | Kind::Crashed | Kind::Restarted);
    let mut events: Vec<Event> = simulation.into_sink().into_iter().filter(is_life).collect();
    events.sort_by_key(|event| (event.peer, event.time));
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for pair in events.windows(2).filter(|pair| pair[0].peer == pair[1].peer) {
        assert!(pair[0].peer.0 <= 100, "only the first half comes and goes");
        assert!(pair[1].kind != Kind::Crashed || pair[1].time <= Instant::from_nanos(190_000_000_000));
        let span = pair[1].time.since(pair[0].time).as_secs_f64();
        if pair[1].kind == Kind::Crashed { up.push(span) } else { down.push(span) }
    }
    (up, down)
}

#[test]
fn sessions_and_absences_have_their_means() {
    let (up, down) = spans(6, 2);
    let mean = |spans: &[f64]| spans.iter().sum::<f64>() / spans.len() as f64;
    assert!(up.len() > 1_500, "{}", up.len());
    assert!((5.5..6.3).contains(&mean(&up)), "mean session {}", mean(&up));
    assert!((1.85..2.15).contains(&mean(&down)), "mean absence {}", mean(&down));
    // Memoryless: a share of 1/e lasts longer than the mean.
    let longer = down.iter().filter(|&&span| span > 2.0).count() as f64 / down.len() as f64;
    assert!((0.33..0.41).contains(&longer), "{longer}");
}

#[test]
fn gossip_completes_under_churn_when_it_ends() {
    let report = determinism::run(determinism::rough(11, 60));
    assert_eq!((report.outcome, report.up), (Outcome::Completed, 60));
    assert!(report.virtual_time > Duration::from_secs(1));
}
