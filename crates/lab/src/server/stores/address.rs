//! Where a front end is: on this machine, and nowhere else.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// Where a store's front end speaks HTTP: loopback, and a port that is not 0.
///
/// Whoever reaches the lab's page names such addresses, and the lab asks there. So no other address can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreAddress(SocketAddr);

/// Why a text or an address names no store on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreAddressError {
    /// It is no address and port.
    #[error(
        "\"{text}\" is no address of a front end; write it as `rumormill store up` prints it: http://127.0.0.1:40123"
    )]
    Malformed {
        /// What was written, or its beginning.
        text: String,
    },
    /// It is elsewhere.
    #[error(
        "{address} is not on this machine, and the lab asks nobody elsewhere; reach the store with \
         ssh -L {}:{address} and name 127.0.0.1:{}",
        address.port(),
        address.port()
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
}

/// Characters of a malformed text that are told back.
const TEXT_SHOWN_MAX: usize = 80;

impl TryFrom<SocketAddr> for StoreAddress {
    type Error = StoreAddressError;

    fn try_from(address: SocketAddr) -> Result<Self, StoreAddressError> {
        // A scope would be part of the address's text.
        let address = SocketAddr::new(address.ip(), address.port());
        if address.port() == 0 {
            return Err(StoreAddressError::Malformed { text: address.to_string() });
        }
        if !address.ip().is_loopback() {
            return Err(StoreAddressError::NotLoopback { address });
        }
        Ok(Self(address))
    }
}

impl FromStr for StoreAddress {
    type Err = StoreAddressError;

    /// Reads `http://127.0.0.1:40123`, `127.0.0.1:40123`, `[::1]:40123` or `localhost:40123`.
    fn from_str(text: &str) -> Result<Self, StoreAddressError> {
        let text = text.trim();
        let place = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        let local = place.strip_prefix("localhost:").and_then(|port| port.parse().ok());
        let local = local.map(|port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
        let address = local.or_else(|| place.parse().ok());
        let malformed = || StoreAddressError::Malformed { text: text.chars().take(TEXT_SHOWN_MAX).collect() };
        address.ok_or_else(malformed)?.try_into()
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, StoreAddressError> {
        text.parse::<StoreAddress>().map(|address| address.to_string())
    }

    #[test]
    fn this_machine_has_several_names() {
        for text in ["http://127.0.0.1:40123", "127.0.0.1:40123", " http://127.0.0.1:40123/ ", "http://localhost:40123"]
        {
            assert_eq!(read(text), Ok("127.0.0.1:40123".into()), "{text}");
        }
        assert_eq!(read("http://[::1]:80"), Ok("[::1]:80".into()));
        assert_eq!(read("127.5.6.7:80"), Ok("127.5.6.7:80".into()));
    }

    #[test]
    fn other_machines_are_refused() {
        for text in ["10.0.0.1:80", "0.0.0.0:80", "http://169.254.169.254:80", "[::]:80", "[::ffff:127.0.0.1]:80"] {
            assert!(matches!(read(text), Err(StoreAddressError::NotLoopback { .. })), "{text}");
        }
    }

    #[test]
    fn what_is_more_than_an_address_is_refused() {
        for text in [
            "",
            "127.0.0.1",
            "127.0.0.1:0",
            "https://127.0.0.1:80",
            "file:///etc/passwd",
            "evil.example:80",
            "localhost.evil.example:80",
            "127.0.0.1:80/v1/keys/a",
            "127.0.0.1:80?x",
            "127.0.0.1:80#x",
            "user@127.0.0.1:80",
            "127.0.0.1:80\r\nHost: x",
            "127.0.0.1:99999",
            "http://http://127.0.0.1:80",
        ] {
            assert!(matches!(read(text), Err(StoreAddressError::Malformed { .. })), "{text}");
        }
    }
}
