//! The costs of lazy replication: Ladin, Liskov, Shrira and Ghemawat, "Providing High Availability Using Lazy
//! Replication", ACM TOCS 10(4), 1992.

mod capacity;
mod messages;
mod response;
mod setting;
mod tally;

use anyhow::anyhow;
use rumormill_lab::experiment::Experiment;

use super::Reproduction;
use super::findings::{Findings, Table};
use super::session::{Halt, Session};
use setting::Setting;
use tally::Tally;

/// The reproduction.
pub(super) const REPRODUCTION: Reproduction = Reproduction {
    name: "lazy-replication",
    title: "What lazy replication costs",
    source: "Ladin, Liskov, Shrira, Ghemawat: Providing High Availability Using Lazy Replication, ACM TOCS 10(4), 1992",
    about: "messages for each operation against the formulas, capacity against replicas and updates, response when idle",
    seconds: 20,
    run,
};

/// The experiment that is run with many values.
const EXPERIMENT: &str = include_str!("../../../../../../experiments/reproduce/lazy-replication.star");

const NOTES: [&str; 7] = [
    "Every number of ours is counted in simulated runs of the store's protocol, in which nothing is lost. The paper's \
     own measurements are of an Argus prototype, in milliseconds of its machines: not the figures are compared but \
     the formulas and the shape.",
    "Formulas: query 2; causal update 2 + (N-1)/K, with N replicas and K updates in a gossip message; a forced update \
     2⌊N/2⌋ more than that; an immediate one about 2N more again.",
    "K is the measured rate of updates at a replica, times the configured pause between rounds of gossip; \"carried\" \
     is what messages did carry.",
    "Ours are calls, answers, the messages with which replicas agree on an order, and gossip that carries updates which \
     its sender took itself. What goes \"by the clock\" is the rest, in messages a second of each replica: whatever the \
     load, replicas tell who holds what (so that logs can be emptied), before when no update will come any more, what \
     they heard from others, and who the primary is.",
    "One at a time, a forced or immediate update costs more here than by the formulas. The primary asks all N-1 others \
     with Raft, not a bare majority, and tells all of them at once that it has one: 4(N-1) messages. In return gossip \
     need not carry the update, and many at once share messages. An immediate one has all others stop first: 2(N-1).",
    "The simulator charges nothing for computing. Capacity is the calls for each unit of work of the busiest replica, \
     when all have as many calls, against one replica's; work is each message that it sends or receives, unless that \
     goes by the clock, and in the second table also each update of another replica that it executes.",
    "Capacity is counted with gossip after every 10 updates. \"Furthest off\" is from 2N / (2 + u(N-1)(2/K + w)), which \
     the formulas give for a share u of updates that weigh w.",
];

/// Some runs, and the tables that are made of them.
struct Part {
    runs: Vec<Setting>,
    tables: fn(&[(Setting, Tally)]) -> Vec<Table>,
}

fn run(session: &Session<'_>) -> Result<Findings, Halt> {
    let quick = session.quick;
    let parts = [
        Part { runs: messages::operations(quick), tables: |all| vec![messages::operations_table(all)] },
        Part { runs: messages::batches(quick), tables: |all| vec![messages::batches_table(all)] },
        Part {
            runs: capacity::runs(quick),
            tables: |all| {
                vec![
                    capacity::table(all, 0.0, "Capacity against one replica, when messages are the work"),
                    capacity::table(
                        all,
                        1.0,
                        "Capacity against one replica, when executing an update weighs a message",
                    ),
                ]
            },
        },
        Part { runs: response::runs(quick), tables: |all| vec![response::table(all)] },
    ];
    let experiment = Experiment::read("lazy-replication", EXPERIMENT, None);
    let experiment = experiment.map_err(|problem| Halt::Broken(anyhow!(problem)))?;
    let orders = parts.iter().flat_map(|part| &part.runs).map(Setting::ordered).collect();
    let mut tallies = session.measure(&experiment, orders)?.into_iter();
    let mut findings = Findings { tables: Vec::new(), notes: NOTES.map(String::from).into() };
    for Part { runs, tables } in parts {
        let measured: Vec<(Setting, Tally)> = runs.into_iter().zip(tallies.by_ref()).collect();
        findings.tables.extend(tables(&measured));
    }
    Ok(findings)
}
