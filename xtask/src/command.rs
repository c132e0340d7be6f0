//! Running other programs: their output goes through to the terminal and is read on the way.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The folder of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs this program, without what it told this program about itself: ring builds itself, and
/// all that stands on it, again whenever one of these differs.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// The npm of the page's folder.
pub fn npm() -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(root().join("ui"));
    npm
}

/// Runs a program to its end; an error when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", words(command)))?;
    ensure!(status.success(), "{} ended with {status}", words(command));
    Ok(())
}

/// Runs a program to its end, passes its output through, and calls `line` with each line of its standard
/// output. True when it succeeds.
pub fn read(command: &mut Command, mut line: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if let Some(output) = child.stdout.take() {
        echo(output, &mut line);
    }
    let status = child.wait()?;
    if !status.success() {
        eprintln!("{} ended with {status}", words(command));
    }
    Ok(status.success())
}

/// Passes what a program prints through to our standard output.
fn echo(output: impl Read, line: &mut dyn FnMut(&str)) {
    let mut output = BufReader::new(output);
    let mut bytes = Vec::new();
    // A program may print what is no UTF-8; it is passed on as it is.
    while output.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let mut out = std::io::stdout().lock();
        // Nobody may be reading us any more; the program must go on nevertheless.
        let _ = out.write_all(&bytes).and_then(|()| out.flush());
        line(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
}

/// Is there a program of this name?
pub fn exists(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn announce(command: &Command) {
    eprintln!("$ {}", words(command));
}

fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
