//! What the checkers find and what they let pass.

mod causal;
mod copy;
mod linear;
mod naive;
mod random;
mod replicas;
mod sessions;
mod sets;
mod store;
