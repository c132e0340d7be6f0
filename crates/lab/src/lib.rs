//! Experiments, runs in any mode, and the page that shows them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod reporter;
pub mod view;
