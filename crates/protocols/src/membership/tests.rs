//! A member alone.
