//! TLS 1.3 without certificates: both sides prove an Ed25519 key (raw public keys, RFC 7250).
//!
//! The dialler names the key that it wants in the server name, and its verifier checks that it was
//! reached; the name is never put on the wire. The acceptor's verifier asks its [`Trust`].

use std::sync::Arc;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};

use crate::members::Trust;
use crate::{Identity, PeerKey};

/// The protocol name in the handshake (ALPN, RFC 7301): another version of the framing gets another name.
const ALPN: &[u8] = b"rumormill/1";

/// What stands before the 32 bytes of the key in its SubjectPublicKeyInfo (RFC 8410, section 4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What stands before the 32 bytes of the seed in its PKCS #8 form (RFC 8410, section 7).
const SECRET_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// The configurations of one peer, for dialling and for accepting.
pub(crate) struct Handshakes {
    pub client: Arc<QuicClientConfig>,
    pub server: Arc<QuicServerConfig>,
}

impl Handshakes {
    /// For a peer with this identity that talks to those whom it trusts.
    pub fn new(identity: &Identity, trust: &Trust) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certified = certified(identity)?;
        let verifier = Arc::new(Verifier { trust: trust.clone(), provider: Arc::clone(&provider) });

        let mut client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
            .with_client_cert_resolver(Arc::new(rustls::client::AlwaysResolvesClientRawPublicKeys::new(Arc::clone(
                &certified,
            ))));
        client.alpn_protocols = vec![ALPN.to_vec()];
        client.enable_sni = false;
        // A resumed session would skip the proof of the key.
        client.resumption = rustls::client::Resumption::disabled();

        let mut server = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(rustls::server::AlwaysResolvesServerRawPublicKeys::new(certified)));
        server.alpn_protocols = vec![ALPN.to_vec()];
        server.send_tls13_tickets = 0;

        let general = |error: quinn::crypto::rustls::NoInitialCipherSuite| Error::General(error.to_string());
        Ok(Self {
            client: Arc::new(client.try_into().map_err(general)?),
            server: Arc::new(server.try_into().map_err(general)?),
        })
    }
}

fn certified(identity: &Identity) -> Result<Arc<CertifiedKey>, Error> {
    let pkcs8 = [&SECRET_PREFIX[..], identity.seed()].concat();
    let signer = rustls::crypto::ring::sign::any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8))?;
    let public = [&PUBLIC_PREFIX[..], &identity.key().0].concat();
    Ok(Arc::new(CertifiedKey::new(vec![CertificateDer::from(public)], signer)))
}

/// The server name under which a key is dialled: its hexadecimal digits, in two labels (one may have at
/// most 63 characters).
pub(crate) fn server_name(key: &PeerKey) -> String {
    let digits = blake3::Hash::from_bytes(key.0).to_hex();
    let (high, low) = digits.split_at(32);
    format!("{high}.{low}")
}

/// The key in a SubjectPublicKeyInfo, if it is Ed25519's.
pub(crate) fn key_of(info: &CertificateDer<'_>) -> Option<PeerKey> {
    info.strip_prefix(&PUBLIC_PREFIX)?.try_into().ok().map(PeerKey)
}

/// The key that the other side of a connection proved.
pub(crate) fn remote_key(connection: &quinn::Connection) -> Option<PeerKey> {
    let identity = connection.peer_identity()?.downcast::<Vec<CertificateDer<'static>>>().ok()?;
    identity.first().and_then(key_of)
}

/// Checks the other side's key and its signature in the handshake.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn known(&self, info: &CertificateDer<'_>) -> Result<PeerKey, Error> {
        let key = key_of(info).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let refused = Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        if self.trust.allows(&key) { Ok(key) } else { Err(refused) }
    }

    fn signed(
        &self,
        message: &[u8],
        info: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let info = SubjectPublicKeyInfoDer::from(info.as_ref());
        verify_tls13_signature_with_raw_key(message, &info, signature, &self.provider.signature_verification_algorithms)
    }
}

/// TLS 1.2 is never offered, and QUIC forbids it.
fn too_old() -> Error {
    PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = self.known(end_entity)?;
        if name.to_str() == server_name(&key) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.known(end_entity).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(too_old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_wrapping() {
        let identity = Identity::from_seed(&[3; 32]);
        let certified = certified(&identity).unwrap();
        assert_eq!(key_of(certified.end_entity_cert().unwrap()), Some(identity.key()));
        assert!(ServerName::try_from(server_name(&identity.key())).is_ok());
    }
}
