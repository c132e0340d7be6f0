//! Chord: nodes on a circle, each of which knows those that follow it, and some that are far away.
//!
//! Stoica, Morris, Liben-Nowell, Karger, Kaashoek, Dabek and Balakrishnan, "Chord: A Scalable Peer-to-peer Lookup
//! Protocol for Internet Applications" (ToN 11(1), 2003), made correct by Zave, "Reasoning about Identifier Spaces:
//! How to Make Chord Correct" (TSE 43(12), 2017).

mod fingers;
mod surroundings;
#[cfg(test)]
mod tests;

pub use fingers::{Fingers, first_power};
pub use surroundings::{Rectified, SUCCESSORS_MAX, Surroundings};
