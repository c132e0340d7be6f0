//! What testing needs beside Rust: installed when missing, and said so.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{exists, npm, root, run};

/// Node.js and npm, and the packages that the page is made with.
pub fn node_packages() -> Result<()> {
    debian(["node", "npm"].into_iter().filter(|program| !exists(program)), &["nodejs", "npm"])?;
    // npm copies the lock file here once it has installed all of it.
    let wanted = fs::read(root().join("ui/package-lock.json")).context("cannot read ui/package-lock.json")?;
    let stamp = root().join("ui/node_modules/.rumormill-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("Installing the page's npm packages into ui/node_modules");
    run(npm().args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

/// The browser in which the page is tested.
pub fn chromium() -> Result<()> {
    debian(["chromium"].into_iter().filter(|program| !exists(program)), &["chromium"])
}

/// The programs that come with Redis, to talk to a store's front ends as people do.
pub fn redis_tools() -> Result<()> {
    let programs = ["redis-cli", "redis-benchmark"];
    debian(programs.into_iter().filter(|program| !exists(program)), &["redis-tools"])
}

/// Installs Debian packages when any program is missing.
fn debian<'a>(missing: impl Iterator<Item = &'a str>, packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(" and ");
    let packages_text = packages.join(" ");
    if !exists("apt-get") {
        bail!("{missing} not found, and no apt-get to install it with: install {packages_text}, then try again");
    }
    println!("Installing from Debian, because {missing} is missing: {packages_text}");
    let install = ["install", "-y", "--no-install-recommends"];
    run(&mut as_root("apt-get", &["update"])?)?;
    run(as_root("apt-get", &install)?.args(packages))?;
    Ok(())
}

/// The command as root: as it is, or through sudo when that asks for no password.
fn as_root(program: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = if is_root() {
        Command::new(program)
    } else {
        let allowed = exists("sudo") && Command::new("sudo").args(["-n", "true"]).status().is_ok_and(|s| s.success());
        ensure!(
            allowed,
            "installing needs root: run `sudo {program} {}` yourself, then try again",
            arguments.join(" ")
        );
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", program]);
        sudo
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
