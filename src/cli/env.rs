use super::access::LoginArgs;
use super::failure::{Exit, Outcome};
use super::report;
use super::session::Session;
use crate::cloud::EMULATOR;
use crate::local::{self, Layout};
use crate::state::is_digest;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Prints the way to the database, and the stack's outputs, as environment variables
///
/// `eval "$(stackctl env --as analyst)"` opens it to psql, notebooks, pandas, DuckDB and everything else that knows PG*
/// or DATABASE_URL. Outputs follow as STACK_NAME. On the local target the variables of AWS name the local cloud, so
/// that every AWS tool of this shell goes there. The password is among them: do not keep what this prints.
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
    let document = session.applied("`stackctl apply` creates the database.").await?;
    let access = args.login.access(&session, &document).await?;
    let mut variables: Vec<(String, String)> =
        access.variables().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    variables.push(("DATABASE_URL".to_owned(), access.url()));
    variables.extend(aws(&session).await?);
    let (hidden, shown): (BTreeMap<_, _>, BTreeMap<_, _>) =
        document.outputs.into_iter().partition(|(_, value)| is_digest(value));
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

/// Where AWS is, for every tool that asks the environment. Credentials of an account are the user's own matter.
async fn aws(session: &Session) -> Outcome<Vec<(String, String)>> {
    let mut variables = vec![("AWS_REGION", session.stack.region.clone())];
    if session.is_local() {
        let running = local::connect(&Layout::new(&session.root)).await?;
        variables.push(("AWS_ENDPOINT_URL", running.endpoint));
        let (id, key) = EMULATOR;
        variables.extend([("AWS_ACCESS_KEY_ID", id.to_owned()), ("AWS_SECRET_ACCESS_KEY", key.to_owned())]);
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
