//! madsim runs in a program of its own: all that it is built from needs `--cfg madsim`.

use std::path::Path;
use std::process::{Command, Output};

/// Builds the program in `benches/madsim` when need be and runs one load.
pub fn run(load: &str, peers: u32) -> std::io::Result<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("madsim");
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(folder.join("../../target/madsim"))
        .args(["--", load, &peers.to_string()])
        .env("RUSTFLAGS", "--cfg madsim")
        .output()
}
