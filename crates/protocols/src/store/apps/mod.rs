//! Applications: a key-value store, and the ratings of movies.

mod bytes;
pub mod kv;

pub use bytes::Bytes;
