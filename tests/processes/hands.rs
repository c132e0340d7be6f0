//! What is done to real processes by hand: it has its effect, as the recorded trace tells, and is part of the plan.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::lab::Lab;
use crate::support::{eventually, folder};

/// Peers compare what they have ten times a second, for as long as the run lasts. Peer 6 has a message that all
/// others want, and would join only after ten minutes: so the run goes on until somebody lets it join.
const EXPERIMENT: &str = r#"
experiment(
    title = "Six peers",
    about = "The last one joins late.",
    protocol = "flood",
    parameters = [
        count("peers", 6, min = 6, help = "Number of peers"),
        expression("messages", "3", variables = ["peerid"], help = "Messages per peer"),
        span("sync_every", "100ms", help = "How often peers compare what they have"),
    ],
    network = latency(constant = "2ms"),
    faults = [at("10m", join(peers(6)))],
    stop = targets_met(within = "20m"),
)
"#;

/// What the link layer says of a message between peers that are apart.
const CUT: &str = "the network is cut here";

/// What it says of one that is lost by chance.
const LOST: &str = "lost on the way";

/// A run under way.
struct Hands {
    lab: Lab,
    run: String,
    /// What was done, and when in seconds of the run.
    done: Vec<(f64, Value)>,
}

impl Hands {
    /// Does this now; returns when that was.
    fn inject(&mut self, fault: Value) -> f64 {
        let answer = self.lab.post(&format!("/api/runs/{}/faults", self.run), &json!({ "fault": fault }));
        assert_eq!(answer.status, 200, "{fault}: {answer:#?}");
        let at = answer.json()["at_s"].as_f64().unwrap();
        self.done.push((at, fault));
        at
    }

    /// The first recorded events that are as asked for, such as `kind=sent&peer=1`.
    fn events(&self, query: &str) -> Vec<Value> {
        let found = self.lab.get(&format!("/api/runs/{}/search?{query}", self.run)).json();
        found["events"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until the recording tells something.
    #[track_caller]
    fn wait<T>(&self, what: &str, tell: impl Fn() -> Option<T>) -> T {
        eventually(Duration::from_secs(60), tell).unwrap_or_else(|| panic!("never: {what}; done: {:#?}", self.done))
    }

    /// Waits until a message was lost on this link for this reason, at this moment or later; returns when.
    #[track_caller]
    fn loses(&self, from: u32, to: u32, why: &str, since: f64) -> f64 {
        let query = format!("kind=dropped&peer={from}&other={to}&from={since}");
        let lost = |events: Vec<Value>| events.iter().find(|event| event["text"] == why).map(time);
        self.wait(&format!("from {from} to {to}: {why}"), || lost(self.events(&query)))
    }

    /// Waits until a message arrives that left at this moment or later.
    #[track_caller]
    fn passes(&self, from: u32, to: u32, since: f64) {
        let sent = format!("kind=sent&peer={from}&other={to}&from={since}");
        let arrived = format!("kind=delivered&peer={to}&other={from}&from={since}");
        self.wait(&format!("from {from} to {to} after {since} s"), || {
            let sent: Vec<Value> = self.events(&sent).iter().map(|event| event["id"].clone()).collect();
            self.events(&arrived).iter().any(|event| sent.contains(&event["cause"])).then_some(())
        });
    }

    /// Between the things that a peer did one after the other, seconds: messages and timers that reached it.
    fn gaps(&self, peer: u32, since: f64) -> Vec<f64> {
        let times = ["delivered", "timer"].map(|kind| self.events(&format!("kind={kind}&peer={peer}&from={since}")));
        // Each answer may end before the other.
        let until = times.iter().filter_map(|events| events.last().map(time)).fold(f64::MAX, f64::min);
        let mut times: Vec<f64> = times.iter().flatten().map(time).filter(|&at| at <= until).collect();
        times.sort_by(f64::total_cmp);
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// From each comparison that a peer began to its next one, seconds.
    fn intervals(&self, peer: u32, since: f64) -> Vec<f64> {
        let timers = self.events(&format!("kind=timer&name=Sync&peer={peer}&from={since}"));
        timers.windows(2).map(|pair| time(&pair[1]) - time(&pair[0])).collect()
    }

    /// When the run is now, in its own seconds, as far as it is recorded.
    fn now(&self) -> f64 {
        self.lab.get(&format!("/api/runs/{}", self.run)).json()["virtual_seconds"].as_f64().unwrap()
    }
}

fn time(event: &Value) -> f64 {
    event["t"].as_f64().unwrap()
}

fn peers(numbers: &[u32]) -> Value {
    json!({ "numbers": numbers })
}

fn link(from: u32, to: u32, loss: f64, duplication: f64) -> Value {
    let none = json!({ "secs": 0, "nanos": 0 });
    let conditions = json!({
        "loss": loss, "duplication": duplication, "reordering": 0.0, "reordering_by": none, "delay": none,
        "bandwidth": null,
    });
    json!({ "link": { "from": peers(&[from]), "to": peers(&[to]), "conditions": conditions } })
}

fn slow(by: Duration) -> Value {
    let by = json!({ "secs": by.as_secs(), "nanos": by.subsec_nanos() });
    json!({ "slow": { "peers": peers(&[2]), "by": by } })
}

fn begin(folder: &std::path::Path) -> Hands {
    let experiments = folder.join("experiments");
    std::fs::create_dir_all(&experiments).unwrap();
    std::fs::write(experiments.join("six-peers.star"), EXPERIMENT).unwrap();
    let lab = Lab::start(folder, &["--experiments", experiments.to_str().unwrap()]);
    let run = lab.launch(&json!({ "experiment": "six-peers", "as": "processes", "seed": 4, "record": true }));
    Hands { lab, run, done: Vec::new() }
}

/// Cuts, conditions and partitions of real links.
fn break_links(hands: &mut Hands) {
    hands.passes(1, 2, 0.0);
    let at = hands.inject(json!({ "cut": { "from": peers(&[1]), "to": peers(&[2]), "both": false } }));
    let lost = hands.loses(1, 2, CUT, at);
    hands.passes(2, 1, lost);

    hands.inject(link(1, 3, 0.0, 1.0));
    let at = hands.inject(link(3, 1, 1.0, 0.0));
    hands.loses(3, 1, LOST, at);
    hands.wait("a message arrives twice", || {
        let arrivals = hands.events(&format!("kind=delivered&peer=3&other=1&from={at}"));
        let causes: Vec<&Value> = arrivals.iter().map(|event| &event["cause"]).collect();
        (1..causes.len()).any(|place| causes[..place].contains(&causes[place])).then_some(())
    });

    let healed = hands.inject(json!("heal"));
    hands.passes(1, 2, healed);
    hands.passes(3, 1, healed);

    let at = hands.inject(json!({ "partition": { "groups": [peers(&[4, 5])] } }));
    let lost = hands.loses(4, 1, CUT, at).max(hands.loses(1, 4, CUT, at));
    hands.passes(4, 5, lost);
    hands.passes(1, 3, lost);
    let healed = hands.inject(json!("heal"));
    hands.passes(4, 1, healed);
}

/// A peer that takes long, and a clock that runs at half the speed.
fn disturb_peers(hands: &mut Hands) {
    let by = Duration::from_millis(250);
    assert!(hands.gaps(2, 0.0).iter().any(|&gap| gap < by.as_secs_f64()), "fast before");
    hands.inject(slow(by));
    hands.wait("peer 2 is slow", || {
        let gaps = hands.gaps(2, hands.done.last()?.0);
        // What it was at when it heard of the fault was done at once.
        let first = gaps.iter().position(|&gap| gap >= by.as_secs_f64())?;
        let slow = &gaps[first..];
        (slow.len() >= 4 && slow.iter().all(|&gap| gap >= by.as_secs_f64())).then_some(())
    });
    hands.inject(slow(Duration::ZERO));

    // Comparisons come every 90 to 110 ms of the peer's clock.
    let least = 2.0 * 0.090;
    assert!(hands.intervals(3, 0.0).iter().any(|&interval| interval < least), "on time before");
    let clock = json!({ "peers": peers(&[3]), "offset_ns": 3_600_000_000_000_u64, "drift_ppm": -500_000 });
    let at = hands.inject(json!({ "clock": clock }));
    hands.wait("peer 3 has a slow clock", || {
        let intervals = hands.intervals(3, at);
        let last = &intervals[intervals.len().checked_sub(4)?..];
        last.iter().all(|&interval| interval >= least).then_some(())
    });
}

#[test]
fn what_is_done_by_hand_has_its_effect_and_is_in_the_plan() {
    let folder = folder();
    let mut hands = begin(folder.path());
    break_links(&mut hands);
    disturb_peers(&mut hands);

    assert_eq!(hands.events("kind=started&peer=6"), Vec::<Value>::new(), "{} s", hands.now());
    let at = hands.inject(json!({ "join": { "peers": peers(&[6]) } }));
    let started = hands.wait("peer 6 joins", || hands.events("kind=started&peer=6").first().map(time));
    assert!(started >= at, "{started} {at}");
    let ended = hands.lab.until(&hands.run, |run| run["state"] == "ended");
    assert_eq!(ended["outcome"], "completed", "{ended:#}");

    let run = folder.path().join("runs").join(ended["name"].as_str().unwrap()).join("run.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(run).unwrap()).unwrap();
    assert_eq!(file["by_hand"], json!(hands.done.len()));
    let planned = file["plan"]["faults"].as_array().unwrap();
    let traced = hands.events("kind=fault");
    assert_eq!((planned.len(), traced.len()), (hands.done.len() + 1, hands.done.len()), "the planned one never came");
    for ((timed, event), (at, fault)) in planned[1..].iter().zip(&traced).zip(&hands.done) {
        assert_eq!(&timed["fault"], fault);
        let planned_at = timed["at"]["secs"].as_f64().unwrap() + timed["at"]["nanos"].as_f64().unwrap() / 1e9;
        assert!((planned_at - at).abs() < 1e-6 && (time(event) - at).abs() < 1e-6, "{timed} {event} {at}");
    }
}
