use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::resolve::{access, only};
use super::session::Session;
use crate::address::Address;
use crate::config::Resolved;
use crate::local::Layout;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Opens psql on the stack's database
///
/// The password comes from Secrets Manager and reaches psql through its environment; it is not written anywhere. The
/// connection is encrypted, and the server is verified by the certificates that `root_certificates` names (the local
/// cloud's own on the local target). PGSSLMODE and PGSSLROOTCERT, where they are set, are the user's word.
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
    let tls = Tls::of(&session, &address)?;
    if args.url {
        report::data(&format!("{}?{}", access.url(), tls.parameters()));
        return Ok(Exit::Done);
    }
    let error = Command::new("psql")
        .env("PGHOST", &access.host)
        .env("PGPORT", &access.port)
        .env("PGDATABASE", &access.database)
        .env("PGUSER", &access.user)
        .env("PGPASSWORD", &access.password)
        .envs(tls.variables())
        .args(&args.psql)
        .exec();
    Err(Failure::user(
        format!("psql could not be started: {error}"),
        "Install it (Debian: postgresql-client), or take the URL of `stackctl connect --url` elsewhere.",
    ))
}

/// How the server is known.
struct Tls {
    /// None: not at all.
    roots: Option<PathBuf>,
}

impl Tls {
    fn of(session: &Session, address: &Address) -> Outcome<Self> {
        if session.is_local() {
            return Ok(Self { roots: Some(Layout::new(&session.root).ca()) });
        }
        let block = session.stack.blocks.get(address);
        let inputs = block.map(|block| session.stack.resolve(block, &|_| Resolved::Unknown));
        let named = inputs.and_then(|inputs| Some(inputs.get("root_certificates")?.as_str()?.to_owned()));
        let Some(named) = named else { return Ok(Self { roots: None }) };
        // For psql, and for whoever takes the URL elsewhere.
        let path = std::path::absolute(session.root.join(&named));
        let path = path.map_err(Failure::io(format!("failed to find {named}")))?;
        if !path.is_file() {
            let help = format!("Download them: `curl -fsSL --create-dirs -o {} {BUNDLE}`.", path.display());
            return Err(Failure::user(
                format!("the root certificates of {address} are not at {named}"),
                help,
            ));
        }
        Ok(Self { roots: Some(path) })
    }

    fn mode(&self) -> &'static str {
        if self.roots.is_some() { "verify-full" } else { "require" }
    }

    /// Of a URL.
    fn parameters(&self) -> String {
        let encode =
            |path: &PathBuf| utf8_percent_encode(&path.display().to_string(), NON_ALPHANUMERIC).to_string();
        let roots = self.roots.as_ref().map(|path| format!("&sslrootcert={}", encode(path)));
        format!("sslmode={}{}", self.mode(), roots.unwrap_or_default())
    }

    /// For psql, unless the user has set some.
    fn variables(&self) -> Vec<(&'static str, String)> {
        if ["PGSSLMODE", "PGSSLROOTCERT"].iter().any(|name| std::env::var_os(name).is_some()) {
            return vec![];
        }
        let roots = self.roots.as_ref().map(|path| ("PGSSLROOTCERT", path.display().to_string()));
        [("PGSSLMODE", self.mode().to_owned())].into_iter().chain(roots).collect()
    }
}

/// Every root of RDS, in all regions.
const BUNDLE: &str = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem";
