//! Applications: a key-value store, the ratings of movies, and both together, which is what servers run.

pub mod bundle;
mod bytes;
pub mod kv;
pub mod ratings;
pub mod text;

use serde::Deserialize;

use super::{Application, PartError};

pub use bundle::Bundle;
pub use bytes::Bytes;
pub use kv::KeyValue;
pub use ratings::Ratings;

/// The value of a part, all of it.
fn decode_part<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, PartError> {
    match postcard::take_from_bytes(value) {
        Ok((part, [])) => Ok(part),
        Ok((_, rest)) => Err(PartError { why: format!("{} bytes too many", rest.len()) }),
        Err(error) => Err(PartError { why: error.to_string() }),
    }
}

/// The least name of a part after bytes that are the name of none. Nobody should ask for it, so it takes the
/// time of a walk through all of them.
fn part_after_no_name<A: Application>(state: &A, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut next = state.next_part(None);
    while let Some(key) = next.take_if(|key| key.as_slice() <= bytes) {
        next = state.next_part(Some(&key));
    }
    next
}
