//! `cargo +nightly fuzz run answer --features libfuzzer`
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls the target by an unmangled name")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rumormill::fuzz_answer(bytes));
