//! A client that goes on whatever dies: what it was promised, what it saw, and that it was never told less.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::resp::Client;

/// The longest that a client has to wait for a front end to come back.
const LIMIT: Duration = Duration::from_secs(60);

/// Has everybody end who goes on until this is set, also when the test fails.
pub struct Ends<'a>(pub &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A client, and what it knows.
pub struct Writer {
    number: usize,
    /// Where front ends are.
    addresses: Vec<String>,
    client: Option<Client>,
    /// Connections it has had: it takes the front ends in turn.
    connections: usize,
    /// What its session had seen when its last round was whole.
    pub token: Option<String>,
    /// Members that were added to its set, as it was told.
    pub promised: BTreeSet<String>,
    /// The newest values that it saw of each writer's number.
    seen: Vec<u64>,
    rounds: u64,
}

impl Writer {
    /// Number `number` of `count`, from 0.
    pub fn new(number: usize, count: usize, addresses: Vec<String>) -> Self {
        Self {
            number,
            addresses,
            client: None,
            connections: number,
            token: None,
            promised: BTreeSet::new(),
            seen: vec![0; count],
            rounds: 0,
        }
    }

    /// The key of a writer's set.
    pub fn set(number: usize) -> String {
        format!("promised:{number}")
    }

    /// Rounds that were whole.
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    /// Connections that it needed after the first.
    pub fn reconnected(&self) -> usize {
        self.connections - self.number - 1
    }

    /// One round, again and again until it is whole: adds a value that nobody added before, writes its number,
    /// and reads everybody's. Panics when a promise is broken.
    pub fn round(&mut self) {
        let start = Instant::now();
        while let Err(error) = self.attempt() {
            assert!(start.elapsed() < LIMIT, "writer {}: {error}", self.number);
            self.client = None;
            thread::sleep(Duration::from_millis(10));
        }
        self.rounds += 1;
    }

    /// One try; an error when the connection breaks, which only the death of its front end may do.
    fn attempt(&mut self) -> io::Result<()> {
        if self.client.is_none() {
            let mut client = Client::connect(&self.addresses[self.connections % self.addresses.len()]);
            self.connections += 1;
            if let (Ok(client), Some(token)) = (&mut client, &self.token) {
                assert_eq!(client.try_ask(&["SESSION", "SET", token])?, "+OK");
            }
            self.client = Some(client?);
        }
        let (number, wanted) = (self.number, self.rounds + 1);
        let (set, member, value) = (Self::set(number), format!("{number}-{wanted}"), wanted.to_string());
        let client = self.client.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        client.send(&["SADD", &set, &member])?;
        client.send(&["SET", &format!("number:{number}"), &value])?;
        for other in 0..self.seen.len() {
            client.send(&["GET", &format!("number:{other}")])?;
        }
        client.send(&["SESSION", "GET"])?;

        let added = client.read()?;
        // A copy of an earlier try may have added it: then there is nothing new, and it is there.
        assert!(added == ":1" || added == ":0", "writer {number} adds {member}: {added}");
        self.promised.insert(member);
        assert_eq!(client.read()?, "+OK", "writer {number} writes {value}");
        let mut seen = Vec::new();
        for other in 0..self.seen.len() {
            let read = client.read()?;
            seen.push(if read == "(nil)" {
                0
            } else {
                read.parse().unwrap_or_else(|_| panic!("number:{other}: {read}"))
            });
        }
        let token = client.read()?;
        assert_eq!(seen[number], wanted, "writer {number} does not read its own write");
        for (other, (&now, &before)) in seen.iter().zip(&self.seen).enumerate() {
            assert!(now >= before, "writer {number} saw {before} of writer {other}, and then {now}");
        }
        (self.seen, self.token) = (seen, Some(token));
        Ok(())
    }
}
