//! The command line, as a person or a program meets it: the real binary, its words, its JSON and its exit codes.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod check;
mod compare;
mod errors;
mod explore;
mod help;
mod movies;
mod prompt;
mod record;
mod reproduce;
mod run;
#[path = "../support/mod.rs"]
mod support;
mod sweep;
