//! What a run of a store is, and how it is ordered.

use std::time::Duration;

use rumormill_lab::run::Order;

use super::tally::Tally;

/// The store and its load in one run.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) replicas: u32,
    pub(super) front_ends: u32,
    /// Clients at each front end.
    pub(super) clients: u32,
    /// Pause of a client between two calls, on average.
    pub(super) think: Duration,
    /// The share of updates among the calls.
    pub(super) updates: f64,
    /// The share of forced ones among the updates.
    pub(super) forced: f64,
    /// The share of immediate ones among all calls.
    pub(super) immediate: f64,
    /// The mean pause between two rounds of gossip.
    pub(super) gossip_every: Duration,
    /// Updates after which a replica gossips at once.
    pub(super) gossip_after: Option<u32>,
    /// How long messages are counted, once the load goes on.
    pub(super) span: Duration,
}

/// The most calls that the store's made-up clients make together.
const CALLS_MAX: u32 = 1 << 20;

/// The load goes on for so long, at least, before messages are counted.
const BEGIN: Duration = Duration::from_secs(5);

/// The most calls of one client.
const CALLS_OF_CLIENT_MAX: u32 = 100_000;

impl Setting {
    /// A client at a front end for each replica, who makes updates only.
    pub(super) fn new(replicas: u32) -> Self {
        Self {
            replicas,
            front_ends: replicas,
            clients: 1,
            think: Duration::from_millis(100),
            updates: 1.0,
            forced: 0.0,
            immediate: 0.0,
            gossip_every: Duration::from_secs(1),
            gossip_after: None,
            span: Duration::from_secs(60),
        }
    }

    /// The run, and what counts in it: not how replicas greet each other and find a primary.
    pub(super) fn ordered(&self) -> (Order, Tally) {
        let begin = BEGIN.max(self.gossip_every * 2);
        let millis = |span: Duration| format!("{}ms", span.as_millis());
        let calls = (CALLS_MAX / (self.clients * self.front_ends)).min(CALLS_OF_CLIENT_MAX);
        let mut order = Order::new("lazy-replication");
        let mut set = |name: &str, value: serde_json::Value| _ = order.values.insert(name.into(), value);
        set("peers", (self.replicas + self.front_ends).into());
        set("replicas", self.replicas.into());
        set("clients", self.clients.into());
        set("calls", calls.into());
        set("updates", self.updates.into());
        set("forced", self.forced.into());
        set("immediate", self.immediate.into());
        set("think", millis(self.think).into());
        set("gossip_every", millis(self.gossip_every).into());
        if let Some(after) = self.gossip_after {
            set("gossip_after", after.into());
        }
        order.time_limit = Some(begin + self.span);
        (order, Tally::new(self.replicas.into(), !self.is_ordered(), begin, self.span))
    }

    /// Does the primary put its updates in order?
    pub(super) fn is_ordered(&self) -> bool {
        self.forced + self.immediate > 0.0
    }

    /// The updates that a replica which takes calls takes in a mean pause between two rounds of gossip: what a
    /// gossip message then carries, the formulas' K.
    pub(super) fn updates_per_gossip(&self, tally: &Tally) -> f64 {
        let takers = if self.is_ordered() { 1.0 } else { f64::from(self.replicas.min(self.front_ends)) };
        tally.updates as f64 / takers / tally.span.as_secs_f64() * self.gossip_every.as_secs_f64()
    }
}
