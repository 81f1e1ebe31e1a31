use super::Cli;
use super::failure::{Exit, Outcome};
use super::report;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the completions for a shell
///
/// For example: stackctl completions bash > ~/.local/share/bash-completion/completions/stackctl
#[derive(Debug, clap::Args)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args) -> Outcome {
    let mut text = vec![];
    clap_complete::generate(args.shell, &mut Cli::command(), "stackctl", &mut text);
    report::document(String::from_utf8_lossy(&text).trim_end());
    Ok(Exit::Done)
}
