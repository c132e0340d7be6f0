//! The lab's server over real sockets: who gets in, what it answers, what a page sees.
#![allow(clippy::unwrap_used)]

mod access;
mod client;
mod forms;
mod jobs;
mod life;
mod runs;
