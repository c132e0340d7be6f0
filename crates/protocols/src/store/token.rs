//! Session tokens: what a session has seen, as text that a client carries from one front end to another.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What tokens begin with: what they are, and their version.
const PREFIX: &str = "rm1.";

/// The most bytes of a token as text: room for a label with [`MAX_SLOTS`](super::MAX_SLOTS) parts, each of
/// them as long as can be.
pub const MAX_TOKEN_BYTES: usize = 8 << 10;

/// What a session has seen.
///
/// As text it is `rm1.` and then letters, digits, `-` and `_`: fit for a header, an address or a cookie. It is
/// no secret and proves nothing: who makes one up harms their own session only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The updates that it may have seen.
    pub label: Timestamp,
    /// No stamp of these is later than this, in nanoseconds.
    pub time: u64,
}

/// Why a text is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is too long.
    #[error("session token: {bytes} bytes where at most {MAX_TOKEN_BYTES} are allowed; send one as it was received")]
    Long {
        /// Its length.
        bytes: usize,
    },
    /// It does not begin like one.
    #[error("session token: it does not begin with \"rm1.\"; send one as it was received, or none")]
    Prefix,
    /// It has other letters than a token may have, or some are missing.
    #[error("session token: it is damaged; send one as it was received, or none")]
    Damaged,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Numbers and lists of known length are always encoded.
        let bytes = postcard::to_stdvec(self).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Long { bytes: text.len() });
        }
        let body = text.strip_prefix(PREFIX).ok_or(TokenError::Prefix)?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| TokenError::Damaged)?;
        match postcard::take_from_bytes(&bytes) {
            Ok((token, [])) => Ok(token),
            _ => Err(TokenError::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rumormill_core::PeerId;

    use super::*;
    use crate::store::{MAX_SLOTS, Slot};

    fn tokens() -> impl Strategy<Value = Token> {
        let parts = prop::collection::vec((any::<u64>(), any::<u32>(), any::<u64>()), 0..MAX_SLOTS);
        (parts, any::<u64>()).prop_map(|(parts, time)| {
            let slot = |(replica, incarnation, count)| (Slot { replica: PeerId(replica), incarnation }, count);
            Token { label: parts.into_iter().map(slot).collect(), time }
        })
    }

    proptest! {
        #[test]
        fn a_token_comes_back_from_its_text(token in tokens()) {
            let text = token.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
            prop_assert_eq!(text.parse(), Ok(token));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,300}", body in "[A-Za-z0-9_-]{0,300}") {
            let _ = text.parse::<Token>();
            let _ = format!("rm1.{body}").parse::<Token>();
        }
    }

    #[test]
    fn the_longest_label_fits() {
        let slot = |place| Slot { replica: PeerId(u64::MAX - place), incarnation: u32::MAX };
        let label = (0..MAX_SLOTS as u64).map(|place| (slot(place), u64::MAX)).collect();
        let token = Token { label, time: u64::MAX };
        assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let whole = Token { label: Timestamp::new(), time: 7 }.to_string();
        assert_eq!(whole, "rm1.AAc");
        let refused = [
            ("", TokenError::Prefix),
            ("rm2.AAc", TokenError::Prefix),
            ("rm1.", TokenError::Damaged),
            ("rm1.AA", TokenError::Damaged),
            ("rm1.AAcA", TokenError::Damaged),
            ("rm1.AA=", TokenError::Damaged),
            ("rm1.AA c", TokenError::Damaged),
        ];
        for (text, why) in refused {
            assert_eq!(text.parse::<Token>(), Err(why), "{text}");
        }
        let long = format!("rm1.{}", "A".repeat(MAX_TOKEN_BYTES));
        assert_eq!(long.parse::<Token>(), Err(TokenError::Long { bytes: long.len() }));
    }
}
