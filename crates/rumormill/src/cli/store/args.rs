//! What can be typed after `rumormill store`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use rumormill_protocols::store::Ack;

use crate::cli::args::JsonArgs;

/// `rumormill store ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Start a whole store on this machine: a process for each replica and front end
    #[command(after_help = "\
Processes that die are started again. Ctrl-C ends all of them.

Examples:
  rumormill store up --replicas 3
  rumormill store up --sample                   and then: rumormill movies --server URL
  rumormill store up --replicas 5 --front-ends 2 --dir shop --ack f+1
  rumormill store up --spares 1                 and then: rumormill store add 5
  rumormill store up --redis 127.0.0.1:6380    and then: redis-cli -p 6380")]
    Up(UpArgs),
    /// Be one replica of a store, by its cluster file
    #[command(after_help = "\
Examples:
  rumormill store replica --cluster shop/cluster.json --number 1")]
    Replica(OneArgs),
    /// Take a spare into a running store: from then on it is a replica as the others
    #[command(after_help = "\
It gets the state from the others first. Whoever was let go may be added again.

Examples:
  rumormill store add 5
  rumormill store add 5 --server http://127.0.0.1:40123")]
    Add(ChangeArgs),
    /// Let a replica go, with all that it holds: nothing is lost
    #[command(after_help = "\
All replicas must be up. Of one that is dead, see: rumormill store evict --help

Examples:
  rumormill store remove 2
  rumormill store remove 2 --server http://127.0.0.1:40123")]
    Remove(ChangeArgs),
    /// Go on without a replica that is dead: what only it held is lost
    #[command(after_help = "\
More than half of the replicas must be up. With --ack f+1 nothing is lost that was acknowledged. Without
--lease, be sure that it is dead: one that is only out of touch goes on answering those that reach it.

Examples:
  rumormill store evict 2
  rumormill store evict 2 --server http://127.0.0.1:40123")]
    Evict(ChangeArgs),
    /// How far each replica and spare of a running store is
    #[command(after_help = "\
Examples:
  rumormill store status
  rumormill store status --server http://127.0.0.1:40123 --json")]
    Status(StatusArgs),
    /// Be one front end of a store, by its cluster file
    #[command(after_help = "\
Examples:
  rumormill store frontend --cluster shop/cluster.json --number 4")]
    Frontend(OneArgs),
}

/// `rumormill store up`.
#[derive(Args, Clone, Debug)]
pub(crate) struct UpArgs {
    /// Number of replicas
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) replicas: u32,
    /// Number of front ends
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) front_ends: u32,
    /// Number of spares: replicas that hold nothing until they are added
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub(crate) spares: u32,
    /// Where the store is kept; one that is there already goes on as it was made [default: a folder that goes
    /// with the command]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Fill the store with the movies and ratings in this folder: movies.csv and ratings.csv, as MovieLens has them
    #[arg(long, value_name = "MOVIES")]
    pub(crate) data: Option<PathBuf>,
    /// Fill the store with the small made-up movies and ratings that come with the program
    #[arg(long, conflicts_with = "data")]
    pub(crate) sample: bool,
    /// Where the first front end speaks HTTP; port 0 takes a free one, further front ends take free ones anyway
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) http: SocketAddr,
    /// Where the first front end speaks the Redis protocol
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) redis: SocketAddr,
    /// When an update is answered: memory (a replica holds it, and writes it within a second), fsync (it is on a
    /// disk), or f+1, f+2 ... (it is on the disks of so many more replicas, and not shown before)
    #[arg(long, value_name = "LEVEL", default_value = "fsync", value_parser = ack)]
    pub(crate) ack: Ack,
    /// How often replicas tell each other the news
    #[arg(long, value_name = "SPAN", default_value = "100ms", value_parser = span)]
    pub(crate) gossip_every: Duration,
    /// Copies of a call that are older are refused: longer than any retry takes, and than clocks differ
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    pub(crate) delta: Duration,
    /// A replica that has lost touch with the primary for so long takes no calls, so that it can be evicted safely
    /// [default: it always takes them]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) lease: Option<Duration>,
    /// The share of calls that a replica refuses as overloaded
    #[arg(long, value_name = "FRACTION", default_value_t = 0.0)]
    pub(crate) overload: f64,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill store replica` and `rumormill store frontend`.
#[derive(Args, Clone, Debug)]
pub(crate) struct OneArgs {
    /// The cluster file, which `store up --dir` writes
    #[arg(long, value_name = "FILE")]
    pub(crate) cluster: PathBuf,
    /// Which one to be: its number in the cluster file
    #[arg(long, value_name = "N")]
    pub(crate) number: u32,
    /// The store has never run before: an empty disk is how it begins, not a lost one
    #[arg(long)]
    pub(crate) found: bool,
    /// End with this process
    #[arg(long, value_name = "PID", hide = true)]
    pub(crate) parent: Option<u32>,
}

/// `rumormill store add`, `remove` and `evict`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangeArgs {
    /// The number of the replica or spare
    #[arg(value_name = "N")]
    pub(crate) number: u32,
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// `rumormill store status`.
#[derive(Args, Clone, Debug)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) json: JsonArgs,
}

/// Which running store.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    /// The address of a front end, as `store up` prints it [default: the one store that runs on this machine]
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
}

fn ack(text: &str) -> Result<Ack, String> {
    match text {
        "memory" => Ok(Ack::Memory),
        "fsync" => Ok(Ack::Fsync),
        _ => {
            let more =
                text.strip_prefix("f+").and_then(|count| count.parse().ok()).filter(|count| (1..64).contains(count));
            more.map(Ack::Replicas).ok_or_else(|| "write memory, fsync, f+1, f+2 ...".into())
        }
    }
}

fn span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text).map_err(|error| format!("{error}; write for example 100ms or 30s"))?;
    if span < Duration::from_millis(1) { Err("at least 1ms".into()) } else { Ok(span) }
}
