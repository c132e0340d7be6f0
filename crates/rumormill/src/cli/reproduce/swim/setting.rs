//! What a run of a group is, and how it is ordered.

use std::time::Duration;

use rumormill_lab::run::Order;

use super::tally::Tally;

/// Peers that are slow, in runs in which some are: the first ones.
pub(super) const SLOW: u32 = 4;

/// A group, and what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) peers: u32,
    /// How many of them crash, one after the other.
    pub(super) crashes: u32,
    /// How many times some are slow.
    pub(super) cycles: u32,
    pub(super) suspicion: bool,
    pub(super) lha_probe: bool,
    pub(super) lha_suspicion: bool,
    pub(super) buddy: bool,
    /// Which of the runs that differ in nothing else.
    pub(super) run: u64,
}

impl Setting {
    /// SWIM as it was published, without suspicion and without faults.
    pub(super) fn new(peers: u32, run: u64) -> Self {
        let (suspicion, lha_probe, lha_suspicion, buddy) = (false, false, false, false);
        Self { peers, crashes: 0, cycles: 0, suspicion, lha_probe, lha_suspicion, buddy, run }
    }

    /// The run, and what counts in it.
    pub(super) fn ordered(&self) -> (Order, Tally) {
        let mut order = Order::new("swim");
        let mut set = |name: &str, value: serde_json::Value| _ = order.values.insert(name.into(), value);
        set("peers", self.peers.into());
        set("crashes", self.crashes.into());
        set("cycles", self.cycles.into());
        set("slow", (if self.cycles > 0 { SLOW } else { 0 }).into());
        set("suspicion", self.suspicion.into());
        set("lha_probe", self.lha_probe.into());
        set("lha_suspicion", self.lha_suspicion.into());
        set("buddy", self.buddy.into());
        order.seed += self.run;
        let span = Duration::from_millis(60_000 + 14_300 * u64::from(self.crashes) + 32_000 * u64::from(self.cycles));
        order.time_limit = Some(span);
        (order, Tally::new(SLOW, span))
    }
}
