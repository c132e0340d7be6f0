//! Runs an experiment file and takes out what it says.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rumormill_core::plan::{Churn, Disk, Timed};
use rumormill_core::{Topology, Value as Resolved};
use starlark::ErrorKind;
use starlark::environment::{Globals, GlobalsBuilder, Module};
use starlark::eval::Evaluator;
use starlark::syntax::{AstModule, Dialect};
use starlark::values::structs::{AllocStruct, StructRef};
use starlark::values::{Heap, Value};

use super::data::{Parts, Stop};
use super::{bounded, call, functions, guard, read};
use crate::experiment::{Parameter, Problem};

/// Steps (function calls and loop turns) that a file may take; looked at every thousand.
const STEPS_MAX: u64 = 100_000;

/// Bytes of memory that a file's values may take.
const HEAP_MAX: usize = 64 << 20;

/// Calls that may stand in each other.
const CALLS_MAX: usize = 50;

/// Stack for parser and evaluator, which recurse with the depth of the text that [`guard`] allows.
const STACK_BYTES: usize = 64 << 20;

/// What an experiment says without knowing the values of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) protocol: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) modes: Vec<String>,
    pub(crate) check: Vec<String>,
}

/// What an experiment says that may depend on the values of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) network: Parts,
    pub(crate) topology: Option<Topology>,
    pub(crate) disk: Option<Disk>,
    pub(crate) faults: Vec<Timed>,
    pub(crate) churn: Option<Churn>,
    pub(crate) stop: Stop,
}

/// Runs the file and returns what does not depend on parameters.
pub(crate) fn define(file: &str, source: &str) -> Result<Definition, Problem> {
    run(file, source, |_, said| {
        let text = |name: &str| field(&said, name).and_then(Value::unpack_str).unwrap_or_default().to_string();
        let list = |name: &str| read::strings(name, field(&said, name));
        Ok(Definition {
            title: text("title"),
            about: text("about"),
            protocol: text("protocol"),
            parameters: read::parameters(field(&said, "parameters"))?,
            modes: list("modes")?,
            check: list("check")?,
        })
    })
}

/// Runs the file and returns what holds for these values of its parameters.
pub(crate) fn world(file: &str, source: &str, values: &BTreeMap<String, Resolved>) -> Result<World, Problem> {
    run(file, source, |eval, said| {
        let heap = eval.heap();
        let values = heap.alloc(AllocStruct(values.iter().map(|(name, value)| (name.as_str(), value_of(value, heap)))));
        let mut of = |name: &str| -> starlark::Result<Option<Value<'_>>> {
            let Some(value) = field(&said, name).filter(|value| !value.is_none()) else { return Ok(None) };
            let value = if read::is_function(value) { eval.eval_function(value, &[values], &[])? } else { value };
            Ok(Some(value).filter(|value| !value.is_none()))
        };
        Ok(World {
            network: read_as("network", of("network")?, read::network)?.unwrap_or_default(),
            topology: read_as("topology", of("topology")?, read::topology)?,
            disk: read_as("disk", of("disk")?, read::disk)?,
            faults: read_as("faults", of("faults")?, read::faults)?.unwrap_or_default(),
            churn: read_as("churn", of("churn")?, read::churn)?,
            stop: read_as("stop", of("stop")?, read::stop)?
                .unwrap_or(Stop::TargetsMet(std::time::Duration::from_secs(60))),
        })
    })
}

/// Runs the file on a stack of its own and hands over what `experiment(...)` was called with.
fn run<R: Send>(
    file: &str,
    source: &str,
    take: impl for<'v> FnOnce(&mut Evaluator<'v, '_, '_>, StructRef<'v>) -> starlark::Result<R> + Send,
) -> Result<R, Problem> {
    let dialect = Dialect {
        enable_load: false,
        enable_keyword_only_arguments: true,
        enable_top_level_stmt: true,
        ..Dialect::Standard
    };
    guard::check(file, source, &dialect)?;
    let evaluate = move || -> starlark::Result<Option<R>> {
        let mut ast = AstModule::parse(file, source.into(), &dialect)?;
        bounded::replace_operators(&mut ast);
        Module::with_temp_heap(|module| {
            let mut eval = Evaluator::new(&module);
            // What `experiment` was given is held outside of the evaluator's sight.
            eval.disable_gc();
            eval.set_max_tick_count(STEPS_MAX).map_err(starlark::Error::new_other)?;
            eval.set_max_heap_size(HEAP_MAX).map_err(starlark::Error::new_other)?;
            eval.set_max_callstack_size(CALLS_MAX).map_err(starlark::Error::new_other)?;
            eval.eval_module(ast, globals())?;
            match module.extra_value().and_then(StructRef::from_value) {
                Some(said) => take(&mut eval, said).map(Some),
                None => Ok(None),
            }
        })
    };
    let unusual = |message: &str| Problem::new(message).in_file(file);
    let evaluated = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("experiment".into()).stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, move || evaluate().map_err(|error| problem(file, &error)));
        let thread = thread.map_err(|error| unusual(&format!("no thread to read it with: {error}")))?;
        thread.join().map_err(|_| unusual("the interpreter gave up on this file"))?
    })?;
    let next = "the file ends with experiment(title = ..., protocol = ..., ...)";
    evaluated.ok_or_else(|| unusual("the file says no experiment").next(next))
}

/// All functions that a file may call.
fn globals() -> &'static Globals {
    static GLOBALS: OnceLock<Globals> = OnceLock::new();
    GLOBALS.get_or_init(|| {
        GlobalsBuilder::standard()
            .with(bounded::operations)
            .with(functions::parameters)
            .with(functions::world)
            .with(functions::peers)
            .with(functions::faults)
            .with(call::experiment_function)
            .build()
    })
}

fn field<'v>(said: &StructRef<'v>, name: &str) -> Option<Value<'v>> {
    said.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
}

fn read_as<'v, T>(
    name: &str,
    value: Option<Value<'v>>,
    read: impl FnOnce(Value<'v>) -> anyhow::Result<T>,
) -> starlark::Result<Option<T>> {
    let read = value.map(read).transpose();
    read.map_err(|error| starlark::Error::new_native(anyhow::anyhow!("{name}: {error}")))
}

/// A parameter's value as the file sees it: an expression as the sum over all peers, a span as text.
fn value_of<'v>(value: &Resolved, heap: Heap<'v>) -> Value<'v> {
    match value {
        Resolved::Count(count) => heap.alloc(*count),
        Resolved::Number(number) => heap.alloc(*number),
        Resolved::Flag(flag) => Value::new_bool(*flag),
        Resolved::Text(text) => heap.alloc(text.as_str()),
        Resolved::Span(span) => heap.alloc(humantime::format_duration(*span).to_string()),
        Resolved::PerPeer(values) => heap.alloc(values.iter().sum::<u64>()),
        _ => Value::new_none(),
    }
}

/// What Starlark says, as a problem at its place.
fn problem(file: &str, error: &starlark::Error) -> Problem {
    let said = error.without_diagnostic().to_string();
    let said = said.strip_prefix("Parse error: ").unwrap_or(&said);
    let (message, next) = match error.kind() {
        _ if said.contains("ticks has been exceeded") => {
            (format!("the file takes more than {STEPS_MAX} steps"), Some("an experiment is data: make it smaller"))
        }
        _ if said.contains("Heap memory limit") => {
            let mib = HEAP_MAX >> 20;
            (format!("the file takes more than {mib} MiB of memory"), Some("an experiment is data: make it smaller"))
        }
        ErrorKind::StackOverflow(_) => (format!("more than {CALLS_MAX} calls stand in each other"), None),
        _ => (said.lines().next().unwrap_or("it cannot be read").to_string(), None),
    };
    let mut problem = Problem::new(message).in_file(file);
    problem.next = next.map(Into::into);
    if let Some(span) = error.span() {
        let begin = span.resolve_span().begin;
        problem = problem.at(begin.line as u32 + 1, begin.column as u32 + 1);
    }
    problem
}
