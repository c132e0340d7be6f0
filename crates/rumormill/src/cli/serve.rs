//! `rumormill lab`, and `rumormill run --watch`.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rumormill_lab::run::{Order, Workbench};
use rumormill_lab::server::{LabOptions, LabStartError, Serving, StoreOptions, serve};
use tokio::sync::Notify;

use super::args::{LabArgs, Places};
use super::interrupt::Interrupt;
use super::{Done, Ended, Failure, say};

/// Serves the lab until a person stops it.
pub(crate) fn lab(args: &LabArgs, workbench: Workbench, places: &Places) -> Done {
    let reporter = args.reporter.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let stores = StoreOptions { named: args.store.clone(), ..StoreOptions::default() };
    let options = LabOptions { listen: args.listen, reporter, runs_dir: places.runs.clone(), workbench, stores };
    until_stopped(options, async |serving| {
        let address = serving.address();
        if let Some(path) = &args.token_file {
            let failed =
                |error| Failure::input(anyhow::Error::new(error).context(format!("cannot write {}", path.display())));
            write_token(path, serving.token()).map_err(failed)?;
        }
        say::line(&format!("the lab is at {}", say::strong(&address)));
        if let Some(reporter) = serving.reporter() {
            say::line(&format!("programs report to {reporter}"));
        }
        say::line(&say::quiet("Ctrl-C ends it, with all its runs"));
        if !args.no_open {
            open(&args.store.first().map_or(address, |store| serving.address_of_store(*store)));
        }
        Ok(())
    })
}

/// Serves a lab with this run opened, on any free port.
pub(crate) fn watch(order: Order, workbench: Workbench, places: &Places) -> Done {
    let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let runs_dir = order.record.clone().unwrap_or_else(|| places.runs.clone());
    let options = LabOptions { listen, reporter: None, runs_dir, workbench, stores: StoreOptions::default() };
    until_stopped(options, async |serving| {
        let run = serving.start(order).await.map_err(|error| match error {
            LabStartError::Order(problems) => problems.into(),
            other => Failure::run(other),
        })?;
        let address = serving.address_of(&run);
        say::line(&format!("the run is at {}", say::strong(&address)));
        say::line(&say::quiet("Ctrl-C ends it"));
        open(&address);
        Ok(())
    })
}

fn until_stopped(options: LabOptions, begin: impl AsyncFnOnce(&Serving) -> Result<(), Failure>) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::run)?;
    runtime.block_on(async {
        let serving = serve(options).await.map_err(Failure::input)?;
        let (interrupt, asked) = (Interrupt::listen(), Arc::new(Notify::new()));
        interrupt.tell({
            let asked = Arc::clone(&asked);
            move || asked.notify_one()
        });
        begin(&serving).await?;
        asked.notified().await;
        say::note("ending the runs");
        if !serving.stop().await {
            say::note("a run did not end in time; its processes end with this one");
        }
        Ok(Ended::Interrupted)
    })
}

/// Writes the token where only this user can read it.
fn write_token(path: &Path, token: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    // A file that was there before may be open to others.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.write_all(token.as_bytes())
}

/// Opens a page with whatever the system has for that; without, the printed address is enough.
fn open(address: &str) {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ if std::env::var_os("DISPLAY").or(std::env::var_os("WAYLAND_DISPLAY")).is_none() => return,
        _ => ("xdg-open", &[]),
    };
    let quiet = || Stdio::null();
    let opened =
        Command::new(program).args(arguments).arg(address).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if let Ok(mut browser) = opened {
        // Reaped when it ends, so that no zombie stays.
        std::thread::spawn(move || browser.wait());
    }
}
