//! Carries out what activations asked for.

use std::borrow::Cow;

use rumormill_core::trace::Kind;
use rumormill_core::{PeerId, Wire, time::nanos};

use super::activate::Occasion;
use super::desk::Wish;
use super::{CauseOf, Shard};
use crate::digest::Entry;
use crate::event::{Event, Form, Hold, Input};
use crate::network::{Fate, Loss, Parcel};
use crate::peers::targets::Standing;
use crate::peers::{DONE, FINISHED, SKEWED, UP};
use crate::recording::{Recording, name_of, text_of};
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// Carries out one wish, now.
    #[inline]
    pub(super) fn carry_out(&mut self, occasion: &Occasion<CauseOf<P, F>>, wish: Wish<P>) {
        match wish {
            Wish::Send { to, message } => self.send(occasion, to, message),
            Wish::SetTimer { after, timer } => self.set_timer(occasion, nanos(after), timer),
            Wish::Progress { target, current, goal } => self.progress(occasion, target, current, goal),
            Wish::Done => self.done(occasion),
            Wish::Observe(observed) => {
                let number = self.first + occasion.index as u32;
                self.tape.write(occasion.time, number, observed.kind, occasion.cause, |event| {
                    event.name = Cow::Owned(observed.name);
                    event.text = observed.text;
                    event.value = observed.value;
                    if observed.kind == Kind::Joined {
                        event.community = Cow::Borrowed(observed.community);
                    }
                });
            }
            Wish::Persist(_) => unreachable!("writes go to the disk"),
        }
    }

    #[inline]
    fn send(&mut self, occasion: &Occasion<CauseOf<P, F>>, to: PeerId, message: P::Message) {
        let &Occasion { time, index, .. } = occasion;
        let from = self.first + index as u32;
        let book = &mut self.cells[index].book;
        let sequence = book.sends;
        book.sends = sequence.wrapping_add(1);
        let measure = message.measure();
        self.tally.messages.sent += 1;
        self.tally.messages.bytes += u64::from(measure.bytes);
        let place = u64::from(from) << 32 | u64::from(sequence);
        self.tally.digest.add(Entry::Send, time, place, measure.hash ^ to.0.rotate_left(32));
        let cause = self.tape_sending(occasion, to, measure.bytes, &message);
        let fate = if to.0.wrapping_sub(1) >= u64::from(self.shared.peers) {
            Fate::Lost(Loss::Nobody)
        } else if measure.bytes as usize > P::Message::MAX_BYTES {
            Fate::Lost(Loss::TooLong)
        } else {
            self.network.fate(Parcel { time, from, to: to.0 as u32, sequence, bytes: measure.bytes })
        };
        let message = if self.shared.check_codec { self.through_codec(message) } else { message };
        match fate {
            Fate::Arrives(at) => self.dispatch(at, to.0 as u32, from, cause, message),
            Fate::Doubled(at, again) => {
                self.tally.messages.duplicated += 1;
                self.dispatch(at, to.0 as u32, from, cause, message.clone());
                self.dispatch(again, to.0 as u32, from, cause, message);
            }
            Fate::Lost(loss) => {
                self.tally.messages.dropped += 1;
                self.tape_loss(time, from, to, cause, &message, loss);
            }
        }
    }

    /// Puts a message into its receiver's future.
    #[inline]
    fn dispatch(&mut self, at: u64, to: u32, from: u32, cause: CauseOf<P, F>, message: P::Message) {
        let event = Event { to, from, cause, input: Input::Message(F::Message::hold(message)) };
        if to.wrapping_sub(self.first) < self.cells.len() as u32 {
            self.calendar.push(at, event);
        } else {
            self.outgoing[((to - 1) / self.shared.per_shard) as usize].push((at, event));
        }
    }

    /// The message as its receiver decodes it; the run fails when that is another one.
    fn through_codec(&mut self, message: P::Message) -> P::Message {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        let wrong = match P::Message::decode(&bytes) {
            Ok(decoded) if decoded.measure() == message.measure() => return decoded,
            Ok(decoded) => format!("decodes to {}", text_of(&decoded)),
            Err(error) => error.to_string(),
        };
        self.failure.get_or_insert(format!("{} does not survive its codec: {wrong}", text_of(&message)));
        message
    }

    #[inline]
    fn set_timer(&mut self, occasion: &Occasion<CauseOf<P, F>>, after: u64, timer: P::Timer) {
        let &Occasion { time, index, cause } = occasion;
        let book = self.cells[index].book;
        let after = if book.is(SKEWED) { self.clocks[&(index as u64)].takes(after) } else { after };
        let input = Input::Timer(F::Timer::hold(timer));
        let event = Event { to: self.first + index as u32, from: u32::from(book.life), cause, input };
        self.calendar.push(time.saturating_add(after), event);
    }

    fn progress(&mut self, occasion: &Occasion<CauseOf<P, F>>, target: u16, current: u64, goal: u64) {
        let &Occasion { time, index, cause } = occasion;
        let content = self.targets.hash(target) ^ current.rotate_left(17) ^ goal.rotate_left(43);
        self.tally.digest.add(Entry::Progress, time, self.place(index), content);
        let met = current >= goal;
        let before = self.targets.report(target, index, met);
        let book = &mut self.cells[index].book;
        book.unmet += u16::from(!met && before != Standing::Unmet);
        book.unmet -= u16::from(met && before == Standing::Unmet);
        self.recount(time, index);
        let targets = &self.targets;
        self.tape.write(time, self.first + index as u32, Kind::Progress, cause, |event| {
            event.name = targets.name(target);
            (event.value, event.goal) = (current, goal);
        });
    }

    fn done(&mut self, occasion: &Occasion<CauseOf<P, F>>) {
        let &Occasion { time, index, cause } = occasion;
        if self.cells[index].book.is(DONE) {
            return;
        }
        self.cells[index].book.set(DONE, true);
        self.tally.digest.add(Entry::Done, time, self.place(index), 0);
        self.tape.write(time, self.first + index as u32, Kind::Done, cause, |_| {});
        self.recount(time, index);
    }

    /// Looks anew at whether a peer counts as done.
    #[inline]
    pub(crate) fn recount(&mut self, time: u64, index: usize) {
        let book = &mut self.cells[index].book;
        let finished = book.flags & (UP | DONE) == UP | DONE && book.unmet == 0;
        if finished == book.is(FINISHED) {
            return;
        }
        book.set(FINISHED, finished);
        if finished {
            self.tally.done += 1;
            self.tally.done_at = time;
        } else {
            self.tally.done -= 1;
        }
    }

    #[inline]
    fn tape_sending(
        &mut self,
        occasion: &Occasion<CauseOf<P, F>>,
        to: PeerId,
        bytes: u32,
        message: &P::Message,
    ) -> CauseOf<P, F> {
        let from = self.first + occasion.index as u32;
        let sent = self.tape.write(occasion.time, from, Kind::Sent, occasion.cause, |event| {
            describe(event, to, message);
            event.bytes = u64::from(bytes);
            event.text = text_of(message);
        });
        self.probe_message(message);
        sent
    }

    #[inline]
    pub(super) fn tape_delivery(
        &mut self,
        occasion: Occasion<CauseOf<P, F>>,
        from: u32,
        message: &P::Message,
    ) -> Occasion<CauseOf<P, F>> {
        let Occasion { time, index, cause } = occasion;
        let cause = self.tape.write(time, self.first + index as u32, Kind::Delivered, cause, |event| {
            describe(event, PeerId(u64::from(from)), message);
            event.bytes = u64::from(message.measure().bytes);
        });
        self.probe_message(message);
        Occasion { time, index, cause }
    }

    /// A message is lost at peer `at`: its sender, or its receiver.
    pub(super) fn tape_loss(
        &mut self,
        time: u64,
        at: u32,
        other: PeerId,
        cause: CauseOf<P, F>,
        message: &P::Message,
        loss: Loss,
    ) {
        self.tape.write(time, at, Kind::Dropped, cause, |event| {
            describe(event, other, message);
            event.bytes = u64::from(message.measure().bytes);
            event.text = loss.text().into();
        });
        self.probe_message(message);
    }

    #[inline]
    pub(super) fn tape_timer(
        &mut self,
        occasion: Occasion<CauseOf<P, F>>,
        timer: &P::Timer,
    ) -> Occasion<CauseOf<P, F>> {
        let Occasion { time, index, cause } = occasion;
        let cause = self.tape.write(time, self.first + index as u32, Kind::Timer, cause, |event| {
            event.text = text_of(timer);
            event.name = Cow::Owned(name_of(&event.text));
        });
        Occasion { time, index, cause }
    }
}

/// What every event about a message says of it.
fn describe<M: Wire>(event: &mut rumormill_core::trace::Event, other: PeerId, message: &M) {
    event.other = Some(other);
    event.name = Cow::Borrowed(message.kind());
    if !message.community().is_empty() {
        event.community = Cow::Borrowed(message.community());
    }
}
