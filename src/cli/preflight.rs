use super::args::StackArgs;
use super::failure::{Exit, Outcome};
use super::report;
use super::session::Session;
use super::site::{Head, Site};
use crate::desired::Desired;
use crate::preflight::{Depth, Verdict, preflight};
use std::collections::HashMap;

/// Looks for what would stop an apply, all at once, and changes nothing
///
/// Whose credentials these are, whether they may do what an apply needs (as IAM judges, without a call), names that are
/// taken, engine versions and classes on offer, quotas, the processor and the C library of ready-made functions, triggers
/// that take the same objects. What may not be asked is said and stops nothing. Exit code 1 if an apply would fail.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// Prints the findings as one JSON document.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let cloud = session.connect().await?;
    let site = Site::new(&session.stack, &cloud, &session.place_name());
    site.say(if args.json { Head::None } else { Head::Data });
    let state = session.peek().await?;
    let desired = Desired::new(session.stack.clone(), &cloud.account, &cloud.region, HashMap::new());
    let findings = preflight(&cloud, &desired, state.as_ref(), &session.root, Depth::Whole).await;
    if args.json {
        report::preflight_json(&findings, &site);
    } else {
        report::preflight(&findings);
    }
    let wrong = findings.iter().any(|finding| finding.verdict == Verdict::Wrong);
    Ok(if wrong { Exit::Failed } else { Exit::Done })
}
