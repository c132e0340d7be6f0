//! `rumormill check`: a recorded run's trace, and what must hold of it.

use rumormill_lab::run::{Rechecked, Workbench};
use rumormill_trace::{Run, Violation};

use super::args::{CheckArgs, Places};
use super::{Done, Ended, Failure, say};

/// Checks a recorded run.
pub(crate) fn check(args: &CheckArgs, workbench: &Workbench, places: &Places) -> Done {
    let run = Run::open(&args.run, &places.runs).map_err(Failure::input)?;
    let checked = workbench.check_recorded(&run, &args.property)?;
    if args.json.json {
        say::json(&checked);
    } else {
        show(&checked);
    }
    Ok(if checked.violations.is_empty() { Ended::Well } else { Ended::Badly })
}

fn show(checked: &Rechecked) {
    let mut table = say::plain_table();
    for property in &checked.checked {
        let holds = checked.violations.iter().all(|violation| violation.property != property.name);
        let verdict = if holds { console::style("holds").green() } else { console::style("violated").red() };
        table.add_row([say::strong_cell(property.name), verdict.to_string().into(), say::quiet_cell(property.about)]);
    }
    say::print(&table);
    checked.violations.iter().for_each(violation);
    say::line(&say::quiet(&format!("{} read", say::plural(checked.events, "event"))));
    for property in &checked.not_checked {
        say::note(&format!("{} is about {}: run the experiment again to check it", property.name, property.of));
    }
}

/// Says what did not hold, when, and which event shows it.
pub(crate) fn violation(violation: &Violation) {
    let Violation { property, at_s, event, peer, text } = violation;
    let place = match (event, peer) {
        (Some(event), 0) => format!("event {}", event.0),
        (Some(event), peer) => format!("peer {peer}, event {}", event.0),
        (None, _) => "the end".into(),
    };
    let property = console::style(property).red().bold();
    say::line(&format!("{property} at {}: {text}  {}", say::seconds(*at_s), say::quiet(&place)));
}
