use super::apply::refuse_impossible;
use super::args::PlanArgs;
use super::failure::{Exit, Failure, Outcome};
use super::format::{Format, FormatArgs};
use super::identity::identity;
use super::report;
use super::session::Session;
use super::site::Head;
use super::standin::{self, StateArgs};
use super::view::ViewArgs;
use crate::address::Address;
use crate::folder;
use crate::limits;
use crate::plan::Plan;
use crate::state::Cipher;
use crate::terraform::show;
use std::path::{Path, PathBuf};

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

    /// Saves the plan; `stackctl apply FILE` carries out exactly it, or refuses if anything has changed since.
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
    let (plan, open, cost) = (&planned.plan, &planned.open, planned.cost());
    match format {
        Format::Text => {
            report::plan(plan, &open.stack, &open.site, args.view.details);
            report::cost(&cost, open.site.local, args.view.details);
        }
        Format::Markdown => report::plan_markdown(plan, &open.stack, &open.site),
        Format::Html => report::plan_html(plan, &open.stack, &open.site),
        Format::Json => report::plan_json(plan, &open.site, &cost),
        Format::TerraformJson => report::document(&show(plan, &open.document).to_string()),
    }
    refuse_impossible(&planned.plan)?;
    if let Some(out) = &args.out {
        save(&planned.plan, out, args.destroy, &planned.open.cipher)?;
        report::saved(out);
    }
    Ok(if args.detailed_exitcode && !planned.plan.is_empty() { Exit::ChangesPending } else { Exit::Done })
}

/// The saved form: the plan, and whether it destroys.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Saved {
    pub stackctl: String,
    pub destroy: bool,
    pub plan: Plan,
}

fn save(plan: &Plan, path: &Path, destroy: bool, cipher: &Cipher) -> Outcome<()> {
    let saved = Saved { stackctl: env!("CARGO_PKG_VERSION").to_owned(), destroy, plan: plan.clone() };
    let text = serde_json::to_vec_pretty(&saved).map_err(|error| Failure::user(error.to_string(), ""))?;
    cipher
        .seal(&text)
        .and_then(|sealed| {
            let (folder, name) = folder::named(path)?;
            folder.write(name, &sealed, 0o600)?;
            folder.sync()
        })
        .map_err(Failure::io(format!("failed to save the plan as {}", path.display())))
}

/// Reads a saved plan.
pub fn load(path: &Path) -> Outcome<Saved> {
    let text = limits::read(path, limits::PLAN).map_err(|error| {
        match path.to_string_lossy().parse::<Address>() {
            Ok(address) if !path.exists() => Failure::user(
                format!("{address} is an address, and `apply` takes the file of a saved plan"),
                format!(
                    "Write `--only {address}` to work on a part; without a file, `apply` plans by itself."
                ),
            ),
            _ => Failure::io(format!("failed to read the plan {}", path.display()))(error),
        }
    })?;
    let reader = Cipher::new(&[], identity()).unwrap_or_default();
    let text = reader.open(&text).map_err(|what| {
        Failure::user(format!("{} cannot be read: {}", path.display(), what.into_text()), "")
    })?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::user(
            format!("{} is no saved plan: {error}", path.display()),
            "Make one with `stackctl plan --out FILE`.",
        )
    })
}
