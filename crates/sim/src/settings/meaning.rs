//! Finds what is wrong with requests and changed parameters: only the protocol knows what they mean.

use rumormill_core::plan::Fault;
use rumormill_core::{Launch, Parameters};

use super::{Settings, SettingsError};

impl Settings {
    /// Checks every value, also those that only the protocol understands.
    ///
    /// # Errors
    /// The first value that is wrong, by the path of its field.
    pub fn validate_for<P: Launch>(&self) -> Result<(), SettingsError> {
        self.validate()?;
        let mut timeline: Vec<_> = self.plan.faults.iter().enumerate().collect();
        timeline.sort_by_key(|(_, timed)| timed.at);
        let faults = timeline.into_iter().map(|(index, timed)| (format!("plan.faults[{index}]"), &timed.fault));
        check::<P>(&self.parameters, faults).map(drop)
    }
}

/// Checks faults in the order in which they happen. Returns the parameters after all of them.
pub(crate) fn check<'a, P: Launch>(
    parameters: &Parameters,
    faults: impl IntoIterator<Item = (String, &'a Fault)>,
) -> Result<Parameters, SettingsError> {
    let mut now = parameters.clone();
    for (field, fault) in faults {
        match fault {
            Fault::Request { text, .. } if P::request(text).is_none() => {
                let why = format!("\"{text}\" is nothing that this protocol can be asked");
                return Err(SettingsError::Value { field: format!("{field}.text"), why });
            }
            Fault::Set { parameters } => {
                names_known(&field, &now, parameters)?;
                now.0.extend(parameters.0.clone());
                let wrong =
                    |error: rumormill_core::ParameterError| SettingsError::Value { field, why: error.to_string() };
                P::config(&now).map_err(wrong)?;
            }
            _ => {}
        }
    }
    Ok(now)
}

/// Parameters that the run does not have, or that nothing can change.
fn names_known(field: &str, now: &Parameters, changes: &Parameters) -> Result<(), SettingsError> {
    changes.0.iter().try_for_each(|(name, value)| {
        let why = match now.0.get(name) {
            None => "the run has no such parameter",
            Some(known) if name == "peers" && known != value => "the number of peers of a run cannot change",
            Some(_) => return Ok(()),
        };
        Err(SettingsError::Value { field: format!("{field}.parameters.{name}"), why: why.into() })
    })
}
