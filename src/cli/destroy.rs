use super::apply::carry_out;
use super::args::{ApplyArgs, PlanArgs};
use super::failure::Outcome;
use super::session::Session;

/// Deletes everything that the state has
///
/// Dependants first. Resources with `prevent_destroy` stop it, resources that hold data need `--allow-data-loss`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,

    #[command(flatten)]
    apply: ApplyArgs,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.plan.stack)?;
    let planned = session.open("destroy", &args.plan.stack).await?.plan(&args.plan, true).await?;
    carry_out(planned, &args.apply, false, "stackctl destroy").await
}
