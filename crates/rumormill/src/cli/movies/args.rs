//! What can be typed after `rumormill movies`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `rumormill movies ...`.
#[derive(Args, Clone, Debug)]
pub(crate) struct MoviesArgs {
    /// The folder of movies.csv and ratings.csv, as MovieLens has them [default: a small made-up sample]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "server")]
    pub(crate) data: Option<PathBuf>,
    /// The front end of a running store; without, three servers run in this process, as long as it does
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The share of calls that each server refuses as overloaded (without --server)
    #[arg(long, global = true, value_name = "FRACTION", default_value_t = 0.0, hide_default_value = true)]
    pub(crate) overload: f64,
    /// Decides which calls are refused
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Who you are: a whole number; asked for when it is needed
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) user: Option<u64>,
    /// Make the call so many times, and tell how many found all servers busy
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) repeat: Option<u64>,
    /// Print one JSON document on standard output, and everything else on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to do; without, you are asked
    #[command(subcommand)]
    pub(crate) action: Option<ActionArgs>,
}

/// One action.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ActionArgs {
    /// Year and genres of a movie
    Find {
        /// Its title, with or without the year, or # and its id
        movie: String,
    },
    /// Your rating of a movie
    View {
        /// Its title, with or without the year, or # and its id
        movie: String,
    },
    /// The average of all ratings of a movie
    Average {
        /// Its title, with or without the year, or # and its id
        movie: String,
    },
    /// Rate a movie
    Rate {
        /// Its title, with or without the year, or # and its id
        movie: String,
        /// 0 to 5
        #[arg(allow_hyphen_values = true)]
        stars: String,
    },
    /// Delete your rating of a movie
    Delete {
        /// Its title, with or without the year, or # and its id
        movie: String,
    },
    /// Show the servers, or switch one: online, offline, overloaded
    Change {
        /// Its number
        #[arg(value_name = "SERVER")]
        number: Option<u32>,
        /// What it shall be [default: offline, if it is online, and online otherwise]
        state: Option<String>,
    },
}
