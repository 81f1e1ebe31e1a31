use super::args::StackArgs;
use super::beside::Beside;
use super::failure::{Exit, Failure, Outcome};
use super::format::{Format, FormatArgs};
use super::recorded::recorded;
use super::report;
use super::saved::Saved;
use super::session::Session;
use super::site::Head;
use super::view::ViewArgs;
use crate::address::{Address, AddressError};
use crate::resource;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Shows what the state says of one resource, or of all, or a saved plan
///
/// A plan that was saved with `plan --out FILE` is shown as it was made, in any form, and without its stack, its state or AWS:
/// for who has the file alone. An encrypted one needs its key, as in STACKCTL_AGE_IDENTITY.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// An address, such as bucket.loans, or the file of a saved plan. A file whose name is an address is written ./bucket.loans.
    #[arg(value_name = "ADDRESS|PLAN")]
    what: Option<What>,

    #[command(flatten)]
    view: ViewArgs,

    #[command(flatten)]
    format: FormatArgs,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Resource(Address),
    Plan(PathBuf),
}

impl FromStr for What {
    type Err = AddressError;

    /// `saved.plan` would be an address too, if there were a kind of that name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<Address>() {
            Ok(address) if resource::kind(&address.kind).is_some() || !Path::new(text).exists() => {
                Ok(Self::Resource(address))
            }
            Err(error) if !Path::new(text).exists() && !text.contains(['.', '/']) => Err(error),
            _ => Ok(Self::Plan(text.into())),
        }
    }
}

pub async fn run(args: &Args) -> Outcome {
    match &args.what {
        Some(What::Plan(path)) => plan(path, args),
        Some(What::Resource(address)) => resources(Some(address), args).await,
        None => resources(None, args).await,
    }
}

fn plan(path: &Path, args: &Args) -> Outcome {
    let saved = Saved::load(path)?;
    let mut beside = saved.beside.unwrap_or_else(|| {
        report::warning(&format!(
            "{} was saved by stackctl {}: what it costs, where its blocks stand and whose credentials were used is not in it.",
            path.display(),
            saved.stackctl
        ));
        Beside::bare(&saved.plan)
    });
    // Not in the file: an endpoint of a plan that was saved is of an emulator or not, and nobody is there to say.
    beside.site.real = !beside.site.local && beside.site.endpoint.is_none();
    let format = args.format.format();
    if format == Format::Text {
        beside.site.say(Head::Data);
    }
    beside.print(&saved.plan, format, args.view.details);
    Ok(Exit::Done)
}

async fn resources(address: Option<&Address>, args: &Args) -> Outcome {
    let json = match args.format.format() {
        Format::Text => false,
        Format::Json => true,
        _ => {
            return Err(Failure::usage(
                "only plans have that form",
                "Name the file of a saved plan, or leave the form away; `--json` is for resources too.",
            ));
        }
    };
    let session = Session::load(&args.stack)?;
    let Some(document) = session.peek().await? else {
        report::note("Nothing has been applied yet.");
        return Ok(Exit::Done);
    };
    let chosen = match address {
        Some(address) => vec![(address, recorded(&document, address)?.1)],
        None => document.resources.iter().collect(),
    };
    if json {
        let all: serde_json::Map<_, _> =
            chosen.iter().map(|(address, record)| (address.to_string(), json!(record))).collect();
        report::document(&serde_json::Value::Object(all).to_string());
    } else {
        for (address, record) in chosen {
            report::resource(address, record);
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_an_address_where_its_kind_is_one_or_there_is_no_such_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saved.plan");
        std::fs::write(&file, "").unwrap();
        let what = |text: &str| text.parse::<What>().unwrap();
        assert_eq!(what("bucket.loans"), What::Resource("bucket.loans".parse().unwrap()));
        assert_eq!(what("saved.plan"), What::Resource("saved.plan".parse().unwrap()));
        assert_eq!(what(file.to_str().unwrap()), What::Plan(file));
        assert_eq!(what("./plan"), What::Plan("./plan".into()));
        assert!("plan".parse::<What>().is_err(), "neither an address nor a file");
    }
}
