use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::resolve::{access, only};
use super::session::Session;
use crate::address::Address;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Opens psql on the stack's database
///
/// The password comes from Secrets Manager and reaches psql through its environment; it is not written anywhere.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,

    /// Which database, if the stack has several.
    address: Option<Address>,

    /// Prints the connection URL, password included, and opens nothing.
    #[arg(long)]
    url: bool,

    /// Passed on to psql, as in `stackctl connect -- -c 'select 1'`.
    #[arg(last = true)]
    psql: Vec<String>,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let document = session.store().await?.peek().await?.ok_or_else(|| {
        Failure::user("nothing has been applied yet", "`stackctl apply` creates the database.")
    })?;
    let address = only(&document, "db_instance", args.address.as_ref())?;
    let cloud = session.connect().await?;
    let access = access(&cloud, &document, &address).await?;
    if args.url {
        report::data(&access.url());
        return Ok(Exit::Done);
    }
    let error = Command::new("psql")
        .env("PGHOST", &access.host)
        .env("PGPORT", &access.port)
        .env("PGDATABASE", &access.database)
        .env("PGUSER", &access.user)
        .env("PGPASSWORD", &access.password)
        .args(&args.psql)
        .exec();
    Err(Failure::user(
        format!("psql could not be started: {error}"),
        "Install it (Debian: postgresql-client), or take the URL of `stackctl connect --url` elsewhere.",
    ))
}
