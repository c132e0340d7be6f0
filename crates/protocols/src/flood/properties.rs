//! What must hold of a flood.

use rumormill_core::property::Property;

use super::Flood;

/// What must hold of a flood.
pub(super) fn properties() -> Vec<Property<Flood>> {
    vec![
        Property::<Flood>::always_each("holds_only_what_exists", "no peer has more messages than there are", |peer| {
            let (held, total) = (peer.state.held.len(), peer.config.total);
            if held <= total { Ok(()) } else { Err(format!("it has {held} messages, and there are only {total}")) }
        }),
        Property::<Flood>::never_each("counts_twice", "a peer counts a message twice", |peer| {
            let held = peer.state.held();
            let counted: u64 = held.authors().iter().map(|author| author.numbers().count() as u64).sum();
            (counted != held.len()).then(|| format!("it says that it has {} messages, and has {counted}", held.len()))
        }),
        Property::<Flood>::always_each(
            "keeps_what_it_signed",
            "a peer has the content of every signed message it holds",
            |peer| {
                let contents = peer.state.items.as_ref().map_or(0, |items| items.len() as u64);
                !peer.config.signed || contents == peer.state.held.len()
            },
        ),
        Property::<Flood>::eventually_each("everyone_has_all", "every peer that is up has all messages", |peer| {
            let (held, total) = (peer.state.held.len(), peer.config.total);
            if held >= total { Ok(()) } else { Err(format!("it has {held} of {total} messages")) }
        }),
    ]
}
