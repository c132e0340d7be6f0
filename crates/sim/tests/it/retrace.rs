//! Runs that are run again to be looked at.

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, Rng, Wire};
use rumormill_sim::{PeerStatus, Retrace, Settings, Simulation, What};

use crate::determinism::rough;
use crate::gossip::{Gossip, Message, config};
use crate::snapshots::slow_disk;

fn recorded(settings: &Settings) -> Vec<Event> {
    let mut run = Simulation::<Gossip, _>::recorded(config(settings), settings.clone(), Vec::new()).unwrap();
    run.run();
    run.into_sink()
}

fn retrace(settings: &Settings) -> Retrace<Gossip> {
    Retrace::new(config(settings), settings.clone()).unwrap()
}

#[test]
fn every_event_is_found_again_as_it_was_recorded() {
    for threads in [1, 2] {
        let settings = Settings { threads, community: "gossip", ..slow_disk(4, 20) };
        let events = recorded(&settings);
        let mut run = retrace(&settings);
        for event in events.iter().step_by(7) {
            let mut here = run.clone();
            let found = here.go_to(event.id, Instant::MAX).unwrap_or_else(|| panic!("{event:?}"));
            assert_eq!((&found.event, here.now()), (event, event.time));
            assert!(EventId::new(event.peer.0 as u32, here.recorded(event.peer.0 as u32)) >= event.id);
            assert!(here.go_to(event.id, Instant::MAX).is_none(), "it has happened");
            let is_message = matches!(event.kind, Kind::Sent | Kind::Delivered | Kind::Dropped);
            assert_eq!(found.message.is_some(), is_message);
            if let Some(body) = found.message {
                assert_eq!(body.bytes.len() as u64, event.bytes);
                assert_eq!(Message::decode(&body.bytes).unwrap().kind(), event.name);
                assert!(body.text.starts_with(if event.name == "ask" { "Ask(" } else { "Heard(" }));
            }
            if event.time > Instant::ZERO {
                run.run_until(Instant::from_nanos(event.time.as_nanos() - 1));
            }
        }
    }
}

#[test]
fn a_retraced_run_is_the_recorded_one_however_it_is_looked_at() {
    let settings = slow_disk(4, 1);
    let report = Simulation::<Gossip>::new(config(&settings), settings.clone()).unwrap().run();
    let events = recorded(&settings);
    let mut run = retrace(&settings);
    run.watch(3);
    for event in events.iter().step_by(50) {
        run.go_to(event.id, Instant::MAX);
    }
    while run.run_until(Instant::MAX).is_none() {}
    assert_eq!(run.report(), report);
}

#[test]
fn the_state_before_is_that_of_the_activation_before() {
    let settings = rough(4, 20);
    let events = recorded(&settings);
    let deliveries = |event: &&Event| event.kind == Kind::Delivered && event.name == "heard" && event.peer.0 == 5;
    let mut seen = 0;
    for event in events.iter().filter(deliveries) {
        let mut run = retrace(&settings);
        run.watch(5);
        run.go_to(event.id, Instant::MAX).unwrap();
        let (before, after) = (run.before().unwrap(), run.state(5).unwrap());
        // What was heard in this activation, and nothing else.
        let Some(Message::Heard(number, _)) = heard(&settings, event) else { panic!("{event:?}") };
        let mut expected = before.heard.clone();
        if !expected.contains(&number) {
            expected.push(number);
            seen += 1;
        }
        assert_eq!(after.heard, expected);
    }
    assert!(seen > 5, "{seen}");
}

fn heard(settings: &Settings, event: &Event) -> Option<Message> {
    let found = retrace(settings).go_to(event.id, Instant::MAX)?;
    Message::decode(&found.message?.bytes).ok()
}

#[test]
fn a_peer_that_goes_on_in_one_go_is_stopped_between_its_activations() {
    let settings = rough(7, 40);
    let events = recorded(&settings);
    // A paused peer gets all that waited at once when it resumes.
    let resumed = events.iter().find(|event| event.name == "resume").unwrap();
    let at_once = |peer: u64| {
        let of_peer = events.iter().filter(|event| event.peer.0 == peer && event.time == resumed.time);
        of_peer.filter(|event| event.kind == Kind::Delivered).collect::<Vec<_>>()
    };
    let several = (1..=40).map(at_once).find(|events| events.len() > 2).unwrap();
    let peer = several[0].peer.0 as u32;
    let mut lens = Vec::new();
    for event in &several {
        let mut run = retrace(&settings);
        run.watch(peer);
        run.go_to(event.id, Instant::MAX).unwrap();
        let (before, after) = (run.before().unwrap().heard.len(), run.state(peer).unwrap().heard.len());
        assert!(after == before || after == before + 1);
        assert!(lens.last().is_none_or(|last| *last <= before), "{lens:?} {before}");
        lens.push(after);
    }
}

#[test]
fn what_waits_for_a_peer_can_be_seen() {
    let settings = slow_disk(4, 1);
    let mut rng = Rng::new(3);
    let (mut waited, mut undurable, mut down) = (0, 0, 0);
    for _ in 0..60 {
        let at = Instant::from_nanos(rng.below(1_100_000_000));
        let mut run = retrace(&settings);
        run.run_until(at);
        for peer in 1..=40 {
            let seen = run.inspect(peer, 1_000).unwrap();
            assert!(seen.timers.items.iter().chain(&seen.inbox.items).all(|pending| pending.at.unwrap() > at));
            assert!(seen.inbox.items.iter().all(|pending| pending.what == What::Message && pending.bytes > 0));
            assert!(seen.timers.items.windows(2).all(|pair| pair[0].at <= pair[1].at));
            waited += seen.waiting.items.len();
            undurable += seen.disk.entries.items.iter().filter(|entry| entry.durable_at.is_some()).count();
            down += usize::from(matches!(seen.status, PeerStatus::Down | PeerStatus::Away));
            let few = run.inspect(peer, 1).unwrap();
            assert_eq!(few.inbox.items.len() as u64 + few.inbox.more, seen.inbox.items.len() as u64);
        }
    }
    assert!(waited > 20 && undurable > 20 && down > 20, "{waited} {undurable} {down}");
    assert!(retrace(&settings).inspect(41, 10).is_none() && retrace(&settings).inspect(0, 10).is_none());
}
