//! How long the checkers take over a history of 10,000 operations: `cargo bench -p rumormill-benches --bench histories`.

use rumormill_check::history::{Builder, History, Promise};
use rumormill_core::Rng;

/// Keys that are written and read.
const KEYS: u64 = 32;

fn main() {
    divan::main();
}

/// Sessions that each read from their own copy of one sequence of writes, some behind others, and write at its
/// end. It keeps every promise about causality.
fn history(operations: u64, sessions: u64) -> History {
    let mut rng = Rng::new(operations ^ sessions);
    let mut build = Builder::default();
    let mut written: Vec<u64> = Vec::new();
    let mut known = vec![0; sessions as usize];
    for _ in 0..operations {
        let session = rng.below(sessions);
        let known = &mut known[session as usize];
        let key = rng.below(KEYS);
        let name = format!("key{key}");
        if rng.below(2) == 0 {
            build.session(session).write(&name, written.len() as u64);
            written.push(key);
            *known = written.len();
            continue;
        }
        *known += rng.below((written.len() - *known) as u64 + 1) as usize;
        match written[..*known].iter().rposition(|&other| other == key) {
            Some(value) => build.session(session).read(&name, value as u64),
            None => build.session(session).absent(&name),
        };
    }
    build.history()
}

/// By the number of sessions.
#[divan::bench(
    args = [10, 100, 1_000],
    consts = [0, 4, 5, 6],
    sample_count = 5,
    sample_size = 1
)]
fn judge<const PROMISE: usize>(bencher: divan::Bencher<'_, '_>, sessions: u64) {
    let history = history(10_000, sessions);
    let promise = Promise::ALL[PROMISE];
    bencher.bench_local(|| assert!(promise.judge(&history).holds(), "{promise}"));
}
