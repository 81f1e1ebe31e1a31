use super::unreached::Unreached;
use crate::error::{Error, Result};
use crate::schema::suggest::closest;
use aws_config::profile::load;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use std::env::var_os;

/// Whether the profile that is asked for exists. The SDK passes over one that does not and goes on to look elsewhere, and a
/// command would go to whatever account it finds there.
///
/// # Errors
/// `named`, or else `AWS_PROFILE`, is no profile of `~/.aws/config` or `~/.aws/credentials`.
pub async fn exists(named: Option<&str>) -> Result<()> {
    let from_environment = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    // Keys in the environment win over a profile that only the environment names: nobody looks at that then.
    let keys = var_os("AWS_ACCESS_KEY_ID").is_some() && var_os("AWS_SECRET_ACCESS_KEY").is_some();
    let wanted = match (named, &from_environment) {
        (Some(named), _) => named,
        (None, Some(from_environment)) if !keys => from_environment,
        _ => return Ok(()),
    };
    // Files that cannot be read the SDK complains about itself.
    let files = load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), None).await;
    let Ok(profiles) = files else { return Ok(()) };
    if profiles.get_profile(wanted).is_some() {
        return Ok(());
    }
    let names: Vec<&str> = profiles.profiles().collect();
    let source = if named.is_some() { "stack.toml" } else { "AWS_PROFILE" };
    let help = match (closest(wanted, names.iter().copied()), &names[..]) {
        (Some(meant), _) => format!("Did you mean {meant}? {source} names it."),
        (None, []) => {
            format!("{source} names it, and there are no profiles at all: `aws configure sso` makes one.")
        }
        (None, names) => format!("{source} names it. There are: {}.", names.join(", ")),
    };
    Err(Error::Unreached(Unreached {
        message: format!("there is no profile {wanted} in ~/.aws/config or ~/.aws/credentials"),
        help,
    }))
}
