use super::access::LoginArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::Session;
use crate::local::{self, Keys, Layout};
use crate::state::{Document, is_digest};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Prints the way to the database and to AWS, and the stack's outputs, as environment variables
///
/// `eval "$(stackctl env --as analyst)"` opens the database to psql, notebooks, pandas, DuckDB and everything else that
/// knows PG* or DATABASE_URL. Outputs follow as STACK_NAME. On the local target the variables of AWS name the local cloud
/// and the key for it, so that every AWS tool of this shell goes there; an S3 client that asks for the style of addresses
/// wants path style. A stack without a database has no PG*, and before the first apply there are the variables of AWS
/// alone. The password and the key are secrets: do not keep what this prints.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) login: LoginArgs,

    /// How to write them.
    #[arg(long, value_enum, default_value_t = Format::Shell)]
    format: Format,
}

/// The notation of whoever reads them.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// `export NAME='value'`, for bash, zsh and every other POSIX shell.
    Shell,
    /// `set -gx NAME 'value'`.
    Fish,
    /// `NAME="value"`, as `docker compose` and python-dotenv read it.
    Dotenv,
    /// One object.
    Json,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.login.stack)?;
    let mut variables = vec![];
    let document = match session.store().await?.peek().await? {
        None if session.is_local() && !args.login.asks_for_a_database() => None,
        document => Some(document.ok_or_else(|| {
            Failure::user("nothing has been applied yet", "`stackctl apply` creates the database.")
        })?),
    };
    if let Some(document) = &document
        && (args.login.asks_for_a_database() || has_database(document))
    {
        let access = args.login.access(&session, document).await?;
        variables.extend(access.variables().into_iter().map(|(name, value)| (name.to_owned(), value)));
        variables.push(("DATABASE_URL".to_owned(), access.url()));
    }
    variables.extend(aws(&session).await?);
    let outputs = document.map(|document| document.outputs).unwrap_or_default();
    let (hidden, shown): (BTreeMap<_, _>, BTreeMap<_, _>) =
        outputs.into_iter().partition(|(_, value)| is_digest(value));
    report::left_out(hidden.keys());
    for (name, value) in shown {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        variables.push((variable(&name), value));
    }
    match args.format {
        Format::Json => {
            let object =
                variables.into_iter().map(|(name, value)| (name, Json::String(value))).collect::<Json>();
            report::document(&format!("{object:#}"));
        }
        format => variables.iter().for_each(|(name, value)| report::raw(&format.line(name, value))),
    }
    Ok(Exit::Done)
}

fn has_database(document: &Document) -> bool {
    document.resources.keys().any(|address| address.kind == "db_instance")
}

/// Where AWS is, for every tool that asks the environment. Credentials of an account are the user's own matter.
async fn aws(session: &Session) -> Outcome<Vec<(String, String)>> {
    // boto3 knows only the other one.
    let region = &session.stack.region;
    let mut variables = vec![("AWS_REGION", region.clone()), ("AWS_DEFAULT_REGION", region.clone())];
    if session.is_local() {
        let running = local::connect(&Layout::new(&session.root)).await?;
        variables.push(("AWS_ENDPOINT_URL", running.endpoint));
        let Keys { id, secret, .. } = running.keys;
        variables.extend([("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)]);
        // One that this shell has from elsewhere does not fit this key.
        variables.push(("AWS_SESSION_TOKEN", String::new()));
    } else if let Some(target) = &session.stack.target {
        variables.extend(target.endpoint_url.clone().map(|url| ("AWS_ENDPOINT_URL", url)));
        variables.extend(target.profile.clone().map(|profile| ("AWS_PROFILE", profile)));
    }
    Ok(variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Under a name of their own, since an output may be called `path`.
fn variable(output: &str) -> String {
    let name = output.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("STACK_{}", name.collect::<String>())
}

impl Format {
    fn line(self, name: &str, value: &str) -> String {
        match self {
            Self::Shell => format!("export {name}='{}'", value.replace('\'', r"'\''")),
            Self::Fish => format!("set -gx {name} '{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Dotenv | Self::Json => {
                let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$");
                format!("{name}=\"{}\"", value.replace('\n', r"\n"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const VALUES: [&str; 5] = ["plain", "it's", "a\\b", "$HOME \"and\" `ls`", "two\nlines"];

    #[test]
    fn a_shell_reads_back_what_was_written() {
        for value in VALUES {
            let script = format!("{}\nprintf %s \"$NAME\"", Format::Shell.line("NAME", value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }

    #[test]
    fn other_notations_keep_quotes_and_dollars() {
        assert_eq!(Format::Fish.line("A", "it's a\\b"), r"set -gx A 'it\'s a\\b'");
        assert_eq!(Format::Dotenv.line("A", "$x \"y\"\nz"), "A=\"\\$x \\\"y\\\"\\nz\"");
    }

    #[test]
    fn an_output_never_takes_the_name_of_a_variable_that_means_something() {
        assert_eq!(variable("path"), "STACK_PATH");
        assert_eq!(variable("failed-loads"), "STACK_FAILED_LOADS");
    }
}
