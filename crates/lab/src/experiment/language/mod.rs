//! Experiment files: Starlark that says what to run, and can do nothing else.
//!
//! There is no `load`, no printing, no file, no network. Steps, depth, memory, the file's size and every
//! growing operation have a bound. Fields that depend on a parameter's value are functions of the
//! parameters, as in `faults = lambda p: [at("3s", crash(p.peers))]`.

mod bounded;
mod call;
mod data;
mod evaluate;
mod functions;
mod guard;
mod read;

pub(crate) use data::{LatencyPart, Parts, Stop, matrix};
pub(crate) use evaluate::{World, define, world};
