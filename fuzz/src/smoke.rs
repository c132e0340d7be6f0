//! Running a target for a while on mutations of its corpus.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use rumormill_core::Rng;

use crate::Target;
use crate::mutate::mutate;

/// What a smoke run did, or the input on which the target panicked.
pub type Smoke = Result<u64, Vec<u8>>;

/// The committed inputs of a target.
///
/// # Errors
/// When its folder in `corpus/` cannot be read.
pub fn corpus(target: Target) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    files.into_iter().map(fs::read).collect()
}

/// Runs the target on each input and then, until `time` is over, on mutations of them. The mutations of a
/// seed are always the same; how many there are depends on the machine.
pub fn smoke(target: Target, inputs: &[Vec<u8>], seed: u64, time: Duration) -> Smoke {
    let start = Instant::now();
    let mut rng = Rng::new(seed);
    let mut runs = 0;
    let mut run = |input: Vec<u8>| {
        runs += 1;
        catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).map_err(|_| input)
    };
    inputs.iter().cloned().try_for_each(&mut run)?;
    while start.elapsed() < time {
        let [one, other] = [(); 2].map(|()| inputs.get(rng.below(inputs.len().max(1) as u64) as usize));
        run(mutate(one.map_or(&[], Vec::as_slice), other.map_or(&[], Vec::as_slice), &mut rng))?;
    }
    Ok(runs)
}
