use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::Session;
use crate::schema::suggest::closest;
use serde_json::Value as Json;

/// Prints the stack's outputs, or one of them bare
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,

    /// The name of one output: its value alone, as scripts want it.
    name: Option<String>,

    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let outputs = session.store().await?.peek().await?.map(|document| document.outputs).unwrap_or_default();
    match &args.name {
        None if args.json => report::data(&serde_json::json!(outputs).to_string()),
        None => report::pairs(&outputs),
        Some(name) => {
            let value = outputs.get(name).ok_or_else(|| unknown(name, outputs.keys()))?;
            match value {
                Json::String(text) if !args.json => report::data(text),
                other => report::data(&other.to_string()),
            }
        }
    }
    Ok(Exit::Done)
}

fn unknown<'a>(name: &str, names: impl Iterator<Item = &'a String>) -> Failure {
    let help = closest(name, names.map(String::as_str)).map_or_else(
        || "Outputs are there after an apply.".to_owned(),
        |near| format!("Did you mean {near}?"),
    );
    Failure::user(format!("there is no output {name}"), help)
}
