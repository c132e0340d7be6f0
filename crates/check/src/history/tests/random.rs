//! Small histories, good and bad, in which no value is written twice.

use proptest::prelude::*;

use crate::history::History;

/// A few sessions that write and read two keys; a read returns any value that somebody writes, or finds
/// the key absent.
pub(super) fn reads_and_writes() -> impl Strategy<Value = History> {
    let operation = (0..4_u64, 0..2_usize, any::<bool>(), any::<prop::sample::Index>());
    prop::collection::vec(operation, 1..14).prop_map(|operations| {
        let mut build = History::build();
        let names = ["x", "y"];
        let written: Vec<Vec<u64>> = [0, 1]
            .map(|key| {
                (0_u64..).zip(&operations).filter(|(_, one)| one.1 == key && one.2).map(|(value, _)| value).collect()
            })
            .into();
        for (value, (session, key, writes, choice)) in (0_u64..).zip(&operations) {
            let mut session = build.session(*session);
            let place = choice.index(written[*key].len() + 1);
            match (writes, written[*key].get(place)) {
                (true, _) => session.write(names[*key], value),
                (false, Some(&value)) => session.read(names[*key], value),
                (false, None) => session.absent(names[*key]),
            };
        }
        build.history()
    })
}
