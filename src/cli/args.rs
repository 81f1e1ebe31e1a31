use crate::address::Address;
use clap::Args;
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

    /// Where to: a name of [targets], such as `local`; or an address such as `bucket.loans`, to work on that resource
    /// and what it needs only. May be given several times.
    #[arg(
        short,
        long = "target",
        value_name = "NAME|ADDRESS",
        env = "STACKCTL_TARGET",
        value_delimiter = ',',
        global = true
    )]
    pub targets: Vec<Target>,

    /// Sets a param of the stack; wins over environment (STACKCTL_PARAM_NAME) and file.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment, global = true)]
    pub set: Vec<(String, String)>,

    /// How long to wait for another stackctl that has the state's lock, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, global = true)]
    pub lock_timeout: u64,
}

impl StackArgs {
    /// The name of `[targets]`, if one is given. The last one wins.
    pub fn target(&self) -> Option<&str> {
        self.targets.iter().rev().find_map(|target| match target {
            Target::Name(name) => Some(name.as_str()),
            Target::Resource(_) => None,
        })
    }

    /// The resources to work on; none means all.
    pub fn resources(&self) -> Vec<Address> {
        let resource = |target: &Target| match target {
            Target::Resource(address) => Some(address.clone()),
            Target::Name(_) => None,
        };
        self.targets.iter().filter_map(resource).collect()
    }

    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.lock_timeout)
    }
}

/// What `--target` was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Name(String),
    Resource(Address),
}

impl FromStr for Target {
    type Err = String;
    /// Addresses have a dot, names of targets have none.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('.') {
            text.parse().map(Self::Resource).map_err(|error: crate::address::AddressError| error.to_string())
        } else if crate::address::is_identifier(text) {
            Ok(Self::Name(text.to_owned()))
        } else {
            Err("neither a name of [targets] nor an address such as bucket.loans".to_owned())
        }
    }
}

/// What to plan.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub stack: StackArgs,

    /// Leaves this resource, and what needs it, as it is.
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<Address>,

    /// Replaces this resource even if nothing of it changes.
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<Address>,

    /// `--refresh=false` trusts the state and does not look at what is there.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub refresh: bool,
}

/// What an apply may do.
#[derive(Debug, Clone, Args)]
pub struct ApplyArgs {
    /// Does not ask.
    #[arg(long)]
    pub auto_approve: bool,

    /// Allows to delete or replace this resource although it holds data; `all` allows every one.
    #[arg(long, value_name = "ADDRESS|all")]
    pub allow_data_loss: Vec<String>,

    /// After Ctrl-C or SIGTERM, how long to wait for what is in flight, in seconds. Some CI systems kill 7.5 s after
    /// they have asked.
    #[arg(long, default_value_t = 7, value_name = "SECONDS")]
    pub grace: u64,

    /// How many operations run at once.
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub parallelism: usize,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE".to_owned())
}
