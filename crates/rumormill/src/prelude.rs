//! What a protocol's file needs: `use rumormill::prelude::*;`.

pub use rumormill_core::property::{Monitor, Property};
pub use rumormill_core::{
    Context, Duration, Instant, Launch, Measure, Never, ParameterError, Parameters, PeerId, Protocol, Rng, Seat,
    Stacks, Value, Wire, WireError,
};
pub use serde::{Deserialize, Serialize};
