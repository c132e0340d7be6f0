//! How much more several replicas can do than one.

use std::time::Duration;

use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Cell, Table, Unit, deviation};

/// The shares of updates among the calls.
const SHARES: [(f64, &str); 4] = [(0.0, "0 % updates"), (0.05, "5 %"), (0.2, "20 %"), (0.5, "50 %")];

/// A replica gossips after so many updates.
const BATCH: u32 = 10;

/// Further from what the message counts say than this, in hundredths, is another cost.
const NEAR: f64 = 10.0;

/// The runs.
pub(super) fn runs(quick: bool) -> Vec<Setting> {
    let replicas: &[u32] = if quick { &[1, 3, 5] } else { &[1, 2, 3, 5, 7] };
    let of = |replicas: u32, updates: f64| Setting {
        updates,
        clients: 10,
        think: Duration::from_millis(50),
        gossip_every: Duration::from_secs(10),
        gossip_after: Some(BATCH),
        span: Duration::from_secs(if quick { 5 } else { 20 }),
        ..Setting::new(replicas)
    };
    replicas.iter().flat_map(|&replicas| SHARES.map(|(share, _)| of(replicas, share))).collect()
}

/// The table, when executing an update of another replica costs as much as so many messages.
pub(super) fn table(measured: &[(Setting, Tally)], weight: f64, title: &str) -> Table {
    let mut columns = vec![("replicas", Unit::Plain)];
    columns.extend(SHARES.map(|(_, name)| (name, Unit::Number)));
    columns.push(("furthest off", Unit::Deviation));
    let mut table = Table::new(title, &columns);
    let rows: Vec<&[(Setting, Tally)]> = measured.chunks(SHARES.len()).collect();
    let alone: Vec<f64> = rows[0].iter().map(|run| capacity(run, weight)).collect();
    let (mut before, mut grows, mut less, mut near) = (0.0, true, true, true);
    for row in rows {
        let gains: Vec<f64> = row.iter().zip(&alone).map(|(run, alone)| capacity(run, weight) / alone).collect();
        let off = row.iter().zip(&gains).map(|((setting, _), &gain)| deviation(gain, expected(setting, weight)));
        let off = off.fold(0.0, |far: f64, off| if off.abs() > far.abs() { off } else { far });
        grows &= gains[0] > before;
        before = gains[0];
        less &= row[0].0.replicas == 1 || gains.windows(2).all(|pair| pair[1] < pair[0]);
        near &= off.abs() <= NEAR;
        let cells = [Cell::from(u64::from(row[0].0.replicas))].into_iter();
        table.row(cells.chain(gains.into_iter().map(Cell::from)).chain([Cell::from(off)]));
    }
    table.claim("the capacity for queries grows with every replica", grows);
    table.claim("the gain is less the more updates there are", less);
    table.claim(&format!("within {NEAR} % of what the message counts say"), near);
    table
}

/// Calls for each unit of work of the busiest replica, when all have as many calls.
fn capacity((setting, tally): &(Setting, Tally), weight: f64) -> f64 {
    f64::from(setting.replicas) / tally.busiest(weight)
}

/// The gain by the formulas: a call and its answer are work for one replica; each update is told to all others, so
/// many at a time, which is work for sender and receiver, and executed there.
fn expected(setting: &Setting, weight: f64) -> f64 {
    let (replicas, others) = (f64::from(setting.replicas), f64::from(setting.replicas - 1));
    let told = setting.updates * others * (2.0 / f64::from(BATCH) + weight);
    2.0 * replicas / (2.0 + told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables of runs in which work is shared by `shared(replicas)` replicas and updates cost so many times more.
    fn holds(shared: fn(u32) -> u32, dearer: f64) -> Vec<bool> {
        let measure = |setting: Setting| {
            let (_, mut tally) = setting.ordered();
            let gain = expected(&Setting { updates: setting.updates * dearer, ..setting.clone() }, 0.0);
            let gain = gain * f64::from(shared(setting.replicas)) / f64::from(setting.replicas);
            let replicas = f64::from(setting.replicas);
            for work in tally.work.values_mut() {
                (work.answered, work.messages) = (1_000_000, (2_000_000.0 * replicas / gain) as u64);
            }
            (setting, tally)
        };
        let measured: Vec<_> = runs(true).into_iter().map(measure).collect();
        table(&measured, 0.0, "").claims.iter().map(|claim| claim.holds).collect()
    }

    #[test]
    fn capacity_that_does_not_grow_is_seen() {
        assert_eq!(holds(|replicas| replicas, 1.0), [true, true, true]);
        assert_eq!(holds(|_| 1, 1.0), [false, true, false]);
    }

    #[test]
    fn updates_that_cost_nothing_or_too_much_are_seen() {
        assert_eq!(holds(|replicas| replicas, 0.0), [true, false, false]);
        assert_eq!(holds(|replicas| replicas, 4.0), [true, true, false]);
    }

    #[test]
    fn the_gain_follows_from_the_message_counts() {
        let setting = |updates| Setting { updates, ..Setting::new(5) };
        assert_eq!([expected(&setting(0.0), 1.0), expected(&Setting::new(1), 1.0)], [5.0, 1.0]);
        // 2 messages, half an update told to 4 others, a tenth of a message each to send and to receive.
        assert!((expected(&setting(0.5), 0.0) - 10.0 / 2.4).abs() < 1e-12);
    }
}
