//! What INFO tells, and what it is counted by.

use std::cell::Cell;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

/// The Redis version whose replies ours are like, for clients that look.
pub(super) const REDIS_VERSION: &str = "7.0.15";

/// Counts of one front end.
pub(crate) struct Server {
    started: Instant,
    address: SocketAddr,
    clients: Cell<u64>,
    accepted: Cell<u64>,
    pub commands: Cell<u64>,
    /// Tells how many commands wait for replies.
    waiting: Box<dyn Fn() -> usize>,
}

impl Server {
    /// `waiting` tells how many commands wait for replies.
    pub fn new(address: SocketAddr, waiting: impl Fn() -> usize + 'static) -> Self {
        let (clients, accepted, commands) = (Cell::new(0), Cell::new(0), Cell::new(0));
        Self { started: Instant::now(), address, clients, accepted, commands, waiting: Box::new(waiting) }
    }

    /// A client came: its number.
    pub fn came(&self) -> u64 {
        self.clients.set(self.clients.get() + 1);
        self.accepted.set(self.accepted.get() + 1);
        self.accepted.get()
    }

    /// A client left.
    pub fn left(&self) {
        self.clients.set(self.clients.get() - 1);
    }

    /// Clients that are connected.
    pub fn clients(&self) -> u64 {
        self.clients.get()
    }

    /// The text of INFO.
    pub fn info(&self) -> String {
        let waiting = (self.waiting)();
        let uptime = self.started.elapsed().as_secs();
        let mut text = String::new();
        let _ = write!(
            text,
            "# Server\r\nredis_version:{REDIS_VERSION}\r\nredis_mode:standalone\r\nserver_name:rumormill\r\n\
             rumormill_version:{}\r\nos:{}\r\nprocess_id:{}\r\ntcp_port:{}\r\nuptime_in_seconds:{uptime}\r\n\
             \r\n# Clients\r\nconnected_clients:{}\r\nblocked_clients:{waiting}\r\n\
             \r\n# Stats\r\ntotal_connections_received:{}\r\ntotal_commands_processed:{}\r\n\
             \r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::process::id(),
            self.address.port(),
            self.clients.get(),
            self.accepted.get(),
            self.commands.get(),
        );
        text
    }
}
