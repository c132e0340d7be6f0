//! Small histories, good and bad, in which no value is written twice.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::history::History;

const KEYS: [&str; 3] = ["x", "y", "z"];

#[derive(Clone, Debug)]
enum Act {
    /// Writes a value of its own.
    Write,
    /// Reads what somebody wrote, only earlier ones or all, or finds the key absent.
    Read(bool, Index),
    /// Reads what this operation of the litmus history wrote.
    Of(usize),
    Absent,
}

/// Which session does it to which key.
type Operation = (u64, usize, Act);

/// Figure 3 of the paper, (a) to (c), with the keys and sessions that the random operations have.
fn litmus() -> impl Strategy<Value = Vec<Operation>> {
    use Act::{Absent, Of, Write};
    prop_oneof![
        1 => Just(vec![]),
        1 => Just(vec![(0, 0, Write), (1, 0, Write), (0, 0, Of(1)), (1, 0, Of(0))]),
        1 => Just(vec![
            (0, 2, Write), (0, 0, Write), (0, 1, Write), (1, 0, Write), (1, 2, Absent), (1, 1, Of(2)), (1, 0, Of(3)),
        ]),
        1 => Just(vec![(0, 0, Write), (1, 0, Write), (1, 0, Of(0)), (1, 0, Of(1))]),
    ]
}

fn some(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Operation>> {
    let key = prop_oneof![4 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let early = prop::bool::weighted(0.9);
    let act =
        prop_oneof![Just(Act::Write), (early, any::<Index>()).prop_map(|(early, choice)| Act::Read(early, choice))];
    prop::collection::vec((0..4_u64, key, act), count)
}

/// A few sessions that write and read three keys. In some histories, one that is known to be hard to judge is
/// hidden among the rest.
pub(super) fn reads_and_writes() -> impl Strategy<Value = History> {
    let parts = prop_oneof![
        2 => (some(1..17), Just(vec![]), Just(vec![])).boxed(),
        1 => (some(0..4), litmus(), some(0..5)).boxed(),
    ];
    parts.prop_map(|(before, litmus, after)| {
        let start = before.len();
        written_down(start, &[before, litmus, after].concat())
    })
}

fn written_down(start: usize, operations: &[Operation]) -> History {
    let mut build = History::build();
    let written = |key: usize, upto: usize| -> Vec<u64> {
        let writes = |operation: &Operation| operation.1 == key && matches!(operation.2, Act::Write);
        (0_u64..).zip(&operations[..upto]).filter(|(_, one)| writes(one)).map(|(value, _)| value).collect()
    };
    for (place, (session, key, act)) in operations.iter().enumerate() {
        let mut session = build.session(*session);
        let value = match act {
            Act::Write => {
                session.write(KEYS[*key], place as u64);
                continue;
            }
            Act::Read(early, choice) => {
                let values = written(*key, if *early { place } else { operations.len() });
                values.get(choice.index(values.len() + 1)).copied()
            }
            Act::Of(write) => Some((start + write) as u64),
            Act::Absent => None,
        };
        match value {
            Some(value) => session.read(KEYS[*key], value),
            None => session.absent(KEYS[*key]),
        };
    }
    build.history()
}
