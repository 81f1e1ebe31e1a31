use super::approve::approve;
use super::args::StackArgs;
use super::failure::{Exit, Outcome};
use super::report;
use super::site::Head;
use super::standin::{self, StateArgs};
use crate::state::{Claimed, Holding, StateError, Store};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Frees the state of a run that died
///
/// What that run left open is settled before anybody else gets in: an object that it created and did not record is found
/// by its ownership tag and recorded.
///
/// The lock of a state in a folder ends with its process, so there is nothing to take away: end that process. The lease
/// of a state in a bucket runs out by itself a minute after its run died; this command is for whoever cannot wait. It
/// watches first whether the lease is still being renewed. Taking it from a run that is alive damages nothing: that run
/// can write neither state nor journal any more and stops at its next step. Half a minute after its last renewal it makes no
/// call any more without asking, and this command waits for that; what had been sent before may still be under way.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    #[command(flatten)]
    by: StateArgs,

    /// Does not ask.
    #[arg(long)]
    auto_approve: bool,

    /// Takes the lock from this lease of `stackctl lock status` and from no other; neither watches nor asks.
    #[arg(long, value_name = "ID")]
    lease: Option<String>,
}

/// Beyond the interval of the renewals, for one that is on its way.
const GRACE: Duration = Duration::from_secs(2);

pub async fn run(args: &Args) -> Outcome {
    let session = standin::load(&args.stack, &args.by, "unlock").await?;
    let store = session.store().await?;
    match store.holding().await? {
        Holding::Process(holder) => {
            report::warning(
                "the lock of a state in a folder ends with its process: end that, and the lock is gone. There is \
                 nothing to take away from it.",
            );
            return Err(StateError::Locked { name: store.name(), holder }.into());
        }
        Holding::Lease(lease) if !lease.left.is_zero() => {
            let id = match args.lease.clone() {
                Some(id) => Some(id),
                None => watch(&store, lease).await?.map(|lease| lease.id),
            };
            if id.is_some() && args.lease.is_none() {
                approve("Take the lock away from it?", "this", args.auto_approve)?;
            }
            report::note(
                "Taking it, and waiting until no call of that run can be under way (half a minute at most).",
            );
            // One that cannot be read has no id.
            match id.filter(|id| !id.is_empty()) {
                Some(id) => session.seize("unlock", &id).await?,
                None => session.open("unlock", &args.stack, Head::Note).await?,
            };
        }
        // Nobody has it, or whoever had it has let it run out: opening takes it over and settles.
        Holding::Free | Holding::Lease(_) => {
            session.open("unlock", &args.stack, Head::Note).await?;
        }
    }
    report::note(&format!("{} is free, and nothing is left open.", store.name()));
    Ok(Exit::Done)
}

/// Waits for a renewal, and says what that means; `None` if the lease was given back meanwhile.
async fn watch(store: &Store, lease: Claimed) -> Outcome<Option<Claimed>> {
    report::lease(&lease);
    let limit = (lease.interval() + GRACE).min(lease.left);
    report::note(&format!("Watching for {} s whether it is still renewed.", limit.as_secs().max(1)));
    let _watching = report::during("watching the lease");
    let started = Instant::now();
    let mut now = lease.clone();
    while started.elapsed() < limit {
        sleep(Duration::from_millis(500)).await;
        match store.holding().await? {
            Holding::Lease(seen) if seen.left.is_zero() => return Ok(None),
            Holding::Lease(seen) => now = seen,
            Holding::Free | Holding::Process(_) => return Ok(None),
        }
        if (&now.id, now.renewals) != (&lease.id, lease.renewals) {
            report::warning(
                "it WAS renewed just now: that run is alive. If you take its lock, it stops at its next step, and what \
                 it had begun is settled while it may still be under way. Better stop it where it runs.",
            );
            return Ok(Some(now));
        }
    }
    report::note("It was not renewed: that run is dead or cut off.");
    Ok(Some(now))
}
