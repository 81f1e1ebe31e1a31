//! The command line.

mod compare;
mod container;
mod list;
mod promote;
mod register;
mod rollback;
mod score;
mod show;
mod train;

use std::process::ExitCode;

use access::Aws;
use clap::{Parser, Subcommand};

use crate::done;
use crate::error::Error;
use crate::loans::Source;
use crate::log;
use crate::place::Place;
use crate::store::Store;

/// Trains, evaluates and keeps models of loan default.
///
/// Reads mart.loan_features, which `loader` makes and fills; registers what it learns in schema ml. Without a subcommand, and with
/// AWS_LAMBDA_RUNTIME_API set, it is a Lambda function.
#[derive(Debug, Parser)]
#[command(name = "trainer", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::Train),
    List(list::List),
    Compare(compare::Compare),
    Promote(promote::Promote),
    Rollback(rollback::Rollback),
    Score(score::Score),
    Register(register::Register),
    Container(container::Container),
}

/// Where artifacts are kept.
#[derive(Clone, Debug, clap::Args)]
pub struct Artifacts {
    /// Where models and reports are kept: a folder, or s3://BUCKET/PREFIX.
    #[arg(long = "artifacts", value_name = "PLACE", env = "TRAINER_ARTIFACTS", default_value = "artifacts")]
    pub place: Place,
}

impl Artifacts {
    fn store<'a>(&'a self, aws: &'a Aws) -> Store<'a> {
        Store::new(aws, &self.place)
    }
}

/// Where loans are read from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Origin {
    /// Read loans from a lake that `loader export` has written, instead of Postgres: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", env = "TRAINER_LAKE")]
    lake: Option<Place>,
}

impl Origin {
    /// The source of loans.
    pub fn source(&self) -> Source {
        self.lake.clone().map_or(Source::Database, Source::Lake)
    }
}

/// Runs what the environment and the arguments ask for.
pub fn main() -> ExitCode {
    let is_function = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() && std::env::args_os().len() == 1;
    let arguments = if is_function { None } else { Some(Arguments::parse()) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(Error::Registry(format!("failed to start: {error}")))),
    };
    let code = runtime.block_on(async {
        match arguments.map(|arguments| arguments.command) {
            Some(Command::Train(train)) => exit(train.run().await),
            Some(Command::List(list)) => exit(list.run().await),
            Some(Command::Compare(compare)) => exit(compare.run().await),
            Some(Command::Promote(promote)) => exit(promote.run().await),
            Some(Command::Rollback(rollback)) => exit(rollback.run().await),
            Some(Command::Score(score)) => exit(score.run().await),
            Some(Command::Register(register)) => exit(register.run().await),
            Some(Command::Container(container)) => exit(container.run().await),
            None => match crate::lambda::run().await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    log::print(&done::failure(&error.to_string(), None, 0.0).to_string());
                    ExitCode::FAILURE
                }
            },
        }
    });
    // A training that was called off may be in the middle of a fit, which nobody needs to wait for.
    runtime.shutdown_background();
    code
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
