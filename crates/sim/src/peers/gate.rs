//! The gate before a paused or slow peer, where its input waits.

use std::collections::VecDeque;

use crate::limits::WAITING_PER_PEER;

/// A gate and what waits before it.
#[derive(Clone)]
pub(crate) struct Gate<E> {
    pub(crate) paused: bool,
    /// Nanoseconds that each input takes.
    pub(crate) by: u64,
    /// Is a wake-up on its way, which takes the first input in?
    pub(crate) waking: bool,
    waiting: VecDeque<E>,
    /// How many of those are messages.
    messages: usize,
}

impl<E> Default for Gate<E> {
    fn default() -> Self {
        Self { paused: false, by: 0, waking: false, waiting: VecDeque::new(), messages: 0 }
    }
}

impl<E> Gate<E> {
    /// Lets an input wait; a message beyond the bound comes back.
    pub(crate) fn push(&mut self, input: E, is_message: bool) -> Option<E> {
        if is_message && self.messages == WAITING_PER_PEER {
            return Some(input);
        }
        self.messages += usize::from(is_message);
        self.waiting.push_back(input);
        None
    }

    /// The first input that waits.
    pub(crate) fn pop(&mut self, is_message: impl Fn(&E) -> bool) -> Option<E> {
        let first = self.waiting.pop_front()?;
        self.messages -= usize::from(is_message(&first));
        Some(first)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Is it of no use any more?
    pub(crate) fn is_open(&self) -> bool {
        !self.paused && self.by == 0 && self.waiting.is_empty()
    }

    /// The peer crashed: nothing waits any more, and a frozen process is gone. A slow machine stays slow.
    /// Returns what waited.
    pub(crate) fn crash(&mut self) -> VecDeque<E> {
        (self.paused, self.waking, self.messages) = (false, false, 0);
        std::mem::take(&mut self.waiting)
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &E> {
        self.waiting.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_beyond_the_bound_come_back_and_timers_wait() {
        let mut gate = Gate::default();
        for number in 0..WAITING_PER_PEER {
            assert_eq!(gate.push(number, true), None);
        }
        assert_eq!(gate.push(7, true), Some(7));
        assert_eq!(gate.push(8, false), None);
        assert_eq!(gate.pop(|_| true), Some(0));
        assert_eq!(gate.push(9, true), None);
        assert_eq!(gate.crash().len(), WAITING_PER_PEER + 1);
        assert!(gate.is_open());
    }
}
