use crate::cli::failure::{Exit, Outcome};
use crate::cli::report;
use crate::cli::session::Session;

/// Lists every resource in the state with its id
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(session: &Session) -> Outcome {
    let document = session.peek().await?;
    let resources = document.map(|document| document.resources).unwrap_or_default();
    let rows: Vec<Vec<String>> =
        resources.iter().map(|(address, record)| vec![address.to_string(), record.id.to_string()]).collect();
    report::table(&rows).iter().for_each(|line| report::data(line));
    Ok(Exit::Done)
}
