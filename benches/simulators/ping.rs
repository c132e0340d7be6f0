//! The ping load as a protocol.

use rumormill_core::{Context, Duration, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

/// Pings a random peer each second and waits 200 ms for the answer.
#[derive(Clone, Debug, Default)]
pub struct Pinger {
    round: u32,
    answered: u32,
    lost: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    Ping(u32),
    Pong(u32),
}

impl Wire for Message {}

#[derive(Clone, Debug)]
pub enum Timer {
    Round,
    Overdue(u32),
}

impl Launch for Pinger {
    /// The number of peers.
    fn config(parameters: &Parameters) -> Result<u32, ParameterError> {
        parameters.peers()
    }

    fn peer(_: &u32, _: Seat) -> Self {
        Self::default()
    }
}

impl Protocol for Pinger {
    type Config = u32;
    type Message = Message;
    type Timer = Timer;
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let first = cx.rng.between(Duration::ZERO, Duration::from_secs(1));
        cx.set_timer(first, Timer::Round);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Ping(round) => cx.send(from, Message::Pong(round)),
            Message::Pong(round) => self.answered = self.answered.max(round),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Round => {
                self.round += 1;
                let other = PeerId(1 + cx.rng.below(u64::from(*cx.config)));
                cx.send(other, Message::Ping(self.round));
                cx.set_timer(Duration::from_millis(200), Timer::Overdue(self.round));
                cx.set_timer(Duration::from_secs(1), Timer::Round);
            }
            Timer::Overdue(round) => self.lost += u32::from(self.answered < round),
        }
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}
