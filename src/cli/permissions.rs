use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::Session;
use crate::desired::Desired;
use crate::folder;
use crate::permissions::{Document, Purpose, documents, needs, statements};
use crate::schema::policy;
use clap::ValueEnum;
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::path::PathBuf;

/// Prints the least IAM policy with which this stack can be planned, applied or destroyed
///
/// Asks nobody: of stack.toml alone, and of the state if it lies in a folder. Names that are known stand in the ARNs; what
/// AWS names itself is a pattern, with a condition on the tag stackctl:stack where the service knows one.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// What is to be done with the stack. `plan` only reads; `apply` creates, changes, replaces and deletes; `destroy` reads
    /// and deletes.
    #[arg(long = "for", value_enum, value_name = "WHAT", default_value_t = For::Apply)]
    purpose: For,

    /// The account that the ARNs name, in twelve digits. Without it `account` in stack.toml says it, or the state; without
    /// any of them the ARNs have `*` in its place.
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,

    /// Prints the policy as JSON, ready to paste; of `all`, one object with the three.
    #[arg(long)]
    json: bool,

    /// Writes NAME-WHAT-1.json and so on into this folder, each as long as a managed policy may be.
    #[arg(long, value_name = "FOLDER", conflicts_with = "json")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum For {
    Plan,
    Apply,
    Destroy,
    All,
}

impl For {
    fn purposes(self) -> &'static [Purpose] {
        match self {
            Self::Plan => &[Purpose::Plan],
            Self::Apply => &[Purpose::Apply],
            Self::Destroy => &[Purpose::Destroy],
            Self::All => &Purpose::ALL,
        }
    }
}

fn account(text: &str) -> Result<String, String> {
    if policy::is_account(text) { Ok(text.to_owned()) } else { Err("write twelve digits".to_owned()) }
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let state = if session.stack.state.starts_with("s3://") { None } else { session.peek().await? };
    let recorded = state.as_ref().map(|state| state.account.clone()).filter(|account| !account.is_empty());
    let account = args.account.clone().or_else(|| session.stack.account.clone()).or(recorded);
    let (region, name) = (session.stack.region.clone(), session.stack.name.clone());
    let desired =
        Desired::new(session.stack, account.as_deref().unwrap_or_default(), &region, HashMap::new());
    let policies = args.purpose.purposes().iter().map(|purpose| {
        let needs = needs(&desired, account.as_deref(), state.as_ref(), *purpose);
        (*purpose, needs)
    });
    let policies: Vec<_> = policies.collect();
    if args.json {
        let whole = |needs: &[_]| json!(Document::of(statements(needs)));
        let text = match policies.as_slice() {
            [(_, needs)] => whole(needs),
            several => {
                let several =
                    several.iter().map(|(purpose, needs)| (purpose.word().to_owned(), whole(needs)));
                Json::Object(several.collect::<Map<_, _>>())
            }
        };
        report::document(&format!("{text:#}"));
        for (purpose, needs) in &policies {
            let parts = documents(statements(needs)).len();
            if parts > 1 {
                report::note(&format!(
                    "The policy for {} is longer than a managed policy may be: --out FOLDER writes it as {parts}.",
                    purpose.word()
                ));
            }
        }
        return Ok(Exit::Done);
    }
    if let Some(folder) = &args.out {
        let into =
            folder::make(folder).map_err(Failure::io(format!("failed to make {}", folder.display())))?;
        for (purpose, needs) in &policies {
            for (at, document) in documents(statements(needs)).iter().enumerate() {
                let file = format!("{name}-{}-{}.json", purpose.word(), at + 1);
                let path = folder.join(&file);
                let text = format!("{:#}\n", json!(document));
                into.write(&file, text.as_bytes(), 0o644)
                    .map_err(Failure::io(format!("failed to write {}", path.display())))?;
                report::note(&format!("{} holds {} statements.", path.display(), document.statement.len()));
            }
        }
        return Ok(Exit::Done);
    }
    for (purpose, needs) in &policies {
        report::permissions(&name, &region, account.as_deref(), *purpose, needs);
    }
    Ok(Exit::Done)
}
