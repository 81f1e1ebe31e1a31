//! The command line.

mod compare;
mod contest;
mod list;
mod promote;
mod rollback;
mod score;
mod train;

use std::process::ExitCode;

use access::Aws;
use clap::{Parser, Subcommand};
use tokio_postgres::{Client, IsolationLevel};

use crate::dataset::Dataset;
use crate::error::{Doing, Error};
use crate::judge::guard;
use crate::learn::model::Model;
use crate::log;
use crate::place::Place;
use crate::read::{self, File, Which};
use crate::registry::Entry;
use crate::store::Store;

/// Trains, evaluates and keeps models of loan default.
///
/// Reads mart.loan_features, which `loader` makes and fills; registers what it learns in schema ml.
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
}

/// Where artifacts are kept.
#[derive(Clone, Debug, clap::Args)]
struct Artifacts {
    /// Where models and reports are kept: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE", env = "TRAINER_ARTIFACTS", default_value = "artifacts")]
    artifacts: Place,
}

impl Artifacts {
    fn store<'a>(&'a self, aws: &'a Aws) -> Store<'a> {
        Store::new(aws, &self.artifacts)
    }
}

/// Runs what the arguments ask for.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match arguments.command {
                Command::Train(train) => train.run().await,
                Command::List(list) => list.run().await,
                Command::Compare(compare) => compare.run().await,
                Command::Promote(promote) => promote.run().await,
                Command::Rollback(rollback) => rollback.run().await,
                Command::Score(score) => score.run().await,
            }
        }),
        Err(error) => Err(Error::Registry(format!("failed to start: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Reads loans, and which files they came from, from one state of the database. Refuses features that leak.
async fn read(client: &mut Client, which: Which) -> Result<(Dataset, Vec<File>), Error> {
    let catalogue = read::catalogue(client).await?;
    guard::refuse_leaks(&catalogue)?;
    let transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .doing("read the loans")?;
    let dataset = read::loans(&transaction, &catalogue.features, which).await?;
    let files = read::files(&transaction).await?;
    transaction.commit().await.doing("read the loans")?;
    Ok((dataset, files))
}

async fn load(store: Store<'_>, entry: &Entry) -> Result<Model, Error> {
    Model::from_bytes(&entry.artifact, &store.model_bytes(&entry.artifact).await?)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
