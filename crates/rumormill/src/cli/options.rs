//! An experiment's parameters as options: `--loss 0.3` becomes `--set loss=0.3` before the table is asked.

use std::ffi::OsString;

use clap::Command;

/// The subcommands that take an experiment's parameters.
const WITH_PARAMETERS: [&str; 2] = ["run", "explore"];

/// Rewrites options that no command knows, when the command takes parameters.
pub(crate) fn rewrite(arguments: impl IntoIterator<Item = OsString>, table: &Command) -> Vec<OsString> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let text = |at: usize| arguments.get(at).and_then(|argument| argument.to_str());
    let place = (1..arguments.len()).find(|&at| text(at).is_some_and(|word| WITH_PARAMETERS.contains(&word)));
    let Some(place) = place else { return arguments };
    let Some(command) = text(place).and_then(|name| table.find_subcommand(name)) else { return arguments };
    let known: Vec<&str> = command
        .get_arguments()
        .chain(table.get_arguments().filter(|one| one.is_global_set()))
        .filter_map(clap::Arg::get_long)
        .chain(["help", "version"])
        .collect();
    let mut rewritten = arguments[..=place].to_vec();
    let mut at = place + 1;
    while at < arguments.len() {
        let option = text(at).and_then(|word| word.strip_prefix("--")).filter(|option| !option.is_empty());
        let (name, value) =
            match option.map(|option| option.split_once('=').map_or((option, None), |(n, v)| (n, Some(v)))) {
                Some((name, value)) if !known.contains(&name) => (name, value),
                Some((name, None)) => {
                    // The value of a known option is passed over, or it would be taken for an option itself.
                    rewritten.push(arguments[at].clone());
                    let takes = command.get_arguments().find(|one| one.get_long() == Some(name));
                    let takes_value = takes.is_some_and(|one| one.get_action().takes_values());
                    if takes_value && at + 1 < arguments.len() {
                        at += 1;
                        rewritten.push(arguments[at].clone());
                    }
                    at += 1;
                    continue;
                }
                _ => {
                    rewritten.push(arguments[at].clone());
                    at += 1;
                    continue;
                }
            };
        let value = match value {
            Some(value) => value,
            // An option without a value is a flag.
            None => match text(at + 1).filter(|next| !next.starts_with("--")) {
                Some(next) => {
                    at += 1;
                    next
                }
                None => "true",
            },
        };
        rewritten.push(format!("--set={}={value}", name.replace('-', "_")).into());
        at += 1;
    }
    rewritten
}

/// The option that was probably meant by a parameter that does not exist.
pub(crate) fn option_meant(parameter: &str, table: &Command) -> Option<String> {
    let options: Vec<&str> = WITH_PARAMETERS
        .iter()
        .filter_map(|name| table.find_subcommand(name))
        .flat_map(Command::get_arguments)
        .filter_map(clap::Arg::get_long)
        .collect();
    let meant = rumormill_lab::experiment::did_you_mean(&parameter.replace('_', "-"), options)?;
    Some(format!("--{meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::CommandFactory;

    fn rewritten(line: &str) -> String {
        let words = line.split(' ').map(OsString::from);
        let words: Vec<String> =
            rewrite(words, &Cli::command()).into_iter().map(|word| word.into_string().unwrap()).collect();
        words.join(" ")
    }

    #[test]
    fn parameters_are_options() {
        let set = "rumormill run flood --set=loss=0.3 --set=anti_entropy=true --seed 3";
        assert_eq!(rewritten("rumormill run flood --loss 0.3 --anti-entropy --seed 3"), set);
        assert_eq!(rewritten("rumormill run flood --loss=0.3"), "rumormill run flood --set=loss=0.3");
        assert_eq!(rewritten("rumormill run flood --offset -5"), "rumormill run flood --set=offset=-5");
    }

    #[test]
    fn options_stay_options() {
        for line in [
            "rumormill run flood --messages --odd --json --no-record",
            "rumormill run flood --set loss=1 --runs there --as processes",
            "rumormill list --json --nothing",
            "rumormill --help",
            "rumormill run --help",
        ] {
            assert_eq!(rewritten(line), line);
        }
    }

    #[test]
    fn a_slip_in_an_option_is_recognised() {
        assert_eq!(option_meant("theads", &Cli::command()).as_deref(), Some("--threads"));
        assert_eq!(option_meant("zebra", &Cli::command()), None);
    }
}
