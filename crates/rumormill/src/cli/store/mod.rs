//! `rumormill store`: the gossip store as real servers.

mod args;
mod create;
mod members;
mod one;
mod server;
mod settle;
mod up;

pub(crate) use args::StoreCommand;

use super::Done;
use members::Verb;

/// Does what a `store` command says.
pub(super) fn store(command: &StoreCommand) -> Done {
    match command {
        StoreCommand::Up(args) => up::up(args),
        StoreCommand::Add(args) => members::change(Verb::Add, args),
        StoreCommand::Remove(args) => members::change(Verb::Remove, args),
        StoreCommand::Evict(args) => members::change(Verb::Evict, args),
        StoreCommand::Status(args) => members::status(args),
        StoreCommand::Replica(args) => one::replica(args),
        StoreCommand::Frontend(args) => one::front_end(args),
    }
}

/// For fuzzing: reads bytes as what a front end answers.
pub(super) fn fuzz(bytes: &[u8]) {
    members::fuzz(bytes);
}
