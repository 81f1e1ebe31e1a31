use super::unreached::Unreached;
use crate::error::{Error, Result};
use crate::schema::suggest::closest;
use aws_config::profile::{ProfileSet, load};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use std::env::var_os;

/// The profile that a command goes by.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    profile: String,
    /// stack.toml names it.
    named: bool,
    /// What of it, or of one that it builds on, the SDK cannot do.
    beyond: Option<Beyond>,
}

/// Ways to credentials that only AWS's command line knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// `login_session`, as `aws login` writes it.
    Login,
    /// `mfa_serial`: a role whose trust asks for a code.
    Mfa,
}

/// Finds the profile that is meant, and whether it exists. The SDK passes over one that does not and goes on to look elsewhere,
/// and a command would go to whatever account it finds there.
///
/// # Errors
/// `named`, or else `AWS_PROFILE`, is no profile of `~/.aws/config` or `~/.aws/credentials`.
pub(super) async fn chosen(named: Option<&str>, tell: &(dyn Fn(&str) + Sync)) -> Result<Chosen> {
    let from_environment = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    // Keys in the environment win over a profile that only the environment names: nobody looks at that then.
    let keys = var_os("AWS_ACCESS_KEY_ID").is_some() && var_os("AWS_SECRET_ACCESS_KEY").is_some();
    let wanted = match (named, &from_environment) {
        (Some(named), _) => named,
        (None, Some(name)) if keys => {
            tell(&format!(
                "AWS_PROFILE={name} is not used: AWS_ACCESS_KEY_ID comes first, as with every AWS tool."
            ));
            return Ok(Chosen::default());
        }
        (None, Some(from_environment)) => from_environment,
        (None, None) if keys => return Ok(Chosen::default()),
        (None, None) => "default",
    };
    let explicit = named.is_some() || from_environment.is_some();
    // Files that cannot be read the SDK complains about itself.
    let files = load(&Fs::real(), &Env::real(), &EnvConfigFiles::default(), None).await;
    let Ok(profiles) = files else { return Ok(Chosen::default()) };
    if profiles.get_profile(wanted).is_some() || !explicit {
        let beyond = beyond(&profiles, wanted);
        return Ok(Chosen { profile: wanted.to_owned(), named: named.is_some(), beyond });
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

fn beyond(profiles: &ProfileSet, wanted: &str) -> Option<Beyond> {
    let (mut name, mut seen) = (wanted, vec![]);
    while let Some(profile) = profiles.get_profile(name).filter(|_| !seen.contains(&name)) {
        seen.push(name);
        if profile.get("login_session").is_some() {
            return Some(Beyond::Login);
        }
        if profile.get("role_arn").is_some() && profile.get("mfa_serial").is_some() {
            return Some(Beyond::Mfa);
        }
        name = profile.get("source_profile")?;
    }
    None
}

impl Chosen {
    /// An error of asking whose credentials these are, with the way out where this profile is why.
    pub fn explain(&self, error: Error) -> Error {
        let Some(beyond) = self.beyond else { return error };
        let answered = matches!(&error, Error::Aws(aws) if aws.status.is_some());
        let reached = matches!(error, Error::Unreached(_));
        if answered || reached {
            return error;
        }
        let Self { profile, .. } = self;
        let why = match beyond {
            Beyond::Login => "signs in by `aws login`, which only AWS's command line can",
            Beyond::Mfa => "wants a code of its `mfa_serial`, for which only AWS's command line asks",
        };
        let first = if beyond == Beyond::Login {
            format!("Sign in (`aws login --profile {profile}`), then ")
        } else {
            String::new()
        };
        let export = format!("aws configure export-credentials --profile {profile} --format");
        let help = if self.named {
            // Keys in the environment do not count beside a profile of the target.
            format!(
                "{first}let it ask the command line: `aws configure set credential_process \"{export} process\" --profile \
                 {profile}-stackctl`, and write `profile = \"{profile}-stackctl\"` into the target."
            )
        } else {
            format!("{first}take its keys into this shell: `eval \"$({export} env)\"`.")
        };
        let help = if first.is_empty() { capital(&help) } else { help };
        Error::Unreached(Unreached { message: format!("the profile {profile} {why}"), help })
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
