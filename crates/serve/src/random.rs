//! Names that nobody else has.

use std::io;

use rumormill_protocols::store::SessionId;

/// A session that nobody else has: 128 bits of the system's randomness.
///
/// # Errors
/// When the system has none to give.
pub(crate) fn session() -> io::Result<SessionId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(SessionId(u128::from_le_bytes(bytes)))
}
