use super::access::LoginArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::Session;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Opens psql on the stack's database
///
/// The password comes from Secrets Manager and reaches psql through its environment; it is not written anywhere. The
/// connection is encrypted, and the server is verified by the certificates that `root_certificates` names (the local
/// cloud's own on the local target). PGSSLMODE and PGSSLROOTCERT, where they are set, are the user's word.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) login: LoginArgs,

    /// Prints the connection URL, password included, and opens nothing.
    #[arg(long)]
    url: bool,

    /// Passed on to psql, as in `stackctl connect -- -c 'select 1'`.
    #[arg(last = true)]
    psql: Vec<String>,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.login.stack)?;
    let document = session.applied("`stackctl apply` creates the database.").await?;
    let access = args.login.access(&session, &document).await?;
    if args.url {
        report::raw(&access.url());
        return Ok(Exit::Done);
    }
    let said = TLS.iter().any(|name| std::env::var_os(name).is_some());
    let variables = access.variables().into_iter().filter(|(name, _)| !(said && TLS.contains(name)));
    let error = Command::new("psql").envs(variables).args(&args.psql).exec();
    Err(Failure::user(
        format!("psql could not be started: {error}"),
        "Install it (Debian: postgresql-client), or take the URL of `stackctl connect --url` elsewhere.",
    ))
}

/// One without the other would be half of what the user meant.
const TLS: [&str; 2] = ["PGSSLMODE", "PGSSLROOTCERT"];
