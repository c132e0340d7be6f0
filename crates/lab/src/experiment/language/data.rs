//! What an experiment file is made of: plain data, wrapped so that Starlark can carry it.

use std::cell::RefCell;

use rumormill_core::plan::{Churn, Conditions, Disk, Fault, Latency, Matrix, Peers, Timed};
use rumormill_core::{Duration, Topology};
use starlark::typing::Ty;
use starlark::values::structs::{AllocStruct, StructRef};
use starlark::values::type_repr::StarlarkTypeRepr;
use starlark::values::{AllocValue, Heap, Value};

use crate::experiment::Parameter;

/// What a function of the language returns.
#[derive(Clone, Debug)]
pub(crate) enum Datum {
    Parameter(Parameter),
    Network(Parts),
    Topology(Topology),
    Peers(Peers),
    Groups(Vec<Peers>),
    Fault(Fault),
    Timed(Timed),
    Churn(Churn),
    Disk(Disk),
    Stop(Stop),
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// When every target is met and every peer done; at the latest after this time.
    TargetsMet(Duration),
    /// After this time.
    TimeLimit(Duration),
}

/// The parts of a network, combined with `+`; what is not given is as in a good network.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parts {
    pub(crate) latency: Option<LatencyPart>,
    pub(crate) loss: Option<f64>,
    pub(crate) duplication: Option<f64>,
    pub(crate) reordering: Option<(f64, Duration)>,
    pub(crate) delay: Option<Duration>,
    pub(crate) bandwidth: Option<u64>,
}

/// A latency, perhaps in a file that the host has yet to read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LatencyPart {
    Given(Latency),
    /// The name of a matrix file beside the experiment.
    File(String),
}

impl Parts {
    /// Both together.
    ///
    /// # Errors
    /// The name of what both say.
    pub(crate) fn and(self, other: Self) -> Result<Self, &'static str> {
        fn one<T>(name: &'static str, left: Option<T>, right: Option<T>) -> Result<Option<T>, &'static str> {
            if left.is_some() && right.is_some() { Err(name) } else { Ok(left.or(right)) }
        }
        Ok(Self {
            latency: one("latency", self.latency, other.latency)?,
            loss: one("loss", self.loss, other.loss)?,
            duplication: one("duplicate", self.duplication, other.duplication)?,
            reordering: one("reorder", self.reordering, other.reordering)?,
            delay: one("delay", self.delay, other.delay)?,
            bandwidth: one("bandwidth", self.bandwidth, other.bandwidth)?,
        })
    }

    /// Everything but the latency.
    pub(crate) fn conditions(&self) -> Conditions {
        let (reordering, reordering_by) = self.reordering.unwrap_or_default();
        Conditions {
            loss: self.loss.unwrap_or(0.0),
            duplication: self.duplication.unwrap_or(0.0),
            reordering,
            reordering_by,
            delay: self.delay.unwrap_or_default(),
            bandwidth: self.bandwidth,
        }
    }
}

/// The most sites of a latency matrix.
const SITES_MAX: usize = 2_000;

/// Reads a matrix of round-trip times in milliseconds: a line a site, numbers between commas, lines that
/// begin with `#` passed over.
pub(crate) fn matrix(csv: &str) -> Result<Matrix, String> {
    let lines = csv.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let (mut round_trip_us, mut sites) = (Vec::new(), 0);
    for (index, line) in lines {
        sites += 1;
        if sites > SITES_MAX {
            return Err(format!("more than {SITES_MAX} sites"));
        }
        for cell in line.split(',') {
            let ms =
                cell.trim().parse::<f64>().ok().filter(|ms| (0.0..=3_600_000.0).contains(ms)).ok_or_else(|| {
                    let shown: String = cell.chars().take(20).collect();
                    format!("line {}: \"{shown}\" is no round-trip time in milliseconds", index + 1)
                })?;
            round_trip_us.push((ms * 1_000.0) as u32);
            if round_trip_us.len() > SITES_MAX * SITES_MAX {
                return Err(format!("more than {SITES_MAX} sites"));
            }
        }
    }
    if sites == 0 || round_trip_us.len() != sites * sites {
        return Err(format!("{} numbers in {sites} lines; a matrix has as many lines as columns", round_trip_us.len()));
    }
    Ok(Matrix { sites: sites as u32, round_trip_us })
}

impl Datum {
    /// What it is, in words.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Parameter(_) => "a parameter",
            Self::Network(_) => "a part of the network",
            Self::Topology(_) => "a topology",
            Self::Peers(_) => "a choice of peers",
            Self::Groups(_) => "groups of peers",
            Self::Fault(_) => "a fault without a time",
            Self::Timed(_) => "a fault with its time",
            Self::Churn(_) => "churn",
            Self::Disk(_) => "a disk",
            Self::Stop(_) => "a rule for the end",
        }
    }
}

/// A [`Datum`] as a Starlark value: a struct that says which one of this thread's it is. (A type of our
/// own would need unsafe code.) Each file is read on a thread of its own.
#[derive(Clone, Debug)]
pub(crate) struct Data(pub(crate) Datum);

/// The field that holds a datum's number.
const NUMBER: &str = "_number";

thread_local! {
    /// The data of the file that this thread reads.
    static TABLE: RefCell<Vec<Datum>> = const { RefCell::new(Vec::new()) };
}

impl Data {
    /// The datum that a value stands for, if it does.
    pub(crate) fn from_value(value: Value<'_>) -> Option<Self> {
        let said = StructRef::from_value(value)?;
        let (_, number) = said.iter().find(|(name, _)| name.as_str() == NUMBER)?;
        let number = usize::try_from(number.unpack_i32()?).ok()?;
        TABLE.with_borrow(|table| table.get(number).cloned()).map(Self)
    }
}

impl StarlarkTypeRepr for Data {
    type Canonical = Self;

    fn starlark_type_repr() -> Ty {
        Ty::any()
    }
}

impl<'v> AllocValue<'v> for Data {
    fn alloc_value(self, heap: Heap<'v>) -> Value<'v> {
        let number = TABLE.with_borrow_mut(|table| {
            table.push(self.0);
            table.len() - 1
        });
        heap.alloc(AllocStruct([(NUMBER, number as i64)]))
    }
}

/// `left + right` of two parts of a network; none when they are something else.
pub(crate) fn sum<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> Option<anyhow::Result<Value<'v>>> {
    let (Datum::Network(left), Datum::Network(right)) = (Data::from_value(left)?.0, Data::from_value(right)?.0) else {
        return None;
    };
    let both = left.and(right).map_err(|name| anyhow::anyhow!("{name} is given twice"));
    Some(both.map(|both| heap.alloc(Data(Datum::Network(both)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_square_and_bounded() {
        let read = matrix("# ms\n0.1, 20\n20.5,0\n").unwrap();
        assert_eq!((read.sites, read.round_trip_us), (2, vec![100, 20_000, 20_500, 0]));
        assert!(matrix("").unwrap_err().contains("0 numbers"));
        assert!(matrix("1,2\n3\n").unwrap_err().contains("3 numbers in 2 lines"));
        assert!(matrix("1,x\n").unwrap_err().contains("line 1: \"x\""));
        assert!(matrix("-1").is_err() && matrix("NaN").is_err());
        assert!(matrix(&"1\n".repeat(3_000)).unwrap_err().contains("more than 2000"));
    }
}
