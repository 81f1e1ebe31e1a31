use super::apply::refuse_impossible;
use super::args::PlanArgs;
use super::beside::Beside;
use super::failure::{Exit, Outcome};
use super::format::{Format, FormatArgs};
use super::report;
use super::saved::Saved;
use super::session::Session;
use super::site::Head;
use super::standin::{self, StateArgs};
use super::view::ViewArgs;
use std::path::PathBuf;

/// Shows what an apply would do, and why
///
/// Reads what is there, compares it with stack.toml and the state, and changes nothing but this: what an interrupted
/// run left open is settled first. Functions whose `source` has changed are built, which runs the build scripts of their
/// crates and of what these depend on: with an environment that holds no secrets, but as you. `--no-build` does without.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) plan: PlanArgs,

    #[command(flatten)]
    view: ViewArgs,

    /// Saves the plan; `stackctl apply FILE` carries out exactly it, or refuses if anything has changed since, and
    /// `stackctl show FILE` shows it again.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    format: FormatArgs,

    /// Exit code 3 if there is anything to do.
    #[arg(long)]
    detailed_exitcode: bool,

    /// Plans the destruction of everything.
    #[arg(long)]
    destroy: bool,

    #[command(flatten)]
    by: StateArgs,
}

pub async fn run(args: &Args) -> Outcome {
    let session = match args.destroy {
        true => standin::load(&args.plan.stack, &args.by, "plan --destroy").await?,
        false => Session::load(&args.plan.stack)?.warned(),
    };
    let format = args.format.format();
    let head = if format == Format::Text { Head::Data } else { Head::None };
    let planned = session.open("plan", &args.plan.stack, head).await?.plan(&args.plan, args.destroy).await?;
    let beside = Beside::of(&planned);
    beside.print(&planned.plan, format, args.view.details);
    refuse_impossible(&planned.plan)?;
    if let Some(out) = &args.out {
        Saved::new(planned.plan.clone(), args.destroy, beside).save(out, &planned.open.cipher)?;
        report::saved(out);
    }
    Ok(if args.detailed_exitcode && !planned.plan.is_empty() { Exit::ChangesPending } else { Exit::Done })
}
