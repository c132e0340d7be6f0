//! The properties that every protocol has.

use rumormill_core::Protocol;
use rumormill_core::property::Property;

use crate::{DeliveredWasSent, DoneMeansTargetsMet, NobodyActsWhileDown};

/// The properties that every protocol has. They are about the trace.
#[must_use]
pub fn general<P: Protocol>() -> Vec<Property<P>> {
    vec![
        Property::on_trace(
            "delivered_was_sent",
            "every message that arrives was sent, to this peer and by the one that it is said to come from",
            DeliveredWasSent::default,
        ),
        Property::on_trace(
            "down_is_silent",
            "a peer that crashed does nothing until it boots again",
            NobodyActsWhileDown::default,
        ),
        Property::on_trace(
            "done_means_targets_met",
            "at the end, a peer that said that it is done meets its targets",
            DoneMeansTargetsMet::default,
        ),
    ]
}
