//! Counts a run's events as they pass, in bounded memory.

use std::collections::BTreeMap;

use rumormill_core::Instant;
use rumormill_core::trace::Kind;

use super::progress::Progress;
use super::timeline::Timeline;
use super::{FaultLine, MessageCount, Summary};
use crate::batch::EventRef;
use crate::links::{Link, Links};

/// Names of messages, and reasons of loss, that are told apart; the rest are counted together.
const NAMES_MAX: usize = 256;

/// What the rest is called.
const OTHERS: &str = "others";

/// Faults that are listed.
const FAULTS_MAX: usize = 1000;

/// Links that are counted.
const LINKS_MAX: usize = 500_000;

/// Links and peers that are named.
const TOP: usize = 10;

pub(crate) struct Tally {
    events: u64,
    last: Instant,
    first_delivery: Option<Instant>,
    last_delivery: Option<Instant>,
    kinds: [u64; Kind::ALL.len()],
    messages: BTreeMap<String, MessageCount>,
    lost: BTreeMap<String, u64>,
    faults: Vec<FaultLine>,
    faults_unlisted: u64,
    links: Links,
    progress: Progress,
    timeline: Timeline,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            events: 0,
            last: Instant::ZERO,
            first_delivery: None,
            last_delivery: None,
            kinds: [0; Kind::ALL.len()],
            messages: BTreeMap::new(),
            lost: BTreeMap::new(),
            faults: Vec::new(),
            faults_unlisted: 0,
            links: Links::new(LINKS_MAX),
            progress: Progress::default(),
            timeline: Timeline::default(),
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, event: &EventRef<'_>) {
        self.events += 1;
        self.last = self.last.max(event.time);
        self.kinds[event.kind as usize] += 1;
        self.timeline.add(event.time, event.kind);
        let done = self.progress.add(event);
        if done != 0 {
            self.timeline.add_done(event.time, done);
        }
        match event.kind {
            Kind::Sent | Kind::Delivered | Kind::Dropped => self.add_message(event),
            Kind::Fault | Kind::Crashed | Kind::Restarted => self.add_fault(event),
            _ => {}
        }
    }

    fn add_message(&mut self, event: &EventRef<'_>) {
        self.links.add(event);
        let count = entry(&mut self.messages, event.name);
        match event.kind {
            Kind::Sent => {
                count.sent += 1;
                count.bytes += event.bytes;
            }
            Kind::Delivered => {
                count.delivered += 1;
                self.first_delivery = Some(self.first_delivery.map_or(event.time, |first| first.min(event.time)));
                self.last_delivery = Some(self.last_delivery.map_or(event.time, |last| last.max(event.time)));
            }
            _ => {
                count.dropped += 1;
                *entry(&mut self.lost, event.text) += 1;
            }
        }
    }

    fn add_fault(&mut self, event: &EventRef<'_>) {
        if self.faults.len() == FAULTS_MAX {
            self.faults_unlisted += 1;
            return;
        }
        self.faults.push(FaultLine {
            at_s: event.time.as_secs_f64(),
            peer: event.peer.0,
            kind: event.kind,
            name: event.name.into(),
            text: event.text.into(),
        });
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// Every link that is counted, by sender and receiver.
    pub(crate) fn links(&self) -> Vec<Link> {
        self.links.in_order()
    }

    pub(crate) fn summary(&self) -> Summary {
        let counts = Kind::ALL.into_iter().zip(self.kinds);
        Summary {
            events: self.events,
            notes: self.notes(),
            peers: self.progress.peers(),
            done: self.progress.done(),
            last_s: self.last.as_secs_f64(),
            first_delivery_s: self.first_delivery.map(Instant::as_secs_f64),
            last_delivery_s: self.last_delivery.map(Instant::as_secs_f64),
            kinds: counts.filter(|&(_, count)| count > 0).collect(),
            messages: self.messages.clone(),
            lost: self.lost.clone(),
            targets: self.progress.targets(),
            faults: self.faults.clone(),
            top_links: self.links.top(TOP),
            links: self.links.len() as u64,
            slowest: self.progress.slowest(TOP),
            activity: self.timeline.activity(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let (links, targets) = (self.links.uncounted, self.progress.unfollowed);
        [
            (links, format!("{links} messages beyond the first {LINKS_MAX} links are not counted by link")),
            (targets, format!("{targets} changes of targets of further peers are not followed")),
            (self.faults_unlisted, format!("{} further faults are not listed", self.faults_unlisted)),
        ]
        .into_iter()
        .filter_map(|(count, note)| (count > 0).then_some(note))
        .collect()
    }
}

/// The entry of this name, or of all others when there are too many names.
fn entry<'a, T: Default>(names: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if names.len() < NAMES_MAX || names.contains_key(name) { name } else { OTHERS };
    // Names come again and again: look before making a string.
    if !names.contains_key(name) {
        names.insert(name.into(), T::default());
    }
    names.get_mut(name).expect("it was put there if it was not")
}
