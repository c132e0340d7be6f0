//! The one call that says what an experiment is.
#![allow(clippy::too_many_arguments, reason = "they are named by who writes the experiment")]

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::none::NoneType;
use starlark::values::structs::AllocStruct;

use super::read;

#[starlark_module]
pub(super) fn experiment_function(builder: &mut GlobalsBuilder) {
    /// Says what the experiment is; called once, at the end of the file.
    fn experiment<'v>(
        #[starlark(require = named)] title: &'v str,
        #[starlark(require = named)] protocol: &'v str,
        #[starlark(require = named)] parameters: Value<'v>,
        #[starlark(require = named, default = "")] about: &'v str,
        #[starlark(require = named)] network: Option<Value<'v>>,
        #[starlark(require = named)] topology: Option<Value<'v>>,
        #[starlark(require = named)] disk: Option<Value<'v>>,
        #[starlark(require = named)] faults: Option<Value<'v>>,
        #[starlark(require = named)] churn: Option<Value<'v>>,
        #[starlark(require = named)] stop: Option<Value<'v>>,
        #[starlark(require = named)] check: Option<Value<'v>>,
        #[starlark(require = named)] modes: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> anyhow::Result<NoneType> {
        anyhow::ensure!(!title.is_empty(), "the experiment needs a title");
        anyhow::ensure!(eval.module().extra_value().is_none(), "a file says one experiment only");
        // Looked at here, so that the error stands at this call.
        read::parameters(Some(parameters))?;
        read::strings("modes", modes)?;
        read::strings("check", check)?;
        now(network, read::network)?;
        now(topology, read::topology)?;
        now(disk, read::disk)?;
        now(faults, read::faults)?;
        now(churn, read::churn)?;
        now(stop, read::stop)?;
        let heap = eval.heap();
        let or_none = |value: Option<Value<'v>>| value.unwrap_or_else(Value::new_none);
        let said = heap.alloc(AllocStruct([
            ("title", heap.alloc(title)),
            ("about", heap.alloc(about)),
            ("protocol", heap.alloc(protocol)),
            ("parameters", parameters),
            ("network", or_none(network)),
            ("topology", or_none(topology)),
            ("disk", or_none(disk)),
            ("faults", or_none(faults)),
            ("churn", or_none(churn)),
            ("stop", or_none(stop)),
            ("check", or_none(check)),
            ("modes", or_none(modes)),
        ]));
        eval.module().set_extra_value(said);
        Ok(NoneType)
    }
}

/// Looks at a value unless it is a function of the parameters.
fn now<'v, T>(value: Option<Value<'v>>, look: impl FnOnce(Value<'v>) -> anyhow::Result<T>) -> anyhow::Result<()> {
    match value {
        Some(value) if !value.is_none() && !read::is_function(value) => look(value).map(drop),
        _ => Ok(()),
    }
}
