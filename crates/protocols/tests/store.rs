//! Stores in simulations: what they promise is kept whatever happens, and each known mistake breaks a promise.
#![allow(clippy::unwrap_used)]

#[path = "store/cells.rs"]
mod cells;
#[path = "store/planted.rs"]
mod planted;
#[path = "store/world.rs"]
mod world;

use planted::{LOST, Planted, TAKES_MORE};
use rumormill_core::plan::{Conditions, Fault, Peers};
use rumormill_core::{Launch, Outcome, Topology, Value};
use rumormill_protocols::store::apps::{Bundle, KeyValue};
use rumormill_protocols::store::{Exercise, Store};
use rumormill_sim::{Checks, Settings, Simulation};
use world::{World, first_wrong, first_wrong_of, millis, one, seconds};

/// A replica that comes up so long after the beginning has lost its disk, whatever its clock says.
const FOUNDED: std::time::Duration = millis(5_000);

#[test]
fn without_faults_every_promise_is_kept() {
    assert_eq!(first_wrong(1..=20, |_| World::new()), None);
}

#[test]
fn in_memory_every_promise_is_kept_as_long_as_no_replica_crashes() {
    assert_eq!(first_wrong(1..=50, |_| World::new().rough().with("ack", Value::Text("memory".into()))), None);
}

#[test]
fn with_all_faults_every_promise_is_kept() {
    let world = |seed: u64| {
        let world = World::new().rough().battered(seed);
        let world = if seed.is_multiple_of(2) { world.with("ack", Value::Text("f+1".into())) } else { world };
        if seed.is_multiple_of(3) { world.with("overload", Value::Number(0.2)) } else { world }
    };
    assert_eq!(first_wrong(1..=300, world), None);
}

#[test]
fn with_a_lost_disk_besides_every_promise_is_kept() {
    let world =
        |seed| World::new().rough().battered(seed).with_lost_disk(seed, FOUNDED).with("calls", Value::Count(60));
    assert_eq!(first_wrong(1..=100, world), None);
}

/// Finds a mistake in at most a hundred seeds, by one of these promises; without it, all is well in the same world.
fn is_caught(flaw: &str, by: &[&str], world: impl Fn(u64) -> World + Sync) {
    assert_eq!(first_wrong(1..=100, &world), None, "{flaw}: the world is fair");
    let why = first_wrong(1..=100, |seed| world(seed).flawed(flaw)).unwrap_or_else(|| panic!("{flaw} was not caught"));
    assert!(by.iter().any(|promise| why.contains(&format!("\n{promise}: "))), "{flaw}: {why}");
}

#[test]
fn updates_and_queries_that_do_not_wait_are_caught() {
    is_caught("no-prev", &["causal", "causal_delivery", "read_your_writes"], |_| World::new().rough());
}

#[test]
fn copies_that_are_executed_again_are_caught() {
    is_caught("no-call-table", &["exactly_once"], |_| World::new().rough());
}

#[test]
fn a_copy_whose_timestamp_is_not_merged_is_caught() {
    is_caught("duplicate-not-merged", &["answered", "log_empties"], |_| World::new().rough());
}

/// Messages that are held back for seconds arrive when the call table has forgotten their calls, if it may.
#[test]
fn a_delta_that_is_too_short_is_caught() {
    let slow = Conditions { duplication: 0.3, reordering: 0.3, reordering_by: seconds(3), ..Conditions::default() };
    let world = |_| {
        let mut world = World::new();
        world.plan.network.conditions = slow;
        world
    };
    is_caught("delta-too-short", &["exactly_once"], world);
}

#[test]
fn an_incarnation_that_is_used_again_is_caught() {
    let world = |seed| World::new().rough().with_lost_disk(seed, millis(900));
    is_caught("reused-incarnation", &["nothing_lost", "convergence", "read_your_writes", "answered"], world);
}

/// A front end reaches replica 1 only, which gets updates that it cannot execute: what they depend on is at
/// replica 3, behind a partition. Who talks to replica 1 alone has seen none of that, and must not wait for it,
/// also when a late copy of a call is answered.
#[test]
fn the_replica_timestamp_as_an_answer_is_caught() {
    let late = Conditions { duplication: 0.3, reordering: 0.2, reordering_by: seconds(3), ..Conditions::default() };
    let dead = Conditions { loss: 1.0, ..Conditions::default() };
    let cut = |from: u32, to: &[u32]| Fault::Cut { from: one(from), to: Peers::Numbers(to.into()), both: true };
    let link = |from: u32, to: u32, conditions| Fault::Link { from: one(from), to: one(to), conditions };
    let world = |_| World {
        prompt: Some((4, seconds(3))),
        ..World::new()
            .with("roam_after", Value::Count(0))
            .with("calls", Value::Count(60))
            .with("updates", Value::Number(0.7))
            .at(millis(0), link(4, 1, Some(late)))
            .at(millis(0), cut(4, &[2, 3]))
            .at(millis(0), cut(5, &[1]))
            .at(millis(1_500), cut(3, &[1, 2]))
            // The other front end's clients write at 3, and then at 2 what comes after that.
            .at(millis(1_550), link(5, 2, Some(dead)))
            .at(millis(2_200), link(5, 2, None))
            .at(millis(2_200), link(5, 3, Some(dead)))
            .at(millis(7_500), Fault::Heal)
    };
    is_caught("answers-replica-timestamp", &["prompt", "answered"], world);
}

/// Stores whose clients put members into few sets, and take them out again.
fn with_sets(seed: u64) -> World {
    let world = World::new().rough().battered(seed).with("updates", Value::Number(0.7));
    world.with("keys", Value::Count(5)).with("calls", Value::Count(60))
}

#[test]
fn members_that_are_removed_are_judged() {
    assert_eq!(first_wrong_of::<KeyValue>(1..=60, with_sets), None);
    assert!(clients_see::<Planted<LOST>>(), "a removal that is lost");
    assert!(clients_see::<Planted<TAKES_MORE>>(), "a removal that takes more along");
}

/// Do clients see the mistake, and not only who compares the replicas' states?
fn clients_see<A: Exercise>() -> bool {
    let by = ["causal", "read_your_writes", "monotonic_reads", "exactly_once"];
    (1..=60)
        .filter_map(|seed| first_wrong_of::<A>(seed..=seed, with_sets))
        .any(|why| by.iter().any(|promise| why.contains(&format!("\n{promise}: "))))
}

/// What servers run.
#[test]
fn the_bundle_keeps_every_promise() {
    let wrong = first_wrong_of::<Bundle>(1..=40, |seed| World::new().rough().battered(seed));
    assert_eq!(wrong, None);
}

/// Some updates are forced, some calls immediate. They need more than half of the replicas, or all: so clients have
/// the patience that it takes until faults are over.
fn strict(world: World) -> World {
    world
        .with("forced", Value::Number(0.3))
        .with("immediate", Value::Number(0.2))
        .with("delta", Value::Span(seconds(20)))
        .with("council_timeout", Value::Span(millis(400)))
}

#[test]
fn stricter_orders_are_kept_without_faults() {
    assert_eq!(first_wrong(1..=50, |_| strict(World::new())), None);
}

#[test]
fn stricter_orders_are_kept_with_all_faults() {
    let world = |seed: u64| {
        let world = strict(World::new().rough().battered(seed));
        let world = if seed.is_multiple_of(2) { world.with("ack", Value::Text("f+1".into())) } else { world };
        if seed.is_multiple_of(3) { world.with("overload", Value::Number(0.2)) } else { world }
    };
    assert_eq!(first_wrong(1..=300, world), None);
}

#[test]
fn stricter_orders_are_kept_with_a_lost_disk() {
    let world = |seed| {
        let world = World::new().rough().battered(seed).with_lost_disk(seed, FOUNDED);
        strict(world).with("calls", Value::Count(60))
    };
    assert_eq!(first_wrong(1..=100, world), None);
}

/// Two replicas that may come, and changes.
fn changing(world: World, changes: &str) -> World {
    world
        .with("peers", Value::Count(7))
        .with("replicas", Value::Count(3))
        .with("spares", Value::Count(2))
        .with("calls", Value::Count(100))
        .with("changes", Value::Text(changes.into()))
}

#[test]
fn members_come_and_go_under_load() {
    let world = |_| changing(strict(World::new().rough()), "add 6 at 2s, remove 1 at 4s, add 7 at 6s, remove 3 at 7s");
    assert_eq!(first_wrong(1..=60, world), None);
}

/// Whoever was let go forgets the store, and may come back as a newcomer.
#[test]
fn who_was_let_go_may_come_back() {
    let world = |_| {
        changing(
            strict(World::new().rough()),
            "remove 1 at 2s, add 6 at 3s, add 1 at 4s, remove 6 at 6s, remove 1 at 7s, add 1 at 8s",
        )
    };
    assert_eq!(first_wrong(1..=150, world), None);
}

/// With f+1, nothing is lost with a replica that is dead, and others go on without it.
#[test]
fn a_dead_member_is_evicted_and_another_takes_its_place() {
    let world = |seed: u64| {
        let dead = 1 + (seed % 3) as u32;
        changing(strict(World::new().rough()), &format!("evict {dead} at 5s, add 6 at 6s"))
            .with("ack", Value::Text("f+1".into()))
            .at(seconds(4), Fault::Crash { peers: one(dead) })
    };
    assert_eq!(first_wrong(1..=60, world), None);
}

/// A store of keys and values, in which a person types at a front end once a second, from the beginning.
fn typed(world: World, calls: &[&str]) -> Simulation<Store<KeyValue>> {
    let settings = Settings {
        topology: Topology::Full,
        plan: world.plan,
        parameters: world.parameters.clone(),
        time_limit: world.limit,
        ..Settings::new(1, 5)
    };
    let checks = Checks::new(Store::<KeyValue>::properties());
    let config = Store::<KeyValue>::config(&world.parameters).unwrap();
    let mut simulation = Simulation::checked_only(config, settings, &checks).unwrap();
    simulation.run_for(millis(10));
    for call in calls {
        simulation.request(4, <Store<KeyValue> as Launch>::request(call).unwrap());
        simulation.run_for(seconds(1));
    }
    let report = simulation.run();
    assert_eq!((report.outcome, report.violations.len()), (Outcome::Completed, 0), "{:?}", report.violations);
    simulation
}

/// Whether the calls that were typed succeeded.
fn succeeded(simulation: &Simulation<Store<KeyValue>>) -> Vec<bool> {
    let Some(Store::FrontEnd(front)) = simulation.state(4) else { panic!("a front end") };
    let typed = front.journal().iter().filter(|entry| !entry.is_of_client());
    typed.map(|entry| entry.end.as_ref().unwrap().result.is_ok()).collect()
}

/// A person has less patience than the clients that are made up, and sees what became of a call.
#[test]
fn a_typed_call_that_fails_breaks_no_promise() {
    let away = Fault::Cut { from: one(4), to: Peers::Numbers(vec![1, 2, 3]), both: true };
    let world = World::new().at(millis(0), away).at(seconds(6), Fault::Heal);
    assert_eq!(succeeded(&typed(world, &["set x 5"])), [false]);
}

/// No made-up client removes anything from a set or overwrites a counter; who does breaks no promise.
#[test]
fn typed_removals_break_no_promise() {
    let world = World::new().with("calls", Value::Count(100));
    let calls = ["sadd set:4 here", "srem set:4 here", "set counter:3 1000"];
    assert_eq!(succeeded(&typed(world, &calls)), [true; 3]);
}
