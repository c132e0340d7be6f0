//! The commands that run a run again.

use std::fmt::Write;

use serde_json::Value;

use crate::{Mode, RunFile, State};

/// A command, and what it is for.
pub(super) struct Command {
    pub line: String,
    pub purpose: &'static str,
}

/// How this run can be repeated, the most exact way first.
pub(super) fn commands(file: &RunFile) -> Vec<Command> {
    let mut commands = Vec::new();
    if file.mode == Mode::Sim && file.state == State::Ended && file.digest.is_some() {
        let line = format!("rumormill replay {}", quoted(&file.name));
        commands.push(Command { line, purpose: "runs it again from its folder and compares" });
    }
    // A branch did not come from an experiment alone.
    if matches!(file.mode, Mode::Sim | Mode::Processes) && file.parent.is_none() && !file.experiment.is_empty() {
        commands.push(Command { line: run(file), purpose: "runs the experiment anew" });
    }
    commands
}

fn run(file: &RunFile) -> String {
    let mut line = format!("rumormill run {} --seed {}", quoted(&file.experiment), file.seed);
    if file.mode != Mode::Sim {
        let _ = write!(line, " --as {}", file.mode);
    }
    for (name, value) in file.values.as_object().into_iter().flatten() {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = match name.as_str() {
            "peers" | "messages" => write!(line, " --{name} {}", quoted(&value)),
            _ => write!(line, " --set {}", quoted(&format!("{name}={value}"))),
        };
    }
    line
}

/// A word that a shell leaves as it is.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parent;
    use serde_json::json;

    #[test]
    fn a_shell_gets_exactly_what_was_asked() {
        let file = RunFile {
            name: "a-flood-7".into(),
            experiment: "flood".into(),
            seed: 7,
            state: State::Ended,
            digest: Some("ab".into()),
            values: json!({ "peers": 10, "messages": "100 if peerid == 1 else 0", "loss": 0.3, "name": "it's", "none": null }),
            ..RunFile::default()
        };
        let lines = |file: &RunFile| commands(file).into_iter().map(|command| command.line).collect::<Vec<_>>();
        assert_eq!(
            lines(&file),
            [
                "rumormill replay a-flood-7",
                r"rumormill run flood --seed 7 --set loss=0.3 --messages '100 if peerid == 1 else 0' --set 'name=it'\''s' --peers 10",
            ]
        );
        let real = RunFile { mode: Mode::Processes, values: json!({}), ..file.clone() };
        assert_eq!(lines(&real), ["rumormill run flood --seed 7 --as processes"]);
        let branch = RunFile { parent: Some(Parent { run: "a".into(), at_s: 1.0 }), ..file };
        assert_eq!(lines(&branch), ["rumormill replay a-flood-7"]);
    }
}
