//! What a store promises, judged from what its made-up clients saw and what its replicas did.

use rumormill_check::history::{self, History, Verdict, causal, linear, session};
use rumormill_core::property::{Property, World};

use super::{Exercise, Store, past};

/// A checker of histories.
type Check = fn(&History) -> Verdict;

/// The promises, by name.
const PROMISES: [(&str, &str, Check); 11] = [
    ("causal", "nobody sees an effect without its cause, and all agree on who wins", causal::convergence),
    ("read_your_writes", "a session's reads know what it wrote", session::read_your_writes),
    ("monotonic_reads", "a session's reads know what it read", session::monotonic_reads),
    ("monotonic_writes", "who sees a session's write knows its writes before", session::monotonic_writes),
    ("writes_follow_reads", "who sees a session's write knows what it had read", session::writes_follow_reads),
    ("causal_delivery", "no replica executes an update before its causes", history::causal_delivery),
    ("exactly_once", "no replica executes an update twice", history::exactly_once),
    ("forced_order", "all replicas execute forced updates in one order", history::one_order),
    (
        "linearizable",
        "immediate calls take effect in one order, each while it is made",
        linear::immediate_linearizability,
    ),
    ("nothing_lost", "every update that was answered is executed everywhere", history::nothing_lost),
    ("convergence", "all replicas end in the same state", history::convergence),
];

/// All of them; they are judged at the end of a run, from the journals of its front ends: times are those of
/// their clocks, so that `linearizable` is of use only when these are right.
pub(super) fn properties<A: Exercise>() -> Vec<Property<Store<A>>> {
    let promised = PROMISES.map(|(name, about, check)| {
        Property::eventually(name, about, move |world: &World<'_, Store<A>>| check(&past::history(world)))
    });
    let log_empties = Property::eventually_each(
        "log_empties",
        "a replica's log is empty when all know all",
        |peer: &rumormill_core::property::Peer<'_, Store<A>>| match peer.state {
            Store::Replica(replica) if replica.log_len() > 0 => Err(format!("{} updates are left", replica.log_len())),
            _ => Ok(()),
        },
    );
    let answered = Property::eventually("answered", "no call of a client fails", |world: &World<'_, Store<A>>| {
        past::failure(world).map_or(Ok(()), Err)
    });
    promised.into_iter().chain([log_empties, answered]).collect()
}
