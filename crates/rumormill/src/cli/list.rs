//! `rumormill list`.

use comfy_table::Cell;
use rumormill_lab::experiment::Entry;
use rumormill_lab::run::Workbench;
use serde_json::{Value as Json, json};

use super::args::JsonArgs;
use super::{Done, Ended, say};

/// Lists the experiments, broken ones too.
pub(crate) fn list(args: JsonArgs, workbench: &Workbench) -> Done {
    let entries = workbench.gallery.entries();
    if args.json {
        let experiments: Vec<Json> = entries.iter().map(document).collect();
        say::json(&json!({ "experiments": experiments }));
        return Ok(Ended::Well);
    }
    let mut table = say::table(&["experiment", "what it is", "runs as", "options"], &[]);
    for entry in &entries {
        if let Ok(experiment) = &entry.experiment {
            let modes: Vec<_> = experiment.modes.iter().map(|mode| mode.name()).collect();
            let options: Vec<_> =
                experiment.parameters.iter().map(|one| format!("--{}", one.name.replace('_', "-"))).collect();
            let words = [experiment.title.clone(), modes.join(", "), options.join(" ")].map(Cell::new);
            table.add_row([say::strong_cell(&entry.name)].into_iter().chain(words));
        }
    }
    say::print(&table);
    for entry in &entries {
        if let Err(problem) = &entry.experiment {
            say::line(&format!("\n{} cannot be read\n  {problem}", say::strong(&entry.name)));
        }
    }
    Ok(Ended::Well)
}

fn document(entry: &Entry) -> Json {
    match &entry.experiment {
        Ok(experiment) => {
            let mut document = json!(experiment);
            document["broken"] = Json::Null;
            document
        }
        Err(problem) => json!({ "name": entry.name, "broken": problem }),
    }
}
