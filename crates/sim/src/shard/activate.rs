//! One activation: a handler is called, and what it asked for is carried out or held back.

use rumormill_core::{Activation, Context, Instant, PeerId, Rng};

use super::desk::{Desk, ShardHost, Wish};
use super::{CauseOf, Shard};
use crate::digest::Entry;
use crate::event::{Event, Form, Hold, Input};
use crate::peers::disk::Held;
use crate::peers::{HELD, SKEWED};
use crate::recording::Recording;
use crate::simulation::Simulate;

/// Which peer is activated when, and what led to it.
pub(crate) struct Occasion<C> {
    pub(crate) time: u64,
    pub(crate) index: usize,
    pub(crate) cause: C,
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// Calls a handler of a peer that is up. `content` tells the digest what the handler is told.
    #[inline]
    pub(super) fn activate(
        &mut self,
        occasion: Occasion<CauseOf<P, F>>,
        entry: Entry,
        content: u64,
        run: impl FnOnce(&mut P, &mut Context<'_, P>),
    ) {
        let Occasion { time, index, cause } = occasion;
        self.probe_state(index, cause);
        let number = self.first + index as u32;
        let cell = &mut self.cells[index];
        let activation = cell.book.activations;
        cell.book.activations = activation.wrapping_add(1);
        self.tally.events += 1;
        self.tally.digest.add(entry, time, u64::from(number) << 32 | u64::from(activation), content);
        let now = if cell.book.is(SKEWED) { self.clocks[&(index as u64)].shows(time) } else { time };
        let me = PeerId(u64::from(number));
        let parts = Activation {
            me,
            now: Instant::from_nanos(now),
            neighbors: self.neighbors.of(index, cell.book),
            rng: Rng::for_activation(self.shared.seed, me, u64::from(activation)),
            config: &*self.config,
            host: &ShardHost { keys: &self.shared.keys, disks: &self.disks, first: self.first },
        };
        let wrote = if F::Tape::ON {
            let mut desk = Desk::<P, true> { wishes: &mut self.wishes, targets: &mut self.targets, wrote: false };
            run(&mut cell.state, &mut Context::new(parts, &mut desk));
            desk.wrote
        } else {
            let mut desk = Desk::<P, false> { wishes: &mut self.wishes, targets: &mut self.targets, wrote: false };
            run(&mut cell.state, &mut Context::new(parts, &mut desk));
            desk.wrote
        };
        if F::Tape::ON && self.guard.is_some() {
            self.look(&occasion);
        }
        if self.wishes.is_empty() {
            return;
        }
        let mut wishes = std::mem::take(&mut self.wishes);
        if wrote || self.cells[index].book.is(HELD) {
            self.settle_with_disk(&occasion, &mut wishes);
        } else {
            for wish in wishes.drain(..) {
                self.carry_out(&occasion, wish);
            }
        }
        self.wishes = wishes;
    }

    /// What was asked for by an activation that wrote to its disk, or whose peer still waits for it.
    fn settle_with_disk(&mut self, occasion: &Occasion<CauseOf<P, F>>, wishes: &mut Vec<Wish<P>>) {
        let &Occasion { time, index, cause } = occasion;
        let place = self.place(index);
        let (mut writes, mut effects) = (Vec::new(), Vec::new());
        for wish in wishes.drain(..) {
            match wish {
                Wish::Persist(write) => {
                    let content = crate::digest::hash_write(&write);
                    self.tally.digest.add(Entry::Write, time, place, content);
                    writes.push(*write);
                }
                // A timer is the peer's own business: nobody else sees when it was set.
                Wish::SetTimer { .. } => self.carry_out(occasion, wish),
                effect => effects.push(effect),
            }
        }
        let latency = rumormill_core::time::nanos(self.shared.disk.latency);
        let disk = self.disks.entry(index as u64).or_default();
        if latency == 0 && disk.is_idle() {
            disk.apply(writes);
            effects.into_iter().for_each(|effect| self.carry_out(occasion, effect));
            return;
        }
        let mut held = Vec::with_capacity(1 + effects.len());
        if !writes.is_empty() {
            let durable_at = time + latency;
            held.push(Held::Writes { durable_at, writes });
            let life = u32::from(self.cells[index].book.life);
            let flush = Event { to: self.first + index as u32, from: life, cause, input: Input::Flush };
            self.calendar.push(durable_at, flush);
        }
        held.extend(effects.into_iter().map(|effect| Held::Effect((effect, cause))));
        let full = held.into_iter().try_for_each(|held| disk.hold(held)).is_err();
        self.cells[index].book.set(HELD, true);
        if full {
            self.crash(time, index, "out of memory: its disk is too slow for it");
        }
    }

    /// Writes became durable: what waited for them leaves.
    pub(super) fn flush(&mut self, time: u64, index: usize) {
        while let Some((wish, cause)) = self.disks.get_mut(&(index as u64)).and_then(|disk| disk.release(time)) {
            self.carry_out(&Occasion { time, index, cause }, wish);
        }
        let idle = self.disks.get(&(index as u64)).is_none_or(|disk| disk.is_idle());
        self.cells[index].book.set(HELD, !idle);
    }

    /// A message is handed over.
    #[inline]
    pub(super) fn deliver(&mut self, occasion: Occasion<CauseOf<P, F>>, from: u32, message: P::Message) {
        self.tally.messages.delivered += 1;
        let occasion = self.tape_delivery(occasion, from, &message);
        let sender = PeerId(u64::from(from));
        self.activate(occasion, Entry::Message, u64::from(from), |state, cx| state.on_message(cx, sender, message));
    }

    /// A timer runs out.
    #[inline]
    pub(super) fn fire(&mut self, occasion: Occasion<CauseOf<P, F>>, timer: F::Timer) {
        let occasion = self.tape_timer(occasion, timer.value());
        self.activate(occasion, Entry::Timer, 0, |state, cx| state.on_timer(cx, timer.release()));
    }

    /// The layer above asks for something.
    pub(crate) fn request(&mut self, occasion: Occasion<CauseOf<P, F>>, request: P::Request) {
        self.activate(occasion, Entry::Request, 0, |state, cx| state.on_request(cx, request));
    }

    /// The peer and its count of activations, as the digest wants them.
    pub(super) fn place(&self, index: usize) -> u64 {
        u64::from(self.first + index as u32) << 32 | u64::from(self.cells[index].book.activations)
    }
}
