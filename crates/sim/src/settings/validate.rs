//! Finds what is wrong with settings before a run begins.

use std::time::Duration;

use rumormill_core::plan::{Churn, Conditions, Fault, Latency, Network, Peers};
use rumormill_core::{MAX_PEERS, Topology};

use super::{Settings, SettingsError};
use crate::limits;
use crate::peers::clock::DRIFT_PPM_MAX;

/// The longest span that means anything: a year. Sums of a few never overflow.
const SPAN_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Settings {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value that is wrong, by the path of its field.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if !(1..=MAX_PEERS).contains(&self.peers) {
            return Err(SettingsError::Peers { peers: self.peers });
        }
        if !(1..=limits::THREADS).contains(&self.threads) {
            return Err(SettingsError::Threads { threads: self.threads });
        }
        span("time_limit", self.time_limit)?;
        self.topology_fits()?;
        network(&self.plan.network)?;
        span("plan.disk.latency", self.plan.disk.latency)?;
        probability("plan.disk.keeps_unsynced", self.plan.disk.keeps_unsynced)?;
        for (index, timed) in self.plan.faults.iter().enumerate() {
            span(&format!("plan.faults[{index}].at"), timed.at)?;
            self.check_fault(&format!("plan.faults[{index}]"), &timed.fault)?;
        }
        self.plan.churn.as_ref().map_or(Ok(()), |churn| self.churn(churn))
    }

    fn topology_fits(&self) -> Result<(), SettingsError> {
        let peers = self.peers;
        let degree = match self.topology {
            Topology::Full => peers - 1,
            Topology::Random { degree } => degree.max(2).min(peers - 1),
            Topology::Ring { reach } => reach.saturating_mul(2).max(2).min(peers - 1),
            _ => 4,
        };
        let everybody = degree + 1 == peers;
        let fits = if everybody {
            peers <= limits::PEERS_IN_FULL_TOPOLOGY
        } else {
            u64::from(degree) * u64::from(peers) <= limits::NEIGHBORS_TOTAL
        };
        if fits { Ok(()) } else { Err(SettingsError::Topology { peers, degree: u64::from(degree) }) }
    }

    /// Checks a fault, also one that a person injects.
    pub(crate) fn check_fault(&self, field: &str, fault: &Fault) -> Result<(), SettingsError> {
        match fault {
            Fault::Partition { groups } => groups
                .iter()
                .enumerate()
                .try_for_each(|(index, group)| self.peers(&format!("{field}.groups[{index}]"), group)),
            Fault::Cut { from, to, .. } => self.links(field, from, to),
            Fault::Link { from, to, conditions: given } => {
                self.links(field, from, to)?;
                given.as_ref().map_or(Ok(()), |given| conditions(&format!("{field}.conditions"), given))
            }
            Fault::Conditions(given) => conditions(&format!("{field}.conditions"), given),
            Fault::Slow { peers, by } => {
                span(&format!("{field}.by"), *by)?;
                self.peers(&format!("{field}.peers"), peers)
            }
            Fault::Clock { peers, drift_ppm, .. } => {
                if drift_ppm.unsigned_abs() > DRIFT_PPM_MAX {
                    let why = format!("{drift_ppm} is not between -{DRIFT_PPM_MAX} and {DRIFT_PPM_MAX}");
                    return Err(SettingsError::Value { field: format!("{field}.drift_ppm"), why });
                }
                self.peers(&format!("{field}.peers"), peers)
            }
            Fault::Crash { peers }
            | Fault::Restart { peers, .. }
            | Fault::Pause { peers }
            | Fault::Resume { peers }
            | Fault::Join { peers }
            | Fault::Request { peers, .. } => self.peers(&format!("{field}.peers"), peers),
            _ => Ok(()),
        }
    }

    fn links(&self, field: &str, from: &Peers, to: &Peers) -> Result<(), SettingsError> {
        self.peers(&format!("{field}.from"), from)?;
        self.peers(&format!("{field}.to"), to)
    }

    fn peers(&self, field: &str, peers: &Peers) -> Result<(), SettingsError> {
        match peers {
            Peers::Numbers(numbers) => numbers.iter().try_for_each(|&number| self.peer(field, number)),
            Peers::Share { from, to } => {
                probability(&format!("{field}.from"), *from)?;
                probability(&format!("{field}.to"), *to)
            }
            _ => Ok(()),
        }
    }

    fn peer(&self, field: &str, number: u32) -> Result<(), SettingsError> {
        if (1..=self.peers).contains(&number) {
            return Ok(());
        }
        let why = format!("peer {number} does not exist; they are numbered 1 to {}", self.peers);
        Err(SettingsError::Value { field: field.into(), why })
    }

    fn churn(&self, churn: &Churn) -> Result<(), SettingsError> {
        match churn {
            Churn::Exponential { mean_up, mean_down, peers, until, .. } => {
                for (name, mean) in [("mean_up", mean_up), ("mean_down", mean_down)] {
                    let field = format!("plan.churn.{name}");
                    span(&field, *mean)?;
                    if mean.is_zero() {
                        return Err(SettingsError::Value { field, why: "must be longer than 0".into() });
                    }
                }
                span("plan.churn.until", *until)?;
                self.peers("plan.churn.peers", peers)
            }
            Churn::Schedule { absences, .. } => {
                absences.iter().enumerate().try_for_each(|(index, &(number, from, to))| {
                    let field = format!("plan.churn.absences[{index}]");
                    self.peer(&field, number)?;
                    span(&field, to)?;
                    if from < to {
                        return Ok(());
                    }
                    Err(SettingsError::Value { field, why: format!("{from:?} to {to:?} ends before it begins") })
                })
            }
            _ => Ok(()),
        }
    }
}

fn network(network: &Network) -> Result<(), SettingsError> {
    conditions("plan.network.conditions", &network.conditions)?;
    let field = "plan.network.latency";
    let wrong = |why: String| Err(SettingsError::Value { field: field.into(), why });
    match &network.latency {
        Latency::Constant(latency) => span(field, *latency),
        Latency::Uniform { min, max } if min > max => {
            wrong(format!("the least, {min:?}, is more than the most, {max:?}"))
        }
        Latency::Uniform { max, .. } => span(field, *max),
        Latency::LogNormal { min, median, sigma } => {
            span(field, *min)?;
            span(field, *median)?;
            if (0.0..=10.0).contains(sigma) { Ok(()) } else { wrong(format!("sigma {sigma} is not between 0 and 10")) }
        }
        Latency::Matrix(matrix) => {
            let (sites, given) = (u64::from(matrix.sites), matrix.round_trip_us.len() as u64);
            if sites == 0 || sites * sites != given {
                return wrong(format!("{given} round-trip times for {sites} sites; there must be sites times sites"));
            }
            Ok(())
        }
        Latency::Regions(regions) => {
            let (names, given) = (regions.names.len(), regions.latency.len());
            if names == 0 || names * names != given {
                return wrong(format!("{given} latencies for {names} regions; there must be regions times regions"));
            }
            regions.latency.iter().try_for_each(|&latency| span(field, latency))?;
            if (0.0..=100.0).contains(&regions.jitter) {
                return Ok(());
            }
            wrong(format!("jitter {} is not between 0 and 100", regions.jitter))
        }
        _ => wrong("this simulator does not know this latency".into()),
    }
}

fn conditions(field: &str, given: &Conditions) -> Result<(), SettingsError> {
    probability(&format!("{field}.loss"), given.loss)?;
    probability(&format!("{field}.duplication"), given.duplication)?;
    probability(&format!("{field}.reordering"), given.reordering)?;
    span(&format!("{field}.reordering_by"), given.reordering_by)?;
    span(&format!("{field}.delay"), given.delay)?;
    if given.bandwidth == Some(0) {
        let why = "a link of 0 bits per second carries nothing; use a cut".into();
        return Err(SettingsError::Value { field: format!("{field}.bandwidth"), why });
    }
    Ok(())
}

fn probability(field: &str, value: f64) -> Result<(), SettingsError> {
    // Not a number is in no range.
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(SettingsError::Probability { field: field.into(), value }) }
}

fn span(field: &str, span: Duration) -> Result<(), SettingsError> {
    if span <= SPAN_MAX {
        return Ok(());
    }
    Err(SettingsError::Value { field: field.into(), why: format!("{span:?} is more than a year") })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rumormill_core::plan::{DiskFate, Matrix, Timed};

    use super::*;

    fn fault_of(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::new(1, 10);
        change(&mut settings);
        settings.validate().map_err(|error| error.to_string()).unwrap_err()
    }

    #[test]
    fn what_is_right_passes() {
        assert_eq!(Settings::new(1, 1).validate(), Ok(()));
        assert_eq!(Settings::new(1, MAX_PEERS).validate(), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(fault_of(|s| s.peers = 0), "peers: 0 is not between 1 and 16777215");
        assert_eq!(fault_of(|s| s.threads = 0), "threads: 0 is not between 1 and 256");
        assert_eq!(
            fault_of(|s| s.plan.network.conditions.loss = 1.5),
            "plan.network.conditions.loss: 1.5 is not between 0 and 1"
        );
        assert_eq!(
            fault_of(|s| s.plan.network.conditions.loss = f64::NAN),
            "plan.network.conditions.loss: NaN is not between 0 and 1"
        );
        let crash = Fault::Crash { peers: Peers::Numbers(vec![3, 11]) };
        assert_eq!(
            fault_of(|s| s.plan.faults.push(Timed { at: Duration::ZERO, fault: crash })),
            "plan.faults[0].peers: peer 11 does not exist; they are numbered 1 to 10"
        );
        let matrix = Arc::new(Matrix { sites: 2, round_trip_us: vec![1, 2, 3] });
        assert!(
            fault_of(|s| s.plan.network.latency = Latency::Matrix(matrix)).contains("3 round-trip times for 2 sites")
        );
        let absence = (1, Duration::from_secs(2), Duration::from_secs(1));
        let churn = Churn::Schedule { absences: vec![absence], disk: DiskFate::Kept };
        assert!(fault_of(|s| s.plan.churn = Some(churn)).starts_with("plan.churn.absences[0]: 2s to 1s"));
        assert!(fault_of(|s| s.time_limit = Duration::MAX).starts_with("time_limit: "));
    }

    #[test]
    fn a_topology_that_does_not_fit_is_refused() {
        let mut settings = Settings { topology: Topology::Full, ..Settings::new(1, 20_001) };
        assert!(matches!(settings.validate(), Err(SettingsError::Topology { .. })));
        settings.peers = 20_000;
        assert_eq!(settings.validate(), Ok(()));
        let dense = Settings { topology: Topology::Random { degree: 200 }, ..Settings::new(1, 1_000_000) };
        assert!(matches!(dense.validate(), Err(SettingsError::Topology { .. })));
    }
}
