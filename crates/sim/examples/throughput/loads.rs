//! Two loads: a burst that fills the queue, and a steady state with timers.

use std::time::Duration;

use rumormill_core::{Context, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

/// A peer that passes a rumor on the first time it hears it.
#[derive(Clone, Debug, Default)]
pub struct Flood {
    heard: u64,
    copies: u32,
}

/// A rumor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rumor(u64);

impl Wire for Rumor {}

impl Flood {
    fn hear(&mut self, cx: &mut Context<'_, Self>, from: Option<PeerId>, rumor: &Rumor) {
        self.copies += 1;
        if self.heard == 0 {
            self.heard = rumor.0;
            let others = cx.neighbors.iter().copied().filter(|&neighbor| Some(neighbor) != from);
            cx.send_all(others, rumor);
            cx.progress("heard", 1, 1);
            cx.done();
        }
    }
}

impl Protocol for Flood {
    type Config = ();
    type Message = Rumor;
    type Timer = Never;
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        cx.progress("heard", 0, 1);
        if cx.me == PeerId(1) {
            self.hear(cx, None, &Rumor(77));
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, rumor: Rumor) {
        self.hear(cx, Some(from), &rumor);
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Launch for Flood {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self::default()
    }
}

/// A peer that pings a random neighbor each second and waits 200 ms for the answer.
#[derive(Clone, Debug, Default)]
pub struct Ping {
    waiting: Option<(PeerId, u32)>,
    round: u32,
    answered: u32,
    missed: u32,
}

/// Question and answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Pong {
    /// Are you there?
    Ask(u32),
    /// Yes.
    Answer(u32),
}

impl Wire for Pong {}

/// What a peer waits for.
#[derive(Clone, Debug)]
pub enum Tick {
    /// The next round.
    Next,
    /// An answer that did not come in time.
    Missed(u32),
}

impl Protocol for Ping {
    type Config = ();
    type Message = Pong;
    type Timer = Tick;
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let first = cx.rng.between(Duration::ZERO, Duration::from_secs(1));
        cx.set_timer(first, Tick::Next);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Pong) {
        match message {
            Pong::Ask(round) => cx.send(from, Pong::Answer(round)),
            Pong::Answer(round) if self.waiting == Some((from, round)) => {
                self.waiting = None;
                self.answered += 1;
            }
            Pong::Answer(_) => {}
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Tick) {
        match timer {
            Tick::Missed(round) if self.waiting.is_some_and(|(_, waiting)| waiting == round) => {
                self.waiting = None;
                self.missed += 1;
            }
            Tick::Missed(_) => {}
            Tick::Next => {
                self.round += 1;
                if let Some(&to) = cx.rng.choose(cx.neighbors) {
                    self.waiting = Some((to, self.round));
                    cx.send(to, Pong::Ask(self.round));
                    cx.set_timer(Duration::from_millis(200), Tick::Missed(self.round));
                }
                cx.set_timer(Duration::from_secs(1), Tick::Next);
            }
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Launch for Ping {
    fn config(_: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer((): &(), _: Seat) -> Self {
        Self::default()
    }
}
