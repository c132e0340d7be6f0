//! The place of a link's connection, and which of two connections is kept.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rumormill_core::{Link, PeerId};
use tokio::sync::Notify;

/// A connection whose two hellos have been exchanged.
pub(super) struct Established {
    pub connection: quinn::Connection,
    /// Which of the two peers dialled.
    pub dialler: PeerId,
    /// The other side's boot: see [`crate::frame::Hello::boot`].
    pub boot: u64,
    /// This side's stream, until the writer takes it.
    pub stream: RefCell<Option<quinn::SendStream>>,
    /// When something last went over it.
    pub used: Cell<tokio::time::Instant>,
}

impl Established {
    /// Something goes over it now.
    pub fn touch(&self) {
        self.used.set(tokio::time::Instant::now());
    }
}

/// The place of a link's connection.
#[derive(Default)]
pub(super) struct Slot {
    current: RefCell<Option<Rc<Established>>>,
    /// Told when another connection takes the place, or none.
    pub changed: Notify,
    /// Shall there always be a connection?
    pub kept: Cell<bool>,
    hinted: Cell<Option<Link>>,
}

impl Slot {
    /// The connection in use, unless it is closed.
    pub fn current(&self) -> Option<Rc<Established>> {
        self.current.borrow().as_ref().filter(|current| current.connection.close_reason().is_none()).cloned()
    }

    /// Is this the connection in use?
    pub fn uses(&self, candidate: &Rc<Established>) -> bool {
        self.current.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, candidate))
    }

    /// Offers a connection; says whether it is now the one in use. Both sides of two connections decide
    /// alike.
    pub fn offer(&self, offered: &Rc<Established>, me: PeerId, remote: PeerId) -> bool {
        let keeps = self.current().is_some_and(|current| {
            let boots = (current.boot, offered.boot);
            !replaces(boots, (current.dialler, offered.dialler), me.min(remote))
        });
        if !keeps {
            *self.current.borrow_mut() = Some(Rc::clone(offered));
            self.changed.notify_one();
        }
        !keeps
    }

    /// Gives a connection up; says whether it was the one in use.
    pub fn lose(&self, lost: &Rc<Established>) -> bool {
        let uses = self.uses(lost);
        if uses {
            *self.current.borrow_mut() = None;
            self.changed.notify_one();
        }
        uses
    }

    /// Is this state of the link news to the protocol?
    pub fn hint(&self, link: Link) -> bool {
        self.hinted.replace(Some(link)) != Some(link)
    }
}

/// Does a new connection replace one that seems to work? Yes if the other side has rebooted since; if the
/// same side dialled both, for then it has given up the first; and of two dialled at once, that of the
/// peer with the smaller id is kept.
fn replaces(boots: (u64, u64), diallers: (PeerId, PeerId), smaller: PeerId) -> bool {
    if boots.0 != boots.1 {
        return boots.1 > boots.0;
    }
    diallers.0 == diallers.1 || diallers.1 == smaller
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: PeerId = PeerId(1);
    const LARGE: PeerId = PeerId(2);

    #[test]
    fn of_two_simultaneous_connections_both_sides_keep_the_same() {
        // Whichever of the two a side sees first, it ends with that of the smaller id.
        assert!(replaces((5, 5), (LARGE, SMALL), SMALL));
        assert!(!replaces((5, 5), (SMALL, LARGE), SMALL));
    }

    #[test]
    fn a_reboot_or_a_second_dial_replaces_what_was() {
        assert!(replaces((5, 6), (SMALL, LARGE), SMALL));
        assert!(!replaces((6, 5), (LARGE, SMALL), SMALL), "from before the reboot");
        assert!(replaces((5, 5), (LARGE, LARGE), SMALL));
    }
}
