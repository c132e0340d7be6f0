//! A store's real servers: processes on this machine, spoken to as people and programs do, and killed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod crashes;
mod history;
mod http;
mod members;
mod orders;
mod redis;
mod resp;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod up;
mod walk;
mod watch;
