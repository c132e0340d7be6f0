//! Keys in which no value is written twice: whoever reads a value says whose it is, and then linearizability can
//! be judged without a search (Gibbons and Korach, "Testing Shared Memories", SIAM J. Comput. 26(4), 1997).
//!
//! A write and the reads of its value are a cluster, and come in a row. A cluster is before another when one of its
//! operations was answered before one of the other was asked. There is an order exactly when no two clusters are
//! each before the other, and nothing is read before it is written.

use std::collections::BTreeMap;

use super::super::{Kind, Operation, Value, Verdict};

/// A time, in nanoseconds; before the beginning and never, too.
type Time = i128;

/// A write and the reads of its value.
struct Cluster<'a> {
    value: Option<&'a Value>,
    write: Option<&'a Operation>,
    /// The one that was answered first, and when.
    first: (Time, Option<&'a Operation>),
    /// The one that was asked last, and when.
    last: (Time, &'a Operation),
}

/// Judges the operations on one key, in the order of sessions. None when this is not a case for it: there is
/// something else than reads and writes, a value is written twice, the key is deleted, or what says that one
/// operation is before another is only that they are of one session.
pub(super) fn judge(operations: &[&Operation]) -> Option<Result<(), Verdict>> {
    let mut clusters: BTreeMap<Option<&Value>, Cluster<'_>> = BTreeMap::new();
    for &write in operations {
        let Kind::Write { value, .. } = &write.kind else { continue };
        let cluster = Cluster {
            value: value.as_ref(),
            write: Some(write),
            first: (answered(write), Some(write)),
            last: (asked(write), write),
        };
        if value.is_none() || clusters.insert(value.as_ref(), cluster).is_some() {
            return None;
        }
    }
    for &read in operations.iter().filter(|operation| !operation.is_update()) {
        let Kind::Read { value, .. } = &read.kind else { return None };
        if value.is_none() && !clusters.contains_key(&None) {
            let initial = Cluster { value: None, write: None, first: (Time::MIN, None), last: (asked(read), read) };
            clusters.insert(None, initial);
        }
        match clusters.get_mut(&value.as_ref()) {
            Some(cluster) => {
                if cluster.write.is_some_and(|write| answered(read) < asked(write)) {
                    return Some(Err(nobody(read)));
                }
                cluster.add(read);
            }
            None => return Some(Err(nobody(read))),
        }
    }
    let only_reads_and_writes =
        |operation: &&Operation| matches!(operation.kind, Kind::Read { .. } | Kind::Write { .. });
    if !operations.iter().all(only_reads_and_writes) {
        return None;
    }
    match conflict(clusters.values().collect()) {
        Some((one, two)) => Some(Err(tell(one, two))),
        None if touch(operations) => None,
        None => Some(Ok(())),
    }
}

impl<'a> Cluster<'a> {
    fn add(&mut self, read: &'a Operation) {
        if answered(read) < self.first.0 {
            self.first = (answered(read), Some(read));
        }
        if asked(read) > self.last.0 {
            self.last = (asked(read), read);
        }
    }

    /// Does it hold the key for a time, whatever the order is?
    fn is_forward(&self) -> bool {
        self.first.0 < self.last.0
    }

    fn is_before(&self, other: &Self) -> bool {
        self.first.0 < other.last.0
    }
}

/// Two clusters that are each before the other. One of them at least holds the key for a time.
fn conflict<'c, 'a>(clusters: Vec<&'c Cluster<'a>>) -> Option<(&'c Cluster<'a>, &'c Cluster<'a>)> {
    let (mut forward, backward): (Vec<_>, Vec<_>) = clusters.into_iter().partition(|cluster| cluster.is_forward());
    forward.sort_by_key(|cluster| cluster.first.0);
    if let Some(pair) = forward.windows(2).find(|pair| pair[1].is_before(pair[0])) {
        return Some((pair[0], pair[1]));
    }
    // They hold it one after the other, so the last one that is before another is the one to look at.
    backward.into_iter().find_map(|other| {
        let before = forward.partition_point(|cluster| cluster.is_before(other));
        let last = forward[..before].last()?;
        other.is_before(last).then_some((*last, other))
    })
}

/// Is one asked in the moment in which the one before of its session is answered?
fn touch(operations: &[&Operation]) -> bool {
    operations
        .windows(2)
        .any(|pair| pair[0].id.session == pair[1].id.session && pair[0].returned == Some(pair[1].invoked))
}

fn asked(operation: &Operation) -> Time {
    Time::from(operation.invoked.as_nanos())
}

fn answered(operation: &Operation) -> Time {
    operation.returned.map_or(Time::MAX, |returned| Time::from(returned.as_nanos()))
}

fn nobody(read: &Operation) -> Verdict {
    let text = format!("{read}, but nobody had asked to write that by then");
    Verdict::violated("NotLinearizable", text, &[read])
}

fn tell(one: &Cluster<'_>, two: &Cluster<'_>) -> Verdict {
    let mut shown: Vec<&Operation> = Vec::new();
    let text = format!("{}; but {}", one.tell(two), two.tell(one));
    for operation in [one.first.1, Some(two.last.1), two.first.1, Some(one.last.1)].into_iter().flatten() {
        if !shown.iter().any(|known| known.id == operation.id) {
            shown.push(operation);
        }
    }
    Verdict::violated("NotLinearizable", text, &shown)
}

impl Cluster<'_> {
    /// Why it is before another one.
    fn tell(&self, after: &Self) -> String {
        let name =
            |cluster: &Self| cluster.value.map_or_else(|| "being absent".into(), |value| format!("the value {value}"));
        let (mine, theirs) = (name(self), name(after));
        let Some(first) = self.first.1 else { return format!("{mine} comes before {theirs}, from the beginning") };
        let (ended, began) = (seconds(self.first.0), seconds(after.last.0));
        let last = after.last.1;
        format!("{mine} comes before {theirs}, as {first} (answered {ended} s) before {last} (asked {began} s)")
    }
}

fn seconds(time: Time) -> String {
    format!("{:.3}", time as f64 / 1e9)
}
