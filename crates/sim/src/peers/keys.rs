//! Keys of simulated peers: real Ed25519, derived from the run's seed.

use std::sync::{Mutex, OnceLock, PoisonError};

use ed25519_dalek::{Signer, SigningKey};
use rumormill_core::{PeerId, Signature};

/// Good signatures that are remembered, at most: 512 KiB. A newer one takes the place of an older.
const REMEMBERED: usize = 1 << 14;

/// The keys of all peers of a run, each made when it is first needed. A run without signatures has none.
pub(crate) struct Keys {
    seed: u64,
    peers: u32,
    made: OnceLock<Box<[OnceLock<SigningKey>]>>,
    /// BLAKE3 hashes of (author, signature, bytes) that verified, each at the place that its first bytes
    /// say. A message goes through many peers; each checks it, but here the sums are done once.
    good: Mutex<Box<[[u8; 32]]>>,
}

impl Keys {
    pub(crate) fn new(seed: u64, peers: u32) -> Self {
        Self { seed, peers, made: OnceLock::new(), good: Mutex::default() }
    }

    pub(crate) fn sign(&self, me: PeerId, bytes: &[u8]) -> Signature {
        // A peer of the run has a key; another cannot sign.
        self.key(me).map_or(Signature([0; 64]), |key| Signature(key.sign(bytes).to_bytes()))
    }

    pub(crate) fn verify(&self, author: PeerId, bytes: &[u8], signature: &Signature) -> bool {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&author.to_bytes()).update(&signature.0).update(bytes);
        let hash = *hasher.finalize().as_bytes();
        let place = usize::from(u16::from_le_bytes([hash[0], hash[1]])) % REMEMBERED;
        if self.good.lock().unwrap_or_else(PoisonError::into_inner).get(place) == Some(&hash) {
            return true;
        }
        let parsed = ed25519_dalek::Signature::from_bytes(&signature.0);
        let good = self.key(author).is_some_and(|key| key.verifying_key().verify_strict(bytes, &parsed).is_ok());
        if good {
            let mut remembered = self.good.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.is_empty() {
                *remembered = vec![[0; 32]; REMEMBERED].into();
            }
            remembered[place] = hash;
        }
        good
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
        assert!(keys.verify(PeerId(2), b"hello", &signature), "also from memory");
        assert!(!keys.verify(PeerId(2), b"hullo", &signature));
        assert!(!keys.verify(PeerId(3), b"hello", &signature));
        assert!(!keys.verify(PeerId(4), b"hello", &signature));
        assert!(!keys.verify(PeerId(0), b"hello", &signature));
        assert!(!Keys::new(2, 3).verify(PeerId(2), b"hello", &signature));
    }
}
