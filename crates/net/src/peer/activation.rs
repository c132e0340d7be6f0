//! What one activation asked for, in order, until it is carried out.

use std::time::Duration;

use rumormill_core::{Effects, Observation, PeerId, Protocol};

use crate::disk::Write;

/// One thing that leaves the peer.
#[derive(Debug)]
pub(super) enum Wish<P: Protocol> {
    Send { to: PeerId, message: P::Message },
    Indicate(P::Indication),
    Progress { target: &'static str, current: u64, goal: u64 },
    Done,
    Observed(Observed),
}

/// An observation that outlives its activation.
#[derive(Debug)]
pub(super) enum Observed {
    Joined(&'static str),
    Entered(String),
    Exited(String),
    Placed(String),
    Measured { name: String, value: u64 },
    Note(String),
}

/// All that one activation asked for.
#[derive(Debug)]
pub(super) struct Wishes<P: Protocol> {
    pub timers: Vec<(Duration, P::Timer)>,
    pub writes: Vec<Write>,
    pub rest: Vec<Wish<P>>,
    recording: bool,
}

impl<P: Protocol> Wishes<P> {
    pub fn new(recording: bool) -> Self {
        Self { timers: Vec::new(), writes: Vec::new(), rest: Vec::new(), recording }
    }
}

impl<P: Protocol> Effects<P> for Wishes<P> {
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.rest.push(Wish::Send { to, message });
    }

    fn set_timer(&mut self, after: Duration, timer: P::Timer) {
        self.timers.push((after, timer));
    }

    fn indicate(&mut self, indication: P::Indication) {
        self.rest.push(Wish::Indicate(indication));
    }

    fn persist(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.write(key.to_vec(), value.map(<[u8]>::to_vec));
    }

    fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.writes.push((key, value));
    }

    fn progress(&mut self, target: &'static str, current: u64, goal: u64) {
        self.rest.push(Wish::Progress { target, current, goal });
    }

    fn done(&mut self) {
        self.rest.push(Wish::Done);
    }

    fn observe(&mut self, observation: Observation<'_>) {
        self.rest.push(Wish::Observed(match observation {
            Observation::Joined(community) => Observed::Joined(community),
            Observation::Entered(state) => Observed::Entered(state.to_string()),
            Observation::Exited(state) => Observed::Exited(state.to_string()),
            Observation::Placed { x, y } => Observed::Placed(format!("{x:.6} {y:.6}")),
            Observation::Measured { name, value } => Observed::Measured { name: name.to_string(), value },
            Observation::Note(note) => Observed::Note(note.to_string()),
            _ => return,
        }));
    }

    fn recording(&self) -> bool {
        self.recording
    }
}
