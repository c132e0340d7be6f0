//! Messages for each operation, against the formulas; and what gossip in batches saves.

use std::time::Duration;

use super::setting::Setting;
use super::tally::Tally;
use crate::cli::reproduce::findings::{Cell, Table, Unit, deviation};

/// Further from the formula than this, in hundredths, is another cost.
const NEAR: f64 = 5.0;

/// How an operation is ordered, and what that costs.
struct Operation {
    name: &'static str,
    /// The share of updates, of forced and of immediate ones.
    shares: [f64; 3],
    /// By the paper, with so many replicas and so many updates in a gossip message.
    formula: Formula,
    /// What is to be shown.
    shows: Shows,
}

/// Messages with so many replicas and so many updates in a gossip message.
type Formula = fn(f64, f64) -> f64;

/// What the messages for an operation are to show.
enum Shows {
    /// They are as many as the formula says.
    Formula,
    /// They are as many as this says with so many replicas: it is done in another way here.
    Ours(fn(f64) -> f64, &'static str),
    /// They are fewer than the formula says: there are so many that they share messages.
    Fewer,
}

/// The operations.
const OPERATIONS: [Operation; 5] = [
    Operation { name: "query", shares: [0.0, 0.0, 0.0], formula: |_, _| 2.0, shows: Shows::Formula },
    Operation { name: "causal update", shares: [1.0, 0.0, 0.0], formula: causal, shows: Shows::Formula },
    Operation {
        name: "forced update",
        shares: [1.0, 1.0, 0.0],
        formula: forced,
        shows: Shows::Ours(|replicas| 2.0 + 2.0 * asked(replicas), "2 + 4(N-1)"),
    },
    Operation { name: "forced, many at once", shares: [1.0, 1.0, 0.0], formula: forced, shows: Shows::Fewer },
    Operation {
        name: "immediate update",
        shares: [1.0, 0.0, 1.0],
        formula: immediate,
        shows: Shows::Ours(|replicas| 2.0 + 3.0 * asked(replicas), "2 + 6(N-1)"),
    },
];

fn causal(replicas: f64, batch: f64) -> f64 {
    2.0 + (replicas - 1.0) / batch
}

fn forced(replicas: f64, batch: f64) -> f64 {
    causal(replicas, batch) + 2.0 * (replicas / 2.0).floor()
}

fn immediate(replicas: f64, batch: f64) -> f64 {
    forced(replicas, batch) + 2.0 * replicas
}

/// The messages when the primary tells all others something, and they answer. To agree on an update, it asks them
/// whether they hold it, and tells them that a majority does. Before an immediate one, it asks them to stop.
fn asked(replicas: f64) -> f64 {
    2.0 * (replicas - 1.0)
}

/// Clients at all front ends together, when there are to be many.
const MANY: u32 = 420;

/// The runs of the table of operations.
pub(super) fn operations(quick: bool) -> Vec<Setting> {
    OPERATIONS.iter().flat_map(|operation| [3, 5, 7].map(|replicas| operation.setting(replicas, quick))).collect()
}

impl Operation {
    fn setting(&self, replicas: u32, quick: bool) -> Setting {
        let [updates, forced, immediate] = self.shares;
        let setting = Setting { updates, forced, immediate, ..Setting::new(replicas) };
        let (clients, front_ends, seconds) = match self.shows {
            Shows::Fewer => (MANY / replicas, replicas, if quick { 2 } else { 10 }),
            // One after the other: or some would share messages.
            _ if setting.is_ordered() => (1, 1, if quick { 20 } else { 120 }),
            _ => (1, replicas, if quick { 20 } else { 120 }),
        };
        Setting { clients, front_ends, span: Duration::from_secs(seconds), ..setting }
    }

    /// Is this what it is to show?
    fn holds(&self, setting: &Setting, ours: f64, formula: f64) -> bool {
        match self.shows {
            Shows::Formula => deviation(ours, formula).abs() <= NEAR,
            Shows::Ours(expected, _) => deviation(ours, expected(setting.replicas.into())).abs() <= NEAR,
            Shows::Fewer => ours < formula,
        }
    }

    fn claim(&self) -> String {
        match self.shows {
            Shows::Formula => format!("{}: within {NEAR} % of the formula", self.name),
            Shows::Ours(_, words) => format!("{}: within {NEAR} % of {words}", self.name),
            Shows::Fewer => format!("{}: fewer than by the formula", self.name),
        }
    }
}

/// The table of operations.
pub(super) fn operations_table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "Messages for each operation",
        &[
            ("operation", Unit::Plain),
            ("replicas", Unit::Plain),
            ("K", Unit::Number),
            ("ours", Unit::Number),
            ("formula", Unit::Number),
            ("deviation", Unit::Deviation),
            ("by the clock /s", Unit::Number),
        ],
    );
    let (mut before, mut dearer) = (vec![0.0; measured.len() / OPERATIONS.len()], true);
    for (operation, rows) in OPERATIONS.iter().zip(measured.chunks(before.len())) {
        let costs: Vec<f64> = rows.iter().map(|(_, tally)| needed(tally)).collect();
        if !matches!(operation.shows, Shows::Fewer) {
            dearer &= costs.iter().zip(&before).all(|(cost, before)| cost > before);
            before.clone_from(&costs);
        }
        let mut holds = true;
        for ((setting, tally), ours) in rows.iter().zip(costs) {
            let batch = (tally.updates > 0).then(|| setting.updates_per_gossip(tally));
            let formula = (operation.formula)(setting.replicas.into(), batch.unwrap_or(1.0));
            holds &= operation.holds(setting, ours, formula);
            table.row([
                operation.name.into(),
                u64::from(setting.replicas).into(),
                batch.map_or(Cell::Nothing, Cell::from),
                ours.into(),
                formula.into(),
                deviation(ours, formula).into(),
                (tally.by_clock as f64 / f64::from(setting.replicas) / tally.span.as_secs_f64()).into(),
            ]);
        }
        table.claim(&operation.claim(), holds);
    }
    table.claim("the stricter the order, the more messages", dearer);
    table
}

/// The runs of the table of batches.
pub(super) fn batches(quick: bool) -> Vec<Setting> {
    let rounds = if quick { 20 } else { 60 };
    [100, 200, 400, 800, 1_600]
        .map(Duration::from_millis)
        .map(|gossip_every| Setting { clients: 4, gossip_every, span: gossip_every * rounds, ..Setting::new(5) })
        .into()
}

/// The table of batches.
pub(super) fn batches_table(measured: &[(Setting, Tally)]) -> Table {
    let mut table = Table::new(
        "Messages for each causal update, by the pause between rounds of gossip (5 replicas)",
        &[
            ("pause", Unit::Seconds),
            ("K", Unit::Number),
            ("carried", Unit::Number),
            ("ours", Unit::Number),
            ("formula", Unit::Number),
            ("deviation", Unit::Deviation),
        ],
    );
    let (mut before, mut falls, mut near) = (f64::INFINITY, true, true);
    for (setting, tally) in measured {
        let batch = setting.updates_per_gossip(tally);
        let (ours, formula) = (needed(tally), causal(setting.replicas.into(), batch));
        let off = deviation(ours, formula);
        falls &= ours < before;
        near &= off.abs() <= NEAR;
        before = ours;
        table.row([
            setting.gossip_every.as_secs_f64().into(),
            batch.into(),
            (tally.carried as f64 / tally.news as f64).into(),
            ours.into(),
            formula.into(),
            off.into(),
        ]);
    }
    table.claim("the cost falls with the updates in a gossip message", falls);
    table.claim(&format!("within {NEAR} % of the formula"), near);
    table
}

/// The messages for each call that the formulas count: those that go by the clock are not among them.
fn needed(tally: &Tally) -> f64 {
    let Tally { updates, queries, replies, orders, news, .. } = tally;
    (updates + queries + replies + orders + news) as f64 / tally.calls()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many messages as the formulas say, and so many times the gossip.
    fn measured(setting: Setting, gossip: u64) -> (Setting, Tally) {
        let (_, mut tally) = setting.ordered();
        let [replicas, seconds] = [u64::from(setting.replicas), tally.span.as_secs()];
        let calls = 10 * replicas * seconds;
        *(if setting.updates > 0.0 { &mut tally.updates } else { &mut tally.queries }) = calls;
        tally.replies = calls;
        if setting.updates > 0.0 {
            let rounds = (seconds as f64 / setting.gossip_every.as_secs_f64()).round() as u64;
            tally.news = rounds * replicas * (replicas - 1) * gossip;
            tally.carried = calls * (replicas - 1);
        }
        (setting, tally)
    }

    fn holds(table: &Table) -> Vec<bool> {
        table.claims.iter().map(|claim| claim.holds).collect()
    }

    #[test]
    fn the_formulas_are_those_of_the_paper() {
        assert_eq!(causal(3.0, 10.0), 2.2);
        assert_eq!([forced(5.0, 2.0), forced(4.0, 3.0)], [8.0, 7.0]);
        assert_eq!(immediate(5.0, 2.0), 18.0);
    }

    #[test]
    fn operations_that_cost_more_are_seen() {
        let all = || operations(true).into_iter();
        let table = |gossip| operations_table(&all().map(|setting| measured(setting, gossip)).collect::<Vec<_>>());
        assert_eq!(holds(&table(1))[..2], [true, true], "{:#?}", table(1).rows);
        assert_eq!(holds(&table(2))[..2], [true, false], "{:#?}", table(2).rows);
    }

    #[test]
    fn batches_that_save_nothing_are_seen() {
        let all = || batches(true).into_iter();
        let good = batches_table(&all().map(|setting| measured(setting, 1)).collect::<Vec<_>>());
        assert_eq!(holds(&good), [true, true], "{:#?}", good.rows);
        let same: Vec<_> = all().map(|_| measured(Setting::new(5), 1)).collect();
        assert_eq!(holds(&batches_table(&same)), [false, true]);
    }
}
