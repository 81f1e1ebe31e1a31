use super::approve::approve_at;
use super::args::{ApplyArgs, PlanArgs};
use super::beside::Beside;
use super::failure::{Exit, Failure, Outcome};
use super::format::Format;
use super::losses::refuse_losses;
use super::report::{self, Ending, Progress};
use super::saved::Saved;
use super::session::{Planned, Session, kind};
use super::signals::{self, Signals};
use super::site::Head;
use super::view::ViewArgs;
use crate::address::Address;
use crate::apply::{Run, Stop, Summary, apply};
use crate::config::Stack;
use crate::plan::{Action, Plan};
use crate::preflight::{Depth, preflight};
use crate::resource::{Id, Owner};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Makes what stack.toml says
///
/// Shows the plan, asks, and carries it out: whatever is ready runs at the same time, everything is journalled before
/// it happens. Ctrl-C once finishes what is in flight, for `--grace` seconds at most, and saves; twice stops at once.
/// Whatever is left open then, the next command settles. Functions are built first, as for a plan, which runs the build
/// scripts of their crates; `--no-build` takes what was built before.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) plan: PlanArgs,

    #[command(flatten)]
    apply: ApplyArgs,

    #[command(flatten)]
    view: ViewArgs,

    /// A plan saved with `plan --out`: carried out without asking, refused if anything has changed since.
    #[arg(value_name = "PLAN")]
    saved: Option<PathBuf>,
}

pub async fn run(args: &Args) -> Outcome {
    args.apply.begin("apply", args.saved.is_some())?;
    let saved = args.saved.as_deref().map(Saved::load).transpose()?;
    let destroy = saved.as_ref().is_some_and(|saved| saved.destroy);
    let session = Session::load(&args.plan.stack)?.warned();
    let mut open = session.open("apply", &args.plan.stack, Head::Data).await?;
    if let Some(saved) = saved.as_ref().filter(|_| open.document.serial == 0) {
        // Before the first apply there is no lineage yet but the one that the plan was made with.
        open.document.lineage = saved.plan.lineage.clone();
    }
    let planned = open.plan(&args.plan, destroy).await?;
    if let Some(saved) = &saved
        && !saved.plan.does_the_same_as(&planned.plan)
    {
        return Err(stale(&saved.plan, &planned.plan));
    }
    carry_out(planned, &args.apply, args.view, saved.is_some(), "stackctl apply").await
}

fn stale(saved: &crate::plan::Plan, now: &crate::plan::Plan) -> Failure {
    let why = if (&saved.stack, &saved.target) != (&now.stack, &now.target) {
        "it was made for another stack or target"
    } else if (&saved.lineage, saved.serial) != (&now.lineage, now.serial) {
        "something was applied since it was made"
    } else {
        "stack.toml, the code of a function or what is there has changed since it was made"
    };
    Failure::user(
        format!("the saved plan does not hold any more: {why}"),
        "Plan again, read it, and apply that.",
    )
}

/// Shows, asks, applies, saves, reports: what `apply` and `destroy` share.
pub async fn carry_out(
    planned: Planned,
    args: &ApplyArgs,
    view: ViewArgs,
    approved: bool,
    again: &str,
) -> Outcome {
    let beside = Beside::of(&planned);
    let Planned { mut open, desired, observed, plan, digest, unclaimed } = planned;
    match args.json {
        true => report::stream::plan(&plan, &beside),
        false => beside.print(&plan, Format::Text, view.details),
    }
    refuse_a_second_state(&unclaimed, desired.stack())?;
    refuse_impossible(&plan)?;
    refuse_strangers(&plan)?;
    refuse_losses(&plan, &open.site, &args.allow_data_loss)?;
    if plan.is_empty() {
        // A destroy that died before its last step leaves a state of nothing.
        if open.document.serial > 0 && open.document.is_of_nothing() {
            open.held.remove().await?;
            open.whereabouts.forget();
        }
        return Ok(Exit::Done);
    }
    let makes = plan.steps.iter().any(|step| !matches!(step.action, Action::Noop | Action::Delete));
    if makes && !open.cloud.emulated {
        let state = Some(&open.document);
        report::ahead(&preflight(&open.cloud, &desired, state, &open.root, Depth::Cheap).await);
    }
    approve_at(&open.site, approved || args.auto_approve)?;
    let handled = signals::handle().await;
    let begins = report::during("beginning the journal");
    if open.document.serial == 0 {
        // The journal builds on a state that is on the disk.
        open.held.write(&mut open.document).await?;
        open.whereabouts.keep();
    }
    let journal = open.held.journal(&open.document, again).await?;
    drop(begins);
    let progress = Progress::new(&plan, &open.stack, args.parallelism, open.site.is_aws());
    let started = Instant::now();
    let (stopper, stop) = watch::channel(Stop::No);
    let stopper = Arc::new(stopper);
    let answering = tokio::spawn(answer(stopper.clone(), Duration::from_secs(args.grace)));
    let lock = open.held.lost().map(|lost| tokio::spawn(stop_when_lost(lost, stopper)));
    let run = Run {
        cloud: &open.cloud,
        desired: &desired,
        plan: &plan,
        observed: &observed,
        journal: &journal,
        digest: &digest,
        kind: &kind,
        new_intent: &|| uuid::Uuid::new_v4().to_string(),
        parallelism: args.parallelism,
        pace: open.pace(),
        events: &|event| progress.event(event),
        stop,
    };
    let mut summary = apply(&run, open.document.clone()).await;
    answering.abort();
    lock.inspect(JoinHandle::abort);
    drop(progress);
    let saving = report::during("saving the state");
    let mut saved = open.held.save(&mut summary.document).await;
    if saved.is_ok() && summary.document.is_of_nothing() {
        saved = open.held.remove().await;
        open.whereabouts.forget();
    }
    drop(saving);
    handled.over();
    // Also where it could not be saved: what was done is done.
    report::ending(&Ending {
        summary: &summary,
        plan: &plan,
        site: &open.site,
        took: started.elapsed(),
        again,
        saved: saved.is_ok(),
        sensitive: sensitive(&open.stack),
    });
    saved?;
    Ok(exit(&summary))
}

/// Names of outputs that are not printed.
fn sensitive(stack: &Stack) -> BTreeSet<String> {
    stack.outputs.iter().filter(|(_, output)| output.sensitive).map(|(name, _)| name.clone()).collect()
}

fn exit(summary: &Summary) -> Exit {
    if summary.stopped {
        Exit::Interrupted
    } else if summary.failed.is_empty() && summary.not_started.is_empty() && summary.unsettled.is_empty() {
        Exit::Done
    } else if summary.done.is_empty() {
        Exit::Failed
    } else {
        Exit::PartlyApplied
    }
}

/// What AWS would refuse in the midst of it is not begun.
pub fn refuse_impossible(plan: &crate::plan::Plan) -> Outcome<()> {
    match plan.refused.first() {
        None => Ok(()),
        Some(refusal) => Err(Failure::user(refusal.why.clone(), refusal.help.clone())),
    }
}

/// Somebody has a state in which these objects are: what an apply would make beside them, it would make twice.
fn refuse_a_second_state(unclaimed: &[(Address, Id)], stack: &str) -> Outcome<()> {
    let Some((address, id)) = unclaimed.first() else { return Ok(()) };
    let count = unclaimed.len();
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    Err(Failure::user(
        format!(
            "the stack {stack} exists already ({address} is {id}{more}), and there is no state of it here"
        ),
        "If the state lies elsewhere, `state` in stack.toml should say so. If it is lost, `stackctl state recover --from-tags` \
         makes it anew. For another copy of the stack, change `name` in [stack].",
    ))
}

/// What says that it belongs to another stack is neither changed nor deleted.
fn refuse_strangers(plan: &Plan) -> Outcome<()> {
    let theirs = plan.steps.iter().filter(|step| step.is_pending());
    let theirs: Vec<String> = theirs
        .filter_map(|step| {
            let (stack, id) = (step.belongs_to.as_ref()?, step.id.as_ref()?);
            Some(format!("{} ({id}) belongs to the stack {stack} now", step.address))
        })
        .collect();
    if theirs.is_empty() {
        return Ok(());
    }
    Err(Failure::user(
        format!("{}, as the tag {} says; nothing was changed", theirs.join(", "), Owner::STACK),
        format!(
            "If that is right, take it out of this state with `stackctl state rm ADDRESS`, and its block out of stack.toml. \
             If not, set the tag back to {}. `--exclude ADDRESS` does the rest meanwhile.",
            plan.stack
        ),
    ))
}

/// Nothing more is started once someone else has the lock; the journal refuses it anyway.
async fn stop_when_lost(mut lost: watch::Receiver<bool>, stop: Arc<watch::Sender<Stop>>) {
    if lost.wait_for(|lost| *lost).await.is_ok() {
        report::note("The lock of the state is lost; nothing more is started.");
        drain(&stop);
    }
}

/// Does not take back what is asked for already.
fn drain(stop: &watch::Sender<Stop>) {
    stop.send_if_modified(|stop| {
        let more = *stop < Stop::Drain;
        *stop = (*stop).max(Stop::Drain);
        more
    });
}

/// First signal: start nothing more, and leave what is still in flight after `grace` to the next command. Second: end
/// now; the journal knows what was in flight.
async fn answer(stop: Arc<watch::Sender<Stop>>, grace: Duration) {
    let Ok(mut signals) = Signals::new() else { return };
    signals.next().await;
    report::note(&format!(
        "Finishing what is in flight, for {} s at most; nothing more is started. Again to stop at once.",
        grace.as_secs()
    ));
    drain(&stop);
    tokio::select! {
        _ = signals.next() => signals::end(130).await,
        () = sleep(grace) => {}
    }
    report::note("Not everything is finished; the next command settles the rest.");
    // Nobody listens if the apply has just ended.
    let _ = stop.send(Stop::Abandon);
    signals.next().await;
    signals::end(130).await
}
