//! A server that writes down what a client tells it before it says so.

use std::collections::BTreeSet;
use std::time::Duration;

use rumormill_core::{Context, Launch, Never, ParameterError, Parameters, PeerId, Protocol, Seat, Wire};
use serde::{Deserialize, Serialize};

const SERVER: PeerId = PeerId(1);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// The client: what was acknowledged. The server: what its disk held when it booted.
    pub entries: BTreeSet<u32>,
    next: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Message {
    Write(u32),
    Written(u32),
}

impl Wire for Message {}

/// How the server goes about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// It writes, then acknowledges.
    WriteFirst,
    /// It asks for both the other way round, within one activation.
    AcknowledgeFirst,
    /// It acknowledges what it never wrote.
    Never,
}

impl Protocol for Ledger {
    type Config = Order;
    type Message = Message;
    type Timer = ();
    type Request = Never;
    type Indication = Never;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if cx.me == SERVER {
            cx.scan(b"entry/", |key, value| {
                assert_eq!(value, key);
                self.entries.insert(u32::from_be_bytes(key[6..].try_into().unwrap()));
            });
        } else {
            cx.set_timer(Duration::from_millis(1), ());
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, message: Message) {
        match message {
            Message::Write(number) => {
                let key = [b"entry/".as_slice(), &number.to_be_bytes()].concat();
                if *cx.config == Order::AcknowledgeFirst {
                    cx.send(from, Message::Written(number));
                }
                if *cx.config != Order::Never {
                    cx.persist(&key, &key);
                }
                if *cx.config != Order::AcknowledgeFirst {
                    cx.send(from, Message::Written(number));
                }
            }
            Message::Written(number) => {
                self.entries.insert(number);
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, (): ()) {
        self.next += 1;
        cx.send(SERVER, Message::Write(self.next));
        cx.set_timer(Duration::from_millis(1), ());
    }

    fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Launch for Ledger {
    fn config(_: &Parameters) -> Result<Order, ParameterError> {
        Ok(Order::WriteFirst)
    }

    fn peer(_: &Order, _: Seat) -> Self {
        Self::default()
    }
}
