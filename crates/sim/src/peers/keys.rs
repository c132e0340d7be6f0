//! Keys of simulated peers: real Ed25519, derived from the run's seed.

use std::sync::OnceLock;

use ed25519_dalek::{Signer, SigningKey};
use rumormill_core::{PeerId, Signature};

/// The keys of all peers of a run, each made when it is first needed. A run without signatures has none.
pub(crate) struct Keys {
    seed: u64,
    peers: u32,
    made: OnceLock<Box<[OnceLock<SigningKey>]>>,
}

impl Keys {
    pub(crate) fn new(seed: u64, peers: u32) -> Self {
        Self { seed, peers, made: OnceLock::new() }
    }

    pub(crate) fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature {
        // A peer of the run has a key; another cannot sign.
        self.key(me).map_or(Signature([0; 64]), |key| Signature(key.sign(bytes).to_bytes()))
    }

    pub(crate) fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.key(author).is_some_and(|key| key.verifying_key().verify_strict(bytes, &signature).is_ok())
    }

    fn key(&self, peer: PeerId) -> Option<&SigningKey> {
        let index = usize::try_from(peer.0.checked_sub(1)?).ok()?;
        let made = self.made.get_or_init(|| (0..self.peers).map(|_| OnceLock::new()).collect());
        Some(made.get(index)?.get_or_init(|| {
            let secret = [self.seed.to_le_bytes(), peer.to_bytes()].concat();
            SigningKey::from_bytes(&blake3::derive_key("rumormill simulated peer key 1", &secret))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_author_signs() {
        let keys = Keys::new(1, 3);
        let signature = keys.sign(PeerId(2), b"hello");
        assert!(keys.verify(PeerId(2), b"hello", &signature));
        assert!(!keys.verify(PeerId(2), b"hullo", &signature));
        assert!(!keys.verify(PeerId(3), b"hello", &signature));
        assert!(!keys.verify(PeerId(4), b"hello", &signature));
        assert!(!keys.verify(PeerId(0), b"hello", &signature));
        assert!(!Keys::new(2, 3).verify(PeerId(2), b"hello", &signature));
    }
}
