//! Each kind of fault does what the plan says, seen through what peers hear.

use std::time::Duration;

use rumormill_core::Instant;
use rumormill_core::plan::{Conditions, DiskFate, Fault, Peers};

use crate::beacon::{Beacon, peers, run, settings, with};

const ALL: [u32; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

fn millis(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// What peer `to` heard of peer `from`.
fn heard(simulation: &rumormill_sim::Simulation<Beacon>, to: u32, from: u64) -> Vec<u32> {
    simulation.state(to).unwrap().beats_from(from)
}

#[test]
fn without_faults_everything_arrives_on_time() {
    let simulation = run(settings());
    assert_eq!(heard(&simulation, 1, 4), ALL);
    assert_eq!(simulation.state(1).unwrap().heard[0].0, millis(110));
    let messages = simulation.report().messages;
    // Ten beats of four peers to three each; the tenth, at one second, is under way at the end.
    assert_eq!((messages.sent, messages.delivered, messages.dropped), (120, 108, 0));
    assert_eq!(messages.bytes, 120);
}

#[test]
fn a_partition_separates_until_it_is_healed() {
    let partition = Fault::Partition { groups: vec![Peers::Share { from: 0.0, to: 0.5 }] };
    let simulation = run(with([(250, partition), (550, Fault::Heal)]));
    assert_eq!(heard(&simulation, 1, 2), ALL);
    assert_eq!(heard(&simulation, 1, 3), [1, 2, 6, 7, 8, 9]);
    assert_eq!(heard(&simulation, 4, 2), [1, 2, 6, 7, 8, 9]);
    assert_eq!(heard(&simulation, 4, 3), ALL);
    assert_eq!(simulation.report().messages.dropped, 3 * 8);
}

#[test]
fn a_partition_at_the_start_holds_from_the_start() {
    let simulation = run(with([(0, Fault::Partition { groups: vec![peers([1])] }), (150, Fault::Heal)]));
    assert_eq!(heard(&simulation, 2, 1), ALL[1..]);
}

#[test]
fn what_is_under_way_when_a_partition_begins_arrives() {
    let simulation = run(with([(205, Fault::Partition { groups: vec![peers([1])] })]));
    assert_eq!(heard(&simulation, 2, 1), [1, 2]);
}

#[test]
fn a_cut_is_one_way_unless_asked() {
    let cut = |both| Fault::Cut { from: peers([1]), to: peers([2]), both };
    let simulation = run(with([(250, cut(false))]));
    assert_eq!(heard(&simulation, 2, 1), [1, 2]);
    assert_eq!(heard(&simulation, 1, 2), ALL);
    let simulation = run(with([(250, cut(true))]));
    assert_eq!(heard(&simulation, 1, 2), [1, 2]);
}

#[test]
fn conditions_hold_on_their_links_only() {
    let slow = Conditions { delay: Duration::from_millis(500), ..Conditions::default() };
    let lossy = Conditions { loss: 1.0, ..Conditions::default() };
    let link = |conditions| Fault::Link { from: peers([1]), to: peers([2]), conditions };
    let simulation = run(with([(50, link(Some(slow))), (250, Fault::Conditions(lossy)), (450, link(None))]));
    // Beats 1 to 4 go over the slow link; after that it is as lossy as all others.
    assert_eq!(heard(&simulation, 2, 1), [1, 2, 3, 4]);
    assert_eq!(simulation.state(2).unwrap().heard.iter().find(|heard| heard.1 == 1).unwrap().0, millis(610));
    assert_eq!(heard(&simulation, 1, 2), [1, 2]);
}

#[test]
fn a_crash_is_the_end_until_a_restart() {
    let crash = Fault::Crash { peers: peers([1]) };
    let restart = Fault::Restart { peers: Peers::All, disk: DiskFate::Kept };
    let simulation = run(with([(205, crash.clone()), (555, restart)]));
    let first = simulation.state(1).unwrap();
    // A new life begins with nothing, not even the timers of the old one.
    assert_eq!(first.booted, Some(millis(555)));
    assert_eq!(first.ticks, [655, 755, 855, 955].map(millis));
    assert_eq!(heard(&simulation, 1, 2), [6, 7, 8, 9]);
    assert_eq!(heard(&simulation, 2, 1), [1, 2, 1, 2, 3, 4]);
    assert_eq!(simulation.state(2).unwrap().booted, Some(millis(0)), "peers that are up are left alone");
    assert_eq!(simulation.report().messages.dropped, 4 * 3, "beats 2 to 5 of the others");
    let simulation = run(with([(205, crash)]));
    assert!(!simulation.is_up(1) && simulation.is_up(2) && simulation.report().up == 3);
    assert_eq!(simulation.state(1).unwrap().ticks.len(), 2, "the last state can be looked at");
}

#[test]
fn a_peer_that_crashes_at_the_start_never_boots() {
    let simulation = run(with([(0, Fault::Crash { peers: peers([3]) })]));
    assert_eq!(simulation.state(3).unwrap().booted, None);
}

#[test]
fn a_paused_peer_works_through_what_waited() {
    let simulation = run(with([(205, Fault::Pause { peers: peers([1]) }), (565, Fault::Resume { peers: peers([1]) })]));
    let first = simulation.state(1).unwrap();
    assert_eq!(heard(&simulation, 1, 2), ALL);
    assert_eq!(first.heard.iter().filter(|heard| heard.0 == millis(565)).count(), 4 * 3, "beats 2 to 5 of the others");
    // The timer of 300 ms fires late and the next one is set from there.
    assert_eq!(first.ticks, [100, 200, 565, 665, 765, 865, 965].map(millis));
    assert_eq!(simulation.report().messages.dropped, 0);
}

#[test]
fn a_paused_peer_that_crashes_loses_what_waited_and_boots_unpaused() {
    let pause = Fault::Pause { peers: peers([1]) };
    let restart = Fault::Restart { peers: peers([1]), disk: DiskFate::Kept };
    let crash = Fault::Crash { peers: peers([1]) };
    let simulation = run(with([(205, pause), (315, crash), (355, restart)]));
    assert_eq!(heard(&simulation, 1, 2), [4, 5, 6, 7, 8, 9]);
    assert_eq!(simulation.report().messages.dropped, 2 * 3);
}

#[test]
fn a_slow_peer_works_off_one_input_after_the_other() {
    let slow = |millis| Fault::Slow { peers: peers([1]), by: Duration::from_millis(millis) };
    let simulation = run(with([(150, slow(20)), (450, slow(0))]));
    let first = simulation.state(1).unwrap();
    let times: Vec<Instant> = first.heard.iter().filter(|heard| heard.2.0 == 2).map(|heard| heard.0).collect();
    // Its own timer at 200 is worked off until 220; beats of 210 follow, 20 ms each.
    assert_eq!(times, [240, 260, 280].map(millis));
    // The timer of 320 comes after the beats of 310, which take until 370.
    assert_eq!(first.ticks[..3], [100, 220, 390].map(millis));
    assert_eq!(heard(&simulation, 1, 2), ALL, "nothing is lost");
}

#[test]
fn a_clock_jumps_and_drifts_and_can_be_put_right() {
    let clock = |offset_ns, drift_ppm| Fault::Clock { peers: peers([1]), offset_ns, drift_ppm };
    let simulation = run(with([(150, clock(1_000_000_000, 250_000)), (750, clock(0, 0))]));
    let ticks = &simulation.state(1).unwrap().ticks;
    // At 200 ms its clock shows 50 * 1.25 ms more than 150 + 1,000. From then on 100 ms of it pass in 80.
    assert_eq!(ticks[1], Instant::from_nanos(1_212_500_000));
    assert_eq!(ticks[2], Instant::from_nanos(1_312_500_000));
    // True times are 280, 360 and so on to 760, when the clock is right again.
    assert_eq!(ticks[8], millis(760));
    assert_eq!(heard(&simulation, 2, 1).len(), 11);
}

#[test]
fn a_peer_that_joins_late_boots_then() {
    let simulation = run(with([(345, Fault::Join { peers: peers([3, 4]) })]));
    assert_eq!(simulation.state(3).unwrap().booted, Some(millis(345)));
    assert_eq!(heard(&simulation, 3, 1), [4, 5, 6, 7, 8, 9]);
    assert_eq!(heard(&simulation, 1, 3), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn duplication_and_loss_show_in_the_counts() {
    let mut settings = settings();
    settings.plan.network.conditions = Conditions { duplication: 1.0, ..Conditions::default() };
    let report = run(settings.clone()).report();
    assert_eq!((report.messages.duplicated, report.messages.delivered), (120, 216));
    settings.plan.network.conditions = Conditions { loss: 1.0, ..Conditions::default() };
    let report = run(settings).report();
    assert_eq!((report.messages.dropped, report.messages.delivered), (120, 0));
}

#[test]
fn a_fault_can_be_injected_while_a_run_goes_on() {
    let mut simulation = rumormill_sim::Simulation::<Beacon>::new((), settings()).unwrap();
    assert_eq!(simulation.run_until(millis(250)), None);
    simulation.inject(Fault::Crash { peers: peers([1]) }).unwrap();
    assert_eq!(simulation.run_until(millis(450)), None);
    simulation.inject(Fault::Restart { peers: peers([1]), disk: DiskFate::Lost }).unwrap();
    let wrong = simulation.inject(Fault::Crash { peers: peers([5]) }).unwrap_err();
    assert_eq!(wrong.to_string(), "fault.peers: peer 5 does not exist; they are numbered 1 to 4");
    simulation.run();
    assert_eq!(heard(&simulation, 2, 1), [1, 2, 1, 2, 3, 4, 5]);
}

#[test]
fn a_request_reaches_its_peer_at_once() {
    for threads in [1, 4] {
        let settings = rumormill_sim::Settings { threads, ..settings() };
        let mut simulation = rumormill_sim::Simulation::<Beacon>::new((), settings).unwrap();
        simulation.run_until(millis(250));
        simulation.request(1, 4);
        simulation.request(9, 4);
        simulation.run();
        assert_eq!(heard(&simulation, 4, 1), [1, 2, 1_000, 3, 4, 5, 6, 7, 8, 9]);
    }
}
