use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::Session;
use crate::address::Address;
use crate::config::Stack;
use crate::schema::suggest::{closest, list};
use crate::state::{Document, is_digest};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Prints the stack's outputs, or one of them bare
///
/// The value of a sensitive output is in no state, so it cannot be printed: asked for by its name it is a refusal that says where
/// the value is, and among all it is left out (with --json it is {"sensitive": true}).
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// The name of one output: its value alone, as scripts want it.
    name: Option<String>,

    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let document = session.peek().await?;
    let outputs = document.as_ref().map(|document| document.outputs.clone()).unwrap_or_default();
    let sensitive = |name: &str, value: &Json| {
        is_digest(value) || session.stack.outputs.get(name).is_some_and(|output| output.sensitive)
    };
    match &args.name {
        None => all(outputs, args.json, sensitive),
        Some(name) => {
            let value = outputs.get(name).ok_or_else(|| unknown(name, &session.stack, outputs.keys()))?;
            match value {
                value if sensitive(name, value) => {
                    return Err(kept_from(&session.stack, document.as_ref(), name));
                }
                Json::String(text) if !args.json => report::raw(text),
                other => report::document(&other.to_string()),
            }
        }
    }
    Ok(Exit::Done)
}

fn all(outputs: BTreeMap<String, Json>, json: bool, sensitive: impl Fn(&str, &Json) -> bool) {
    let (hidden, shown): (BTreeMap<_, _>, BTreeMap<_, _>) =
        outputs.into_iter().partition(|(name, value)| sensitive(name, value));
    if json {
        let hidden = hidden.keys().map(|name| (name.clone(), json!({ "sensitive": true })));
        let both: BTreeMap<String, Json> = shown.into_iter().chain(hidden).collect();
        report::document(&json!(both).to_string());
    } else {
        report::pairs(&shown);
    }
    report::left_out(hidden.keys());
}

/// A sensitive output, and where its value is: a script must not take a digest for it.
fn kept_from(stack: &Stack, document: Option<&Document>, name: &str) -> Failure {
    let used = stack.outputs.get(name).map(|output| output.references()).unwrap_or_default();
    let ways: Vec<String> = used.iter().map(|used| way(document, &used.reference.address)).collect();
    let help = match ways.is_empty() {
        true => "Its value comes from what you gave to the stack (a param, or stack.toml itself).".to_owned(),
        false => ways.join(" "),
    };
    Failure::user(
        format!("the output {name} is sensitive: no state has its value, so there is none to print"),
        help,
    )
}

fn way(document: Option<&Document>, address: &Address) -> String {
    let id =
        document.and_then(|document| document.resources.get(address)).map(|record| record.id.to_string());
    match (address.kind.as_str(), id) {
        ("secret", Some(id)) => format!(
            "{address} has it: `aws secretsmanager get-secret-value --secret-id '{id}' --query SecretString --output text` (on the \
             local cloud after `eval \"$(stackctl env)\"`)."
        ),
        ("db_instance", _) => {
            format!(
                "{address} has it: `stackctl connect {address}` opens the database, `stackctl env {address}` prints the way to it."
            )
        }
        _ => format!("It comes from {address}: read it from AWS."),
    }
}

fn unknown<'a>(name: &str, stack: &Stack, names: impl Iterator<Item = &'a String>) -> Failure {
    if stack.outputs.contains_key(name) {
        return Failure::user(
            format!("the output {name} has no value yet"),
            "`stackctl apply` brings it.".to_owned(),
        );
    }
    let there: Vec<&str> = names.map(String::as_str).collect();
    let declared = stack.outputs.keys().map(String::as_str).filter(|name| !there.contains(name));
    let all: Vec<&str> = there.iter().copied().chain(declared).collect();
    let help = match closest(name, all.iter().copied()) {
        Some(near) => format!("Did you mean {near}?"),
        None if all.is_empty() => "This stack has none: `[outputs]` declares them.".to_owned(),
        None => format!("There are: {}.", list(&all)),
    };
    Failure::user(format!("there is no output {name}"), help)
}
