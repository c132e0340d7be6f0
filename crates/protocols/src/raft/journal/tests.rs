//! A peer that keeps a journal, alone or with one that only answers.

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Value, Wire};

use super::*;
use crate::raft::{self, Body};

fn parameters(peers: u32) -> Parameters {
    let lines: Vec<u64> = (1..=u64::from(peers)).collect();
    let parameters = [("peers", Value::Count(peers.into())), ("lines", Value::PerPeer(lines.into()))];
    Parameters(parameters.map(|(name, value)| (name.to_string(), value)).into())
}

fn journal(peerid: u32, peers: u32) -> TestPeer<Journal> {
    let config = <Journal as Launch>::config(&parameters(peers)).unwrap();
    let others: Vec<PeerId> = (1..=u64::from(peers)).filter(|&other| other != u64::from(peerid)).map(PeerId).collect();
    let state = Journal::peer(&config, Seat { peerid, peers });
    TestPeer::new(state, config, PeerId(u64::from(peerid)), &others)
}

fn committed(effects: &[EffectOf<Journal>]) -> Vec<Line> {
    let lines = effects.iter().filter_map(|effect| match effect {
        Effect::Indicate(Indication::Committed { line, .. }) => Some(*line),
        _ => None,
    });
    lines.collect()
}

#[test]
fn alone_it_founds_leads_writes_and_is_done() {
    let mut peer = journal(1, 1);
    peer.start();
    peer.request(Request::Found);
    peer.now = peer.now + Duration::from_secs(1);
    let effects = peer.timer(Timer::Raft(raft::Timer::Patience));
    assert!(effects.contains(&Effect::Indicate(Indication::Elected { term: 1 })));
    let effects = peer.timer(Timer::Create);
    assert_eq!(committed(&effects), [Line { author: 1, number: 1 }]);
    assert!(effects.contains(&Effect::Progress { target: TARGET, current: 1, goal: 1 }));
    assert!(effects.contains(&Effect::Done));
    let read = peer.request(Request::Read(7));
    assert!(read.contains(&Effect::Indicate(Indication::Read { id: 7, index: 3, lines: 1 })));
    let again = peer.message(PeerId(1), Message::Lines(vec![Line { author: 1, number: 1 }]));
    assert_eq!(again, [], "it is written already");
}

#[test]
fn a_follower_sends_its_lines_again_until_it_finds_them_committed() {
    let mut peer = journal(2, 3);
    peer.start();
    peer.request(Request::Found);
    let append = |round, prev_index, commit, entries| {
        let body = Body::Append { round, prev_index, prev_term: 0, commit, entries };
        Message::Raft(raft::Message { incarnation: 0, term: 1, body })
    };
    peer.message(PeerId(1), append(1, 1, 1, Vec::new()));
    let lines = |effects: Vec<EffectOf<Journal>>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Send { to: PeerId(1), message: Message::Lines(lines) } => Some(lines),
            _ => None,
        })
    };
    let [first, second] = [1, 2].map(|number| Line { author: 2, number });
    assert_eq!(lines(peer.timer(Timer::Create)), Some(vec![first]));
    assert_eq!(lines(peer.timer(Timer::Create)), Some(vec![second]));
    assert_eq!(lines(peer.timer(Timer::Again)), Some(vec![first, second]));
    let entry = raft::Entry { term: 1, payload: raft::Payload::Command(second) };
    let effects = peer.message(PeerId(1), append(2, 1, 2, vec![entry]));
    assert_eq!(committed(&effects), [second]);
    assert_eq!(lines(peer.timer(Timer::Again)), Some(vec![first]));
}

#[test]
fn only_sound_lines_and_snapshots_are_taken() {
    let mut peer = journal(2, 3);
    peer.start();
    let misbehaved = |effects: Vec<EffectOf<Journal>>| {
        effects.iter().any(|effect| matches!(effect, Effect::Indicate(Indication::Misbehaved { .. })))
    };
    for line in [Line { author: 4, number: 1 }, Line { author: 1, number: 2 }, Line { author: 0, number: 0 }] {
        assert!(misbehaved(peer.message(PeerId(1), Message::Lines(vec![line]))), "{line:?}");
    }
    let mut kept = Kept::default();
    kept.write(9, Line { author: 3, number: 2 });
    let members = vec![Member { peer: PeerId(1), incarnation: 0 }];
    let snapshot = |mark: Mark, kept: &Kept| Message::Snapshot { mark, kept: kept.clone() };
    let mark = Mark { index: 9, term: 1, members };
    peer.message(PeerId(1), snapshot(mark.clone(), &kept));
    assert_eq!(peer.state.kept(), &Kept::default(), "from nobody who leads");
    let body = Body::Append { round: 1, prev_index: 9, prev_term: 1, commit: 9, entries: Vec::new() };
    peer.message(PeerId(1), Message::Raft(raft::Message { incarnation: 0, term: 1, body }));
    assert!(misbehaved(peer.message(PeerId(1), snapshot(Mark { members: Vec::new(), ..mark.clone() }, &kept))));
    assert!(misbehaved(peer.message(PeerId(1), snapshot(Mark { index: 8, ..mark.clone() }, &kept))));
    let mut miscounted = kept.clone();
    miscounted.lines = 7;
    assert!(misbehaved(peer.message(PeerId(1), snapshot(mark.clone(), &miscounted))));
    peer.message(PeerId(1), snapshot(mark.clone(), &kept));
    assert_eq!((peer.state.kept(), peer.state.raft().compacted()), (&kept, &mark));
}

#[test]
fn people_ask_in_words_and_parameters_are_checked() {
    let asked = ["found", " campaign ", "hand over to 3", "remove 2", "read", "read 7"].map(Journal::request);
    let wanted = [
        Request::Found,
        Request::Campaign,
        Request::HandOver(3),
        Request::Remove(2),
        Request::Read(0),
        Request::Read(7),
    ];
    assert_eq!(asked, wanted.map(Some));
    assert_eq!(["dance", "remove x", "hand over 3", ""].map(Journal::request), [None; 4]);
    let with = |name: &str, value| {
        let mut parameters = parameters(3);
        parameters.0.insert(name.into(), value);
        <Journal as Launch>::config(&parameters).map_err(|error| error.to_string())
    };
    assert_eq!(with("founders", Value::Count(2)).unwrap().founders, 2);
    let wrong = [
        ("founders", Value::Count(4)),
        ("timeout", Value::Span(Duration::ZERO)),
        ("batch_bytes", Value::Count(1)),
        ("flaw", Value::Text("laziness".into())),
        ("lines", Value::PerPeer([1].into())),
    ];
    for (name, value) in wrong {
        assert!(with(name, value).unwrap_err().starts_with(name), "{name}");
    }
}

#[test]
fn its_messages_come_back_from_their_bytes() {
    let mut kept = Kept::default();
    kept.write(4, Line { author: 1, number: 1 });
    let members = vec![Member { peer: PeerId(1), incarnation: 0 }, Member { peer: PeerId(2), incarnation: 77 }];
    let messages = [
        Message::Raft(raft::Message { incarnation: 3, term: 9, body: Body::Hello }),
        Message::Lines(vec![Line { author: 1, number: 2 }]),
        Message::Snapshot { mark: Mark { index: 4, term: 2, members }, kept },
    ];
    for message in messages {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        assert_eq!(Message::decode(&bytes).unwrap(), message);
        assert!((0..bytes.len()).all(|end| Message::decode(&bytes[..end]).is_err()), "{message:?} cut short");
    }
}
