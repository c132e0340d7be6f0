//! The ratings of movies, for people.

pub mod data;
mod embedded;
mod remote;
mod servers;

pub use embedded::Embedded;
pub use remote::Remote;
pub use servers::{Servers, Trouble};
