//! A rumor starts at peer 1 and reaches everybody.

use rumormill::prelude::*;

/// One peer: has it heard the rumor?
#[derive(Clone, Serialize)]
struct Gossip {
    starts: bool,
    heard: bool,
}

/// The rumor, and how many peers it passed through.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Rumor {
    hops: u32,
}

impl Wire for Rumor {
    fn kind(&self) -> &'static str {
        "rumor"
    }
}

impl Protocol for Gossip {
    type Config = (); //           what all peers share
    type Message = Rumor; //       what they send each other
    type Timer = Never; //         no timers
    type Request = Never; //       nobody asks for anything
    type Indication = Never; //    nothing is reported but progress

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        cx.progress("heard", 0, 1);
        if self.starts {
            self.hear(cx, 0);
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: PeerId, rumor: Rumor) {
        if !self.heard {
            cx.note(format_args!("heard it from {from} after {} hops", rumor.hops));
            self.hear(cx, rumor.hops);
        }
    }

    fn on_request(&mut self, _cx: &mut Context<'_, Self>, request: Never) {
        match request {}
    }
}

impl Gossip {
    fn hear(&mut self, cx: &mut Context<'_, Self>, hops: u32) {
        self.heard = true;
        cx.progress("heard", 1, 1);
        cx.done();
        cx.send_all(cx.neighbors.iter().copied(), &Rumor { hops: hops + 1 });
    }
}

impl Launch for Gossip {
    fn config(_parameters: &Parameters) -> Result<(), ParameterError> {
        Ok(())
    }

    fn peer(_config: &(), seat: Seat) -> Self {
        Self { starts: seat.peerid == 1, heard: false }
    }
}

fn main() -> std::process::ExitCode {
    rumormill::lab().protocol::<Gossip>("{{name}}").main()
}

#[cfg(test)]
mod tests {
    use rumormill::core::Outcome;
    use rumormill::core::testing::{Effect, EffectOf, TestPeer};
    use rumormill::sim::{Settings, Simulation};

    use super::*;

    fn peer(starts: bool) -> TestPeer<Gossip> {
        TestPeer::new(Gossip { starts, heard: false }, (), PeerId(1), &[PeerId(2), PeerId(3)])
    }

    fn sent(effects: &[EffectOf<Gossip>]) -> Vec<(PeerId, u32)> {
        let sends = effects.iter().filter_map(|effect| match effect {
            Effect::Send { to, message } => Some((*to, message.hops)),
            _ => None,
        });
        sends.collect()
    }

    #[test]
    fn who_hears_it_first_tells_all_neighbors_once() {
        let mut peer = peer(false);
        assert!(sent(&peer.start()).is_empty());
        assert_eq!(sent(&peer.message(PeerId(2), Rumor { hops: 3 })), [(PeerId(2), 4), (PeerId(3), 4)]);
        assert!(sent(&peer.message(PeerId(3), Rumor { hops: 9 })).is_empty());
    }

    #[test]
    fn everybody_hears_it_whatever_the_seed() {
        for seed in 1..=20 {
            let report = Simulation::<Gossip>::new((), Settings::new(seed, 100)).unwrap().run();
            assert_eq!(report.outcome, Outcome::Completed, "seed {seed}");
        }
    }
}
