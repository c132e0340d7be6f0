//! How long calls take when there is nothing else to do.

use std::time::Duration;

use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Table, Unit, deviation};

/// Further from one replica's response than this, in hundredths, is not equal.
const NEAR: f64 = 5.0;

/// The runs: the same few clients, whatever the number of replicas.
pub(super) fn runs(quick: bool) -> Vec<Setting> {
    let span = Duration::from_secs(if quick { 60 } else { 240 });
    let of = |replicas| Setting { front_ends: 7, updates: 0.5, span, ..Setting::new(replicas) };
    [1, 3, 5, 7].map(of).into()
}

/// The table.
pub(super) fn table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "Response when idle, mean",
        &[
            ("replicas", Unit::Plain),
            ("query", Unit::Seconds),
            ("against one", Unit::Deviation),
            ("causal update", Unit::Seconds),
            ("against one", Unit::Deviation),
        ],
    );
    let means = |tally: &Tally| [tally.query_took.mean(), tally.update_took.mean()];
    let alone = means(&measured[0].1);
    let mut equal = true;
    for (setting, tally) in measured {
        let [query, update] = means(tally);
        let off = [deviation(query, alone[0]), deviation(update, alone[1])];
        equal &= off.iter().all(|off| off.abs() <= NEAR);
        table.row([u64::from(setting.replicas).into(), query.into(), off[0].into(), update.into(), off[1].into()]);
    }
    table.claim(&format!("within {NEAR} % of one replica's, however many there are"), equal);
    table
}
