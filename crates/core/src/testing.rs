//! For unit tests of protocols: one peer, and a plain list of what it asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::context::Activation;
use crate::effects::Observation;
use crate::rng::mix;
use crate::{Context, Effects, Host, Instant, PeerId, Protocol, Rng, Signature};

/// One thing that the protocol `P` asked for.
pub type EffectOf<P> = Effect<<P as Protocol>::Message, <P as Protocol>::Timer, <P as Protocol>::Indication>;

/// One thing that a protocol asked for; see [`EffectOf`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of the methods of Effects")]
pub enum Effect<Message, Timer, Indication> {
    /// [`Effects::send`].
    Send { to: PeerId, message: Message },
    /// [`Effects::set_timer`].
    SetTimer { after: Duration, timer: Timer },
    /// [`Effects::indicate`].
    Indicate(Indication),
    /// [`Effects::persist`].
    Persist { key: Vec<u8>, value: Option<Vec<u8>> },
    /// [`Effects::progress`].
    Progress { target: &'static str, current: u64, goal: u64 },
    /// [`Effects::done`].
    Done,
    /// [`Effects::observe`], as text.
    Observed(String),
}

/// Effects as a list, in the order asked for.
impl<P: Protocol> Effects<P> for Vec<EffectOf<P>> {
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.push(Effect::Send { to, message });
    }

    fn set_timer(&mut self, after: Duration, timer: P::Timer) {
        self.push(Effect::SetTimer { after, timer });
    }

    fn indicate(&mut self, indication: P::Indication) {
        self.push(Effect::Indicate(indication));
    }

    fn persist(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.push(Effect::Persist { key: key.to_vec(), value: value.map(<[u8]>::to_vec) });
    }

    fn progress(&mut self, target: &'static str, current: u64, goal: u64) {
        self.push(Effect::Progress { target, current, goal });
    }

    fn done(&mut self) {
        self.push(Effect::Done);
    }

    fn observe(&mut self, observation: Observation<'_>) {
        self.push(Effect::Observed(match observation {
            Observation::Joined(community) => format!("joined {community}"),
            Observation::Entered(state) => format!("entered {state}"),
            Observation::Exited(state) => format!("exited {state}"),
            Observation::Placed { x, y } => format!("placed {x} {y}"),
            Observation::Measured { name, value } => format!("measured {name} {value}"),
            Observation::Note(note) => note.to_string(),
        }));
    }

    fn recording(&self) -> bool {
        true
    }
}

/// What peers' disks hold, by peer and key.
pub type Disks = BTreeMap<(PeerId, Vec<u8>), Vec<u8>>;

/// A host for tests: a disk in memory, and signatures that only tests should believe.
///
/// A signature is a keyed checksum, so that forgeries by mistake are found; it is not secure.
#[derive(Debug, Default)]
pub struct TestHost {
    /// What the peers' disks hold.
    pub disk: RefCell<Disks>,
}

impl Host for TestHost {
    fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature {
        let mut hash = bytes.iter().fold(mix(me.0), |hash, &byte| mix(hash ^ u64::from(byte)));
        let mut signature = [0; 64];
        for chunk in signature.chunks_exact_mut(8) {
            hash = mix(hash.wrapping_add(1));
            chunk.copy_from_slice(&hash.to_be_bytes());
        }
        Signature(signature)
    }

    fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        self.sign(author, bytes) == *signature
    }

    fn stored(&self, me: PeerId, key: &[u8]) -> Option<Vec<u8>> {
        self.disk.borrow().get(&(me, key.to_vec())).cloned()
    }

    fn scan(&self, me: PeerId, prefix: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) {
        let disk = self.disk.borrow();
        let from = (me, prefix.to_vec());
        for ((_, key), value) in
            disk.range(from..).take_while(|((peer, key), _)| *peer == me && key.starts_with(prefix))
        {
            visit(key, value);
        }
    }
}

/// One peer under test.
pub struct TestPeer<P: Protocol> {
    /// Its state.
    pub state: P,
    /// Who it is.
    pub me: PeerId,
    /// Its clock; move it by hand.
    pub now: Instant,
    /// Whom it knows.
    pub neighbors: Vec<PeerId>,
    /// What all peers share.
    pub config: P::Config,
    /// Its disk and signatures. [`TestPeer::activate`] applies what was persisted.
    pub host: TestHost,
    activations: u64,
}

impl<P: Protocol> TestPeer<P> {
    /// A peer that has not booted.
    #[must_use]
    pub fn new(state: P, config: P::Config, me: PeerId, neighbors: &[PeerId]) -> Self {
        let neighbors = neighbors.to_vec();
        Self { state, me, now: Instant::ZERO, neighbors, config, host: TestHost::default(), activations: 0 }
    }

    /// Activates the protocol and returns what it asked for.
    pub fn activate(&mut self, run: impl FnOnce(&mut P, &mut Context<'_, P>)) -> Vec<EffectOf<P>> {
        self.activations += 1;
        let mut effects = Vec::new();
        let parts = Activation {
            me: self.me,
            now: self.now,
            neighbors: &self.neighbors,
            rng: Rng::for_activation(1, self.me, self.activations),
            config: &self.config,
            host: &self.host,
        };
        run(&mut self.state, &mut Context::new(parts, &mut effects));
        for effect in &effects {
            if let Effect::Persist { key, value } = effect {
                let mut disk = self.host.disk.borrow_mut();
                match value {
                    Some(value) => disk.insert((self.me, key.clone()), value.clone()),
                    None => disk.remove(&(self.me, key.clone())),
                };
            }
        }
        effects
    }

    /// Boots the peer.
    pub fn start(&mut self) -> Vec<EffectOf<P>> {
        self.activate(P::on_start)
    }

    /// Delivers a message.
    pub fn message(&mut self, from: PeerId, message: P::Message) -> Vec<EffectOf<P>> {
        self.activate(|state, cx| state.on_message(cx, from, message))
    }

    /// Lets a timer run out.
    pub fn timer(&mut self, timer: P::Timer) -> Vec<EffectOf<P>> {
        self.activate(|state, cx| state.on_timer(cx, timer))
    }

    /// Makes a request.
    pub fn request(&mut self, request: P::Request) -> Vec<EffectOf<P>> {
        self.activate(|state, cx| state.on_request(cx, request))
    }
}
