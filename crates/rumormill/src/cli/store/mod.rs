//! `rumormill store`: the gossip store as real servers.

mod args;
mod create;
mod one;
mod settle;
mod up;

pub(crate) use args::StoreCommand;

use super::Done;

/// Does what a `store` command says.
pub(super) fn store(command: &StoreCommand) -> Done {
    match command {
        StoreCommand::Up(args) => up::up(args),
        StoreCommand::Replica(args) => one::replica(args),
        StoreCommand::Frontend(args) => one::front_end(args),
    }
}
