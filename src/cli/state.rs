use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::{Session, recorded};
use crate::address::Address;
use crate::state::Document;
use clap::Subcommand;

/// Looks at and mends the state
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists every resource in the state with its id.
    List,
    /// Shows one resource of the state as JSON.
    Show { address: Address },
    /// Forgets a resource without deleting it.
    Rm { address: Address },
    /// Renames a resource, when it was renamed in stack.toml.
    Mv { from: Address, to: Address },
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    match &args.command {
        Command::List => {
            let resources =
                session.store().await?.peek().await?.map(|document| document.resources).unwrap_or_default();
            let rows: Vec<Vec<String>> = resources
                .iter()
                .map(|(address, record)| vec![address.to_string(), record.id.to_string()])
                .collect();
            report::table(&rows).iter().for_each(|line| report::data(line));
        }
        Command::Show { address } => {
            let document = session.store().await?.peek().await?.ok_or_else(nothing)?;
            let (_, record) = recorded(&document, address)?;
            let text =
                serde_json::to_string_pretty(record).map_err(|error| Failure::user(error.to_string(), ""))?;
            report::data(&text);
        }
        Command::Rm { address } => {
            change(&session, args, "state rm", |document| {
                let id = recorded(document, address)?.0.clone();
                document.resources.remove(address);
                report::note(&format!("Forgot {address}. {id} still exists and is nobody's now."));
                Ok(())
            })
            .await?
        }
        Command::Mv { from, to } => {
            change(&session, args, "state mv", |document| {
                recorded(document, from)?;
                if document.resources.contains_key(to) {
                    return Err(Failure::user(
                        format!("the state has {to} already"),
                        "Move that one away first.",
                    ));
                }
                if from.kind != to.kind {
                    return Err(Failure::user(
                        format!("{from} and {to} are of different kinds"),
                        "A resource keeps its kind; only the name and the key can change.",
                    ));
                }
                rename(document, from, to);
                report::note(&format!("{from} is {to} now."));
                Ok(())
            })
            .await?
        }
    }
    Ok(Exit::Done)
}

fn nothing() -> Failure {
    Failure::user("nothing has been applied yet", "`stackctl apply` makes the state.")
}

fn rename(document: &mut Document, from: &Address, to: &Address) {
    if let Some(record) = document.resources.remove(from) {
        document.resources.insert(to.clone(), record);
    }
    for record in document.resources.values_mut() {
        for dependency in record.depends_on.iter_mut().filter(|dependency| *dependency == from) {
            *dependency = to.clone();
        }
    }
}

/// Changes the state under its lock. With a journal that is open, what it says must be settled first.
async fn change(
    session: &Session,
    args: &Args,
    command: &str,
    change: impl FnOnce(&mut Document) -> Outcome<()>,
) -> Outcome<()> {
    let store = session.store().await?;
    let (document, held) = store.open(command, args.stack.patience()).await?;
    let mut document = document.ok_or_else(nothing)?;
    if !document.open.is_empty() {
        return Err(Failure::user(
            "an interrupted run left work open",
            "`stackctl plan` settles it; then call this again.",
        ));
    }
    change(&mut document)?;
    held.write(&mut document).await?;
    Ok(())
}
