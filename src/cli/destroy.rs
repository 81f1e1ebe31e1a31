use super::apply::carry_out;
use super::args::{ApplyArgs, PlanArgs};
use super::failure::Outcome;
use super::site::Head;
use super::standin::{self, StateArgs};
use super::view::ViewArgs;

/// Deletes everything that the state has
///
/// Dependants first. Resources with `prevent_destroy` stop it, resources that hold data need `--allow-data-loss`.
///
/// A stack.toml that is broken, empty or gone need not be mended for that: the state knows what there is, and the command says that
/// it goes by it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) plan: PlanArgs,

    #[command(flatten)]
    apply: ApplyArgs,

    #[command(flatten)]
    by: StateArgs,

    #[command(flatten)]
    view: ViewArgs,
}

pub async fn run(args: &Args) -> Outcome {
    args.apply.begin("destroy", false)?;
    let session = standin::load(&args.plan.stack, &args.by, "destroy").await?;
    let open = session.open("destroy", &args.plan.stack, Head::Data).await?;
    let planned = open.plan(&args.plan, true).await?;
    carry_out(planned, &args.apply, args.view, false, "stackctl destroy").await
}
