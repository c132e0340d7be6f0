//! Floors: before which time no update will come any more, at one replica and at all.

use std::time::Duration;

use rumormill_core::time::nanos;
use rumormill_core::{Context, PeerId};
use serde::Serialize;

use super::members::Members;
use super::{Replica, disk};
use crate::store::{Application, Flaw, Store, Timestamp};

/// A replica's floor rises in steps of this part of δ: each step is a write to its disk.
const STEPS: u32 = 16;

/// Before which times no update will come any more.
///
/// A replica takes calls until δ after their time. So, when its clock says T, it takes none of before T − δ any
/// more, and tells the others this floor with what it holds then: whoever has executed all that has executed
/// every update of that replica before its floor. The least of all members' floors is the floor of the store: no
/// update of before is executed here any more. It does not matter how far their clocks are apart.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Floors {
    /// This replica takes no update before this time.
    own: u64,
    /// The same, and all such that it took are executed here.
    settled: u64,
    /// The same of a later time, once this is executed here.
    next: Option<(u64, Timestamp)>,
    /// No update before this time is executed here any more.
    store: u64,
}

impl Floors {
    /// This replica takes no update before this time.
    pub(super) fn own(&self) -> u64 {
        self.own
    }

    /// No update before this time is executed here any more.
    pub(super) fn store(&self) -> u64 {
        self.store
    }

    /// The floors of an earlier life of this replica.
    pub(super) fn restored(own: u64, store: u64) -> Self {
        Self { own: own.max(store), store, ..Self::default() }
    }

    /// The state comes from another replica, in which updates before this time have been forgotten.
    pub(super) fn adopt(&mut self, store: u64) {
        self.store = self.store.max(store);
        self.own = self.own.max(store);
        (self.settled, self.next) = (0, None);
    }
}

/// Moves `floor` on to `told`, once all that was told with it is executed; keeps it in `next` until then. Returns
/// how far it is.
fn advance(
    floor: &mut u64,
    next: &mut Option<(u64, Timestamp)>,
    told: Option<(u64, &Timestamp)>,
    covers: impl Fn(&Timestamp) -> bool,
) {
    if let Some((time, needs)) = next
        && covers(needs)
    {
        *floor = (*floor).max(*time);
        *next = None;
    }
    let Some((time, needs)) = told.filter(|(time, _)| time > floor) else { return };
    if covers(needs) {
        *floor = time;
        *next = None;
    } else if next.is_none() {
        *next = Some((time, needs.clone()));
    }
}

impl<A: Application> Replica<A> {
    /// A member told its floor, with all that it holds.
    pub(super) fn hear_floor(&mut self, from: PeerId, floor: u64, holds: &Timestamp) {
        let executed = self.log.executed();
        let Members { ended, rows, .. } = &mut self.members;
        if let Some(row) = rows.get_mut(&from) {
            let covers = |needs: &Timestamp| ended.covers(executed, needs);
            advance(&mut row.floor, &mut row.next_floor, Some((floor, holds)), covers);
        }
    }

    /// Raises this replica's floor to δ before its clock, when that is a step.
    pub(super) fn raise_floor(&mut self, cx: &mut Context<'_, Store<A>>) {
        // Flaw: what is older than a moment is forgotten.
        let short = cx.config.flaw == Some(Flaw::DeltaTooShort);
        let delta = if short { Duration::ZERO } else { cx.config.delta };
        let floor = cx.now.as_nanos().saturating_sub(nanos(delta)).min(self.floor_limit.unwrap_or(u64::MAX));
        if floor > self.floors.own.saturating_add(nanos(delta / STEPS)) {
            self.floors.own = floor;
            cx.persist(disk::FLOOR, &floor.to_be_bytes());
        }
    }

    /// Forgets what was kept only for updates that will not come any more.
    pub(super) fn settle(&mut self) {
        let executed = self.log.executed();
        let Floors { own, settled, next, store } = &mut self.floors;
        let ended = &self.members.ended;
        let covers = |needs: &Timestamp| ended.covers(executed, needs);
        advance(settled, next, Some((*own, self.log.held())), covers);
        for row in self.members.rows.values_mut() {
            advance(&mut row.floor, &mut row.next_floor, None, covers);
        }
        *store = (*store).max(self.members.floor(*settled));
        self.calls.settle(*store);
        self.value.settle(*store, &mut self.changed);
    }

    /// Removes from the log what is executed here and held by all members.
    pub(super) fn collect(&mut self) {
        let (members, disk) = (&self.members, &mut self.disk);
        self.log.collect(|slot| members.known(slot), |entry| disk.collected(entry.batch));
        self.drop_lines();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Slot;

    #[test]
    fn a_floor_holds_once_what_was_told_with_it_is_executed() {
        let named = |count| -> Timestamp { [(Slot::FORCED, count)].into_iter().collect() };
        let (mut floor, mut next) = (0, None);
        advance(&mut floor, &mut next, Some((10, &named(5))), |needs| named(4).covers(needs));
        assert_eq!(floor, 0, "an update of before 10 may still be on its way");
        advance(&mut floor, &mut next, Some((20, &named(9))), |needs| named(4).covers(needs));
        advance(&mut floor, &mut next, None, |needs| named(5).covers(needs));
        assert_eq!(floor, 10, "the earlier one is not displaced by one that may be long in coming");
        advance(&mut floor, &mut next, Some((20, &named(9))), |needs| named(9).covers(needs));
        assert_eq!((floor, next.is_none()), (20, true));
        advance(&mut floor, &mut next, Some((15, &named(1))), |needs| named(9).covers(needs));
        assert_eq!(floor, 20, "an old message does no harm");
    }
}
