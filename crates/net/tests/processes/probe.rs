//! A protocol for tests: pings its neighbors and tells what it saw.

use std::time::Duration;

use rumormill_core::{Context, Launch, Link, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

/// How often a peer pings each neighbor.
pub const EVERY: Duration = Duration::from_millis(20);

/// The key under which a peer counts its boots.
const BOOTS: &[u8] = b"boots";

/// What all probes share.
pub struct Config {
    /// The target of each peer: so many pongs since its boot.
    pub pongs: u64,
    /// Bytes that a ping carries.
    pub ballast: usize,
    /// Pings and pongs may be lost.
    pub lossy: bool,
    /// Peer 1 also sends one message of more bytes than are allowed.
    pub oversized: bool,
}

/// A peer.
#[derive(Debug)]
pub struct Probe {
    peerid: u32,
    pongs: u64,
}

/// What probes send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Asks for a pong.
    Ping { number: u64, ballast: Vec<u8>, lossy: bool },
    /// Answers.
    Pong { lossy: bool },
}

impl Wire for Message {
    const MAX_BYTES: usize = 100_000;

    fn kind(&self) -> &'static str {
        match self {
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
        }
    }

    fn may_be_lost(&self) -> bool {
        matches!(self, Self::Ping { lossy: true, .. } | Self::Pong { lossy: true })
    }
}

impl Launch for Probe {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        Ok(Config {
            pongs: parameters.count("pongs")?,
            ballast: parameters.count("ballast")? as usize,
            lossy: parameters.flag("lossy")?,
            oversized: parameters.flag("oversized")?,
        })
    }

    fn peer(_config: &Config, seat: Seat) -> Self {
        Self { peerid: seat.peerid, pongs: 0 }
    }

    fn request(text: &str) -> Option<String> {
        Some(text.to_string())
    }
}

impl Protocol for Probe {
    type Config = Config;
    type Message = Message;
    type Timer = u64;
    type Request = String;
    type Indication = String;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let boots = cx.stored(BOOTS).map_or(0, |value| value[0]) + 1;
        cx.persist(BOOTS, &[boots]);
        cx.note(format_args!("boot {boots}"));
        cx.progress("pongs", 0, cx.config.pongs);
        cx.set_timer(Duration::ZERO, 0);
        if cx.config.oversized && self.peerid == 1 {
            let ballast = vec![0; Message::MAX_BYTES];
            cx.send_all(cx.neighbors.iter().copied(), &Message::Ping { number: 0, ballast, lossy: false });
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Ping { lossy, .. } => cx.send(from, Message::Pong { lossy }),
            Message::Pong { .. } => {
                self.pongs += 1;
                cx.progress("pongs", self.pongs, cx.config.pongs);
                if self.pongs >= cx.config.pongs {
                    cx.done();
                }
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, number: u64) {
        cx.note(format_args!("clock {}", cx.now.as_nanos()));
        let (lossy, ballast) = (cx.config.lossy, vec![7; cx.config.ballast]);
        cx.send_all(cx.neighbors.iter().copied(), &Message::Ping { number, ballast, lossy });
        cx.set_timer(EVERY, number + 1);
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, request: String) {
        assert_ne!(request, "a panic", "as asked for");
        cx.note(format_args!("asked for {request}"));
    }

    fn on_link(&mut self, cx: &mut Context<'_, Self>, _peer: PeerId, link: Link) {
        cx.note(format_args!("link {link:?}"));
    }
}
