//! How soon SWIM notices a crash, what that costs, and what slow members do to it with and without Lifeguard: Das,
//! Gupta and Motivala, DSN 2002; Dadgar, Phillips and Currey, DSN Workshops 2018.

mod detection;
mod setting;
mod slow;
mod tally;

use anyhow::anyhow;
use rumormill_lab::experiment::Experiment;

use super::Reproduction;
use super::findings::Findings;
use super::session::{Halt, Session};
use setting::Setting;
use tally::Tally;

/// The reproduction.
pub(super) const REPRODUCTION: Reproduction = Reproduction {
    name: "swim",
    title: "How SWIM notices failures",
    source: "Das, Gupta, Motivala: SWIM, DSN 2002; Dadgar, Phillips, Currey: Lifeguard, DSN Workshops 2018",
    about: "time to the first detection and load against the number of peers, false failures because of slow peers",
    seconds: 15,
    run,
};

/// The experiment that is run with many values.
const EXPERIMENT: &str = include_str!("../../../../../../experiments/reproduce/swim.star");

const NOTES: [&str; 5] = [
    "Every number of ours is counted in simulated runs, with seeds from --seed on. A protocol period is 1 s, messages \
     take 5 to 50 ms, and nothing is lost. The errors are standard errors of the means.",
    "The first detection is counted as the analysis counts it (section 3.1 of SWIM): whole protocol periods from the \
     crash to the verdict of the first member that pinged it in vain. Members' periods begin at different times; so the \
     wait for the first ping has the mean of one period, the verdict comes a period later, and the mean of the whole \
     ones is 1 + 1/(e-1) = e/(e-1). On the clock that is 2 periods. Without suspicion, as in the analysis. The paper's \
     value here is 1/(1 - (1 - 1/(N-1))^(N-1)), of which that is the limit.",
    "A ping goes to each member in its turn, in a new random order each round. So one that crashed is pinged by each \
     member within 2N-1 periods.",
    "Messages are a ping and an answer, a few more to ask others, and exchanges of whole lists about twice a minute.",
    "Slow peers: for 16 of 32 s, again and again, all that 4 of 32 peers send and hear is 8 s late, while their \
     timers go on. The paper holds messages back in the same way, in 128 agents; its \"more than 50 times fewer\" is over \
     many lengths and intervals, so ours is not the same number. Slow peers themselves are away for longer than a \
     suspicion lasts, and are held to have failed with and without Lifeguard.",
];

fn run(session: &Session<'_>) -> Result<Findings, Halt> {
    let experiment = Experiment::read("swim", EXPERIMENT, None).map_err(|problem| Halt::Broken(anyhow!(problem)))?;
    let (crashing, slow) = (detection::runs(session.quick), slow::runs(session.quick));
    let orders = crashing.iter().chain(&slow).map(Setting::ordered).collect();
    let mut tallies = session.measure(&experiment, orders)?.into_iter();
    let mut measured =
        |runs: Vec<Setting>| -> Vec<(Setting, Tally)> { runs.into_iter().zip(tallies.by_ref()).collect() };
    let (crashing, slow) = (measured(crashing), measured(slow));
    let tables = vec![detection::table(&crashing), detection::load_table(&crashing), slow::table(&slow)];
    Ok(Findings { tables, notes: NOTES.map(String::from).into() })
}

/// The mean of numbers, and its standard error; zeros when there are too few.
fn mean_and_error(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    if numbers.is_empty() {
        return (0.0, 0.0);
    }
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
    (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_falls_with_the_root_of_the_numbers() {
        assert_eq!(mean_and_error(&[]), (0.0, 0.0));
        assert_eq!(mean_and_error(&[7.0]), (7.0, 0.0));
        assert_eq!(mean_and_error(&[1.0, 3.0]), (2.0, 1.0));
        let many: Vec<f64> = (0..100).map(|nth| f64::from(nth % 2) * 2.0).collect();
        let (mean, error) = mean_and_error(&many);
        assert!(mean == 1.0 && (error - 0.1005).abs() < 1e-4, "{error}");
    }
}
