//! Who a real peer is: an Ed25519 key pair, and the peer id that follows from its public half.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use rumormill_core::{PeerId, Signature};
use serde::{Deserialize, Serialize};

/// The name of the key file in a peer's folder.
pub const KEY_FILE: &str = "key";

/// A peer's public key: 32 bytes of Ed25519 (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeerKey(pub [u8; 32]);

impl PeerKey {
    /// The peer's name: the first 8 bytes of the BLAKE3 hash of its key, big-endian.
    #[must_use]
    pub fn id(&self) -> PeerId {
        let hash = blake3::hash(&self.0);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        PeerId::from_bytes(first)
    }

    /// Did the owner of this key sign `bytes`? Strict: no malleable signatures, no keys of small order.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(bytes, &signature).is_ok())
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl FromStr for PeerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| KeyError)
    }
}

/// Text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 64 hexadecimal digits")]
pub struct KeyError;

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key:{:?}", self.id())
    }
}

/// A peer's key pair. Its `Debug` shows the public half only.
#[derive(Clone)]
pub struct Identity {
    secret: SigningKey,
    key: PeerKey,
}

/// Why there is no key pair.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The operating system gave no randomness.
    #[error("no randomness for a new key: {0}")]
    Randomness(getrandom::Error),
    /// The key file could not be read or written.
    #[error("key file {}: {source}; is its folder writable?", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The key file does not hold a key.
    #[error("key file {} does not hold 32 bytes; remove it and the peer gets a new key and a new id", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

impl Identity {
    /// A fresh key pair.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn random() -> Result<Self, IdentityError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(IdentityError::Randomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key pair of this secret seed (RFC 8032, section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = SigningKey::from_bytes(seed);
        let key = PeerKey(secret.verifying_key().to_bytes());
        Self { secret, key }
    }

    /// As [`Identity::load_or_create`], for a run's temporary peers: a new key is lost when the machine fails
    /// at once after.
    pub(crate) fn provision(folder: &Path) -> Result<Self, IdentityError> {
        Self::load_or_write(folder, |_| Ok(()))
    }

    /// The key pair in `folder`, so that a peer that restarts keeps its id; a fresh one is written, readable
    /// by its owner only, when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn load_or_create(folder: &Path) -> Result<Self, IdentityError> {
        Self::load_or_write(folder, fs::File::sync_all)
    }

    fn load_or_write(folder: &Path, sync: impl Fn(&fs::File) -> io::Result<()>) -> Result<Self, IdentityError> {
        let path = folder.join(KEY_FILE);
        let failed = |source| IdentityError::File { path: path.clone(), source };
        match fs::File::open(&path) {
            Ok(file) => {
                let mut bytes = Vec::with_capacity(33);
                file.take(33).read_to_end(&mut bytes).map_err(failed)?;
                let seed = bytes.try_into().map_err(|_| IdentityError::Malformed { path: path.clone() })?;
                Ok(Self::from_seed(&seed))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let fresh = Self::random()?;
                fs::create_dir_all(folder).map_err(failed)?;
                let mut file =
                    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
                file.write_all(fresh.secret.as_bytes()).and_then(|()| sync(&file)).map_err(failed)?;
                Ok(fresh)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> PeerKey {
        self.key
    }

    /// The peer id.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.key.id()
    }

    /// Signs `bytes`.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.secret.sign(bytes).to_bytes())
    }

    /// The secret seed, for the TLS library.
    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_id_of_a_key_is_pinned() {
        let identity = Identity::from_seed(&[7; 32]);
        let hash = blake3::hash(&identity.key().0);
        assert_eq!(identity.id().to_bytes(), hash.as_bytes()[..8]);
        assert!(!format!("{identity:?}").contains("0707"), "the secret is shown");
    }

    #[test]
    fn a_key_is_written_and_read() {
        let key = Identity::from_seed(&[7; 32]).key();
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.to_string().len(), 64);
        let wrong = ["", "ab", &key.to_string()[1..], &format!("{key}0"), &"x".repeat(64)];
        assert!(wrong.iter().all(|text| text.parse::<PeerKey>() == Err(KeyError)));
    }

    #[test]
    fn a_peer_keeps_its_key_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::load_or_create(&folder.path().join("peer")).unwrap();
        let again = Identity::load_or_create(&folder.path().join("peer")).unwrap();
        assert_eq!(first.key(), again.key());
        let mode = fs::metadata(folder.path().join("peer").join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&[1_u8; 31][..], &[1; 33], &[]] {
            fs::write(folder.path().join(KEY_FILE), bytes).unwrap();
            let error = Identity::load_or_create(folder.path()).unwrap_err();
            assert!(matches!(error, IdentityError::Malformed { .. }), "{error}");
        }
    }

    #[test]
    fn only_the_signed_bytes_verify() {
        let (one, other) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
        let signature = one.sign(b"rumor");
        assert!(one.key().verify(b"rumor", &signature));
        assert!(!one.key().verify(b"rumour", &signature));
        assert!(!other.key().verify(b"rumor", &signature));
    }
}
