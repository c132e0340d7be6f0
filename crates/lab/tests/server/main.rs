//! The lab's server over real sockets: who gets in, what it answers, what a page sees.
#![allow(clippy::unwrap_used)]

mod access;
mod client;
mod figures;
mod forms;
mod hand;
mod history;
mod jobs;
mod life;
mod model;
mod past;
mod rewind;
mod runs;
mod stores;
mod tree;
