//! The command line.

mod columns;
mod export;
mod generate;
mod load;
mod rejects;
mod replay;
mod setup;
mod status;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::load::Caller;
use crate::log;

/// Loads loan files into Postgres.
///
/// Without a subcommand, and with AWS_LAMBDA_RUNTIME_API set, it is a Lambda function. The database is named by
/// DATABASE_URL, or by DATABASE_HOST, DATABASE_PORT, DATABASE_NAME and DATABASE_USER with DATABASE_SECRET_ARN or
/// DATABASE_PASSWORD.
#[derive(Debug, Parser)]
#[command(name = "loader", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Load(load::Load),
    Replay(replay::Replay),
    Status(status::Status),
    Rejects(rejects::Rejects),
    Setup(setup::Setup),
    Export(export::Export),
    Columns(columns::Columns),
    Generate(generate::Generate),
}

/// Runs what the environment and the arguments ask for.
pub fn main() -> ExitCode {
    let is_function = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() && std::env::args_os().len() == 1;
    let arguments = if is_function { None } else { Some(Arguments::parse()) };
    if let Some(Arguments { command: Command::Generate(generate) }) = &arguments {
        return exit(generate.run());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(Error::Write(error))),
    };
    runtime.block_on(async {
        match arguments.map(|arguments| arguments.command) {
            Some(Command::Load(load)) => exit(load.run().await),
            Some(Command::Replay(replay)) => exit(replay.run().await),
            Some(Command::Status(status)) => exit(status.run().await),
            Some(Command::Rejects(rejects)) => exit(rejects.run().await),
            Some(Command::Setup(setup)) => exit(setup.run().await),
            Some(Command::Export(export)) => exit(export.run().await),
            Some(Command::Columns(columns)) => exit(columns.run().await),
            Some(Command::Generate(generate)) => exit(generate.run()),
            None => match crate::lambda::run().await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    log::Log::new("", Caller::default()).stage("start_failed", Some(error.to_string()));
                    ExitCode::FAILURE
                }
            },
        }
    })
}

fn exit(outcome: Result<(), Error>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
