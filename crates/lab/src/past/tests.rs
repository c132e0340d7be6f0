//! Checkpoints lie where they should, and events that turn up late take their place.

use std::path::PathBuf;
use std::time::Duration;

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
