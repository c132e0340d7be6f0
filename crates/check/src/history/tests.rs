//! What the checkers find and what they let pass.

mod causal;
mod naive;
mod random;
