//! What happens to a peer: its input, and the gate that holds it back while it is paused or slow.

use rumormill_core::PeerId;

use super::activate::Occasion;
use super::{CauseOf, Shard};
use crate::event::{Event, EventOf, Form, Hold, Input};
use crate::network::Loss;
use crate::peers::{GATED, UP};
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// Lets an event happen.
    #[inline]
    pub(super) fn handle(&mut self, time: u64, event: EventOf<P, F>) {
        let Event { to, from, cause, input } = event;
        let index = to.wrapping_sub(self.first) as usize;
        if to > 0 {
            self.tally.acted_at = time;
        }
        match input {
            Input::Message(message) => {
                if self.cells[index].book.flags & (UP | GATED) == UP {
                    self.deliver(Occasion { time, index, cause }, from, message.release());
                } else {
                    self.obstructed(time, Event { to, from, cause, input: Input::Message(message) });
                }
            }
            Input::Timer(timer) => {
                if self.cells[index].book.flags & (UP | GATED) == UP {
                    if self.is_of_this_life(index, from) {
                        self.fire(Occasion { time, index, cause }, timer);
                    }
                } else {
                    self.obstructed(time, Event { to, from, cause, input: Input::Timer(timer) });
                }
            }
            Input::Flush if self.is_of_this_life(index, from) => self.flush(time, index),
            Input::Wake if self.is_of_this_life(index, from) => self.wake(time, index),
            Input::Flush | Input::Wake => {}
            Input::Leave => self.leave(time, index),
            Input::Return(disk) => self.come_back(time, index, disk),
            Input::Begin => self.begin(time),
            Input::Fault(place) => self.fault(time, place as usize),
        }
    }

    /// Hands over what waited before a gate, or did not have to.
    pub(super) fn let_in(&mut self, time: u64, event: EventOf<P, F>) {
        let Event { to, from, cause, input } = event;
        let index = to.wrapping_sub(self.first) as usize;
        match input {
            Input::Message(message) => self.deliver(Occasion { time, index, cause }, from, message.release()),
            Input::Timer(timer) if self.is_of_this_life(index, from) => {
                self.fire(Occasion { time, index, cause }, timer);
            }
            Input::Fault(place) if self.is_of_this_life(index, from) => {
                self.ask(Occasion { time, index, cause }, place as usize);
            }
            _ => {}
        }
    }

    /// A timer or a flush of an earlier life means nothing.
    #[inline]
    fn is_of_this_life(&self, index: usize, life: u32) -> bool {
        u32::from(self.cells[index].book.life) == life
    }

    /// A message, timer or request for a peer that is down, paused or slow.
    #[cold]
    pub(super) fn obstructed(&mut self, time: u64, event: EventOf<P, F>) {
        let index = event.to.wrapping_sub(self.first) as usize;
        let is_message = matches!(event.input, Input::Message(_));
        if !self.cells[index].book.is(UP) {
            self.lose(time, &event, Loss::Down);
            return;
        }
        if !is_message && !self.is_of_this_life(index, event.from) {
            return;
        }
        let gate = self.gates.entry(index as u64).or_default();
        if let Some(refused) = gate.push(event, is_message) {
            self.lose(time, &refused, Loss::Waiting);
        }
        self.work_off(time, index);
    }

    /// Notes that a message is lost at its receiver.
    pub(super) fn lose(&mut self, time: u64, event: &EventOf<P, F>, loss: Loss) {
        if let Input::Message(message) = &event.input {
            self.tally.messages.dropped += 1;
            let sender = PeerId(u64::from(event.from));
            self.tape_loss(time, event.to, sender, event.cause, message.value(), loss);
        }
    }

    /// Lets in what waits: all of it, or for a slow peer one after the other.
    pub(super) fn work_off(&mut self, time: u64, index: usize) {
        loop {
            let Some(gate) = self.gates.get_mut(&(index as u64)) else { return };
            if gate.paused || gate.waking || gate.is_empty() {
                break;
            }
            if gate.by > 0 {
                gate.waking = true;
                let at = time.saturating_add(gate.by);
                self.push_wake(at, index);
                break;
            }
            if let Some(event) = gate.pop(|event| matches!(event.input, Input::Message(_))) {
                self.let_in(time, event);
            }
        }
        if self.gates.get(&(index as u64)).is_some_and(|gate| gate.is_open() && !gate.waking) {
            self.gates.remove(&(index as u64));
            self.cells[index].book.set(GATED, false);
        }
    }

    fn push_wake(&mut self, at: u64, index: usize) {
        let life = u32::from(self.cells[index].book.life);
        let cause = CauseOf::<P, F>::default();
        self.calendar.push(at, Event { to: self.first + index as u32, from: life, cause, input: Input::Wake });
    }

    /// A slow peer has worked off an input: its handler is called.
    fn wake(&mut self, time: u64, index: usize) {
        let Some(gate) = self.gates.get_mut(&(index as u64)) else { return };
        gate.waking = false;
        if gate.paused {
            return;
        }
        if let Some(event) = gate.pop(|event| matches!(event.input, Input::Message(_))) {
            self.let_in(time, event);
        }
        self.work_off(time, index);
    }
}
