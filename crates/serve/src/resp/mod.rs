//! The Redis protocol, for any Redis client: commands to the store's operations, answers to replies.

mod command_line;
mod reply;

pub use command_line::fuzz;
