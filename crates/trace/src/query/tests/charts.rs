//! Statecharts.

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId, chart};

use super::super::*;
use super::recorded;

/// Writes down what happens at peers.
#[derive(Default)]
struct Tape(Vec<Event>);

impl Tape {
    fn write(&mut self, time: u64, peer: u32, kind: Kind, name: &'static str, cause: Option<EventId>) -> EventId {
        let count = self.0.iter().filter(|event| event.id.peerid() == peer).count() as u64;
        let mut event = Event::new(EventId::new(peer, count), Instant::from_nanos(time), PeerId(peer.into()), kind);
        (event.name, event.cause, event.community) = (name.into(), cause, "lights".into());
        self.0.push(event.clone());
        event.id
    }

    /// A timer runs out, and the peer goes from states to states.
    fn turn(&mut self, time: u64, peer: u32, trigger: &'static str, left: &[&'static str], entered: &[&'static str]) {
        let cause = Some(self.write(time, peer, Kind::Timer, trigger, None));
        left.iter().for_each(|state| _ = self.write(time, peer, Kind::Exited, state, cause));
        entered.iter().for_each(|state| _ = self.write(time, peer, Kind::Entered, state, cause));
    }
}

fn lights() -> Tape {
    let mut tape = Tape::default();
    for peer in 1..=3 {
        tape.turn(0, peer, "start", &[], &["on", "red"]);
    }
    tape.turn(10, 1, "tick", &["red"], &["green"]);
    tape.turn(10, 2, "tick", &["red"], &["green"]);
    tape.turn(20, 1, "tick", &["green"], &["red"]);
    tape.turn(30, 1, "push", &["red"], &["green"]);
    tape.turn(40, 2, "cut", &["green", "on"], &["off"]);
    tape.write(50, 3, Kind::Crashed, "", None);
    tape
}

fn now(chart: &SeenChart) -> Vec<(&str, u64)> {
    chart.states.iter().map(|state| (state.name.as_str(), state.peers_now)).collect()
}

#[test]
fn a_chart_is_what_peers_tell_of_their_states() {
    let (_runs, run, _) = recorded(&lights().0, 2);
    let charts = run.charts(None);
    let [chart] = charts.charts.as_slice() else { panic!("{charts:?}") };
    assert_eq!((chart.name.as_str(), chart.initial.as_deref()), ("lights", Some("on")));
    assert_eq!(now(chart), [("on", 1), ("red", 0), ("green", 1), ("off", 1)]);
    let parents: Vec<Option<&str>> = chart.states.iter().map(|state| state.parent.as_deref()).collect();
    assert_eq!(parents, [None, Some("on"), Some("on"), None]);
    let ways: Vec<_> = chart
        .transitions
        .iter()
        .map(|way| (way.from.as_str(), way.to.as_str(), way.count, way.triggers.as_slice()))
        .collect();
    let triggers = [("push".to_string(), 1), ("tick".to_string(), 2)];
    assert_eq!(ways[0], ("on", "off", 1, &[("cut".to_string(), 1)][..]));
    assert_eq!(ways[1], ("red", "green", 3, &[triggers[1].clone(), triggers[0].clone()][..]));
    assert_eq!(ways[2], ("green", "red", 1, &[("tick".to_string(), 1)][..]));
    assert_eq!(charts.peers[&1], ["on", "green"]);
    assert_eq!((&charts.peers[&2], charts.peers[&3].len()), (&vec!["off".to_string()], 0), "3 crashed");
}

#[test]
fn a_chart_of_the_past_knows_nothing_of_later() {
    let (_runs, run, _) = recorded(&lights().0, 1);
    let charts = run.charts(Some(Instant::from_nanos(10)));
    assert_eq!(now(&charts.charts[0]), [("on", 3), ("red", 1), ("green", 2)]);
    assert_eq!(charts.charts[0].transitions.len(), 1);
}

#[test]
fn what_a_protocol_publishes_is_there_before_anybody_was() {
    let (_runs, run, _) = recorded(&lights().0, 1);
    let mut chart = run.charts(Some(Instant::ZERO)).charts.remove(0);
    let published = chart::Chart::new("lights", "on").state("on").state_in("on", "red").state_in("on", "green");
    chart.publish(&published.state("broken").transition("red", "broken", "stone"));
    assert_eq!(now(&chart), [("on", 3), ("red", 3), ("green", 0), ("broken", 0)]);
    assert_eq!(chart.states[2].parent.as_deref(), Some("on"));
    let way = &chart.transitions[0];
    assert_eq!((way.from.as_str(), way.to.as_str(), way.count), ("red", "broken", 0));
    assert_eq!(way.triggers, [("stone".to_string(), 0)]);
}
