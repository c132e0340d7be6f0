//! Starlark's growing operations, with a bound: they stand in for its own in experiment files.

use std::collections::HashMap;

use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::syntax::AstModule;
use starlark::values::list::AllocList;
use starlark::values::{Heap, UnpackValue, Value};

use super::data;

/// The longest text or list that an operation may make.
const LENGTH_MAX: u64 = 10_000;

/// Operators that are calls of the functions below.
const OPERATORS: [(&str, &str); 5] =
    [("+", "_plus"), ("*", "_times"), ("%", "_remainder"), ("<<", "_shift"), ("|", "_union")];

/// Replaces the growing operators by bounded ones.
pub(super) fn replace_operators(module: &mut AstModule) {
    let replacements = OPERATORS.map(|(operator, function)| (operator.to_string(), function.to_string()));
    module.replace_binary_operators(&HashMap::from(replacements));
}

/// The bounded operations.
#[starlark_module]
pub(super) fn operations(builder: &mut GlobalsBuilder) {
    fn _plus<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        if let Some(network) = data::sum(left, right, heap) {
            return network.map_err(starlark::Error::new_native);
        }
        bound(length(left).saturating_add(length(right)))?;
        small(left.add(right, heap)?)
    }

    fn _times<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let times = |value: Value<'v>| value.unpack_i32().map_or(1, |times| u64::from(times.unsigned_abs()));
        bound(length(left).saturating_mul(times(right)).max(length(right).saturating_mul(times(left))))?;
        small(left.mul(right, heap)?)
    }

    fn _remainder<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        if left.unpack_str().is_some() {
            return Err(native("% makes no text here: write it out"));
        }
        left.percent(right, heap)
    }

    fn _shift<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        if !right.unpack_i32().is_some_and(|by| (0..=62).contains(&by)) {
            return Err(native("a shift is by 0 to 62"));
        }
        small(left.left_shift(right, heap)?)
    }

    fn _union<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        bound(length(left).saturating_add(length(right)))?;
        left.bit_or(right, heap)
    }

    /// Whole numbers from a first to before an end, as a list.
    fn range<'v>(
        first: i64,
        end: Option<i64>,
        #[starlark(default = 1)] step: i64,
        heap: Heap<'v>,
    ) -> anyhow::Result<Value<'v>> {
        let (first, end) = end.map_or((0, first), |end| (first, end));
        anyhow::ensure!(step != 0, "the step of a range is not 0");
        let (span, stride) = (i128::from(end) - i128::from(first), i128::from(step));
        let len = if (span > 0) == (stride > 0) { (span.abs() + stride.abs() - 1) / stride.abs() } else { 0 };
        anyhow::ensure!(len <= i128::from(LENGTH_MAX), "a range of {len} is longer than {LENGTH_MAX}");
        Ok(heap.alloc(AllocList((0..len as i64).map(|place| first + step * place))))
    }

    /// A number or a text as text.
    fn str<'v>(value: Value<'v>) -> anyhow::Result<String> {
        let plain = ["int", "float", "string", "bool"].contains(&value.get_type());
        anyhow::ensure!(plain, "str() takes a number or a text here");
        Ok(value.to_str())
    }

    /// Not here: what it prints can be longer than what it is given.
    fn repr<'v>(#[allow(unused_variables)] value: Value<'v>) -> anyhow::Result<String> {
        anyhow::bail!("there is no repr() here")
    }

    /// Not here: methods are called by their names.
    fn getattr<'v>(#[starlark(args)] arguments: Value<'v>) -> anyhow::Result<String> {
        let _ = arguments;
        anyhow::bail!("there is no getattr() here")
    }
}

fn length(value: Value<'_>) -> u64 {
    value.length().map_or(0, |length| u64::try_from(length).unwrap_or(0))
}

fn bound(length: u64) -> starlark::Result<()> {
    if length > LENGTH_MAX {
        return Err(native(&format!("the result would be longer than {LENGTH_MAX}")));
    }
    Ok(())
}

/// Whole numbers stay within 64 bits, or they could grow without end.
fn small<'v>(value: Value<'v>) -> starlark::Result<Value<'v>> {
    match i64::unpack_value(value) {
        Ok(None) if value.get_type() == "int" => Err(native("the number becomes too large")),
        Err(_) if value.get_type() == "int" => Err(native("the number becomes too large")),
        _ => Ok(value),
    }
}

fn native(message: &str) -> starlark::Error {
    starlark::Error::new_native(anyhow::anyhow!("{message}"))
}
