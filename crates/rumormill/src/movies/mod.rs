//! The ratings of movies, for people.

pub mod data;
mod embedded;
mod remote;
mod servers;

pub use embedded::Embedded;
pub use remote::Remote;
pub use servers::{Servers, Trouble};

/// For fuzzing: reads bytes as what a front end answers.
pub(crate) fn fuzz(bytes: &[u8]) {
    remote::fuzz(bytes);
}
