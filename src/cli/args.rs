use super::failure::{Failure, Outcome};
use super::losses::Allowed;
use super::report;
use super::signals;
use super::target::{Named, TARGET, chosen};
use crate::address::Address;
use crate::plan::Selection;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Which stack, and where.
#[derive(Debug, Clone, Args)]
pub struct StackArgs {
    /// The stack's file, or the folder that holds its stack.toml.
    #[arg(
        short,
        long,
        value_name = "PATH",
        default_value = "stack.toml",
        env = "STACKCTL_FILE",
        global = true
    )]
    pub file: PathBuf,

    /// Where to: a name of [targets]; `local` is the local cloud of the project. Nothing else says where. Without it
    /// STACKCTL_TARGET does, and without both the stack goes to AWS.
    // Not by clap's `env`: what the variable says must hold whatever flags there are, and what it must not say is told
    // in words of its own.
    #[arg(short, long = "target", value_name = "NAME", global = true)]
    targets: Vec<Named>,

    /// Sets a param of the stack; wins over environment (STACKCTL_PARAM_NAME) and file. For no secrets: every user of this
    /// machine sees the command line.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment, global = true)]
    pub set: Vec<(String, String)>,

    /// Sets a param to what a file holds, without the last newline; `-` reads it from the input. For secrets.
    #[arg(long = "set-file", value_name = "NAME=PATH", value_parser = assignment, global = true)]
    pub set_file: Vec<(String, String)>,

    /// How long to wait for another stackctl that has the state's lock, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, global = true)]
    pub lock_timeout: u64,
}

impl StackArgs {
    /// The stack of that file on the local cloud, whatever the environment says.
    pub fn local(file: PathBuf) -> Self {
        Self { file, targets: vec![Named::local()], set: vec![], set_file: vec![], lock_timeout: 0 }
    }

    /// The name of `[targets]` that the command goes to; none: to AWS as `[stack]` says.
    ///
    /// # Errors
    /// Two different ones, or a variable that names none.
    pub fn target(&self, env: impl Fn(&str) -> Option<OsString>) -> Outcome<Option<String>> {
        chosen(&self.targets, env(TARGET)).map_err(|(message, help)| Failure::usage(message, help))
    }

    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }
}

/// One address, or several with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses(Vec<Address>);

impl FromStr for Addresses {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let one = |part: &str| {
            part.trim().parse::<Address>().map_err(|error| match part.contains('.') {
                true => error.to_string(),
                false => format!("{error}. A place is named by --target, as in `--target local`"),
            })
        };
        split(text).into_iter().map(one).collect::<Result<_, _>>().map(Self)
    }
}

impl Addresses {
    pub fn iter(&self) -> std::slice::Iter<'_, Address> {
        self.0.iter()
    }

    pub fn all(given: &[Self]) -> Vec<Address> {
        given.iter().flat_map(|addresses| addresses.0.iter().cloned()).collect()
    }
}

/// At the commas outside of brackets: a key may have some.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut inside) = (vec![], 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            ',' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// What to plan.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub stack: StackArgs,

    /// Works on this resource and what it needs only (a destroy: and what needs it), such as bucket.loans. May be given
    /// several times, or with commas.
    #[arg(long, value_name = "ADDRESS")]
    pub only: Vec<Addresses>,

    /// Leaves this resource, and what needs it, as it is.
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<Addresses>,

    /// Replaces this resource even if nothing of it changes.
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<Addresses>,

    /// `--refresh=false` trusts the state and does not look at what is there.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub refresh: bool,

    /// Builds no functions: takes what was built before from the same sources, or says that there is none. A build runs
    /// code of whoever wrote the sources, and what they depend on.
    #[arg(long)]
    pub no_build: bool,
}

impl PlanArgs {
    /// All of the stack.
    pub fn whole(stack: StackArgs) -> Self {
        Self { stack, only: vec![], exclude: vec![], replace: vec![], refresh: true, no_build: false }
    }

    pub fn selection(&self) -> Selection {
        Selection {
            targets: Addresses::all(&self.only),
            excludes: Addresses::all(&self.exclude),
            replace: Addresses::all(&self.replace),
        }
    }
}

/// What an apply may do.
#[derive(Debug, Clone, Args)]
pub struct ApplyArgs {
    /// Does not ask.
    #[arg(long)]
    pub auto_approve: bool,

    /// Prints one JSON event a line, and nothing else, on stdout; `stackctl schema --events` prints their schema. Nobody can be
    /// asked then, so it needs --auto-approve or a saved plan.
    #[arg(long)]
    pub json: bool,

    /// Allows to delete or replace this resource although it holds data; a name without key means all its keys, `all` every
    /// resource. May be given several times, or with commas.
    #[arg(long, value_name = "ADDRESS|all")]
    pub allow_data_loss: Vec<Allowed>,

    /// After Ctrl-C or SIGTERM, how long to wait for what is in flight, in seconds. Some CI systems kill 7.5 s after
    /// they have asked.
    #[arg(long, default_value_t = 7, value_name = "SECONDS")]
    pub grace: u64,

    /// How many operations run at once.
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub parallelism: usize,
}

impl ApplyArgs {
    /// Begins the stream of events, where one is wanted.
    ///
    /// # Errors
    /// Nobody has approved, and nobody can be asked.
    pub fn begin(&self, command: &str, approved: bool) -> Outcome<()> {
        if !self.json {
            return Ok(());
        }
        if !approved && !self.auto_approve {
            return Err(Failure::usage(
                "with --json nobody can be asked",
                "Add --auto-approve, or name a plan that was saved with `stackctl plan --out FILE`.",
            ));
        }
        report::stream::begin(command);
        // Also whoever is interrupted before anything is done gets a last line.
        signals::watch();
        Ok(())
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_at_commas_but_not_within_their_keys() {
        let parse = |text: &str| text.parse::<Addresses>().map(|all| all.0.len());
        assert_eq!(parse("bucket.a"), Ok(1));
        assert_eq!(parse(r#"bucket.a, subnet.x["eu,west"],queue.b"#), Ok(3));
        assert!(parse("bucket.a,").is_err() && parse("").is_err());
        let place = parse("local").unwrap_err();
        assert!(place.contains("--target local"), "{place}");
    }
}
