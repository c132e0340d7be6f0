//! Checkpoints lie where they should, and events that turn up late take their place.

use std::path::PathBuf;
use std::time::Duration;

use rumormill_core::rng::mix;
use rumormill_core::trace::{Event, EventId, Kind, Sink};
use rumormill_core::{Instant, PeerId};
use rumormill_trace::{Mode, Place, Recorder, Run, RunFile};

use super::*;
use crate::view::peers::Status;

fn event(peer: u32, count: u64, time_us: u64, kind: Kind) -> Event {
    let mut event =
        Event::new(EventId::new(peer, count), Instant::from_nanos(time_us * 1_000), PeerId(peer.into()), kind);
    event.name = "rumor".into();
    event.other = (kind == Kind::Sent).then_some(PeerId(u64::from(peer % 5 + 1)));
    event
}

fn recorder(runs: &tempfile::TempDir, mode: Mode) -> Recorder {
    let file = RunFile { experiment: "flood".into(), seed: 1, peers: 5, mode, ..RunFile::default() };
    Recorder::create(runs.path(), file).unwrap()
}

/// Ends a recording; returns its folder.
fn finish(recorder: Recorder) -> PathBuf {
    let (folder, file) = (recorder.folder().to_path_buf(), recorder.file().clone());
    recorder.finish(file).unwrap();
    folder
}

#[test]
fn checkpoints_are_bounded_and_lie_about_equally_far_apart() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = recorder(&runs, Mode::Sim);
    let events = 450_000_u64;
    for count in 0..events {
        recorder.event(&event((count % 5 + 1) as u32, count / 5, count, Kind::Sent));
    }
    let past = Past::new(Run::at(&finish(recorder)).unwrap());
    past.read();
    let shared = past.lock();
    let counts = shared.checkpoints.counts();
    assert!((40..=96).contains(&counts.len()), "{counts:?}");
    let gaps: Vec<u64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (7_000..=10_000).contains(gap)), "{gaps:?}");
    for place in [0, 3_999, 8_000, 123_456, 449_999] {
        let time = Instant::from_nanos(place * 1_000);
        let before = shared.checkpoints.before_time(time);
        assert!(before.is_none_or(|before| before.time <= time && before.place.count() + 10_000 > place));
        let before = shared.checkpoints.before_count(place);
        assert!(before.is_none_or(|before| before.place.count() <= place));
        let (before, next) = shared.checkpoints.before_event(EventId::new((place % 5 + 1) as u32, place / 5));
        let behind = before.map_or(0, |before| before.place.count());
        assert!(behind <= place && next.is_none_or(|next| next > place), "{behind} {place} {next:?}");
    }
}

#[test]
fn events_that_turn_up_late_take_their_place() {
    let runs = tempfile::tempdir().unwrap();
    let mut recorder = recorder(&runs, Mode::Processes);
    for count in 0..10_000 {
        recorder.event(&event((count % 5 + 1) as u32, count / 5, count, Kind::Sent));
    }
    let mut run = Run::at(recorder.folder()).unwrap();
    for _ in 0..200 {
        if run.len() == 10_000 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        run.refresh().unwrap();
    }
    let past = Past::new(run.clone());
    let mut watcher = past.view.watch();
    let place = past.read_from(&run, &Place::default(), &mut Vec::new());
    assert_eq!(place.count(), 10_000);
    assert!(watcher.frame().unwrap().contains(r#""sent":10000"#));

    // Peer 3 was frozen, and tells only now that it booted, and that it crashed.
    recorder.event(&event(3, 90_000, 4_500, Kind::Started));
    recorder.event(&event(3, 90_001, 9_000, Kind::Crashed));
    recorder.event(&event(4, 90_000, 20_000, Kind::Started));
    let folder = finish(recorder);
    let late = run.refresh().unwrap().unwrap();
    past.set_run(run.clone());
    let place = past.go_back(late);
    assert_eq!(place.count(), 4_000, "the checkpoint before it");
    assert_eq!(past.read_from(&run, &place, &mut Vec::new()).count(), 10_003);
    let view = past.view.lock();
    let status = |peerid| view.peers().get(peerid).unwrap().status;
    assert_eq!((status(3), status(4), status(5)), (Status::Crashed, Status::Up, Status::Waiting));
    assert!(view.log().newest(0, usize::MAX).is_sorted_by_key(|event| event.time));
    assert_eq!(view.log().seen(), 10_003);
    drop(view);
    assert!(watcher.frame().unwrap().contains("hello"), "the page begins anew");
    assert!(watcher.frame().unwrap().contains(r#""sent":10000"#));

    let again = Past::new(Run::at(&folder).unwrap());
    again.read();
    assert_eq!(again.lock().checkpoints.counts(), past.lock().checkpoints.counts());
}

/// What a page that comes now is told of the view, all of it.
fn told(view: &mut View) -> Vec<String> {
    let page = view.open();
    view.focus(page, &[0, 7, 999]);
    std::iter::from_fn(|| view.frame(page, None, false)).collect()
}

/// The edges among what a page is told, by link.
fn edges(frames: &[String]) -> Vec<Vec<u64>> {
    let frames = frames.iter().map(|frame| serde_json::from_str::<Value>(frame).unwrap());
    let mut edges: Vec<Vec<u64>> = frames
        .flat_map(|frame| serde_json::from_value::<Vec<Vec<u64>>>(frame["edges"].clone()).unwrap_or_default())
        .collect();
    edges.sort_unstable();
    edges
}

/// The events of a run of so many peers: each boots, sends, gets on and crashes, in an order of chance.
fn lively(recorder: &mut Recorder, peers: u32, events: u64) {
    let mut counts = vec![0; peers as usize + 1];
    for number in 0..events {
        let chance = mix(number);
        let peer = 1 + (chance % u64::from(peers)) as u32;
        let kinds = [Kind::Started, Kind::Sent, Kind::Sent, Kind::Dropped, Kind::Progress, Kind::Done, Kind::Crashed];
        let mut event = event(peer, counts[peer as usize], number, kinds[(chance >> 32) as usize % kinds.len()]);
        counts[peer as usize] += 1;
        event.community = ["flood", "storm"][(chance >> 40) as usize % 2].into();
        event.name = ["rumor", "news"][(chance >> 41) as usize % 2].into();
        event.other = Some(PeerId((chance >> 16) % u64::from(peers) + 1));
        (event.value, event.goal, event.bytes) = ((chance >> 42) % 4, 3, chance >> 54);
        recorder.event(&event);
    }
}

#[test]
fn any_moment_of_a_huge_run_is_what_was_read_up_to_it() {
    let runs = tempfile::tempdir().unwrap();
    let (peers, events) = (30_000, 60_000);
    let file = RunFile { experiment: "flood".into(), seed: 1, peers, mode: Mode::Sim, ..RunFile::default() };
    let mut recorder = Recorder::create(runs.path(), file).unwrap();
    lively(&mut recorder, peers, events);
    let run = Run::at(&finish(recorder)).unwrap();
    let past = Past::new(run.clone());
    let mut early = past.view.watch();
    let mut heard: Vec<String> = std::iter::from_fn(|| early.frame()).collect();
    past.read();
    heard.extend(std::iter::from_fn(|| early.frame()));
    assert!(past.lock().checkpoints.counts().len() > 10);

    for moment in (0..10).map(|number| mix(number) % (events + 1)).chain([events]) {
        let checkpoint = past.lock().checkpoints.before_count(moment);
        let (mut view, mut rest) = match checkpoint {
            Some(checkpoint) => (checkpoint.view.snapshot(), run.events_from(&checkpoint.place)),
            None => (past.beginning(), run.events()),
        };
        while rest.passed() < moment {
            view.event(&rest.next().unwrap().unwrap());
        }
        let mut fresh = past.beginning();
        run.events().take(moment as usize).for_each(|event| fresh.event(&event.unwrap()));
        assert_eq!(told(&mut view), told(&mut fresh), "behind {moment} events");
        let end = fresh.clock();
        assert_eq!(view.timeline().course(end, 500), fresh.timeline().course(end, 500));
        let ids = (1..=peers).flat_map(|peer| (0..4).map(move |count| EventId::new(peer, count)));
        assert!(ids.into_iter().all(|id| view.has_seen(id) == fresh.has_seen(id)));
        if moment == events {
            assert_eq!(told(&mut past.view.lock()), told(&mut fresh), "read at once");
            assert_eq!(edges(&heard), edges(&told(&mut fresh)), "a page that came while it was read");
        }
    }
}
