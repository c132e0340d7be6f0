//! `cargo +nightly fuzz run announcement --features libfuzzer`
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls the target by an unmangled name")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rumormill_lab::server::fuzz_announcement(bytes));
