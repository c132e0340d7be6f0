//! The servers behind a ratings client, wherever they run.

use rumormill_protocols::store::Service;
use rumormill_protocols::store::apps::ratings::{Answer, Query, Update};

/// The servers behind a ratings client.
pub trait Servers {
    /// Changes the ratings.
    ///
    /// # Errors
    /// When no server does it.
    fn update(&mut self, update: Update) -> Result<Answer, Trouble>;

    /// Looks at the ratings.
    ///
    /// # Errors
    /// When no server answers.
    fn query(&mut self, query: Query) -> Result<Answer, Trouble>;

    /// Whether each server answers calls, number 1 first.
    ///
    /// # Errors
    /// When that cannot be learned.
    fn services(&mut self) -> Result<Vec<Service>, Trouble>;

    /// Has a server answer calls, or not.
    ///
    /// # Errors
    /// When there is no such server, or it cannot be reached.
    fn switch(&mut self, server: u32, service: Service) -> Result<(), Trouble>;
}

/// Why servers did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// None of them takes calls now: nothing was done.
    #[error("all servers are busy: try again later")]
    Busy,
    /// There is no server of this number.
    #[error("there is no server {number}; servers are numbered 1 to {servers}")]
    NoSuchServer {
        /// What was asked for.
        number: u32,
        /// How many there are.
        servers: u32,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}
