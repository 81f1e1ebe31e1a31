//! The command line: one file per command, its arguments and their help beside what it does.

mod access;
mod apply;
mod approve;
mod args;
mod arrival;
mod beside;
mod chaos;
mod command_line;
mod completions;
mod connect;
mod cp;
mod demo;
mod destroy;
mod env;
mod failure;
mod format;
mod former;
mod identity;
mod init;
mod local;
mod lock;
mod log;
mod logs;
mod losses;
mod opening;
mod output;
mod packages;
mod panic;
mod permissions;
mod places;
mod plan;
mod preflight;
mod recorded;
mod report;
mod resolve;
mod saved;
mod schema;
mod secrets;
mod session;
mod show;
mod signals;
mod site;
mod standin;
mod state;
mod target;
mod tls;
mod unlock;
mod validate;
mod view;
mod whereabouts;
mod words;

use args::StackArgs;
use clap::{CommandFactory, Parser, Subcommand};
use failure::{Exit, Outcome};

/// Infrastructure as code for AWS: one binary, one file, a local cloud included.
///
/// `stack.toml` says what should exist; `stackctl apply` makes it so, on AWS or, with `--target local`, on this machine.
///
/// Exit codes: 0 done, 1 user or configuration error, 2 usage, 3 changes pending (`plan --detailed-exitcode`),
/// 4 partly applied, 5 locked, 70 a bug, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "stackctl", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    log: log::LogArgs,

    #[command(flatten)]
    chaos: chaos::ChaosArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Destroy(destroy::Args),
    Show(show::Args),
    Output(output::Args),
    State(state::Args),
    Lock(lock::Args),
    Unlock(unlock::Args),
    Local(local::Args),
    Cp(cp::Args),
    Connect(connect::Args),
    Env(env::Args),
    Logs(logs::Args),
    Demo(demo::Args),
    Completions(completions::Args),
    Permissions(permissions::Args),
    Preflight(preflight::Args),
    Schema(schema::Args),
}

impl Command {
    /// Which stack it works on, and where; none: on no stack, or the local cloud alone.
    fn stack(&self) -> Option<&StackArgs> {
        match self {
            Self::Validate(args) => Some(&args.stack),
            Self::Plan(args) => Some(&args.plan.stack),
            Self::Apply(args) => Some(&args.plan.stack),
            Self::Destroy(args) => Some(&args.plan.stack),
            Self::Show(args) => Some(&args.stack),
            Self::Output(args) => Some(&args.stack),
            Self::State(args) => Some(&args.stack),
            Self::Lock(args) => Some(&args.stack),
            Self::Unlock(args) => Some(&args.stack),
            Self::Cp(args) => Some(&args.stack),
            Self::Connect(args) => Some(&args.login.stack),
            Self::Env(args) => Some(&args.login.stack),
            Self::Logs(args) => Some(&args.stack),
            Self::Permissions(args) => Some(&args.stack),
            Self::Preflight(args) => Some(&args.stack),
            Self::Init(_) | Self::Local(_) | Self::Demo(_) | Self::Completions(_) | Self::Schema(_) => None,
        }
    }
}

/// The whole command line, as clap has it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command line of this process; the answer is its exit code.
pub async fn main() -> std::process::ExitCode {
    let cli = command_line::parse(std::env::args_os()).unwrap_or_else(|error| command_line::refuse(error));
    panic::begin(!matches!(&cli.command, Command::Local(args) if args.supervises()));
    chaos::begin(&cli.chaos);
    if let Err(failure) = log::begin(&cli.log) {
        report::failure(&failure);
        return Exit::into(failure.exit());
    }
    // Told before anything is read, built or asked.
    if let Some(Err(failure)) = cli.command.stack().map(|stack| stack.target(|name| std::env::var_os(name))) {
        report::failure(&failure);
        return Exit::into(failure.exit());
    }
    let outcome: Outcome = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Plan(args) => plan::run(&args).await,
        Command::Apply(args) => apply::run(&args).await,
        Command::Destroy(args) => destroy::run(&args).await,
        Command::Show(args) => show::run(&args).await,
        Command::Output(args) => output::run(&args).await,
        Command::State(args) => state::run(&args).await,
        Command::Lock(args) => lock::run(&args).await,
        Command::Unlock(args) => unlock::run(&args).await,
        Command::Local(args) => local::run(&args).await,
        Command::Cp(args) => cp::run(&args).await,
        Command::Connect(args) => connect::run(&args).await,
        Command::Env(args) => env::run(&args).await,
        Command::Logs(args) => logs::run(&args).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Completions(args) => completions::run(&args),
        Command::Permissions(args) => permissions::run(&args).await,
        Command::Preflight(args) => preflight::run(&args).await,
        Command::Schema(args) => schema::run(&args),
    };
    signals::wait_for_the_end().await;
    let exit = outcome.unwrap_or_else(|failure| {
        report::failure(&failure);
        failure.exit()
    });
    chaos::end();
    report::stream::conclude(exit.code());
    let exit = if report::is_cut() && exit == Exit::Done { Exit::Failed } else { exit };
    Exit::into(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that clash with a global flag are found here and not by the first user of the command.
    #[test]
    fn the_arguments_of_every_command_fit_together() {
        Cli::command().debug_assert();
    }
}
