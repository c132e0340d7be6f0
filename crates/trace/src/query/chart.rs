//! Statecharts, made from what peers tell of the states that they enter and leave.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use rumormill_core::trace::{EventId, Kind};
use rumormill_core::{Instant, chart};

use super::each;
use crate::Run;
use crate::batch::EventRef;
use crate::segment::Need;

/// States of all charts of a run, at most; those seen later are left out.
const STATES_MAX: usize = 1_000;

/// Transitions of all charts of a run, at most, and what they follow on.
const TRANSITIONS_MAX: usize = 10_000;

/// Events of a peer that are remembered because they may have led to a transition: what waits for a disk
/// happens some events later.
const RECENT_MAX: usize = 16;

/// The charts of a run at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Charts {
    /// One for each community whose peers tell of states.
    pub charts: Vec<SeenChart>,
    /// The states that each peer is in, the one that it entered first first.
    pub peers: BTreeMap<u32, Vec<String>>,
}

/// The states of a community's peers.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SeenChart {
    /// The community.
    pub name: String,
    /// The state in which most peers began.
    pub initial: Option<String>,
    /// States, in the order in which they were seen first.
    pub states: Vec<SeenState>,
    /// Ways from state to state, by their states.
    pub transitions: Vec<SeenTransition>,
}

/// A state.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SeenState {
    /// Its name.
    pub name: String,
    /// The state within which it was always entered, if there is one.
    pub parent: Option<String>,
    /// Peers in it at the moment.
    pub peers_now: u64,
    /// How many times it was entered.
    pub entered: u64,
}

/// A way from a state to a state, both of which one activation left and entered.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SeenTransition {
    /// The state that was left.
    pub from: String,
    /// The state that was entered.
    pub to: String,
    /// How many times.
    pub count: u64,
    /// What it followed on and how many times: kind of message, name of timer, request; most frequent first.
    pub triggers: Vec<(String, u64)>,
}

impl Run {
    /// The charts of this run as they were at a moment, right after all events up to it, or at its end.
    #[must_use]
    pub fn charts(&self, until: Option<Instant>) -> Charts {
        let mut watch = Watch::default();
        each(self, Need::STATES, Instant::ZERO, |event| {
            if until.is_some_and(|until| event.time > until) {
                return ControlFlow::Break(());
            }
            watch.take(event);
            ControlFlow::Continue(())
        });
        watch.charts()
    }
}

impl SeenChart {
    /// Adds what the protocol publishes of its chart: states that nobody was in yet, and what is within what.
    pub fn publish(&mut self, chart: &chart::Chart) {
        for published in &chart.states {
            let parent = published.parent.as_deref().map(ToOwned::to_owned);
            match self.states.iter_mut().find(|state| state.name == published.name) {
                Some(state) => state.parent = parent,
                None => {
                    self.states.push(SeenState { name: published.name.to_string(), parent, ..SeenState::default() })
                }
            }
        }
        for published in &chart.transitions {
            let is_known = |known: &&mut SeenTransition| known.from == published.from && known.to == published.to;
            let trigger = (published.trigger.to_string(), 0);
            match self.transitions.iter_mut().find(is_known) {
                Some(known) if known.triggers.iter().any(|(name, _)| *name == trigger.0) => {}
                Some(known) => known.triggers.push(trigger),
                None => self.transitions.push(SeenTransition {
                    from: published.from.to_string(),
                    to: published.to.to_string(),
                    count: 0,
                    triggers: vec![trigger],
                }),
            }
        }
        self.initial = Some(chart.initial.to_string());
    }
}

/// Numbers for names.
#[derive(Default)]
struct Numbers(BTreeMap<(String, String), u32>);

impl Numbers {
    /// The number of a state in a community; `None` when there are too many.
    fn of(&mut self, community: &str, name: &str) -> Option<u32> {
        let key = (community.to_owned(), name.to_owned());
        if let Some(&number) = self.0.get(&key) {
            return Some(number);
        }
        let number = self.0.len() as u32;
        (self.0.len() < STATES_MAX).then(|| {
            self.0.insert(key, number);
            number
        })
    }
}

/// Follows peers from state to state.
#[derive(Default)]
struct Watch {
    numbers: Numbers,
    states: Vec<Tally>,
    transitions: BTreeMap<(u32, u32), BTreeMap<String, u64>>,
    peers: BTreeMap<u32, Walker>,
    /// Faults and requests.
    of_run: VecDeque<(EventId, String)>,
}

/// What is known of a state.
#[derive(Default)]
struct Tally {
    entered: u64,
    /// Times that a peer entered it without leaving another.
    begun: u64,
    /// The states that were active each time it was entered, the one entered first first; `None` before.
    around: Option<Vec<u32>>,
}

/// A peer that tells of its states.
#[derive(Default)]
struct Walker {
    active: Vec<u32>,
    /// The state that the activation with this cause left last.
    left: Option<(Option<EventId>, u32)>,
    recent: VecDeque<(EventId, String)>,
}

impl Watch {
    fn take(&mut self, event: &EventRef<'_>) {
        let peer = event.id.peerid();
        match event.kind {
            Kind::Entered => self.enter(event),
            Kind::Exited => self.exit(event),
            Kind::Crashed | Kind::Stopped => {
                if let Some(walker) = self.peers.get_mut(&peer) {
                    (walker.active, walker.left) = (Vec::new(), None);
                }
            }
            Kind::Fault if peer == 0 => remember(&mut self.of_run, event),
            Kind::Delivered | Kind::Timer | Kind::Fault | Kind::Started | Kind::Restarted => {
                if let Some(walker) = self.peers.get_mut(&peer) {
                    remember(&mut walker.recent, event);
                }
            }
            _ => {}
        }
    }

    fn state(&mut self, event: &EventRef<'_>) -> Option<u32> {
        let number = self.numbers.of(event.community, event.name)?;
        if self.states.len() <= number as usize {
            self.states.resize_with(number as usize + 1, Tally::default);
        }
        Some(number)
    }

    fn enter(&mut self, event: &EventRef<'_>) {
        let Some(state) = self.state(event) else { return };
        let walker = self.peers.entry(event.id.peerid()).or_default();
        walker.active.retain(|&active| active != state);
        let tally = &mut self.states[state as usize];
        tally.entered += 1;
        match &mut tally.around {
            Some(around) => around.retain(|outer| walker.active.contains(outer)),
            None => tally.around = Some(walker.active.clone()),
        }
        walker.active.push(state);
        match walker.left.filter(|&(cause, _)| cause == event.cause) {
            None => tally.begun += 1,
            Some((_, from)) => {
                let trigger = event.cause.and_then(|cause| {
                    let mut recent = walker.recent.iter().chain(&self.of_run);
                    recent.find(|(id, _)| *id == cause).map(|(_, name)| name.clone())
                });
                let is_known = self.transitions.contains_key(&(from, state));
                if is_known || self.transitions.len() < TRANSITIONS_MAX {
                    let triggers = self.transitions.entry((from, state)).or_default();
                    *triggers.entry(trigger.unwrap_or_default()).or_default() += 1;
                }
            }
        }
    }

    fn exit(&mut self, event: &EventRef<'_>) {
        let Some(state) = self.state(event) else { return };
        let walker = self.peers.entry(event.id.peerid()).or_default();
        walker.active.retain(|&active| active != state);
        walker.left = Some((event.cause, state));
    }

    fn charts(self) -> Charts {
        let mut names = vec![("", ""); self.numbers.0.len()];
        for ((community, name), &number) in &self.numbers.0 {
            names[number as usize] = (community, name);
        }
        let name = |state: u32| names[state as usize].1.to_owned();
        let mut now = vec![0; names.len()];
        self.peers.values().flat_map(|walker| &walker.active).for_each(|&state| now[state as usize] += 1);
        let mut charts: BTreeMap<&str, SeenChart> = BTreeMap::new();
        for (number, tally) in (0..).zip(&self.states) {
            let community = names[number as usize].0;
            let chart =
                charts.entry(community).or_insert_with(|| SeenChart { name: community.into(), ..Default::default() });
            chart.states.push(SeenState {
                name: name(number),
                parent: tally.around.iter().flatten().next_back().map(|&outer| name(outer)),
                peers_now: now[number as usize],
                entered: tally.entered,
            });
        }
        for chart in charts.values_mut() {
            let of = |state: &SeenState| self.numbers.0[&(chart.name.clone(), state.name.clone())];
            let begun = |state: &&SeenState| self.states[of(state) as usize].begun;
            let initial = chart.states.iter().rev().filter(|state| begun(state) > 0).max_by_key(begun);
            chart.initial = initial.map(|state| state.name.clone());
        }
        for (&(from, to), triggers) in &self.transitions {
            let mut triggers: Vec<(String, u64)> =
                triggers.iter().map(|(name, &count)| (name.clone(), count)).collect();
            triggers.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            let count = triggers.iter().map(|(_, count)| count).sum();
            triggers.retain(|(name, _)| !name.is_empty());
            if let Some(chart) = charts.get_mut(names[to as usize].0) {
                chart.transitions.push(SeenTransition { from: name(from), to: name(to), count, triggers });
            }
        }
        let peers =
            self.peers.iter().map(|(&peer, walker)| (peer, walker.active.iter().map(|&state| name(state)).collect()));
        Charts { peers: peers.collect(), charts: charts.into_values().collect() }
    }
}

fn remember(recent: &mut VecDeque<(EventId, String)>, event: &EventRef<'_>) {
    if recent.len() == RECENT_MAX {
        recent.pop_front();
    }
    recent.push_back((event.id, event.name.to_owned()));
}
