//! What waits for the disk.

use std::collections::VecDeque;

/// Things that leave only when writes before them are durable, in order.
#[derive(Debug)]
pub(crate) struct Held<T> {
    waiting: VecDeque<(u64, T)>,
}

/// Held things, at most; a peer takes no input while there are more.
pub(crate) const MAX_HELD: usize = 16_384;

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Held<T> {
    /// Holds `thing` until `ticket` is durable or, without one, until all before it have left. Gives it back
    /// when nothing holds it.
    pub fn hold(&mut self, ticket: Option<u64>, thing: T) -> Option<T> {
        match ticket.or(self.waiting.back().map(|&(ticket, _)| ticket)) {
            Some(ticket) => {
                self.waiting.push_back((ticket, thing));
                None
            }
            None => Some(thing),
        }
    }

    /// The next thing that may leave now that `durable` is.
    pub fn release(&mut self, durable: u64) -> Option<T> {
        self.waiting.pop_front_if(|(ticket, _)| *ticket <= durable).map(|(_, thing)| thing)
    }

    /// Is nothing held?
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Is so much held that the peer should pause?
    pub fn full(&self) -> bool {
        self.waiting.len() > MAX_HELD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_leave_in_order_and_never_before_their_writes() {
        let mut held = Held::default();
        assert_eq!(held.hold(None, 'a'), Some('a'));
        assert_eq!(held.hold(Some(1), 'b'), None);
        assert_eq!(held.hold(None, 'c'), None, "overtook what waits");
        assert_eq!(held.hold(Some(2), 'd'), None);
        assert_eq!(held.release(0), None);
        let released: String = std::iter::from_fn(|| held.release(1)).collect();
        assert_eq!(released, "bc");
        assert_eq!(held.release(2), Some('d'));
        assert_eq!(held.hold(None, 'e'), Some('e'));
    }
}
