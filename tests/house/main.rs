//! The house itself: who may know whom, what deterministic rooms may not touch, and tidiness.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod code;
mod determinism;
mod direction;
mod guide;
mod tidy;
