//! A small gossip with timers, signatures and a disk: something that uses everything.

use std::time::Duration;

use rumormill_core::{Context, Launch, ParameterError, Parameters, PeerId, Protocol, Seat, Signature, Wire};
use rumormill_sim::Settings;
use serde::{Deserialize, Serialize};

/// Every peer counts how many different numbers it has heard; all begin with their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gossip {
    pub heard: Vec<u32>,
    pub bad: u32,
}

/// How many numbers there are, whether they are signed, and to how many peers one talks at a time.
pub struct Config {
    pub peers: u32,
    pub signed: bool,
    pub fanout: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    Heard(u32, Option<Box<Signature>>),
    Ask(u32),
}

impl Wire for Message {
    fn kind(&self) -> &'static str {
        match self {
            Self::Heard(..) => "heard",
            Self::Ask(_) => "ask",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Timer {
    Again { round: u32 },
}

/// Ask all neighbors.
#[derive(Debug)]
pub struct AskAll;

impl Gossip {
    fn hear(&mut self, cx: &mut Context<'_, Self>, number: u32) {
        if self.heard.contains(&number) {
            return;
        }
        self.heard.push(number);
        if cx.me.0.is_multiple_of(2) {
            cx.persist(&number.to_be_bytes(), b"heard");
        }
        cx.progress("heard", self.heard.len() as u64, u64::from(cx.config.peers));
        if self.heard.len() == cx.config.peers as usize {
            cx.done();
            cx.note("that is all");
        }
    }

    fn say(cx: &Context<'_, Self>, number: u32) -> Message {
        let signature = cx.config.signed.then(|| Box::new(cx.sign(&number.to_be_bytes())));
        Message::Heard(number, signature)
    }
}

impl Protocol for Gossip {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Request = AskAll;
    type Indication = &'static str;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        cx.join("gossips");
        cx.scan(b"", |key, _| self.heard.push(u32::from_be_bytes(key.try_into().unwrap())));
        cx.progress("heard", self.heard.len() as u64, u64::from(cx.config.peers));
        self.hear(cx, cx.me.0 as u32);
        let first = cx.rng.between(Duration::ZERO, Duration::from_millis(200));
        cx.set_timer(first, Timer::Again { round: 0 });
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Ask(has) if has < self.heard.len() as u32 => {
                for number in cx.rng.clone().sample(&self.heard, 3) {
                    cx.send(from, Self::say(cx, number));
                }
            }
            Message::Ask(_) => cx.indicate("nothing to say"),
            Message::Heard(number, signature) => {
                let right = signature.is_none_or(|signature| cx.verify(from, &number.to_be_bytes(), &signature));
                if right { self.hear(cx, number) } else { self.bad += 1 }
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, Timer::Again { round }: Timer) {
        let mut rng = cx.rng.clone();
        for &to in rng.sample(cx.neighbors, cx.config.fanout).iter() {
            cx.send(to, Message::Ask(self.heard.len() as u32));
            if let Some(&number) = rng.choose(&self.heard) {
                cx.send(to, Self::say(cx, number));
            }
        }
        cx.set_timer(Duration::from_millis(150), Timer::Again { round: round + 1 });
    }

    fn on_request(&mut self, cx: &mut Context<'_, Self>, AskAll: AskAll) {
        cx.send_all(cx.neighbors.iter().copied(), &Message::Ask(self.heard.len() as u32));
    }
}

impl Launch for Gossip {
    fn config(parameters: &Parameters) -> Result<Config, ParameterError> {
        let fanout = if parameters.0.contains_key("fanout") { parameters.count("fanout")? } else { 2 };
        let peers = parameters.peers()?;
        if fanout > 5 {
            return Err(ParameterError::Range { name: "fanout".into(), why: "more than 5".into() });
        }
        Ok(Config { peers, signed: peers <= 16, fanout: fanout as usize })
    }

    fn peer(_: &Config, _: Seat) -> Self {
        Self::default()
    }

    fn request(text: &str) -> Option<AskAll> {
        (text == "ask all").then_some(AskAll)
    }
}

/// A configuration for the settings.
pub fn config(settings: &Settings) -> Config {
    Config { peers: settings.peers, signed: settings.peers <= 16, fanout: 2 }
}
