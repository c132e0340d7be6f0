//! A run's plan for pages, with the peers that its random draws name: only the seed's own generator can draw
//! them, and a page has none.

use rumormill_core::plan::Peers;
use rumormill_trace::RunFile;
use serde::Deserialize;
use serde_json::{Value, json};

/// Peers that the draws of a plan name, at most, all draws together; what is drawn beyond stays unnamed.
const PEERS_MAX: usize = 100_000;

/// The plan, in which each `random` says beside its `count` and `draw` which `peers` these are: those that the
/// simulator and real peers take.
pub(super) fn plan(file: &RunFile) -> Value {
    let mut plan = serde_json::to_value(&file.plan).unwrap_or_default();
    let mut room = PEERS_MAX;
    for fault in plan["faults"].as_array_mut().into_iter().flatten() {
        name_draws(&mut fault["fault"], file, &mut room);
    }
    plan
}

/// What a plan says of a draw.
#[derive(Deserialize)]
struct Draw {
    count: u32,
    draw: u32,
}

fn name_draws(value: &mut Value, file: &RunFile, room: &mut usize) {
    match value {
        Value::Object(fields) => {
            if let Some(random) = fields.get_mut("random")
                && let Ok(Draw { count, draw }) = Draw::deserialize(&*random)
            {
                let size = count.min(file.peers) as usize;
                if size <= *room {
                    *room -= size;
                    random["peers"] = json!(Peers::Random { count, draw }.resolve(file.seed, file.peers));
                }
                return;
            }
            fields.values_mut().for_each(|value| name_draws(value, file, room));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| name_draws(value, file, room)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rumormill_core::plan::{Fault, Plan, Timed};

    use super::*;

    fn file(peers: u32, faults: Vec<Fault>) -> RunFile {
        let timed = faults.into_iter().map(|fault| Timed { at: Duration::from_secs(1), fault });
        RunFile { seed: 5, peers, plan: Plan { faults: timed.collect(), ..Plan::default() }, ..RunFile::default() }
    }

    #[test]
    fn draws_name_the_peers_that_the_run_takes() {
        let some = |count, draw| Peers::Random { count, draw };
        let groups = vec![some(3, 0), Peers::Numbers(vec![1]), some(2, 7)];
        let cut = Fault::Cut { from: some(1, 2), to: Peers::All, both: true };
        let file = file(9, vec![Fault::Partition { groups }, cut, Fault::Heal]);
        let told = plan(&file);
        let groups = &told["faults"][0]["fault"]["partition"]["groups"];
        assert_eq!(groups[0]["random"]["peers"], json!(some(3, 0).resolve(5, 9)));
        assert_eq!(groups[1], json!({ "numbers": [1] }));
        assert_eq!(groups[2]["random"]["peers"], json!(some(2, 7).resolve(5, 9)));
        assert_eq!(told["faults"][1]["fault"]["cut"]["from"]["random"]["peers"], json!(some(1, 2).resolve(5, 9)));
        let again: Plan = serde_json::from_value(told).unwrap();
        assert_eq!(again, file.plan, "and the plan is what it was");
    }

    #[test]
    fn draws_that_name_too_many_stay_unnamed() {
        let many = Fault::Crash { peers: Peers::Random { count: 60_000, draw: 0 } };
        let told = plan(&file(200_000, vec![many.clone(), many]));
        let peers = |number: usize| &told["faults"][number]["fault"]["crash"]["peers"]["random"]["peers"];
        assert_eq!(peers(0).as_array().unwrap().len(), 60_000);
        assert_eq!(peers(1), &Value::Null);
    }
}
