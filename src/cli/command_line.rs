//! From the words of a command line to what they mean.

use super::{Cli, report, words};
use crate::visible::{is_hidden, visible};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory};
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;

/// # Errors
/// No command line of ours; also one that says a thing twice, in two ways.
pub fn parse(given: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let given: Vec<OsString> = given.into_iter().collect();
    let cli = words::parsed(&given)?;
    match twice(&given) {
        Some(flag) => Err(Cli::command().error(
            ErrorKind::ArgumentConflict,
            format!("--{flag} is given twice, before the subcommand and behind it, with different values: give it once"),
        )),
        None => Ok(cli),
    }
}

/// Says what is wrong with the command line of this process, and ends it. What is quoted of it is quoted visibly: a name in it
/// may come from anywhere.
pub fn refuse(error: clap::Error) -> ! {
    let given: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    if !given.iter().any(|word| word.contains(is_hidden)) {
        report::usage(&error);
    }
    let shown = parse(given.iter().map(|word| OsString::from(visible(word).into_owned())));
    report::usage(shown.as_ref().err().unwrap_or(&error))
}

/// A flag that a command shares with its subcommands, given to both and not alike. clap takes the subcommand's and drops
/// the other without a word: `state --target prod list --target local` must not go anywhere.
fn twice(words: &[OsString]) -> Option<String> {
    let mut command = Cli::command();
    command.build();
    let mut shared = HashSet::new();
    let command = unshared(command, &mut shared);
    let matches = command.try_get_matches_from(words).ok()?;
    let mut given: HashMap<String, Vec<OsString>> = HashMap::new();
    let mut level: Option<&ArgMatches> = Some(&matches);
    while let Some(matches) = level {
        for id in matches.ids().filter(|id| shared.contains(id.as_str())) {
            if matches.value_source(id.as_str()) != Some(ValueSource::CommandLine) {
                continue;
            }
            let values = matches.get_raw(id.as_str()).into_iter().flatten().map(OsString::from).collect();
            let before = given.insert(id.to_string(), values);
            if before.is_some_and(|before| Some(&before) != given.get(id.as_str())) {
                return Some(id.as_str().replace('_', "-").replace("targets", "target"));
            }
        }
        level = matches.subcommand().map(|(_, matches)| matches);
    }
    None
}

/// The same command, each level of which keeps to itself what it was given.
fn unshared(command: Command, shared: &mut HashSet<String>) -> Command {
    shared.extend(
        command.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().to_string()),
    );
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| arg.global(false));
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| unshared(sub, shared)))
}

#[cfg(test)]
mod tests;
