//! Waiting until every replica has executed what a store has taken in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::cli::bar::Bar;

/// How often the front end is asked.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// How long nothing may change before nobody waits any longer: a replica is down, or slow beyond reason.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest that an answer may take; a front end waits two seconds for a replica that does not answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// The replicas, as a front end tells of them.
#[derive(Deserialize)]
struct Told {
    replicas: Vec<Replica>,
}

#[derive(Deserialize)]
struct Replica {
    replica: u32,
    reached: bool,
    /// None when nobody could be asked.
    #[serde(default)]
    member: Option<bool>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    replica: Option<u32>,
    incarnation: u32,
    held: u64,
    executed: u64,
}

/// Updates of each line: whose it is, and in which of its lives.
type Counts = BTreeMap<(Option<u32>, u32), u64>;

/// What all replicas shall have executed: what any of them holds at the beginning.
struct Goal(Counts);

impl Goal {
    fn of(told: &[Replica]) -> Self {
        let mut most = Counts::new();
        for line in told.iter().flat_map(|replica| &replica.lines) {
            let held = most.entry((line.replica, line.incarnation)).or_default();
            *held = line.held.max(*held);
        }
        Self(most)
    }

    fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// How much of it a replica has executed.
    fn executed(&self, replica: &Replica) -> u64 {
        let of = |line: &Line| self.0.get(&(line.replica, line.incarnation)).map_or(0, |most| line.executed.min(*most));
        replica.lines.iter().map(of).sum()
    }

    /// The numbers of the replicas that lack some of it.
    fn lacking(&self, told: &[Replica]) -> Vec<u32> {
        let lacks = |replica: &&Replica| !replica.reached || self.executed(replica) < self.total();
        told.iter().filter(lacks).map(|replica| replica.replica).collect()
    }
}

/// Waits until all replicas have executed all that any of them holds now. Returns the numbers of those that have
/// not when nothing has changed for a while: they get the rest by gossip later.
///
/// # Errors
/// When the front end does not answer for as long, or not as one.
pub(super) fn settle(http: SocketAddr, bar: &Bar) -> anyhow::Result<Vec<u32>> {
    settle_within(http, bar, PATIENCE)
}

fn settle_within(http: SocketAddr, bar: &Bar, patience: Duration) -> anyhow::Result<Vec<u32>> {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).max_idle_connections(0);
    let agent = ureq::Agent::from(config.build());
    let (mut goal, mut most, mut changed) = (None, 0, Instant::now());
    loop {
        match replicas(&agent, http) {
            // It may be on its way back.
            Err(error) if changed.elapsed() >= patience => return Err(error),
            Err(_) => {}
            Ok(told) => {
                let goal = goal.get_or_insert_with(|| Goal::of(&told));
                let done = told.iter().map(|replica| goal.executed(replica)).sum();
                if done > most {
                    (most, changed) = (done, Instant::now());
                }
                let lacking = goal.lacking(&told);
                if lacking.is_empty() || changed.elapsed() >= patience {
                    bar.clear();
                    return Ok(lacking);
                }
                bar.set(done, goal.total() * told.len() as u64, || "until every replica has it".into());
            }
        }
        std::thread::sleep(ASK_EVERY);
    }
}

fn replicas(agent: &ureq::Agent, http: SocketAddr) -> anyhow::Result<Vec<Replica>> {
    let mut answer = agent.get(format!("http://{http}/v1/replicas")).call()?;
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec()?;
    let Told { mut replicas } = serde_json::from_slice(&body)?;
    // Spares get nothing until they are added.
    replicas.retain(|replica| replica.member != Some(false));
    Ok(replicas)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use serde_json::{Value, json};

    use super::*;

    /// A front end that gives these answers one after the other, and the last one from then on; `None` hangs up.
    fn front(answers: Vec<Option<Value>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for at in 0.. {
                let (mut socket, _) = listener.accept().unwrap();
                let _ = socket.read(&mut [0; 2048]);
                if let Some(told) = &answers[at.min(answers.len() - 1)] {
                    let body = told.to_string();
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    let _ = socket.write_all(format!("{head}{body}").as_bytes());
                }
            }
        });
        address
    }

    /// Replicas that have executed so many of the first one's line; `None` is not reached.
    fn told(executed: &[Option<u64>]) -> Option<Value> {
        let held = executed.iter().flatten().max();
        let replica = |(executed, number): (&Option<u64>, u32)| match executed {
            None => json!({ "replica": number, "reached": false }),
            Some(count) => {
                let lines = json!([{ "replica": 1, "incarnation": 0, "held": held, "executed": count }]);
                json!({ "replica": number, "reached": true, "lines": lines })
            }
        };
        Some(json!({ "replicas": executed.iter().zip(1..).map(replica).collect::<Vec<_>>() }))
    }

    fn settled(answers: Vec<Option<Value>>, patience: Duration) -> Vec<u32> {
        settle_within(front(answers), &Bar::new(), patience).unwrap()
    }

    #[test]
    fn all_are_waited_for() {
        let steps = [[Some(9), Some(0), None], [Some(9), Some(4), Some(0)], [Some(9), Some(9), Some(8)], [Some(9); 3]];
        assert!(settled(steps.iter().map(|step| told(step)).collect(), Duration::from_secs(60)).is_empty());
    }

    #[test]
    fn what_is_written_meanwhile_is_not_waited_for() {
        let steps = vec![told(&[Some(9), Some(0)]), told(&[Some(100), Some(9)])];
        assert!(settled(steps, Duration::from_secs(60)).is_empty());
    }

    #[test]
    fn one_that_is_down_is_not_waited_for_for_ever() {
        let steps = vec![told(&[Some(9), Some(0), None, Some(8)]), told(&[Some(9), Some(9), None, Some(8)])];
        assert_eq!(settled(steps, Duration::from_millis(300)), [3, 4]);
    }

    #[test]
    fn spares_are_not_waited_for() {
        let mut step = told(&[Some(9), Some(9), Some(0)]).unwrap();
        step["replicas"][2]["member"] = json!(false);
        assert!(settled(vec![Some(step)], Duration::from_secs(60)).is_empty());
    }

    #[test]
    fn a_front_end_may_come_back() {
        let steps = vec![told(&[Some(9), Some(0)]), None, None, told(&[Some(9), Some(9)])];
        assert!(settled(steps, Duration::from_secs(60)).is_empty());
        let gone = settle_within(front(vec![None]), &Bar::new(), Duration::from_millis(200));
        assert!(gone.is_err());
    }
}
