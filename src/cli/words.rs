//! Whoever types as for Terraform is told what to type here.

use super::Cli;
use crate::terraform;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;

/// # Errors
/// As clap's; a word of Terraform's is told with ours.
pub(super) fn parsed(args: &[OsString]) -> Result<Cli, clap::Error> {
    // clap would take `-out=x` for `-o ut=x`.
    let ours = args.iter().skip(1).map_while(|arg| arg.to_str().filter(|arg| *arg != "--"));
    for arg in ours {
        if let Some(here) = terraform::flag(arg) {
            return Err(refused(ErrorKind::UnknownArgument, arg.split('=').next().unwrap_or(arg), here));
        }
    }
    Cli::try_parse_from(args).map_err(|error| {
        let said = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        let word = match error.kind() {
            ErrorKind::InvalidSubcommand => said(ContextKind::InvalidSubcommand)
                .and_then(|word| terraform::command(&word).map(|here| (word, here))),
            ErrorKind::UnknownArgument => said(ContextKind::InvalidArg)
                .and_then(|word| terraform::flag(word.strip_prefix('-')?).map(|here| (word, here))),
            _ => None,
        };
        match word {
            Some((word, here)) => refused(error.kind(), &word, here),
            None => error,
        }
    })
}

fn refused(kind: ErrorKind, word: &str, here: &str) -> clap::Error {
    Cli::command().error(kind, format!("`{word}` is a word of Terraform's. Here: {here}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(args: &[&str]) -> String {
        let args: Vec<OsString> =
            std::iter::once("stackctl").chain(args.iter().copied()).map(Into::into).collect();
        parsed(&args).map_or_else(|error| error.to_string(), |_| "understood".to_owned())
    }

    #[test]
    fn words_of_terraform_are_answered_and_ours_are_understood() {
        assert!(said(&["apply", "-auto-approve"]).contains("`--auto-approve`"));
        assert!(said(&["plan", "-out=plan.bin"]).contains("`--out FILE`"));
        assert!(said(&["plan", "-target=bucket.x"]).contains("`--only ADDRESS`"));
        assert!(said(&["plan", "--var-file=x"]).contains("STACKCTL_PARAM_NAME"));
        assert!(said(&["force-unlock"]).contains("`stackctl unlock`"));
        assert!(said(&["state", "import"]).contains("state recover --from-tags"));
        assert!(said(&["nonsense"]).contains("unrecognized"));
        for ours in [&["plan", "--out", "x"][..], &["plan", "-o", "ut=x"], &["plan", "-f", "auto-approve"]] {
            assert_eq!(said(ours), "understood", "{ours:?}");
        }
    }
}
